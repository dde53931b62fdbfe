// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/playground/ScoringView.h"

#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "models/SessionModel.h"
#include "panels/parts/BusyReason.h"
#include "panels/parts/JobButton.h"
#include "panels/parts/WheelGuard.h"
#include "panels/playground/AskedModels.h"
#include "panels/playground/BundledTexts.h"
#include "panels/playground/TokenTable.h"
#include "panels/playground/WritingView.h"
#include "plots/TableTexts.h"
#include "theme/Icons.h"
#include "widgets/Card.h"
#include "widgets/CopyButton.h"
#include "widgets/Enabling.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"
#include "widgets/RecordTable.h"
#include "widgets/TokenView.h"

#include <QComboBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLocale>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QShortcut>
#include <QSortFilterProxyModel>

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

constexpr int kTextLines = 4, kTableRows = 10;
constexpr double kLeastScale = 0.1; ///< nats: smaller differences than that never have the full colour
constexpr double kShare = 0.95;     ///< of the differences that have less than the full colour: a huge one must not flatten the rest

} // namespace

ScoringView::ScoringView(Workbench workbench, const AskedModels &models, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_models(models),
      m_text(new QPlainTextEdit),
      m_texts(new QPushButton(tr("Texts"))),
      m_stop(new QPushButton(icon(QStringLiteral("cancel")), tr("Stop  Esc"))),
      m_save(new QPushButton(icon(QStringLiteral("save")), tr("Save as CSV…"))),
      m_start(new JobButton),
      m_busy(new BusyReason(workbench.runner, JobKind::ScoreText, tr("A text is being scored."), this)),
      m_copyCommand(new CopyButton(tr("Copy scoring as command"),
                                   [this] { return m_workbench.jobs.textScoringCommand(m_models.models(), commandText()); })),
      m_copyTable(new CopyButton(tr("Copy losses"), [this] { return tabSeparated(m_model->table()); })),
      m_sums(bodyLabel({})),
      m_legend(captionLabel({})),
      m_shownPlan(new QComboBox),
      m_tokens(new TokenView(tr("Scored text"))),
      m_detail(new ElidedLabel),
      m_model(new TokenTable(this)),
      m_sorted(new QSortFilterProxyModel(this)),
      m_table(new RecordTable(tr("Tokens, worst first"), kTableRows)),
      m_cut(new InlineNote),
      m_note(new InlineNote)
{
    for (ElidedLabel *&label : m_likeliest)
        label = new ElidedLabel;
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    column->addLayout(layOutText());
    column->addLayout(layOutActions());
    column->addWidget(m_cut);
    m_result = layOutResult();
    column->addWidget(m_result, 1);
    column->addStretch(0);
    if (!bundledTexts().empty())
        setText(bundledTexts().front().text);
    clear();
    connectControls();
    follow();
}

QLayout *ScoringView::layOutText()
{
    auto *label = new QLabel(tr("Text:"));
    label->setBuddy(m_text);
    m_text->setAccessibleName(tr("Text to score"));
    m_text->setTabChangesFocus(true);
    m_text->setFixedHeight(m_text->fontMetrics().lineSpacing() * kTextLines + 20);
    m_text->setToolTip(tr("Ctrl+Return starts"));
    m_text->setPlaceholderText(tr("Write or paste a text here, or choose one."));
    auto *menu = new QMenu(m_texts);
    for (const BundledText &text : bundledTexts())
        connect(menu->addAction(text.title), &QAction::triggered, this, [this, content = text.text] {
            setText(content);
            m_text->setFocus();
        });
    m_texts->setMenu(menu);
    m_texts->setAccessibleName(tr("Choose a text"));
    m_texts->setToolTip(tr("Texts that come with the program"));
    auto *side = new QVBoxLayout;
    side->addWidget(label);
    side->addWidget(m_texts);
    side->addStretch();
    auto *row = new QHBoxLayout;
    row->addLayout(side);
    row->addWidget(m_text, 1);
    return row;
}

QLayout *ScoringView::layOutActions()
{
    m_start->setPrimary(true);
    m_stop->setAccessibleName(tr("Stop scoring"));
    auto *row = new QHBoxLayout;
    row->addWidget(m_start, 1);
    row->addWidget(m_stop);
    row->addWidget(m_copyCommand);
    return row;
}

QWidget *ScoringView::layOutResult()
{
    auto *result = new QWidget;
    auto *column = new QVBoxLayout(result);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    m_sums->setTextFormat(Qt::PlainText);
    m_shownPlan->setAccessibleName(tr("Whose differences are shown"));
    m_shownPlan->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_shownPlan->setMinimumContentsLength(14);
    new WheelGuard(*m_shownPlan);
    m_tokens->setDescriber([this](int token) { return detailsOf(token); });
    auto *top = new QHBoxLayout;
    top->addWidget(m_sums, 1);
    top->addWidget(m_shownPlan, 0, Qt::AlignTop);
    column->addLayout(top);
    column->addWidget(m_legend);
    column->addWidget(m_tokens, 1);
    column->addWidget(layOutDetails());
    column->addLayout(layOutTable());
    return result;
}

QWidget *ScoringView::layOutDetails()
{
    auto *card = new Card;
    auto *column = new QVBoxLayout(card);
    column->setContentsMargins(10, 6, 10, 6);
    column->setSpacing(2);
    column->addWidget(m_detail);
    for (ElidedLabel *label : m_likeliest)
        column->addWidget(label);
    return card;
}

QLayout *ScoringView::layOutTable()
{
    m_sorted->setSourceModel(m_model);
    m_sorted->setSortRole(TokenTable::kSortRole);
    m_table->setModel(m_sorted);
    m_table->setSortingEnabled(true);
    m_table->sortByColumn(TokenTable::kDifference, Qt::DescendingOrder);
    m_table->setStretched(TokenTable::kToken);
    m_save->setAccessibleName(m_save->text());
    auto *actions = new QHBoxLayout;
    actions->addWidget(m_note, 1);
    actions->addWidget(m_copyTable);
    actions->addWidget(m_save);
    auto *column = new QVBoxLayout;
    column->addWidget(m_table);
    column->addLayout(actions);
    return column;
}

void ScoringView::connectControls()
{
    auto *go = new QShortcut(QKeySequence(Qt::CTRL | Qt::Key_Return), m_text, nullptr, nullptr, Qt::WidgetShortcut);
    connect(go, &QShortcut::activated, this, &ScoringView::start);
    connect(m_start, &JobButton::clicked, this, &ScoringView::start);
    connect(m_stop, &QPushButton::clicked, this, &ScoringView::stop);
    connect(m_text, &QPlainTextEdit::textChanged, this, &ScoringView::follow);
    connect(m_shownPlan, &QComboBox::currentIndexChanged, this, &ScoringView::showTokens);
    connect(m_tokens, &TokenView::currentChanged, this, &ScoringView::followCurrent);
    connect(m_tokens, &TokenView::pointedAt, this, [this](int token) { showDetails(token >= 0 ? token : m_tokens->current()); });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &ScoringView::followRow);
    connect(m_save, &QPushButton::clicked, this, [this] {
        const QString file =
            QFileDialog::getSaveFileName(this, tr("Save the losses"), QStringLiteral("losses.csv"), tr("Comma-separated values (*.csv)"));
        if (!file.isEmpty())
            saveCsv(file);
    });
    connect(&m_models, &AskedModels::changed, this, &ScoringView::follow);
    connect(m_busy, &BusyReason::changed, this, &ScoringView::follow);
    SessionModel &session = m_workbench.session;
    connect(&session, &SessionModel::modelChanged, this, &ScoringView::clear);
    for (const auto signal : {&SessionModel::modelChanged, &SessionModel::modelPresenceChanged, &SessionModel::searchChanged})
        connect(&session, signal, this, &ScoringView::follow);
    for (const auto signal :
         {&SessionModel::draftChanged, &SessionModel::planHashChanged, &SessionModel::pinsChanged, &SessionModel::plansChanged})
        connect(&session, signal, this, [this] {
            if (m_run && askedNames(m_workbench.session, m_run->run) != m_names) // it is another plan's now, or this one's again
                showRun();
        });
    for (const auto signal : {&JobRunner::jobAdded, &JobRunner::jobFinished})
        connect(&m_workbench.runner, signal, this, &ScoringView::follow);
    connect(&m_workbench.jobs, &SessionJobs::engineReportChanged, this, &ScoringView::follow);
    connect(&m_workbench.jobs, &SessionJobs::textScored, this, &ScoringView::take);
}

