// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/DocumentSource.h"

#include "foundation/Error.h"
#include "foundation/InputFile.h"
#include "foundation/Wording.h"
#include "text/JsonDocuments.h"
#include "text/ParquetTexts.h"
#include "text/PastedText.h"
#include "text/Shuffle.h"
#include "text/TextFile.h"

#include <array>
#include <string_view>
#include <utility>

namespace secateur {
namespace {

/// A file that is one document.
class WholeFile : public FileDocuments {
public:
    explicit WholeFile(TextBuffer text) : m_text(std::move(text)) {}

    std::optional<DocumentPiece> next() override
    {
        if (m_text.rest().empty() && !m_text.more())
            return std::exchange(m_isBegun, false) ? std::optional(DocumentPiece{{}, true}) : std::nullopt;
        m_isBegun = true;
        DocumentPiece piece{std::string(m_text.rest()), false};
        m_text.drop(piece.text.size());
        return piece;
    }

private:
    TextBuffer m_text;
    bool m_isBegun = false; ///< and its end not told yet
};

/// A column of a Parquet file.
class ParquetRows : public FileDocuments {
public:
    ParquetRows(const std::filesystem::path &file, const std::string &column, const TextLimits &limits) : m_texts(file, column, limits) {}
    std::optional<DocumentPiece> next() override
    {
        auto text = m_texts.next();
        m_nulls = m_texts.nulls();
        return text ? std::optional(DocumentPiece{std::move(*text)}) : std::nullopt;
    }

private:
    ParquetTexts m_texts;
};

bool isNamedParquet(const std::filesystem::path &file)
{
    return file.extension() == ".parquet" || file.extension() == ".PARQUET";
}

/// "gzip, JSON lines, UTF-8"
std::string kindOf(const TextFile &file, const char *shape)
{
    return (file.packing() == Packing::None ? "" : nameOf(file.packing()) + ", ") + shape + ", " + file.encoding();
}

/// Opens a file as what it is; the report gets that.
std::unique_ptr<FileDocuments> open(const std::filesystem::path &file, const std::string &column, const TextLimits &limits,
                                    TextFileReport &report)
{
    std::array<char, 4> beginning{};
    InputFile(file).read(beginning);
    const std::string_view magic(beginning.data(), beginning.size());
    if (magic == kParquetMagic) {
        report.kind = "Parquet";
        return std::make_unique<ParquetRows>(file, column, limits);
    }
    if (magic == kEncryptedParquetMagic)
        throw Error(inQuotes(file.string()) + " is an encrypted Parquet file, which cannot be read.", "Decrypt it first.");
    TextBuffer text{TextFile(file, limits)};
    if (isNamedParquet(file))
        throw Error(inQuotes(file.string()) + " is not a Parquet file, although its name says so.",
                    "It may be damaged, or a page that a server sent instead; fetch it again. If it is a text, rename it.");
    const auto largest = std::size_t(limits.largestDocument());
    const TextShape shape = shapeOf(text, file, largest);
    report.hasColumns = shape != TextShape::Plain;
    report.kind = kindOf(text.file(), shape == TextShape::JsonLines   ? "JSON lines"
                                      : shape == TextShape::JsonArray ? "JSON array"
                                                                      : "plain text");
    if (shape == TextShape::Plain && isNamedTable(file))
        throw Error(inQuotes(file.string()) + " is a table (CSV), which is not read: its columns would all be text.",
                    "Write the column with the texts as JSON lines or Parquet, or as plain text (.txt).");
    if (shape == TextShape::Plain) {
        if (const auto markup = markupKindOf(text.rest()))
            throw Error(subjectOf(file) + " is " + markup->name + ", not a text.", markup->remedy);
        return std::make_unique<WholeFile>(std::move(text));
    }
    return (shape == TextShape::JsonLines ? jsonLines : jsonArray)(std::move(text), file, column, largest);
}

} // namespace

DocumentReader::DocumentReader(std::vector<std::filesystem::path> files, std::string column, const TextLimits &limits,
                               std::optional<std::int64_t> most)
    : m_files(std::move(files)),
      m_column(std::move(column)),
      m_limits(limits),
      m_most(most)
{
    for (const auto &file : m_files) // a later one may never be opened
        InputFile{file};
}

DocumentReader::~DocumentReader() = default;

std::optional<DocumentPiece> DocumentReader::nextPiece()
{
    while (true) {
        if (m_documents && m_most && m_ended >= *m_most)
            m_documents.reset();
        if (m_documents) {
            auto piece = m_documents->next();
            TextFileReport &report = m_reports.back();
            report.nulls = m_documents->nulls();
            if (piece) {
                report.add(*piece);
                m_ended += piece->isEnd ? 1 : 0;
                return piece;
            }
            m_documents.reset();
            if (report.firstLines.empty()) // to its end
                throw Error("The text file " + inQuotes(report.file.string()) + " holds no text" +
                                (report.nulls > 0 ? "; what it has is null: " + counted(report.nulls, "document") : std::string()) + ".",
                            "Choose a file with text, or the field or column that holds it (--column).");
        }
        if (m_reports.size() == m_files.size())
            return {};
        const std::filesystem::path &file = m_files[m_reports.size()];
        TextFileReport report{.file = file, .kind = {}};
        m_documents = open(file, m_column, m_limits, report);
        m_ended = 0;
        m_reports.push_back(std::move(report));
    }
}

std::optional<std::string> DocumentReader::next()
{
    auto piece = nextPiece();
    if (!piece)
        return {};
    std::string document = std::move(piece->text);
    while (!piece->isEnd) {
        piece = nextPiece();
        document += piece->text;
        if (std::int64_t(document.size()) > m_limits.largestDocument())
            throw Error(subjectOf(m_reports.back().file) + " is longer than " + sizeText(m_limits.largestDocument()) +
                            ", the most that there is memory for in one document.",
                        "Split it into several documents, or give more memory (--host-memory).");
    }
    return document;
}

std::vector<std::string> readDocuments(std::span<const std::filesystem::path> files, const std::string &column, const TextLimits &limits)
{
    DocumentReader reader({files.begin(), files.end()}, column, limits);
    std::vector<std::string> documents;
    while (auto document = reader.next())
        documents.push_back(std::move(*document));
    return documents;
}

void shuffleDocuments(std::vector<std::string> &documents, std::uint64_t seed)
{
    shuffle(documents, seed);
}

} // namespace secateur
