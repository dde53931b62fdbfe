// SPDX-License-Identifier: GPL-3.0-or-later
#include "tasks/TaskPaths.h"

#include <algorithm>
#include <array>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace secateur {
namespace {

/// The words of a name in small letters, each between two '_': "_arc_easy_test_jsonl_".
std::string wordsOf(const std::filesystem::path &name)
{
    std::string words = "_" + name.string() + "_";
    std::ranges::transform(words, words.begin(), [](char c) {
        const bool isCapital = c >= 'A' && c <= 'Z';
        return isCapital ? char(c | 0x20) : (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
    });
    return words;
}

bool hasWord(const std::string &words, std::string_view word)
{
    return words.find("_" + std::string(word) + "_") != std::string::npos;
}

std::optional<TaskSplit> splitIn(const std::string &words)
{
    using enum TaskSplit;
    static constexpr std::array kWords = {std::pair{"train", Train},      std::pair{"test", Test},      std::pair{"validation", Validation},
                                          std::pair{"valid", Validation}, std::pair{"val", Validation}, std::pair{"dev", Dev}};
    for (const auto &[word, split] : kWords)
        if (hasWord(words, word))
            return split;
    return {};
}

/// The name of a file and of its two nearest folders.
std::array<std::string, 3> nearestNames(const std::filesystem::path &file)
{
    const std::filesystem::path whole = std::filesystem::absolute(file), folder = whole.parent_path();
    return {wordsOf(whole.filename()), wordsOf(folder.filename()), wordsOf(folder.parent_path().filename())};
}

bool isPossible(const std::filesystem::path &file)
{
    static constexpr std::array kForms = {"_parquet_", "_jsonl_", "_ndjson_", "_json_", "_csv_", "_tsv_"};
    static constexpr std::array kPackings = {".gz", ".zst", ".xz", ".bz2"};
    const bool isPacked = std::ranges::find(kPackings, file.extension()) != kPackings.end();
    return std::ranges::find(kForms, wordsOf((isPacked ? file.stem() : file).extension()).substr(1)) != kForms.end();
}

} // namespace

std::optional<TaskSplit> splitOf(const std::filesystem::path &file)
{
    const auto names = nearestNames(file);
    const std::string stem = wordsOf(file.stem());
    const bool hasLetters = std::ranges::any_of(stem, [](char c) { return c >= 'a' && c <= 'z'; });
    return splitIn(hasLetters ? names[0] : names[1]);
}

std::optional<TaskKind> arcOf(const std::filesystem::path &file)
{
    for (const std::string &words : nearestNames(file)) {
        if (words.find("easy") != std::string::npos)
            return TaskKind::ArcEasy;
        if (words.find("challenge") != std::string::npos)
            return TaskKind::ArcChallenge;
    }
    return {};
}

std::string_view mmluSubjectOf(const std::filesystem::path &file)
{
    auto names = nearestNames(file);
    if (!splitIn(names[1])) // only a folder for the split stands between a subject and its files
        names[2].clear();
    for (const std::string &words : names) {
        std::string_view longest;
        for (const std::string_view subject : kMmluSubjects)
            if (subject.size() > longest.size() && hasWord(words, subject))
                longest = subject;
        if (!longest.empty())
            return longest;
    }
    return {};
}

std::vector<std::filesystem::path> possibleTasksBelow(const std::filesystem::path &folder)
{
    std::vector<std::filesystem::path> files;
    std::error_code error;
    const auto options = std::filesystem::directory_options::skip_permission_denied;
    for (std::filesystem::recursive_directory_iterator entry(folder, options, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code unknown;
        const bool isFolder = entry->is_directory(unknown);
        if (isFolder && entry->path().filename().string().starts_with('.'))
            entry.disable_recursion_pending();
        if (!isFolder && isPossible(entry->path()))
            files.push_back(entry->path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

} // namespace secateur
