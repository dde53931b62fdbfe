// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/DocumentSource.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "text/ParquetTexts.h"
#include "text/UnpackedFile.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace secateur {

class FileDocuments {
public:
    virtual ~FileDocuments() = default;
    virtual std::optional<std::string> next() = 0;
};

namespace {

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

/// A file that is one document.
class WholeFile : public FileDocuments {
public:
    explicit WholeFile(const std::filesystem::path &file) : m_name(file.string()), m_file(file) {}

    std::optional<std::string> next() override
    {
        std::string content;
        while (m_file.append(content))
            continue;
        if (content.starts_with(kParquetMagic))
            throw Error("'" + m_name + "' is a Parquet file that was packed by gzip, which cannot be read.", "Unpack it with gunzip.");
        return content.empty() ? std::optional<std::string>() : std::move(content);
    }

private:
    std::string m_name;
    UnpackedFile m_file;
};

/// A file with a JSON object per line.
class JsonLines : public FileDocuments {
public:
    JsonLines(const std::filesystem::path &file, std::string column)
        : m_name(file.string()),
          m_column(std::move(column)),
          m_hint("Give one JSON object per line, each with its text in the field \"" + m_column + "\", or name another field (--column)."),
          m_file(file)
    {
    }

    std::optional<std::string> next() override
    {
        while (const auto line = nextLine()) {
            if (line->find_first_not_of(" \t\r") == std::string_view::npos)
                continue;
            if (auto text = textOf(*line))
                return text;
        }
        return {};
    }

private:
    /// The next line without its end; good until the next call.
    std::optional<std::string_view> nextLine()
    {
        std::size_t end = m_content.find('\n', m_next);
        if (end == std::string::npos) {
            m_content.erase(0, std::exchange(m_next, 0));
            std::size_t searched = 0;
            do {
                searched = m_content.size();
                if (!m_file.append(m_content))
                    break;
                end = m_content.find('\n', searched);
            } while (end == std::string::npos);
        }
        if (end == std::string::npos && m_next == m_content.size())
            return {};
        ++m_number;
        end = std::min(end, m_content.size());
        const auto line = std::string_view(m_content).substr(m_next, end - m_next);
        m_next = std::min(end + 1, m_content.size());
        return line;
    }

    std::optional<std::string> textOf(std::string_view line) const
    {
        const std::string place = "'" + m_name + "', line " + std::to_string(m_number);
        auto object = nlohmann::json::parse(line, nullptr, false);
        if (object.is_discarded())
            throw Error(place + " is not well-formed JSON.", m_hint);
        if (!object.is_object())
            throw Error(place + " is not a JSON object.", m_hint);
        const auto text = object.find(m_column);
        if (text == object.end())
            throw Error(place + " has no field \"" + m_column + "\"; " + fieldsOf(object) + ".", m_hint);
        if (text->is_null())
            return {};
        if (!text->is_string())
            throw Error(place + ": the field \"" + m_column + "\" is not a string.", m_hint);
        return std::move(text->get_ref<std::string &>());
    }

    static std::string fieldsOf(const nlohmann::json &object)
    {
        std::vector<std::string> names;
        for (const auto &field : object.items())
            names.push_back(inQuotes(field.key()));
        return names.empty() ? "it has none" : "it has " + listed(names);
    }

    std::string m_name, m_column, m_hint;
    UnpackedFile m_file;
    std::string m_content; ///< read and not given yet
    std::size_t m_next = 0;
    std::int64_t m_number = 0; ///< of the line given last
};

/// A column of a Parquet file.
class ParquetRows : public FileDocuments {
public:
    ParquetRows(const std::filesystem::path &file, const std::string &column) : m_texts(file, column) {}
    std::optional<std::string> next() override { return m_texts.next(); }

private:
    ParquetTexts m_texts;
};

std::unique_ptr<FileDocuments> open(const std::filesystem::path &file, const std::string &column)
{
    std::array<char, 4> beginning{};
    std::ifstream(file, std::ios::binary).read(beginning.data(), beginning.size());
    const std::string_view magic(beginning.data(), beginning.size());
    if (magic == kParquetMagic)
        return std::make_unique<ParquetRows>(file, column);
    if (magic == kEncryptedParquetMagic)
        throw Error("'" + file.string() + "' is an encrypted Parquet file, which cannot be read.", "Decrypt it first.");
    if (lowerExtension(file) == ".parquet")
        throw Error("'" + file.string() + "' is not a Parquet file, although its name says so.",
                    "It may be damaged, or a pointer to a file that was not fetched (Git LFS); fetch it again.");
    if (isNamedJsonLines(file))
        return std::make_unique<JsonLines>(file, column);
    return std::make_unique<WholeFile>(file);
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

DocumentReader::DocumentReader(std::vector<std::filesystem::path> files, std::string column)
    : m_files(std::move(files)),
      m_column(std::move(column))
{
    for (const auto &file : m_files) // a later one may never be opened
        UnpackedFile{file};
}

DocumentReader::~DocumentReader() = default;

std::optional<std::string> DocumentReader::next()
{
    while (true) {
        if (m_documents) {
            if (auto document = m_documents->next()) {
                m_isEmpty = false;
                return document;
            }
            m_documents.reset();
            if (m_isEmpty)
                throw Error("The text file '" + m_files[m_opened - 1].string() + "' is empty.", "Choose a file with text.");
        }
        if (m_opened == m_files.size())
            return {};
        m_documents = open(m_files[m_opened++], m_column);
        m_isEmpty = true;
    }
}

std::vector<std::string> readDocuments(std::span<const std::filesystem::path> files, const std::string &column)
{
    DocumentReader reader({files.begin(), files.end()}, column);
    std::vector<std::string> documents;
    while (auto document = reader.next())
        documents.push_back(std::move(*document));
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
