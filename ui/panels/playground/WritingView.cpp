// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/playground/WritingView.h"

#include "models/SessionModel.h"
#include "panels/parts/BusyReason.h"
#include "panels/parts/JobButton.h"
#include "panels/parts/JobCostText.h"
#include "panels/parts/WheelGuard.h"
#include "panels/playground/AskedModels.h"
#include "panels/playground/BundledTexts.h"
#include "panels/playground/WritingColumn.h"
#include "theme/Icons.h"
#include "widgets/CopyButton.h"
#include "widgets/Enabling.h"
#include "widgets/Labels.h"
#include "widgets/NumberBox.h"
#include "widgets/TokenView.h"

#include <QCheckBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QShortcut>

#include <algorithm>
#include <utility>

namespace secateur::ui {
namespace {

constexpr double kMostTokens = 100'000, kMostSeed = 2'147'483'647;
constexpr int kPromptLines = 3;

} // namespace

QString playgroundCostText(const Workbench &workbench, const PlaygroundModels &models)
{
    const JobCost cost = workbench.jobs.playgroundCost(models);
    if (!cost.problem.isEmpty())
        return cost.problem;
    if (cost.evaluations > 0)
        return WritingView::tr("Searches first: %1").arg(jobCostText(cost));
    const JobInfo *job = workbench.runner.current();
    if (!job || job->kind == JobKind::Generate || job->kind == JobKind::ScoreText)
        return {};
    return WritingView::tr("%1 waits meanwhile, and then goes on.").arg(job->title);
}

WritingView::WritingView(Workbench workbench, const AskedModels &models, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_models(models),
      m_prompt(new QPlainTextEdit),
      m_prompts(new QPushButton(tr("Prompts"))),
      m_stop(new QPushButton(icon(QStringLiteral("cancel")), tr("Stop  Esc"))),
      m_chat(new QCheckBox(tr("Chat"))),
      m_start(new JobButton),
      m_busy(new BusyReason(workbench.runner, JobKind::Generate, tr("The models are writing."), this)),
      m_copyTexts(new CopyButton(tr("Copy texts"), [this] { return copied(); })),
      m_copyCommand(
          new CopyButton(tr("Copy writing as command"), [this] { return m_workbench.jobs.writingCommand(m_models.models(), settings()); })),
      m_row(new QHBoxLayout)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(8);
    column->addLayout(layOutPrompt());
    column->addLayout(layOutSettings());
    column->addLayout(layOutActions());
    m_row->setSpacing(12);
    column->addLayout(m_row, 1);
    setPrompt(bundledPrompts().front());
    clear();
    connectControls();
    follow();
}

QLayout *WritingView::layOutPrompt()
{
    auto *label = new QLabel(tr("Prompt:"));
    label->setBuddy(m_prompt);
    m_prompt->setAccessibleName(tr("Prompt"));
    m_prompt->setTabChangesFocus(true);
    m_prompt->setFixedHeight(m_prompt->fontMetrics().lineSpacing() * kPromptLines + 20);
    m_prompt->setToolTip(tr("Ctrl+Return starts"));
    auto *menu = new QMenu(m_prompts);
    for (const QString &prompt : bundledPrompts())
        connect(menu->addAction(shortened(prompt.simplified().left(60), 60)), &QAction::triggered, this, [this, prompt] {
            setPrompt(prompt);
            m_prompt->setFocus();
        });
    m_prompts->setMenu(menu);
    m_prompts->setAccessibleName(tr("Choose a prompt"));
    m_prompts->setToolTip(tr("Prompts that come with the program"));
    auto *side = new QVBoxLayout;
    side->addWidget(label);
    side->addWidget(m_prompts);
    side->addStretch();
    auto *row = new QHBoxLayout;
    row->addLayout(side);
    row->addWidget(m_prompt, 1);
    return row;
}

NumberBox *WritingView::number(const QString &name, const QString &label, double least, double most, double value, int decimals,
                               QLayout &row, const QString &toolTip)
{
    auto *box = new NumberBox(name);
    box->setDecimals(decimals);
    box->setRange(least, most);
    box->setSingleStep(decimals > 0 ? 0.1 : 1);
    box->setValue(value);
    box->setToolTip(toolTip);
    new WheelGuard(*box);
    auto *words = new QLabel(label);
    words->setBuddy(box);
    row.addWidget(words);
    row.addWidget(box);
    return box;
}

/// In two rows: a narrow window has no room for one.
QLayout *WritingView::layOutSettings()
{
    auto *first = new QHBoxLayout, *second = new QHBoxLayout;
    m_tokens =
        number(tr("Tokens to write"), tr("Tokens:"), 1, kMostTokens, 64, 0, *first, tr("At most so many; the context may end before"));
    m_temperature = number(tr("Temperature"), tr("Temperature:"), 0, 10, 0, 2, *first,
                           tr("0: always the likeliest token. Higher: the less likely ones come, too"));
    m_seed = number(tr("Seed"), tr("Seed:"), 0, kMostSeed, 0, 0, *first, tr("Of the choice: the same seed gives the same text again"));
    first->addStretch(1);
    m_topK = number(tr("Top k"), tr("Top k:"), 0, kMostTokens, 0, 0, *second, tr("Chooses among the k likeliest tokens"));
    m_topK->setSpecialValueText(tr("all"));
    m_topP = number(tr("Top p"), tr("Top p:"), 0.01, 1, 1, 2, *second,
                    tr("Chooses among the likeliest tokens that together have this probability; 1: among all"));
    m_topP->setSingleStep(0.05);
    second->addWidget(m_chat);
    second->addStretch(1);
    auto *rows = new QVBoxLayout;
    rows->addLayout(first);
    rows->addLayout(second);
    return rows;
}

QLayout *WritingView::layOutActions()
{
    m_start->setPrimary(true);
    m_stop->setAccessibleName(tr("Stop writing"));
    auto *row = new QHBoxLayout;
    row->addWidget(m_start, 1);
    row->addWidget(m_stop);
    row->addWidget(m_copyTexts);
    row->addWidget(m_copyCommand);
    return row;
}

void WritingView::connectControls()
{
    auto *go = new QShortcut(QKeySequence(Qt::CTRL | Qt::Key_Return), m_prompt, nullptr, nullptr, Qt::WidgetShortcut);
    connect(go, &QShortcut::activated, this, &WritingView::start);
    connect(m_start, &JobButton::clicked, this, &WritingView::start);
    connect(m_stop, &QPushButton::clicked, this, &WritingView::stop);
    connect(m_prompt, &QPlainTextEdit::textChanged, this, &WritingView::follow);
    connect(m_chat, &QCheckBox::toggled, this, &WritingView::follow);
    for (NumberBox *box : {m_tokens, m_temperature, m_topK, m_topP, m_seed})
        connect(box, &QDoubleSpinBox::valueChanged, this, &WritingView::follow);
    connect(&m_models, &AskedModels::changed, this, &WritingView::follow);
    connect(m_busy, &BusyReason::changed, this, &WritingView::follow);
    SessionModel &session = m_workbench.session;
    connect(&session, &SessionModel::modelChanged, this, &WritingView::clear);
    for (const auto signal : {&SessionModel::modelChanged, &SessionModel::modelPresenceChanged, &SessionModel::searchChanged})
        connect(&session, signal, this, &WritingView::follow);
    for (const auto signal :
         {&SessionModel::draftChanged, &SessionModel::planHashChanged, &SessionModel::pinsChanged, &SessionModel::plansChanged})
        connect(&session, signal, this, &WritingView::followNames);
    for (const auto signal : {&JobRunner::jobAdded, &JobRunner::jobFinished})
        connect(&m_workbench.runner, signal, this, &WritingView::follow);
    SessionJobs &jobs = m_workbench.jobs;
    connect(&jobs, &SessionJobs::engineReportChanged, this, &WritingView::follow);
    connect(&jobs, &SessionJobs::writingBegan, this, &WritingView::begin);
    connect(&jobs, &SessionJobs::tokenWritten, this, &WritingView::take);
    connect(&jobs, &SessionJobs::textsWritten, this, &WritingView::finish);
}

void WritingView::setPrompt(const QString &prompt)
{
    m_prompt->setPlainText(prompt);
}

GenerationSettings WritingView::settings() const
{
    GenerationSettings wanted;
    wanted.prompt = m_prompt->toPlainText().toStdString();
    wanted.tokens = std::int64_t(m_tokens->value());
    wanted.temperature = m_temperature->value();
    wanted.topK = std::int64_t(m_topK->value());
    wanted.topP = m_topP->value();
    wanted.seed = std::uint64_t(m_seed->value());
    wanted.isChat = m_chat->isEnabled() && m_chat->isChecked();
    return wanted;
}

bool WritingView::isRunning() const
{
    return m_workbench.runner.isBusy(JobKind::Generate);
}

void WritingView::start()
{
    if (!m_start->button()->isEnabled())
        return;
    m_asked = settings();
    m_workbench.jobs.write(m_models.models(), m_asked);
}

void WritingView::stop()
{
    for (const JobInfo &job : std::vector<JobInfo>(m_workbench.runner.jobs()))
        if (job.kind == JobKind::Generate && !job.isOver())
            m_workbench.runner.cancel(job.number);
}

void WritingView::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    follow();
}