void ScoringView::setText(const QString &text)
{
    m_text->setPlainText(text);
}

std::string ScoringView::text() const
{
    return m_text->toPlainText().toStdString();
}

/// What was read of it, where that is known: the command line refuses a text that does not fit.
std::string ScoringView::commandText() const
{
    const std::string all = text();
    return m_run && m_run->text == all ? all.substr(0, m_run->used) : all;
}

bool ScoringView::isRunning() const
{
    return m_workbench.runner.isBusy(JobKind::ScoreText);
}

void ScoringView::start()
{
    if (m_start->button()->isEnabled())
        m_workbench.jobs.scoreText(m_models.models(), text());
}

void ScoringView::stop()
{
    for (const JobInfo &job : std::vector<JobInfo>(m_workbench.runner.jobs()))
        if (job.kind == JobKind::ScoreText && !job.isOver())
            m_workbench.runner.cancel(job.number);
}

bool ScoringView::letGo()
{
    const bool wasChosen = m_tokens->current() >= 0;
    m_tokens->setCurrent(-1);
    return wasChosen;
}

void ScoringView::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    follow();
}

void ScoringView::follow()
{
    if (!isVisible())
        return;
    const PlaygroundModels models = m_models.models();
    Possibility possible = m_workbench.jobs.canScoreText(models, text());
    m_copyCommand->setProblem(possible.reason);
    if (possible)
        possible.reason = m_busy->text();
    m_start->offer(tr("Score"), possible, possible ? playgroundCostText(m_workbench, models) : QString());
    enableUnless(isRunning() ? QString() : tr("No text is being scored."), *m_stop, {});
    enableUnless(bundledTexts().empty() ? tr("No texts are installed.") : QString(), *m_texts, tr("Texts that come with the program"));
}

