// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/TokenWindows.h"

#include "foundation/Error.h"
#include "foundation/Sha256.h"
#include "foundation/Wording.h"
#include "text/DocumentSource.h"
#include "text/DocumentStore.h"
#include "text/PastedText.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <memory>
#include <system_error>
#include <utility>

namespace secateur {
namespace {

using Source = std::function<std::optional<DocumentPiece>()>;

/// Documents, or parts of them, joined by blank lines.
class JoinedText {
public:
    void append(const DocumentPiece &piece)
    {
        if (std::exchange(m_isBehindDocument, piece.isEnd))
            m_text += "\n\n";
        m_text += piece.text;
    }
    void reserve(std::size_t bytes) { m_text.reserve(bytes); }
    const std::string &text() const { return m_text; }

private:
    std::string m_text;
    bool m_isBehindDocument = false; ///< and in front of the next one, if there is one
};

/// What sentences about it begin with: "The text 'grimm.txt'".
std::string subjectOf(const TextSettings &settings)
{
    if (settings.files.size() != 1)
        return "The text";
    const std::filesystem::path &file = settings.files.front();
    return pastedWords(file) ? "The pasted text" : "The text " + inQuotes(file.filename().string());
}

/// Keeps a text within its limit of memory, and hears of a stop.
class Reading {
public:
    Reading(const TextSettings &settings, const TextLimits &limits, const JobContext &context)
        : m_settings(settings),
          m_left(limits.bytes),
          m_context(context)
    {
    }

    /// Bytes of text that can be tokenised. Resident at once, a byte of it: itself, its ids while they grow (8 bytes each, about four
    /// bytes of text), and the same text normalised, which has up to three bytes for one.
    std::size_t room() const { return std::size_t(std::max<std::int64_t>(m_left, 0)) / 6; }

