// SPDX-License-Identifier: GPL-3.0-or-later
// The command line that a manifest tells.
#include "cli/Options.h"

#include <sstream>
#include <type_traits>

namespace secateur::cli {

std::vector<std::string> repeatableCommand(const Options &o)
{
    const Options defaults;
    std::vector<std::string> command = {"secateur-cli", o.command, o.model.string()};
    const auto add = [&](const char *name, const auto &value, const auto &usual) {
        if (value == usual)
            return;
        std::ostringstream text;
        text.precision(17);
        text << value;
        command.insert(command.end(), {name, text.str()});
    };
    const auto addOptional = [&](const char *name, const auto &value) {
        if (!value)
            return;
        std::ostringstream text;
        text.precision(17);
        text << *value;
        command.insert(command.end(), {name, text.str()});
    };
    const auto addList = [&](const char *name, const auto &values) {
        if (values.empty())
            return;
        command.emplace_back(name);
        for (const auto &value : values) {
            std::ostringstream text;
            if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::filesystem::path>)
                text << value.string();
            else
                text << value;
            command.push_back(text.str());
        }
    };
    addList("--text", o.texts);
    if (o.areAllWindowsWanted)
        command.insert(command.end(), {"--windows", "all"});
    addOptional("--windows", o.windows);
    addOptional("--length", o.length);
    addOptional("--seed", o.seed);
    addOptional("--column", o.column);
    add("--norm", o.norm, defaults.norm);
    addOptional("--sparsity", o.sparsity);
    addOptional("--remove", o.remove);
    add("--alpha", o.alpha, defaults.alpha);
    add("--width-multiple", o.widthMultiple, defaults.widthMultiple);
    addOptional("--keep", o.keep);
    if (o.protectedLayers && o.protectedLayers->empty())
        command.insert(command.end(), {"--protect", "none"});
    else if (o.protectedLayers)
        addList("--protect", *o.protectedLayers);
    addList("--force", o.forcedLayers);
    addOptional("--search-windows", o.searchWindows);
    add("--loss-dtype", o.lossType, defaults.lossType);
    if (o.areAllLossesWanted)
        command.emplace_back("--all-losses");
    add("--scores", o.scores.string(), std::string());
    add("--plan", o.plan.string(), std::string());
    addList("--evaluate", o.evaluationTexts);
    add("--format", o.format, std::string());
    add("--export-dtype", o.exportDtype, std::string());
    add("--device", o.engine.device, defaults.engine.device);
    add("--dtype", o.engine.dtype, defaults.engine.dtype);
    add("--screen", o.engine.screening, defaults.engine.screening);
    add("--waiting", o.engine.waiting, defaults.engine.waiting);
    add("--threads", o.engine.threads, defaults.engine.threads);
    add("--device-memory", o.deviceMemory, std::string());
    add("--host-memory", o.hostMemory, std::string());
    return command;
}

} // namespace secateur::cli
