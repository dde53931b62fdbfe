// SPDX-License-Identifier: GPL-3.0-or-later
// The command `compare`.
#include "cli/MethodOptions.h"
#include "cli/RestorationOptions.h"
#include "cli/Run.h"
#include "comparison/ComparisonTable.h"
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "jobs/CompareWork.h"
#include "jobs/RestorationChoice.h"
#include "session/PlanFolder.h"
#include "session/PlanTable.h"
#include "session/SessionStore.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

namespace secateur::cli {
namespace {

/// Hashes of the models that the numbers of a session were computed with.
std::vector<std::string> modelHashesOf(const Session &session)
{
    std::vector<std::string> hashes;
    for (const auto &scores : session.calibrations)
        hashes.push_back(scores->provenance.modelHash);
    for (const auto &[key, shelf] : session.plans)
        hashes.push_back(shelf->plan.calibration.modelHash);
    for (const auto &[key, record] : session.searches)
        hashes.push_back(record.provenance.modelHash);
    std::erase(hashes, std::string()); // of a search that was not begun
    return hashes;
}

/// Whether a session is worth writing again at once: after a loss or an item it is not, as there are many.
bool isStep(const JobEvent &event)
{
    const bool isOneOfMany = std::holds_alternative<LossKnown>(event) || std::holds_alternative<TaskScored>(event) ||
                             std::holds_alternative<RestorationKnown>(event); // told at every loss of its search
    return std::holds_alternative<Scored>(event) || (isFinding(event) && !isOneOfMany);
}

std::string phasesText(const std::vector<ExpectedPhase> &phases)
{
    std::vector<std::string> names;
    std::map<std::string, double> seconds;
    double all = 0;
    for (const ExpectedPhase &phase : phases) {
        if (!seconds.contains(phase.phase))
            names.push_back(phase.phase);
        seconds[phase.phase] += phase.seconds;
        all += phase.seconds;
    }
    std::string text;
    for (const std::string &name : names)
        text += (text.empty() ? "" : ", ") + name + " " + duration(seconds[name]);
    return "about " + duration(all) + (text.empty() ? "" : " (" + text + ")");
}

/// Each step of --variants, or what --restore asks for.
std::vector<RestorationSettings> restorationsToCompare(const Options &options, const TextSettings &text, const ModelSpec &dense)
{
    Options asked = options;
    if (!asked.restore.isAsked()) // all that a model can have
        asked.restore.steps = normsPerSublayer(dense) > 1 ? "r1,r2,r3" : "r1,r2,r3,r4";
    const RestorationSettings settings = restorationSettings(asked, text, PlanMethod::TwoSsp, dense, {});
    return options.areVariantsWanted ? variantsOf(settings) : std::vector{settings};
}

} // namespace

/// The session that the comparison is kept in, as it is by now.
Session Run::comparedSession()
{
    if (!o.session.empty() && doesExist(o.session)) {
        Session session = loadSession(o.session);
        if (session.newerFormat)
            throw Error("The session " + inQuotes(o.session.string()) + " was saved by a newer Secateur (format " +
                            std::to_string(*session.newerFormat) + "): saving it here would drop what this version does not know.",
                        "Update the program, or choose another name (--session).");
        const std::vector<std::string> hashes = modelHashesOf(session);
        const bool isOther = std::ranges::any_of(hashes, [&](const std::string &hash) { return hash != engine->modelHash(context); });
        if (isOther || !session.model || session.model->spec != model->spec)
            throw Error("The session " + inQuotes(o.session.string()) + " is of another model.", "Choose another name (--session).");
        session.model = *model; // where it lies now
        return session;
    }
    Session session;
    applyEvent(session, Opened{*model});
    session.calibrationText = calibrationText();
    if (!o.evaluationTexts.empty())
        session.evaluationText = heldOutText(o.evaluationTexts.front());
    session.tasks = o.tasks;
    return session;
}

ComparisonSettings Run::comparisonSettings() const
{
    ComparisonSettings settings{.methods = {},
                                .sparsities = o.sparsities,
                                .isEqualSize = o.isEqualSize,
                                .text = calibrationText(),
                                .evaluations = {},
                                .tasks = o.tasks,
                                .throughput = o.throughput,
                                .blocks = blockSettings(o)};
    for (const std::string &method : o.methods)
        settings.methods.push_back(planMethodOf(method));
    settings.text.windows = o.windows; // else as many as the authors take of each method
    for (const std::filesystem::path &file : o.evaluationTexts)
        settings.evaluations.push_back(heldOutText(file));
    if (o.restore.isAsked() || o.areVariantsWanted)
        settings.restorations = restorationsToCompare(o, settings.text, model->spec);
    return settings;
}

void Run::compare()
{
    for (const std::filesystem::path *file : {&o.session, &o.csv, &o.markdown, &o.latex})
        checkOutputFile(*file);
    open();
    Session state = comparedSession();
    constexpr std::chrono::seconds kBetweenSaves(60);
    auto saved = std::chrono::steady_clock::now();
    const auto save = [&] {
        if (!o.session.empty())
            saveSession(state, o.session);
        saved = std::chrono::steady_clock::now();
    };
    const EventListener keep = [&](const JobEvent &event) {
        report.tell(event);
        if (isStep(event) || (isFinding(event) && std::chrono::steady_clock::now() - saved > kBetweenSaves))
            save();
    };
    const ForecastListener say = [&](const std::vector<ExpectedPhase> &phases) {
        report.line(phases.empty() ? "all of it is known" : phasesText(phases));
        nlohmann::json list = nlohmann::json::array();
        double seconds = 0;
        for (const ExpectedPhase &phase : phases) {
            list.push_back({{"phase", phase.phase}, {"seconds", phase.seconds}});
            seconds += phase.seconds;
        }
        report.event({{"event", "forecast"}, {"seconds", seconds}, {"phases", list}});
    };
    Comparison comparison;
    try {
        const std::filesystem::path plans = o.session.empty() ? o.session : planFolderBeside(o.session);
        comparison = secateur::compare(*engine, state, comparisonSettings(), context, keep, say, plans);
    } catch (const Cancelled &) {
        if (!o.session.empty()) {
            save(); // losses of a step that is not finished are kept as well
            report.line("What was found so far is in " + printable(o.session.string()) + ". The same command goes on with it.");
        }
        throw;
    }
    if (!state.draft.hasNeurons()) { // what the window shows first
        const std::vector<PlanTableRow> rows = planTable(state).rows;
        if (const auto first = std::ranges::find_if(rows, [](const PlanTableRow &row) { return row.draft.has_value(); });
            first != rows.end())
            state.draft = *first->draft;
    }
    save();

    const ComparisonTable table = tableOf(comparison);
    const std::vector<std::pair<const std::filesystem::path *, std::string (*)(const ComparisonTable &)>> forms = {
        {&o.csv, csvOf}, {&o.markdown, markdownOf}, {&o.latex, latexOf}};
    for (const auto &[file, form] : forms)
        if (!file->empty())
            writeFileAtomically(*file, form(table));
    for (const Rows &rows : terminalTables(table)) {
        report.line("");
        report.table(rows);
    }
    report.line("");
    for (const std::string &note : table.notes)
        report.line(note);
    for (const std::filesystem::path *file : {&o.session, &o.csv, &o.markdown, &o.latex})
        if (!file->empty())
            report.line("written: " + printable(file->string()));
    finish({{"rows", resultRows(comparison)}});
}

} // namespace secateur::cli
