// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/playground/ScoringView.h"

#include "models/SessionModel.h"
#include "panels/parts/BusyReason.h"
#include "panels/parts/JobButton.h"
#include "panels/parts/WheelGuard.h"
#include "panels/playground/AskedModels.h"
#include "panels/playground/BundledTexts.h"
#include "panels/playground/TokenTable.h"
#include "panels/playground/WritingView.h"
#include "plots/TableTexts.h"
#include "theme/ChoiceBox.h"
#include "theme/Icons.h"
#include "widgets/Card.h"
#include "widgets/CopyButton.h"
#include "widgets/Enabling.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/RecordTable.h"
#include "widgets/TokenView.h"

#include <QComboBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QShortcut>
#include <QSortFilterProxyModel>

namespace secateur::ui {
namespace {

constexpr int kTextLines = 4, kTableRows = 10;

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
      m_shownPlan(new ChoiceBox),
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

} // namespace secateur::ui
