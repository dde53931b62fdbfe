// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/DocumentSource.h"

#include "foundation/Error.h"
#include "text/Gzip.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

namespace secateur {
namespace {

std::string readFile(const std::filesystem::path &file)
{
    std::ifstream stream(file, std::ios::binary);
    if (!stream || std::filesystem::is_directory(file))
        throw Error("The text file '" + file.string() + "' cannot be read.", "Check that the file exists and that you may read it.");
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::string lowerExtension(const std::filesystem::path &file)
{
    std::string extension = file.extension().string();
    std::ranges::transform(extension, extension.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
    return extension;
}

/// Whether the name says that the file holds a JSON object per line: .json or .jsonl, with or without .gz behind.
bool isNamedJsonLines(const std::filesystem::path &file)
{
    const std::string extension = lowerExtension(file) == ".gz" ? lowerExtension(file.stem()) : lowerExtension(file);
    return extension == ".json" || extension == ".jsonl";
}

/// The field `text` of one line.
std::string textOfLine(std::string_view line, const std::string &place)
{
    static const std::string kHint = "Give one JSON object per line, each with its text in the field \"text\".";
    const auto object = nlohmann::json::parse(line, nullptr, false);
    if (object.is_discarded())
        throw Error(place + " is not well-formed JSON.", kHint);
    if (!object.is_object())
        throw Error(place + " is not a JSON object.", kHint);
    const auto text = object.find("text");
    if (text == object.end())
        throw Error(place + " has no field \"text\".", kHint);
    if (!text->is_string())
        throw Error(place + ": the field \"text\" is not a string.", kHint);
    return text->get<std::string>();
}

void readLines(std::string_view content, const std::string &name, std::vector<std::string> &documents)
{
    for (std::int64_t number = 1; !content.empty(); ++number) {
        const std::size_t end = std::min(content.find('\n'), content.size());
        const std::string_view line = content.substr(0, end);
        content.remove_prefix(std::min(end + 1, content.size()));
        if (line.find_first_not_of(" \t\r") != std::string_view::npos)
            documents.push_back(textOfLine(line, "'" + name + "', line " + std::to_string(number)));
    }
}

void readDocumentsOf(const std::filesystem::path &file, std::vector<std::string> &documents)
{
    const std::string name = file.string();
    std::string content = readFile(file);
    if (isGzip(content))
        content = gunzip(content, name);
    if (content.starts_with("PAR1"))
        throw Error("'" + name + "' is a Parquet file, which this version does not read.", "Convert it to .jsonl or .txt.");
    const std::size_t before = documents.size();
    if (isNamedJsonLines(file))
        readLines(content, name, documents);
    else if (!content.empty())
        documents.push_back(std::move(content));
    if (documents.size() == before)
        throw Error("The text file '" + name + "' is empty.", "Choose a file with text.");
}

/// SplitMix64 (Steele, Lea and Flood 2014): every seed is good, and a sequence is the same everywhere.
class RandomNumbers {
public:
    explicit RandomNumbers(std::uint64_t seed) : m_state(seed) {}

    /// A number below `bound`, each equally likely.
    std::uint64_t below(std::uint64_t bound)
    {
        const std::uint64_t uneven =
            (std::numeric_limits<std::uint64_t>::max() % bound + 1) % bound; // numbers at the top that would favour some
        std::uint64_t number = next();
        while (number > std::numeric_limits<std::uint64_t>::max() - uneven)
            number = next();
        return number % bound;
    }

private:
    std::uint64_t next()
    {
        m_state += 0x9E3779B97F4A7C15u;
        std::uint64_t z = m_state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
    }

    std::uint64_t m_state;
};

} // namespace

std::vector<std::string> readDocuments(std::span<const std::filesystem::path> files)
{
    std::vector<std::string> documents;
    for (const auto &file : files)
        readDocumentsOf(file, documents);
    return documents;
}

void shuffleDocuments(std::vector<std::string> &documents, std::uint64_t seed)
{
    if (seed == 0)
        return;
    RandomNumbers random(seed);
    for (std::size_t left = documents.size(); left > 1; --left) // Fisher-Yates
        std::swap(documents[left - 1], documents[std::size_t(random.below(left))]);
}

} // namespace secateur
