// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/plan/RestoreCard.h"

#include "checkpoint/TensorInfo.h"
#include "commands/PlanEditor.h"
#include "foundation/JsonFile.h"
#include "jobs/JobTable.h"
#include "jobs/SessionJobs.h"
#include "models/SessionModel.h"
#include "panels/parts/ConceptId.h"
#include "panels/parts/JobButton.h"
#include "panels/parts/JobCostText.h"
#include "panels/plan/RestorationModel.h"
#include "panels/plan/RestorationResult.h"
#include "panels/plan/RestoreSettings.h"
#include "panels/plan/ShelfWords.h"
#include "widgets/CopyButton.h"
#include "widgets/Enabling.h"
#include "widgets/InlineNote.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <exception>
#include <nlohmann/json.hpp>

namespace secateur::ui {
namespace {

/// Bytes of the file that holds a restored plan's weights, about: down products, and with fits layer by layer attention outputs.
qint64 bytesOfWeights(const SessionModel &session, const RestorationSettings &settings)
{
    const ModelSpec &plan = session.planSpec();
    const auto perElement = qint64(bytesPerElement(session.session().model->storedDtype));
    qint64 elements = 0;
    for (const LayerSpec &layer : plan.layers) {
        elements += layer.neurons() * plan.hiddenSize;
        if (layer.attention && settings.has(RestorationStep::Sequential))
            elements += layer.attention->heads * layer.attention->headDim * plan.hiddenSize;
    }
    return elements * perElement;
}

/// "held-out perplexity 65 instead of 130 (−49.9 %)"; empty where nothing was measured.
QString gainText(const RestorationRecord &record)
{
    const auto kept = std::find_if(record.variants.rbegin(), record.variants.rend(), [](const RestorationVariant &v) { return v.isKept; });
    if (kept == record.variants.rend() || kept->losses.empty() || record.variants.front().losses.empty())
        return {};
    const double before = std::exp(record.variants.front().losses.front()), after = std::exp(kept->losses.front());
    return RestoreCard::tr("held-out perplexity %1 instead of %2 (%3)")
        .arg(perplexityText(after), perplexityText(before), changeText(before, after));
}

} // namespace

RestoreCard::RestoreCard(Workbench workbench, QWidget *parent)
    : Card(parent),
      m_workbench(workbench),
      m_label(captionLabel(tr("Restored, not plain 2SSP"))),
      m_on(new QCheckBox(tr("Restore this plan"))),
      m_settings(new RestoreSettings(workbench)),
      m_asked(new QWidget),
      m_start(new JobButton),
      m_copyCommand(
          new CopyButton(tr("Copy restoring as command"), [this] { return m_workbench.jobs.restorationCommand(m_settings->value()); })),
      m_progress(captionLabel({})),
      m_state(new InlineNote),
      m_show(new QPushButton(tr("Show the restored plan"))),
      m_result(new RestorationResult(workbench))
{
    setAccessibleName(tr("Restore"));
    explainBy(*this, ConceptId::Restoration);
    layOut();
    connect(m_on, &QCheckBox::toggled, this, &RestoreCard::follow);
    connect(m_settings, &RestoreSettings::changed, this, &RestoreCard::followAsked);
    connect(m_start, &JobButton::clicked, this, &RestoreCard::press);
    connect(m_show, &QPushButton::clicked, this, &RestoreCard::showRestored);
    connectModels();
    follow();
}

void RestoreCard::layOut()
{
    m_on->setToolTip(tr("Off: the plan stays plain 2SSP"));
    auto *head = new QHBoxLayout;
    head->addWidget(headingLabel(tr("Restore")));
    head->addWidget(m_label, 1);
    head->addWidget(m_on);
    auto *start = new QHBoxLayout;
    start->addWidget(m_start, 1);
    start->addWidget(m_copyCommand, 0, Qt::AlignTop);
    auto *asked = new QVBoxLayout(m_asked);
    asked->setContentsMargins(0, 0, 0, 0);
    asked->setSpacing(6);
    asked->addWidget(m_settings);
    asked->addLayout(start);
    auto *state = new QHBoxLayout;
    state->addWidget(m_state, 1, Qt::AlignVCenter);
    state->addWidget(m_show, 0, Qt::AlignTop);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(12, 10, 12, 10);
    column->setSpacing(6);
    column->addLayout(head);
    column->addWidget(captionLabel(
        tr("Fits the weights that stay to the outputs of the original, on the calibration text. No training; the size stays the same.")));
    column->addWidget(m_asked);
    column->addWidget(m_progress);
    column->addLayout(state);
    column->addWidget(m_result);
}

void RestoreCard::connectModels()
{
    const SessionModel &session = m_workbench.session;
    for (const auto changed :
         {&SessionModel::modelChanged, &SessionModel::modelPresenceChanged, &SessionModel::draftChanged, &SessionModel::plansChanged,
          &SessionModel::planHashChanged, &SessionModel::searchChanged, &SessionModel::textsChanged, &SessionModel::calibrationsChanged,
          &SessionModel::restorationInProgressChanged})
        connect(&session, changed, this, &RestoreCard::follow);
    connect(&m_workbench.jobs, &SessionJobs::engineReportChanged, this, &RestoreCard::follow); // then times are known
    connect(&m_workbench.jobs, &SessionJobs::gramsChanged, this, &RestoreCard::follow);
    for (const auto changed : {&JobRunner::jobAdded, &JobRunner::jobChanged, &JobRunner::jobFinished})
        connect(&m_workbench.runner, changed, this, [this](int number) {
            const JobInfo *job = m_workbench.runner.job(number);
            if (job && job->kind == JobKind::Restore && isVisible())
                followAsked();
        });
}

QString RestoreCard::asked() const
{
    nlohmann::json words = m_settings->chosen();
    words["on"] = m_on->isChecked();
    return QString::fromStdString(words.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void RestoreCard::setAsked(const QString &words)
{
    try {
        const nlohmann::json asked = parseJsonObject(words.toStdString(), "the view", {});
        const bool isOn = asked.at("on");
        m_settings->choose(asked);
        m_on->setChecked(isOn);
    } catch (const std::exception &) { // a view is worth no message
    }
}

void RestoreCard::showEvent(QShowEvent *event)
{
    Card::showEvent(event);
    follow();
}

int RestoreCard::runningJob() const
{
    for (const JobInfo &job : m_workbench.runner.jobs())
        if (job.kind == JobKind::Restore && !job.isOver())
            return job.number;
    return 0;
}

const ShelfPlan *RestoreCard::restoredFromCurrent(std::string *key) const
{
    const std::string hash = m_workbench.session.planHash().toStdString();
    const ShelfPlan *newest = nullptr;
    if (hash.empty())
        return nullptr;
    for (const auto &[its, shelf] : m_workbench.session.session().plans) {
        const std::optional<RestorationRecord> &record = shelf->plan.restoration;
        if (!record || record->plainHash != hash)
            continue;
        const bool isAsAsked = record->settings == m_settings->value(); // of several, the one that the settings ask for
        if (!newest || isAsAsked) {
            newest = shelf.get();
            if (key)
                *key = its;
        }
        if (isAsAsked)
            break;
    }
    return newest;
}

bool RestoreCard::isAnotherRestored() const
{
    return std::ranges::any_of(m_workbench.session.session().plans,
                               [](const auto &entry) { return entry.second->plan.restoration.has_value(); });
}

void RestoreCard::follow()
{
    if (!isVisible())
        return;
    const SessionModel &session = m_workbench.session;
    const ShelfPlan *shelf = session.hasModel() ? session.shelfPlan() : nullptr;
    const bool isRestored = shelf && shelf->plan.restoration;
    enableUnless(session.changeProblem(), *m_on, tr("Off: the plan stays plain 2SSP"));
    if (isRestored && m_on->hasFocus())
        setFocus(); // and not whatever follows
    m_on->setVisible(!isRestored);
    followAsked();
    followResult();
}

void RestoreCard::followAsked()
{
    const SessionModel &session = m_workbench.session;
    const ShelfPlan *shelf = session.hasModel() ? session.shelfPlan() : nullptr;
    const int running = runningJob();
    const bool isRestored = shelf && shelf->plan.restoration;
    const bool isOn = (m_on->isChecked() && !isRestored) || running > 0;
    m_asked->setVisible(isOn);
    m_settings->setVisible(running == 0);
    const QString progress = running > 0 ? progressText() : QString();
    m_progress->setText(progress);
    m_progress->setVisible(!progress.isEmpty());
    if (!isOn)
        return;
    m_settings->follow();
    const Possibility possible = possibility();
    m_copyCommand->setProblem(m_workbench.jobs.canRestore(m_settings->value()).reason);
    if (running > 0) {
        const JobInfo *job = m_workbench.runner.job(running);
        const bool isEnding = job->state == JobInfo::State::Cancelling;
        const QString paused = pausedText(*job);
        m_start->offer(tr("Stop"), {isEnding ? tr("Stopping.") : QString()},
                       !paused.isEmpty()                       ? paused
                       : job->state == JobInfo::State::Waiting ? tr("Waits behind another job.")
                                                               : progressDetails(job->progress));
        return;
    }
    const bool isAgain = isAnotherRestored() && !restoredFromCurrent();
    m_start->offer(isAgain ? tr("Restore again for this size") : tr("Restore"), possible, possible ? costText() : QString());
}

Possibility RestoreCard::possibility() const
{
    if (const QString problem = m_settings->problem(); !problem.isEmpty())
        return {problem};
    return m_workbench.jobs.canRestore(m_settings->value());
}

/// Time, room on the disk, and whether the text is read once more. How that is estimated is on a line of its own.
QString RestoreCard::costText() const
{
    const SessionModel &session = m_workbench.session;
    const SessionJobs &jobs = m_workbench.jobs;
    const RestorationSettings settings = m_settings->value();
    const QString whole = jobCostText(jobs.restorationCost(settings)), much = whole.section(QLatin1Char('\n'), 0, 0),
                  how = whole.section(QLatin1Char('\n'), 1);
    QStringList parts;
    if (!much.isEmpty())
        parts << much;
    parts << tr("%1 on the disk for its weights").arg(estimated(bytesText(bytesOfWeights(session, settings))));
    parts << (jobs.areGramsKept() ? tr("uses what the calibration kept")
                                  : tr("reads the calibration text once more, with %1 on the disk until it is done")
                                        .arg(estimated(bytesText(jobs.gramBytes()))));
    const QString text = parts.join(QStringLiteral("; "));
    return how.isEmpty() ? text : text + QLatin1Char('\n') + how;
}

/// Which step a job has made last, or which of the current plan's a job before it had.
QString RestoreCard::progressText() const
{
    const std::optional<RestorationRecord> &record = m_workbench.session.restorationInProgress();
    if (!record || record->variants.empty())
        return {};
    const RestorationVariant &last = record->variants.back();
    const QString name = variantName(last);
    if (last.losses.empty())
        return name;
    return tr("%1: held-out perplexity %2", "a step that was made").arg(name, perplexityText(std::exp(last.losses.front())));
}

void RestoreCard::followResult()
{
    const SessionModel &session = m_workbench.session;
    const ShelfPlan *shelf = session.hasModel() ? session.shelfPlan() : nullptr;
    const bool isRestored = shelf && shelf->plan.restoration;
    const ShelfPlan *result = isRestored ? shelf : session.hasModel() ? restoredFromCurrent() : nullptr;
    const bool isOffered = result && !isRestored;
    if (!isOffered && m_show->hasFocus())
        setFocus();
    m_show->setVisible(isOffered);
    enableUnless(session.changeProblem(), *m_show, tr("Makes it the current plan. Undo brings this one back."));
    m_result->setVisible(result != nullptr);
    if (result)
        m_result->showPlan(result->plan);
    if (isRestored) {
        QStringList steps;
        for (const RestorationStep step : shelf->plan.restoration->kept())
            steps << stepLetters(step);
        const QString by = steps.isEmpty() ? tr("no step stayed: every one made a text worse") : steps.join(QStringLiteral(", "));
        const QString gain = gainText(*shelf->plan.restoration);
        m_state->say(InlineNote::Kind::Success,
                     gain.isEmpty() ? tr("This plan is restored (%1).").arg(by) : tr("This plan is restored (%1): %2.").arg(by, gain),
                     remainingTargetsText(session.spec(), session.planSpec()));
    } else if (isOffered) {
        const QString gain = gainText(*result->plan.restoration);
        m_state->say(InlineNote::Kind::Info, gain.isEmpty() ? tr("A restored plan of this one is there.")
                                                            : tr("A restored plan of this one is there: %1.").arg(gain));
    } else if (session.hasModel() && m_on->isChecked() && isAnotherRestored()) {
        m_state->say(InlineNote::Kind::Info, tr("Another plan was restored, not this one. Its figures are not this plan's."));
    } else {
        m_state->clear();
    }
}

void RestoreCard::press()
{
    if (const int running = runningJob(); running > 0)
        m_workbench.runner.cancel(running);
    else
        m_workbench.jobs.restore(m_settings->value());
}

void RestoreCard::showRestored()
{
    std::string key;
    const ShelfPlan *restored = restoredFromCurrent(&key);
    if (!restored)
        return;
    m_workbench.editor.useDraft({.balance = restored->plan.settings, .search = restored->plan.search.settings, .plan = key},
                                tr("Restored plan"));
}

} // namespace secateur::ui