// ---- the result --------------------------------------------------------------------------------------------------------------

void ScoringView::clear()
{
    m_run.reset();
    m_names.clear();
    m_cut->clear();
    m_note->clear();
    m_model->show({}, 0, {});
    m_tokens->clear();
    m_result->hide();
}

void ScoringView::take(const ScoredRun &run)
{
    m_run = std::make_shared<const ScoredRun>(run);
    m_note->clear();
    if (run.used < run.text.size())
        m_cut->say(InlineNote::Kind::Warning,
                   tr("The model's context ends before the text does: %1 tokens were read. What is grey does not count.")
                       .arg(exactText(qint64(run.scored.ids.size()))));
    else
        m_cut->clear();
    showRun();
    m_result->show();
}

/// Names follow the plan in hand: a result of another one is never shown as this one's.
void ScoringView::showRun()
{
    m_names = askedNames(m_workbench.session, m_run->run);
    {
        const QSignalBlocker quiet(m_shownPlan);
        const int before = m_shownPlan->currentIndex();
        m_shownPlan->clear();
        for (int i = 1; i < m_names.size(); ++i)
            m_shownPlan->addItem(tr("Differences of: %1").arg(m_names[i]));
        m_shownPlan->setCurrentIndex(std::clamp(before, 0, std::max(0, m_shownPlan->count() - 1)));
    }
    m_shownPlan->setVisible(m_shownPlan->count() > 1);
    showSums();
    showTokens();
}

std::size_t ScoringView::plan() const
{
    const int chosen = m_shownPlan->currentIndex() + 1;
    return m_run && std::size_t(chosen) < m_run->scored.models.size() ? std::size_t(chosen) : 0;
}

void ScoringView::showSums()
{
    const ScoredText &scored = m_run->scored;
    const QLocale locale;
    QStringList lines;
    for (std::size_t i = 0; i < scored.models.size(); ++i) {
        const QString sums = tr("%1: mean loss %2 nats, perplexity %3")
                                 .arg(m_names[int(i)], locale.toString(scored.meanLoss(i), 'f', 4), perplexityText(scored.perplexity(i)));
        const double more = scored.totalLoss(i) - scored.totalLoss(0);
        lines += i == 0 ? sums : tr("%1; all differences together %2 nats").arg(sums, signedText(more, 3));
    }
    if (scored.models.size() == 1)
        lines += tr("Make a plan, and ask it too, to see the difference.");
    m_sums->setText(lines.join(QLatin1Char('\n')));
}

/// Nats at which a difference has the full colour.
double ScoringView::scale() const
{
    std::vector<double> sizes;
    for (std::size_t token = 1; token < m_run->scored.ids.size(); ++token)
        sizes.push_back(std::abs(lossDifference(m_run->scored, plan(), token)));
    if (sizes.empty())
        return kLeastScale;
    const auto at = sizes.begin() + std::ptrdiff_t(kShare * double(sizes.size() - 1));
    std::nth_element(sizes.begin(), at, sizes.end());
    return std::max(kLeastScale, *at);
}

