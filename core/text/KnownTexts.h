// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/HubCache.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// What a text is wanted for: a data set has a part for each.
enum class TextUse { Calibration, Evaluation };

/// A data set that papers on pruning calibrate or evaluate with, and where it lies on this computer.
struct KnownText {
    std::string name;                        ///< on the command line: "wikitext-2"
    std::string title;                       ///< "WikiText-2"
    std::string part;                        ///< what the file is: "train", "test" or "validation"
    std::filesystem::path file;              ///< its Parquet or JSON lines, with the texts in the column "text"; empty = not found
    std::string problem;                     ///< a sentence that says what is missing; empty when there is a file
    std::string command;                     ///< that fetches it
    std::optional<std::int64_t> documents{}; ///< that the paper takes of it, the first so many; none = all

    bool operator==(const KnownText &) const = default;
};

/// WikiText-2 (raw), C4 (English) and FineWeb-Edu, of each the file that a use takes, as in the authors' code: of several files of a part
/// the first, in the Hugging Face cache or else among the files that were chosen earlier. FineWeb-Edu has no part that is held out, so both
/// uses take the same. A file is known by the place that it has in its repository.
std::vector<KnownText> knownTexts(TextUse use, const std::vector<std::filesystem::path> &chosenEarlier = {},
                                  const std::filesystem::path &cache = hubCacheFolder());

/// What `text` means: a file, and how many of its documents are taken.
struct NamedText {
    std::filesystem::path file;
    std::optional<std::int64_t> documents{}; ///< as of KnownText; none of a file
};
/// The file itself, or that of a known text of this name, in capitals or not. A file with such a name comes first. Throws Error when the known text is not
/// there.
NamedText namedText(const std::filesystem::path &text, TextUse use, const std::filesystem::path &cache = hubCacheFolder());

} // namespace secateur