void WritingView::follow()
{
    if (!isVisible())
        return;
    const SessionModel &session = m_workbench.session;
    const bool hasTemplate = session.hasModel() && session.session().model->hasChatTemplate;
    enableUnless(!session.hasModel() ? tr("Open a model first.")
                 : hasTemplate       ? QString()
                                     : tr("This model has no chat template."),
                 *m_chat, tr("The prompt is what a user says, written as the model's chat template has it"));
    const PlaygroundModels models = m_models.models();
    Possibility possible = m_workbench.jobs.canWrite(models, settings());
    if (possible && m_prompt->toPlainText().isEmpty())
        possible.reason = tr("Write or choose a prompt first.");
    m_copyCommand->setProblem(possible.reason);
    if (possible)
        possible.reason = m_busy->text();
    m_start->offer(tr("Write"), possible, possible ? playgroundCostText(m_workbench, models) : QString());
    enableUnless(isRunning() ? QString() : tr("Nothing is being written."), *m_stop, tr("Keeps what was written so far"));
    m_copyTexts->setProblem(m_run ? QString() : tr("Nothing was written yet."));
}

/// A text belongs to the plan that wrote it, whichever is in hand now.
void WritingView::followNames()
{
    if (!m_run)
        return;
    const QStringList names = askedNames(m_workbench.session, *m_run);
    for (std::size_t i = 0; i < m_columns.size(); ++i)
        m_columns[i]->setName(names.value(int(i)));
    for (std::size_t i = 1; i < m_columns.size(); ++i)
        if (m_differences[i])
            tellDifference(i, *m_differences[i]);
    follow();
}