void ScoringView::showTokens()
{
    if (!m_run)
        return;
    const ScoredText &scored = m_run->scored;
    const bool hasPlan = plan() > 0;
    const double full = scale();
    std::vector<TokenView::Token> tokens;
    for (std::size_t i = 0; i < scored.ids.size(); ++i) {
        TokenView::Token &token = tokens.emplace_back();
        token.text = QString::fromStdString(scored.pieces[i]);
        if (hasPlan)
            token.change = lossDifference(scored, plan(), i) / full;
    }
    if (m_run->used < m_run->text.size())
        tokens.push_back({.text = QString::fromStdString(m_run->text.substr(m_run->used)), .isOutside = true});
    m_tokens->setTokens(std::move(tokens));
    m_legend->setText(hasPlan ? tr("Red, with a line: more surprised than the original. Blue, dotted: less. Full colour from %1 nats on.")
                                    .arg(QLocale().toString(full, 'f', 2))
                              : tr("There is no plan to compare with: the tokens have no colour."));
    m_model->show(m_run, plan(), m_names);
    for (const int column : {TokenTable::kDifference, TokenTable::kPlan, TokenTable::kPlanProbability})
        m_table->setColumnHidden(column, !hasPlan);
    m_table->sortByColumn(hasPlan ? TokenTable::kDifference : TokenTable::kOriginal, Qt::DescendingOrder);
    showDetails(-1);
}

QString ScoringView::likeliest(std::size_t model, int token) const
{
    QStringList all;
    for (const ScoredToken::Likely &likely : m_run->scored.models[model][std::size_t(token)].likeliest)
        all += tr("%1 %2", "token and probability").arg(visibleToken(likely.text), percentText(likely.probability));
    return tr("%1: %2", "model and its likeliest tokens").arg(m_names[int(model)], all.join(QStringLiteral("  ·  ")));
}

QString ScoringView::detailsOf(int token) const
{
    if (!m_run || token < 0)
        return {};
    const ScoredText &scored = m_run->scored;
    if (std::size_t(token) >= scored.ids.size())
        return tr("This does not fit into the model's context: it was not read.");
    const QString named = tr("Token %1, '%2'").arg(token + 1).arg(visibleToken(scored.pieces[std::size_t(token)]));
    if (token == 0)
        return tr("%1: the first one, nothing comes before it.").arg(named);
    QStringList chances, lines;
    for (std::size_t i = 0; i < scored.models.size(); ++i) {
        const double loss = scored.models[i][std::size_t(token)].loss;
        chances += tr("%1 %2", "model and probability").arg(m_names[int(i)], percentText(std::exp(-loss), 2));
        lines += likeliest(i, token);
    }
    QString first = tr("%1: %2", "token and probabilities").arg(named, chances.join(QStringLiteral(", ")));
    if (plan() > 0)
        first += tr("; difference %1 nats").arg(signedText(lossDifference(scored, plan(), std::size_t(token)), 3));
    return first + QLatin1Char('\n') + lines.join(QLatin1Char('\n'));
}

void ScoringView::showDetails(int token)
{
    const QStringList lines = detailsOf(token).split(QLatin1Char('\n'));
    m_detail->setWhole(token < 0 ? tr("Point at a token, or go there with the arrow keys, to see what else was likely.") : lines.value(0));
    for (std::size_t i = 0; i < m_likeliest.size(); ++i) {
        m_likeliest[i]->setVisible(m_run && i < m_run->scored.models.size());
        m_likeliest[i]->setWhole(lines.value(int(i) + 1));
    }
}

void ScoringView::followCurrent(int token)
{
    showDetails(token);
    const QModelIndex row =
        token > 0 && token <= m_model->rowCount() ? m_sorted->mapFromSource(m_model->index(token - 1, 0)) : QModelIndex();
    const QSignalBlocker quiet(m_table->selectionModel());
    if (row.isValid())
        m_table->selectRow(row.row());
    else
        m_table->clearSelection();
    m_table->viewport()->update(); // nobody told it
}

void ScoringView::followRow(const QModelIndex &current)
{
    if (current.isValid())
        m_tokens->setCurrent(m_sorted->mapToSource(current).row() + 1);
}

void ScoringView::saveCsv(const QString &file)
{
    try {
        writeFileAtomically(file.toStdString(), commaSeparated(m_model->table()).toStdString());
        m_note->say(InlineNote::Kind::Success, tr("Saved as %1.").arg(file));
    } catch (const Error &problem) {
        m_note->say(InlineNote::Kind::Problem, QString::fromStdString(problem.what()), QString::fromStdString(problem.plainHint()));
    }
}

} // namespace secateur::ui
