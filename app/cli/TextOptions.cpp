// SPDX-License-Identifier: GPL-3.0-or-later
// The texts that the options ask for.
#include "cli/OptionChecks.h"
#include "cli/Options.h"
#include "foundation/Error.h"
#include "pruning/EvolutionSamples.h"
#include "text/KnownTexts.h"

#include <algorithm>

namespace secateur::cli {
namespace {

constexpr std::int64_t kUsualWindows = 32, kUsualLength = 2048; // the authors' calibration

/// As many as were asked for; else those that are taken of known texts, where all of the files are of one kind.
std::optional<std::int64_t> documentsOf(const Options &o, const std::vector<std::filesystem::path> &files)
{
    const auto known = [&](const std::filesystem::path &file) -> std::optional<std::int64_t> {
        const auto found = o.documentsOfKnown.find(file);
        return found != o.documentsOfKnown.end() ? std::optional(found->second) : std::nullopt;
    };
    if (o.documents || files.empty())
        return o.documents;
    const std::optional<std::int64_t> first = known(files.front());
    if (std::ranges::any_of(files, [&](const std::filesystem::path &file) { return known(file) != first; }))
        throw Error("Of a text that is given by its name, as many documents are read as the paper takes; these texts differ in that.",
                    "Give one of them, or say how many documents of each to read (--documents).");
    return first;
}

TextSettings textOf(const Options &o, const std::vector<std::filesystem::path> &files, std::optional<std::int64_t> windows,
                    std::int64_t context)
{
    return {.files = files,
            .windows = windows,
            .length = o.length.value_or(std::min(kUsualLength, context)),
            .seed = o.seed.value_or(0),
            .column = o.column.value_or(TextSettings().column),
            .documents = documentsOf(o, files)};
}

} // namespace

void findTexts(Options &o)
{
    const TextUse use = o.command == "evaluate" ? TextUse::Evaluation : TextUse::Calibration;
    const auto find = [&o](std::filesystem::path &text, TextUse wanted) {
        const NamedText named = namedText(text, wanted);
        text = named.file;
        if (named.documents)
            o.documentsOfKnown[text] = *named.documents;
    };
    for (std::filesystem::path &text : o.texts)
        find(text, use);
    for (std::vector<std::filesystem::path> *texts : {&o.evaluationTexts, &o.restore.texts})
        for (std::filesystem::path &text : *texts)
            find(text, TextUse::Evaluation);
}

TextSettings calibrationText(const Options &o, std::int64_t context)
{
    return textOf(o, o.texts, o.areAllWindowsWanted ? std::nullopt : std::optional(o.windows.value_or(kUsualWindows)), context);
}

TextSettings blocksText(const Options &o, PlanMethod method, const ModelSpec &spec)
{
    TextSettings text = textOf(o, o.texts, o.areAllWindowsWanted ? std::optional(std::int64_t(kMost)) : o.windows, spec.contextLength);
    if (method == PlanMethod::EvoPress && !o.length)
        text.length = evolutionSampleLength(spec);
    return text;
}

TextSettings evaluationText(const Options &o, std::int64_t context)
{
    return textOf(o, o.texts, o.windows, context);
}

TextSettings heldOutText(const Options &o, const std::filesystem::path &file, std::int64_t context)
{
    TextSettings text = textOf(o, {file}, {}, context);
    text.seed = 0; // the seed is of the calibration
    return text;
}

TextSettings secondText(const Options &o, const TextSettings &calibration, std::int64_t windows)
{
    return {.files = o.restore.texts,
            .windows = windows,
            .length = calibration.length,
            .seed = 0, // that of the calibration is its own
            .column = calibration.column,
            .documents = documentsOf(o, o.restore.texts)};
}

} // namespace secateur::cli