// ---- the texts ---------------------------------------------------------------------------------------------------------------

void WritingView::setColumns(std::size_t count)
{
    for (WritingColumn *column : std::exchange(m_columns, {})) {
        m_row->removeWidget(column);
        column->hide();
        column->deleteLater();
    }
    m_differences.assign(count, std::nullopt);
    for (std::size_t i = 0; i < count; ++i) {
        m_columns.push_back(new WritingColumn(tr("Text")));
        m_row->addWidget(m_columns.back(), 1);
    }
}

void WritingView::clear()
{
    m_run.reset();
    setColumns(1);
    m_columns.front()->view().setEmptyText(tr("What the models write comes here, side by side."));
}

void WritingView::begin(const PlaygroundRun &run)
{
    m_run = run;
    m_shown = m_asked;
    setColumns(run.models.size());
    followNames();
}

void WritingView::take(const WrittenToken &token)
{
    if (!m_run || token.model >= m_columns.size())
        return;
    WritingColumn &column = *m_columns[token.model];
    column.append(token);
    const std::size_t index = column.ids().size() - 1;
    for (std::size_t i = 1; i < m_columns.size(); ++i)
        if (token.model == 0 || token.model == i)
            compareAt(i, index);
}

/// Whether that token, where both have it, is the first at which a column and the first one part.
void WritingView::compareAt(std::size_t column, std::size_t token)
{
    const std::vector<std::int32_t> &first = m_columns.front()->ids(), &own = m_columns[column]->ids();
    if (!m_differences[column] && token < first.size() && token < own.size() && first[token] != own[token])
        tellDifference(column, token);
}

void WritingView::tellDifference(std::size_t column, std::size_t token)
{
    m_differences[column] = token;
    WritingColumn &first = *m_columns.front();
    m_columns[column]->setDifference(token, tr("≠ %1 from token %2 on").arg(first.name()).arg(token + 1));
    std::size_t earliest = token;
    for (const std::optional<std::size_t> &difference : m_differences)
        earliest = std::min(earliest, difference.value_or(earliest));
    first.setDifference(earliest, tr("≠ the others from token %1 on").arg(earliest + 1));
}

void WritingView::finish(const std::vector<Generation> &texts)
{
    if (!m_run || texts.size() != m_columns.size())
        return;
    for (std::size_t i = 0; i < texts.size(); ++i)
        m_columns[i]->finish(texts[i], m_shown.tokens);
    for (std::size_t i = 1; i < texts.size(); ++i) { // one may have ended before the other
        if (const auto difference = firstDifference(texts.front().ids, texts[i].ids))
            tellDifference(i, *difference);
        else
            m_columns[i]->setDifference({}, tr("= %1, token by token").arg(m_columns.front()->name()));
    }
    follow();
}

QString WritingView::copied() const
{
    QStringList all{QString::fromStdString(m_shown.prompt)};
    for (const WritingColumn *column : m_columns)
        all += tr("%1: %2", "model and text").arg(column->name(), column->text());
    return all.join(QStringLiteral("\n\n")) + QLatin1Char('\n');
}

} // namespace secateur::ui
