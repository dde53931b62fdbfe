// SPDX-License-Identifier: GPL-3.0-or-later
// What SessionJobs writes of a plan: a checkpoint, or a file for the command line.
#include "engine/Engine.h"
#include "foundation/Wording.h"
#include "jobs/FailureWords.h"
#include "jobs/JobWork.h"
#include "jobs/SessionJobs.h"
#include "jobs/SessionTask.h"
#include "models/SessionModel.h"
#include "pruning/PlanFile.h"
#include "session/Measurements.h"

#include <exception>

namespace secateur::ui {
namespace {

/// What was measured for a plan, as the manifest of an export holds it.
nlohmann::json evaluationsOf(const Session &session, const std::string &planHash)
{
    nlohmann::json list = nlohmann::json::array();
    for (const Measurement &pruned : session.measurements) {
        const bool isWanted = pruned.what == Measured::Perplexity && pruned.planHash == planHash;
        const Measurement *dense = isWanted ? originalFor(session.measurements, pruned) : nullptr;
        if (!dense || !areComputedAlike(*dense, pruned)) // the manifest compares
            continue;
        list.push_back({{"text", textName(pruned.text)},
                        {"tokens", pruned.result.tokens},
                        {"length", pruned.result.length},
                        {"tokenHash", pruned.result.tokenHash},
                        {"densePerplexity", dense->result.perplexity},
                        {"prunedPerplexity", pruned.result.perplexity}});
        if (pruned.computed.isKnown())
            list.back()["computed"] = toJson(pruned.computed);
    }
    return list;
}

} // namespace

void SessionJobs::exportPlan(ExportSettings settings)
{
    if (!canExport())
        return;
    const request::Export asked{.draft = m_model.draft(), .settings = settings};
    settings.command = exportWords(asked, m_model.session(), commandSettings());
    start(asked, [this, settings, draft = asked.draft](const SessionTask &task, JobPort &port) {
        const PruningPlan plan = task.planOf(draft);
        task.deliver(port, [this, draft, removed = plan.removedAttentions, hash = QString::fromStdString(plan.hash())] {
            m_model.setPlanHash(draft, removed, hash); // whoever shows the export knows that it is of this plan
        });
        exportTo(task, port, plan, settings);
    });
}

void SessionJobs::exportTo(const SessionTask &task, JobPort &port, const PruningPlan &plan, const ExportSettings &settings)
{
    const nlohmann::json evaluations = evaluationsOf(task.session(), plan.hash());
    const ExportRecord record = secateur::exportPlan(task.engine(port), plan, settings, evaluations, port.context(), task.listener(port));
    task.deliver(port, [this, record] { emit exported(QString::fromStdString(record.folder.string()), record.verification.isPassed); });
}

void SessionJobs::savePlan(const std::filesystem::path &file)
{
    m_messages.resolve(QStringLiteral("plan"));
    m_pool.start([this, file, session = m_model.session()] {
        Message message = failureOf(QStringLiteral("plan"));
        try {
            secateur::savePlan(planOf(session, session.draft), file);
            message.severity = Message::Severity::Success;
            message.sentence = tr("The plan is in %1.").arg(QString::fromStdString(inQuotes(file.string())));
        } catch (const std::exception &thrown) {
            describe(message, thrown);
        }
        QMetaObject::invokeMethod(
            this, [this, message] { m_messages.post(message); }, Qt::QueuedConnection);
    });
}

} // namespace secateur::ui
