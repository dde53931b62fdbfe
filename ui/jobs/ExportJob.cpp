// SPDX-License-Identifier: GPL-3.0-or-later
// What SessionJobs writes of a plan: a checkpoint, or a file for the command line.
#include "engine/Engine.h"
#include "foundation/Wording.h"
#include "jobs/CommandLines.h"
#include "jobs/FailureWords.h"
#include "jobs/SessionJobs.h"
#include "jobs/SessionTask.h"
#include "models/SessionModel.h"
#include "pruning/PlanFile.h"
#include "session/Measurements.h"
#include "session/SessionStore.h"

#include <exception>

namespace secateur::ui {
namespace {

/// What was measured for a plan, as the manifest of an export holds it.
nlohmann::json evaluationsOf(const Session &session, const std::string &planHash)
{
    nlohmann::json list = nlohmann::json::array();
    for (const Measurement &pruned : session.measurements) {
        const Measurement *dense = pruned.planHash == planHash ? originalFor(session.measurements, pruned) : nullptr;
        if (dense && areComputedAlike(*dense, pruned)) // the manifest compares
            list.push_back({{"text", textName(pruned.text)},
                            {"tokens", pruned.result.tokens},
                            {"length", pruned.result.length},
                            {"tokenHash", pruned.result.tokenHash},
                            {"densePerplexity", dense->result.perplexity},
                            {"prunedPerplexity", pruned.result.perplexity}});
    }
    return list;
}

} // namespace

void SessionJobs::exportPlan(ExportSettings settings)
{
    if (!canExport())
        return;
    const QString command = exportCommand(settings);
    const JobRequest request{.kind = JobKind::Export, .drafts = {m_model.draft()}, .exporting = settings};
    for (const QString &word : commandLines().exportWords(m_model.draft(), settings))
        settings.command.push_back(word.toStdString());
    const std::filesystem::path output = settings.output.has_filename() ? settings.output : settings.output.parent_path();
    const QString name = QString::fromStdString(output.filename().string());
    start(JobKind::Export, tr("Export %1").arg(name), command, QStringLiteral("export"), request,
          [this, settings](const SessionTask &task, JobPort &port) {
              const PlanDraft &draft = task.session().draft;
              const PruningPlan plan = task.planOf(draft);
              task.deliver(port, [this, draft, removed = plan.removedAttentions, hash = QString::fromStdString(plan.hash())] {
                  m_model.setPlanHash(draft, removed, hash); // whoever shows the export knows that it is of this plan
              });
              exportTo(task, port, plan, settings);
          });
}

void SessionJobs::exportTo(const SessionTask &task, JobPort &port, const PruningPlan &plan, const ExportSettings &settings)
{
    const std::string hash = plan.hash();
    const ExportResult result = task.engine(port).exportPlan(plan, settings, evaluationsOf(task.session(), hash), port.context());
    const ExportRecord record{.planHash = hash,
                              .format = settings.format,
                              .folder = result.folder,
                              .parameters = result.parameters,
                              .bytes = result.bytes,
                              .verification = result.verification,
                              .notes = result.notes};
    task.write(port, [&](SessionJournal &j) { j.exported(record); });
    task.deliver(port, [this, record] {
        m_model.addExport(record);
        emit exported(QString::fromStdString(record.folder.string()), record.verification.isPassed);
    });
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
