// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/Report.h"

#include "checkpoint/ModelName.h"
#include "comparison/ComparisonRows.h"
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "report/ReportSections.h"
#include "report/ReportSession.h"
#include "report/ReportStyle.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace secateur {
namespace html {
namespace {

/// The scores that a plan's neurons were chosen by, also where it was changed since (restored).
const NeuronScores *scoresOf(const Session &session, const PlanDraft &draft, const PruningPlan &plan)
{
    const Provenance &its = plan.calibration;
    if (plan.method != PlanMethod::TwoSsp && plan.method != PlanMethod::Restored)
        return nullptr;
    if (const std::int64_t calibration = calibrationOf(session, draft); calibration >= 0)
        return session.calibrations[std::size_t(calibration)].get();
    for (auto scores = session.calibrations.rbegin(); scores != session.calibrations.rend(); ++scores)
        if (const Provenance &other = (*scores)->provenance;
            !its.tokenHash.empty() && other.tokenHash == its.tokenHash && other.modelHash == its.modelHash && (*scores)->norm == plan.norm)
            return scores->get();
    return nullptr;
}

/// "2026-12-01T12:34:56Z"
std::string utc(std::chrono::system_clock::time_point when)
{
    const std::time_t seconds = std::chrono::system_clock::to_time_t(when);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 32> written{};
    return {written.data(), std::strftime(written.data(), written.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string dateLine(std::chrono::system_clock::time_point when)
{
    const std::string written = utc(when);
    return "<time datetime=\"" + written + "\">" + written.substr(0, 10) + " " + written.substr(11, 5) + " UTC</time>\n";
}

struct Section {
    const char *id, *title;
    std::string (*content)(const ReportFacts &);
};
constexpr std::array kSections = {
    Section{"model", "Model", modelSection},
    Section{"plan", "Plan", planSection},
    Section{"method", "How it was found", methodSection},
    Section{"scores", "Neuron scores", scoresSection},
    Section{"search", "Search of attentions", searchSection},
    Section{"measurements", "Measurements", measurementsSection},
    Section{"comparison", "Comparison", comparisonSection},
    Section{"exports", "Exports", exportsSection},
    Section{"conditions", "Computed where", conditionsSection},
    Section{"commands", "Commands", commandsSection},
    Section{"words", "Words and signs", wordsSection},
};

std::string page(const ReportFacts &facts)
{
    const std::string title = facts.model.empty() ? "Pruning report" : facts.model + ": pruning report";
    std::string sections, contents;
    for (const Section &section : kSections) {
        const std::string content = section.content(facts);
        if (content.empty())
            continue;
        const std::string id = section.id;
        contents += "<li><a href=\"#" + id + "\">" + section.title + "</a></li>\n";
        sections += "<section id=\"" + id + "\" aria-labelledby=\"" + id + "-heading\">\n<h2 id=\"" + id + "-heading\">" + section.title +
                    "</h2>\n" + content + "</section>\n";
    }
    return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
           "<meta name=\"generator\" content=\"Secateur " SECATEUR_VERSION "\">\n<title>" +
           text(printable(title)) + "</title>\n<style>\n" + styleSheet() + "</style>\n</head>\n<body>\n<header>\n<h1>" +
           (facts.model.empty() ? std::string("Pruning report") : name(facts.model) + ": pruning report") +
           "</h1>\n<p class=\"muted\">Made by Secateur " SECATEUR_VERSION " on\n" + dateLine(facts.options.date) + "</p>\n" +
           overview(facts) + "<nav aria-label=\"Contents\"><ul>\n" + contents + "</ul></nav>\n</header>\n<main>\n" + sections +
           "</main>\n<footer>Secateur prunes language models by 2SSP (F. Sandri, E. Cunegatti, G. Iacca, arXiv 2501.17771). Files are "
           "named "
           "without their folders.</footer>\n</body>\n</html>\n";
}

} // namespace

ReportFacts::ReportFacts(const Session &whole, const ReportOptions &how)
    : session(whole),
      options(how),
      named(withoutFolders(whole)),
      table(planTable(whole))
{
    if (session.model)
        model = modelName(session.model->folder).full;
    for (const auto &known : session.calibrations)
        modelHash = known->provenance.modelHash;
    if (!session.model) {
        planProblem = "No model is open in this session.";
        return;
    }
    if (!session.draft.hasNeurons()) {
        planProblem = "There is no plan in this session yet.";
        return;
    }
    try {
        plan = planOf(session, session.draft);
    } catch (const Error &problem) {
        planProblem = "The current plan cannot be made: " + std::string(problem.what());
        return;
    }
    if (!plan->calibration.modelHash.empty())
        modelHash = plan->calibration.modelHash;
    scores = scoresOf(session, session.draft, *plan);
    if (plan->isComplete())
        planHash = plan->hash();
    else
        planProblem = "Its search is not finished: " + std::to_string(plan->removedAttentions.size()) + " of " +
                      counted(plan->balance.attentionsToRemove, "attention") + " removed.";
}

std::string ReportFacts::planText(const std::string &hash) const
{
    if (hash.empty())
        return "original";
    const auto row = std::ranges::find_if(table.rows, [&](const PlanTableRow &other) { return other.row.planHash == hash; });
    std::string called = hash == planHash ? options.plan : std::string();
    if (row == table.rows.end())
        return called.empty() ? "plan " + hash.substr(0, 12) : called;
    if (called.empty())
        called = row->name;
    return (called.empty() ? std::string() : called + ", ") + nameOf(row->row);
}

std::string ReportFacts::planName(const std::string &hash) const
{
    return (hash.empty() ? planText(hash) : html::name(planText(hash))) +
           (!hash.empty() && hash == planHash ? " <strong>(this plan)</strong>" : "");
}

} // namespace html

std::string reportHtml(const Session &session, const ReportOptions &options)
{
    return html::page(html::ReportFacts(session, options));
}

void writeReport(const Session &session, const std::filesystem::path &file, const ReportOptions &options)
{
    writeFileAtomically(file, reportHtml(session, options));
}

} // namespace secateur
