// SPDX-License-Identifier: GPL-3.0-or-later
// The command that lists the texts that have names.
#include "cli/Run.h"
#include "text/KnownTexts.h"

#include <algorithm>

namespace secateur::cli {

void Run::texts()
{
    const std::filesystem::path cache = hubCacheFolder();
    Rows rows = {{"name", "for", "part", "file"}};
    nlohmann::json list = nlohmann::json::array();
    std::vector<std::string> missing;
    for (const TextUse use : {TextUse::Calibration, TextUse::Evaluation})
        for (const KnownText &text : knownTexts(use, {}, cache)) {
            const char *const purpose = use == TextUse::Calibration ? "calibrating" : "evaluating";
            list.push_back({{"name", text.name},
                            {"use", purpose},
                            {"part", text.part},
                            {"file", text.file.string()},
                            {"problem", text.problem},
                            {"command", text.command}});
            if (text.problem.empty())
                rows.push_back({text.name, purpose, text.part, printable(text.file.string())});
            else if (std::string line = text.problem + " Fetch it with: " + text.command;
                     std::find(missing.begin(), missing.end(), line) == missing.end())
                missing.push_back(std::move(line));
        }
    if (rows.size() > 1)
        report.table(rows, Reporter::LastColumn::Text);
    for (const std::string &line : missing)
        report.line(line);
    finish({{"folder", cache.string()}, {"texts", list}});
}

} // namespace secateur::cli
