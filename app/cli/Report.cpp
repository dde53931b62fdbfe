// SPDX-License-Identifier: GPL-3.0-or-later
// The command `report`.
#include "report/Report.h"

#include "cli/Run.h"
#include "exporting/Manifest.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "pruning/PlanFile.h"
#include "report/ReportSession.h"
#include "session/Openable.h"
#include "session/SessionStore.h"
#include "session/Shelf.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

namespace secateur::cli {

/// What the report is about, as a session: that of its file, or one made of a plan or of an export.
Session Run::reportedSession(ReportOptions &options)
{
    const std::string subject = inQuotes(o.plan.string());
    if (const std::optional<SessionPlanName> name = sessionPlanName(o.plan)) {
        Session session = loadSession(name->file);
        session.draft = draftNamed(session, *name);
        options.plan = name->pin;
        if (!o.model.empty())
            report.note("--model has no effect here: a session knows its model.");
        return session;
    }
    std::error_code error;
    if (!std::filesystem::exists(o.plan, error))
        throw Error("There is no " + subject + ".", "Choose a session (.secateur), a plan, or a folder that Secateur exported.");
    const std::filesystem::path manifest = manifestOf(o.plan);
    if (manifest.empty() && std::filesystem::is_directory(o.plan, error))
        throw Error("There is no " + std::string(kManifestFile) + " in " + subject + ".",
                    "Choose a folder that Secateur exported, a plan or a session.");
    const std::filesystem::path dense = o.model.empty() ? modelNamedIn(manifest.empty() ? o.plan : manifest) : o.model;
    if (dense.empty())
        throw Error(manifest.empty() ? subject + " does not say where its model is."
                                     : "The model that " + subject + " was made from is not where its manifest says.",
                    "Name the original model (--model MODEL).");
    open(dense);
    const std::string hash = engine->modelHash(context);
    if (manifest.empty()) {
        options.plan = o.plan.filename().string();
        return sessionOfPlan(*model, loadPlan(o.plan, model->spec, hash), o.plan);
    }
    ExportedReport exported = sessionOfExport(o.plan, *model, hash);
    options.commands = {exported.command};
    return std::move(exported.session);
}

void Run::makeReport()
{
    checkOutputFile(o.output);
    ReportOptions options;
    const Session session = reportedSession(options);
    writeReport(session, o.output, options);
    report.line("report: " + printable(o.output.string()));
    finish({{"output", o.output.string()}});
}

} // namespace secateur::cli
