// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/KnownTexts.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <array>
#include <fnmatch.h>
#include <strings.h>

namespace secateur {
namespace {

/// A part of a data set: its name, and patterns of paths, the most wanted first ('*' stands for folders, too).
struct Part {
    const char *name;
    std::vector<const char *> patterns;
};

/// What one use takes of a data set: the first of these parts that is there; how to fetch it; and how many documents of it, as the 2SSP authors' code
/// does, none = all.
struct Source {
    std::vector<Part> parts;
    const char *command;
    std::optional<std::int64_t> documents{};
};

struct DataSet {
    const char *name, *title;
    std::vector<const char *> repositories; ///< folders in the cache
    Source calibration, evaluation;
};

const std::array<DataSet, 3> &dataSets()
{
    static const Part fineWeb = {"train",
                                 {"*fineweb-edu/*sample/10BT/*.parquet", "*fineweb-edu/*sample/*.parquet", "*fineweb-edu/*.parquet"}};
    static const char *fetchWiki = "hf download Salesforce/wikitext --repo-type dataset --include 'wikitext-2-raw-v1/*'";
    static const char *fetchFineWeb = "hf download HuggingFaceFW/fineweb-edu sample/10BT/000_00000.parquet --repo-type dataset";
    static const std::array<DataSet, 3> sets = {{
        {"wikitext-2",
         "WikiText-2",
         {"datasets--Salesforce--wikitext", "datasets--wikitext"},
         {{{"train", {"*/wikitext-2-raw-v1/train*.parquet"}}}, fetchWiki},
         {{{"test", {"*/wikitext-2-raw-v1/test*.parquet"}}, {"validation", {"*/wikitext-2-raw-v1/validation*.parquet"}}}, fetchWiki}},
        {"c4",
         "C4",
         {"datasets--allenai--c4"},
         {{{"train", {"*/en/c4-train.*.json.gz"}}}, "hf download allenai/c4 en/c4-train.00000-of-01024.json.gz --repo-type dataset", 1000},
         {{{"validation", {"*/en/c4-validation.*.json.gz"}}},
          "hf download allenai/c4 en/c4-validation.00000-of-00008.json.gz --repo-type dataset",
          1100}},
        {"fineweb-edu", "FineWeb-Edu", {"datasets--HuggingFaceFW--fineweb-edu"}, {{fineWeb}, fetchFineWeb}, {{fineWeb}, fetchFineWeb, 500}},
    }};
    return sets;
}

const Source &sourceOf(const DataSet &set, TextUse use)
{
    return use == TextUse::Calibration ? set.calibration : set.evaluation;
}

/// What was found of a data set.
struct Finding {
    const Part *part = nullptr;
    std::filesystem::path file;
    std::filesystem::path broken; ///< a file that should be there, and is a link that leads nowhere, or empty
    bool isInterrupted = false;   ///< a download of the data set was begun and not finished
    bool isOther = false;         ///< there are files of the data set, but none of the parts wanted
};

/// Looks for the parts wanted among files.
void look(const std::vector<std::filesystem::path> &files, const Source &source, Finding &finding)
{
    for (const Part &part : source.parts)
        for (const char *pattern : part.patterns)
            for (const std::filesystem::path &file : files) {
                if (!finding.file.empty() || fnmatch(pattern, file.c_str(), 0) != 0)
                    continue;
                std::error_code error;
                const bool isThere = std::filesystem::file_size(file, error) > 0 && !error; // links into blobs/ are followed
                (isThere ? finding.file : finding.broken) = file;
                if (isThere)
                    finding.part = &part;
            }
}

Finding find(const DataSet &set, TextUse use, std::vector<std::filesystem::path> chosenEarlier, const std::filesystem::path &cache)
{
    const Source &source = sourceOf(set, use);
    Finding finding;
    for (const char *repository : set.repositories) {
        for (const std::filesystem::path &snapshot : snapshotsOf(cache / repository)) { // partly fetched ones may complete each other
            const std::vector<std::filesystem::path> files = filesBelow(snapshot);
            finding.isOther = finding.isOther || !files.empty();
            look(files, source, finding);
        }
        finding.isInterrupted = finding.isInterrupted || holdsUnfinishedDownload(cache / repository);
    }
    std::sort(chosenEarlier.begin(), chosenEarlier.end());
    look(chosenEarlier, source, finding);
    return finding;
}

/// Why there is no file.
std::string problemOf(const DataSet &set, TextUse use, const Finding &finding, const std::filesystem::path &cache)
{
    std::string parts;
    for (const Part &part : sourceOf(set, use).parts)
        parts += (parts.empty() ? "" : " or ") + std::string(part.name);
    if (!finding.broken.empty())
        return "The download of " + std::string(set.title) + " is not complete: " + inQuotes(finding.broken.filename().string()) +
               " is missing or empty.";
    if (finding.isInterrupted)
        return "The download of " + std::string(set.title) + " is not complete.";
    return std::string(set.title) + (finding.isOther ? " has no " + parts + " part" : " is not") + " in the Hugging Face cache " +
           inQuotes(cache.string()) + ".";
}

KnownText knownText(const DataSet &set, TextUse use, const std::vector<std::filesystem::path> &chosenEarlier,
                    const std::filesystem::path &cache)
{
    const Finding finding = find(set, use, chosenEarlier, cache);
    const Source &source = sourceOf(set, use);
    return {.name = set.name,
            .title = set.title,
            .part = finding.part ? finding.part->name : source.parts.front().name,
            .file = finding.file,
            .problem = finding.part ? std::string() : problemOf(set, use, finding, cache),
            .command = source.command,
            .documents = source.documents};
}

} // namespace

std::vector<KnownText> knownTexts(TextUse use, const std::vector<std::filesystem::path> &chosenEarlier, const std::filesystem::path &cache)
{
    std::vector<KnownText> texts;
    for (const DataSet &set : dataSets())
        texts.push_back(knownText(set, use, chosenEarlier, cache));
    return texts;
}

NamedText namedText(const std::filesystem::path &text, TextUse use, const std::filesystem::path &cache)
{
    const auto &sets = dataSets();
    const auto set = std::find_if(sets.begin(), sets.end(), [&](const DataSet &one) { return ::strcasecmp(text.c_str(), one.name) == 0; });
    std::error_code error;
    if (set == sets.end() || (std::filesystem::exists(text, error) && !std::filesystem::is_directory(text, error)))
        return {.file = text};
    KnownText known = knownText(*set, use, {}, cache);
    if (known.file.empty())
        throw Error(known.problem, "Fetch it with: " + known.command);
    return {.file = std::move(known.file), .documents = known.documents};
}

} // namespace secateur
