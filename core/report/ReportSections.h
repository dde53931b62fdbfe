// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room: the parts of a report.
#pragma once

#include "report/HtmlText.h"
#include "report/Report.h"
#include "session/PlanTable.h"

#include <cstdint>
#include <optional>
#include <string>

namespace secateur::html {

/// What all sections look at.
struct ReportFacts {
    ReportFacts(const Session &session, const ReportOptions &options);

    const Session &session;
    const ReportOptions &options;
    Session named;                        ///< the same without folders: for words and commands
    std::string model;                    ///< name; empty: there is none
    std::optional<PruningPlan> plan{};    ///< the current one
    std::string planHash{};               ///< empty while its search is not finished: then it is not the plan that is meant
    std::string planProblem{};            ///< why there is none, or what it lacks: a sentence
    PlanTable table{};                    ///< all plans
    const NeuronScores *scores = nullptr; ///< that chose its neurons, where the session has them
    std::string modelHash{};              ///< SHA-256, as far as any number tells it

    /// What people call a plan that was measured or written: HTML.
    std::string planName(const std::string &hash) const;
    /// The same as a text.
    std::string planText(const std::string &hash) const;
};

// The content of each section; empty where the session has nothing for it.
std::string overview(const ReportFacts &facts);
std::string modelSection(const ReportFacts &facts);
std::string planSection(const ReportFacts &facts);
std::string methodSection(const ReportFacts &facts);
std::string scoresSection(const ReportFacts &facts);
std::string searchSection(const ReportFacts &facts);
std::string measurementsSection(const ReportFacts &facts);
std::string comparisonSection(const ReportFacts &facts);
std::string exportsSection(const ReportFacts &facts);
std::string conditionsSection(const ReportFacts &facts);
std::string commandsSection(const ReportFacts &facts);
std::string wordsSection(const ReportFacts &facts);

// Parts of them.
/// What a method of blocks measured, and how it chose by that.
std::string blocksPart(const BlockRecord &record, std::int64_t layers);
/// How a restored plan was made.
std::string restorationPart(const RestorationRecord &record);
/// The removals of a search with the losses that decided them, and the losses of all candidates.
std::string searchPart(const SearchRecord &record, const std::string &id, const std::string &what);
/// Where a text came from: names of files, windows, hash.
std::string textWords(const Provenance &provenance);
std::string textWords(const TextSettings &text);

} // namespace secateur::html
