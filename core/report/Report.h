// SPDX-License-Identifier: GPL-3.0-or-later
// The report: what a session holds as one page for people.
#pragma once

#include "session/Session.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace secateur {

struct ReportOptions {
    std::string plan{}; ///< what the plan is called: the name it was pinned under, its file's name; empty: by its method and size
    /// Command lines that the source itself recorded, as a manifest does, beside those that follow from the session. Their paths are cut as all others.
    std::vector<std::vector<std::string>> commands{};
    /// Stands in the report, and is all by which two reports of equal sessions differ.
    std::chrono::system_clock::time_point date = std::chrono::system_clock::now();
};

/// One self-contained page in HTML: model, current plan, how it was found, scores, search, measurements, comparison, exports, conditions, commands, and what
/// the signs mean. Sections that the session has nothing for are left out. Figures are inline SVG with text alternatives; there are no scripts, and nothing is
/// fetched. Light or dark by the reader's setting, light on paper.
///
/// Equal sessions give equal bytes but for the line with the date. Numbers are as in the C locale, with units. Files and models are named without their
/// folders, in commands too: reports are passed on, and whose computer it was is nobody's business. Texts of others are shown and never markup.
///
/// Makes all plans of the session: off the interface's thread. A plan that cannot be made, or has no model, is told of in the report.
std::string reportHtml(const Session &session, const ReportOptions &options = {});

/// Writes it atomically. Throws Error that names the file and the system's reason.
void writeReport(const Session &session, const std::filesystem::path &file, const ReportOptions &options = {});

} // namespace secateur