    /// What is held meanwhile counts.
    void keep(const DocumentStore &documents) { m_left -= std::int64_t(documents.bytes()); }
    void check(const DocumentStore &documents) const
    {
        m_context.check();
        if (std::int64_t(documents.bytes()) > m_left / 3)
            throw Error(subjectOf(m_settings) + " is too large to be shuffled: what was read of it (" +
                            (documents.count() > 0 ? counted(std::int64_t(documents.count()), "document") : "a part of one document") +
                            ") takes " + sizeText(std::int64_t(documents.bytes())) + ", and " + sizeText(m_left) +
                            " of memory is available for texts.",
                        "Take the documents in their order (seed 0), give a smaller text, or more memory (--host-memory).");
    }
    void check(const JoinedText &joined) const
    {
        m_context.check();
        if (joined.text().size() > room())
            refuse(joined);
    }
    Tokenizer::Watch watch(const JoinedText &joined) const
    {
        return [this, &joined](std::size_t ids, std::size_t word) {
            constexpr std::int64_t kText = 3, kId = 8, kWord = 48; // bytes; a word is merged by five lists
            m_context.check();
            if (kText * std::int64_t(joined.text().size()) + kId * std::int64_t(ids) + kWord * std::int64_t(word) > m_left)
                refuse(joined);
        };
    }
    [[noreturn]] void refuse(const JoinedText &joined) const
    {
        throw Error(subjectOf(m_settings) + " needs more memory than the " + sizeText(m_left) +
                        " that there are for it: " + sizeText(std::int64_t(joined.text().size())) + " of it were read.",
                    m_settings.windows ? "Ask for fewer or shorter windows, give a text with shorter documents and words, or more memory "
                                         "(--host-memory)."
                                       : "Ask for a number of windows (--windows), give a smaller text, or more memory (--host-memory).");
    }

private:
    const TextSettings &m_settings;
    std::int64_t m_left;
    const JobContext &m_context;
};

/// The ids of a text's first `wanted` tokens or more, from as little of it as that takes; of the whole text when it has fewer.
std::vector<TokenId> idsOfBeginning(const Tokenizer &tokenizer, const Source &source, std::size_t wanted, const Reading &reading)
{
    constexpr std::size_t kBytesOfToken = 5, kAtLeast = std::size_t(1) << 18; // English has 4 to 5
    constexpr std::size_t kReserved = std::size_t(1) << 26;                   // a text may be far shorter than what is wanted
    std::optional<DocumentPiece> next = source();
    JoinedText joined;
    for (std::size_t size = wanted * kBytesOfToken + kAtLeast;; size = joined.text().size() * 2) {
        size = std::min(size, reading.room());
        if (next && joined.text().size() >= size)
            reading.refuse(joined);
        joined.reserve(std::min(size, kReserved));
        for (; next && joined.text().size() < size; next = source()) {
            joined.append(*next);
            reading.check(joined);
        }
        if (!next) // all of it was read
            return tokenizer.encode(joined.text(), reading.watch(joined));
        auto [ids, settled] = tokenizer.encodeBeginning(joined.text(), reading.watch(joined));
        if (settled >= wanted)
            return std::move(ids);
    }
}

std::vector<TokenId> idsOfAll(const Tokenizer &tokenizer, Source source, const Reading &reading)
{
    JoinedText joined;
    while (const auto piece = source()) {
        joined.append(*piece);
        reading.check(joined);
    }
    source = {}; // and the documents that it holds
    return tokenizer.encode(joined.text(), reading.watch(joined));
}

/// The documents in the order of the seed.
std::shared_ptr<DocumentStore> shuffled(DocumentReader &reader, std::uint64_t seed, const Reading &reading)
{
    auto documents = std::make_shared<DocumentStore>();
    while (const auto piece = reader.nextPiece()) {
        documents->append(piece->text);
        if (piece->isEnd)
            documents->endDocument();
        reading.check(*documents);
    }
    documents->shuffle(seed);
    return documents;
}

Source sourceOf(std::shared_ptr<const DocumentStore> documents)
{
    return [documents = std::move(documents), next = std::size_t(0)]() mutable -> std::optional<DocumentPiece> {
        if (next == documents->count())
            return {};
        DocumentPiece piece;
        documents->appendTo(piece.text, next++);
        return piece;
    };
}

std::vector<TokenId> idsOf(const Tokenizer &tokenizer, const TextSettings &settings, DocumentReader &reader, Reading &reading)
{
    constexpr std::int64_t kMost = std::int64_t(1) << 40; // tokens that anybody could want
    const bool isBeginningEnough = settings.windows && *settings.windows <= kMost / settings.length;
    Source source = [&] { return reader.nextPiece(); };
    if (settings.seed != 0) {
        const auto documents = shuffled(reader, settings.seed, reading);
        if (isBeginningEnough)
            reading.keep(*documents);
        source = sourceOf(documents);
    }
    return isBeginningEnough ? idsOfBeginning(tokenizer, source, std::size_t(*settings.windows * settings.length), reading)
                             : idsOfAll(tokenizer, std::move(source), reading);
}

/// How many windows to keep of a text of `tokens` tokens.
std::int64_t windowsToKeep(std::int64_t tokens, const TextSettings &settings)
{
    const std::int64_t possible = tokens / settings.length;
    const std::int64_t wanted = settings.windows.value_or(std::max<std::int64_t>(possible, 1));
    if (wanted <= possible)
        return wanted;
    const bool isCountable = wanted <= std::numeric_limits<std::int64_t>::max() / settings.length;
    const std::string needed = isCountable ? grouped(std::uint64_t(wanted * settings.length)) : "far more";
    const std::string windows = counted(wanted, "window") + " of " + std::to_string(settings.length) + (wanted == 1 ? " needs " : " need ");
    throw ShortText(subjectOf(settings) + " gives " + counted(tokens, "token") + "; " + windows + needed + ".",
                    possible == 0 ? "Add text, or choose shorter windows." : "Add text, or use " + counted(possible, "window") + ".",
                    possible);
}

} // namespace

std::string hashOf(std::span<const TokenId> ids)
{
    Sha256 sum;
    for (const TokenId id : ids) {
        const auto value = std::uint32_t(id);
        const std::array<std::byte, 4> bytes{std::byte(value), std::byte(value >> 8), std::byte(value >> 16), std::byte(value >> 24)};
        sum.add(bytes);
    }
    return sum.hex();
}

void checkTextSettings(const TextSettings &settings)
{
    if (settings.files.empty())
        throw Error("No text is given.", "Choose one text file or more.");
    if (settings.column.empty())
        throw Error("The column of the texts has no name.", "Name one; it is usually called text.");
    if (settings.length < 2)
        throw Error("A window of " + counted(settings.length, "token") + " is too short; it needs at least 2.", "Choose a longer window.");
    if (settings.windows && *settings.windows < 1)
        throw Error("The number of windows is " + std::to_string(*settings.windows) + "; it must be at least 1.",
                    "Choose a larger number of windows.");
}

std::int64_t roughTokens(const TextSettings &text)
{
    constexpr double kBytesPerToken = 4, kPacked = 3; // of most languages; what packing saves, about
    double bytes = 0;
    for (const std::filesystem::path &file : text.files) {
        std::error_code error;
        const std::uintmax_t size = std::filesystem::file_size(file, error);
        const std::filesystem::path kind = file.extension();
        bytes += error ? 0 : double(size) * (kind == ".gz" || kind == ".zst" || kind == ".xz" || kind == ".bz2" ? kPacked : 1);
    }
    return std::int64_t(bytes / kBytesPerToken);
}

std::int64_t roughWindows(const TextSettings &text)
{
    return text.windows ? *text.windows : std::max<std::int64_t>(1, roughTokens(text) / std::max<std::int64_t>(1, text.length));
}

TokenWindows readWindows(const Tokenizer &tokenizer, const TextSettings &settings, const TextLimits &limits, const JobContext &context)
{
    checkTextSettings(settings);
    DocumentReader reader(settings.files, settings.column, {.bytes = limits.bytes, .stop = context.stopToken()}, settings.documents);
    Reading reading(settings, limits, context);
    std::vector<TokenId> ids = idsOf(tokenizer, settings, reader, reading);

    TokenWindows windows;
    windows.length = settings.length;
    windows.tokensRead = std::int64_t(ids.size());
    ids.resize(std::size_t(windowsToKeep(windows.tokensRead, settings) * settings.length));
    ids.shrink_to_fit();
    windows.tokens = std::move(ids);
    windows.hash = hashOf(windows.tokens);
    windows.report = {.files = reader.reports(),
                      .tokens = windows.tokensRead,
                      .windows = windows.count(),
                      .length = windows.length,
                      .tokenHash = windows.hash};
    return windows;
}

} // namespace secateur
