// SPDX-License-Identifier: GPL-3.0-or-later
#include "pruning/EvolutionSamples.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "text/DocumentSource.h"
#include "text/DocumentStore.h"
#include "text/PastedText.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace secateur {
namespace {

/// The documents of a text, and the paragraphs of what is plain.
class Documents {
public:
    Documents(DocumentReader &reader, std::int64_t largest) : m_reader(reader), m_largest(std::size_t(largest)) {}

    std::optional<std::string> next()
    {
        if (m_isPlain)
            if (auto paragraph = nextParagraph())
                return paragraph;
        auto piece = m_reader.nextPiece();
        if (!piece)
            return {};
        m_isPlain = !m_reader.reports().back().hasColumns;
        if (!m_isPlain)
            return std::move(piece->text); // whole: only plain texts come in pieces
        m_text = std::move(piece->text);
        m_at = 0;
        m_isWhole = piece->isEnd;
        return next();
    }

private:
    /// The lines up to the next blank one; none at the end of the file, whatever it ends with.
    std::optional<std::string> nextParagraph()
    {
        std::string paragraph;
        while (const auto line = nextLine()) {
            if (line->find_first_not_of(" \t\r") != std::string_view::npos)
                (paragraph += paragraph.empty() ? "" : "\n") += *line;
            else if (!paragraph.empty())
                return paragraph;
            if (paragraph.size() > m_largest)
                refuse();
        }
        m_isPlain = false;
        return paragraph.empty() ? std::nullopt : std::optional(std::move(paragraph));
    }

    /// Without its end; valid up to the next.
    std::optional<std::string_view> nextLine()
    {
        std::size_t end = m_text.find('\n', m_at);
        while (end == std::string::npos && !m_isWhole) {
            m_text.erase(0, std::exchange(m_at, 0));
            const auto piece = m_reader.nextPiece();
            const std::size_t before = m_text.size();
            m_text += piece->text;
            m_isWhole = piece->isEnd;
            if (m_text.size() > m_largest)
                refuse();
            end = m_text.find('\n', before);
        }
        if (end == std::string::npos && m_at == m_text.size())
            return {};
        const std::size_t begin = m_at, stop = std::min(end, m_text.size());
        m_at = std::min(stop + 1, m_text.size());
        return std::string_view(m_text).substr(begin, stop - begin);
    }

    [[noreturn]] void refuse() const
    {
        throw Error("A paragraph of " + inQuotes(m_reader.reports().back().file.string()) + " is longer than " +
                        sizeText(std::int64_t(m_largest)) + ", the most that there is memory for in one document.",
                    "Put blank lines between its parts, or give more memory (--host-memory).");
    }

    DocumentReader &m_reader;
    std::size_t m_largest; ///< bytes
    bool m_isPlain = false;
    std::string m_text; ///< of a plain file, what is not given yet from m_at on
    std::size_t m_at = 0;
    bool m_isWhole = false; ///< nothing of the file is behind m_text
};

using Source = std::function<std::optional<std::string>()>;

/// The documents in the order of the seed.
Source shuffled(Documents &documents, std::uint64_t seed, std::int64_t most, const JobContext &context)
{
    auto store = std::make_shared<DocumentStore>();
    while (const auto document = documents.next()) {
        context.check();
        store->append(*document);
        store->endDocument();
        if (std::int64_t(store->bytes()) > most)
            throw Error("The text is too large to be shuffled: what was read of it takes " + sizeText(std::int64_t(store->bytes())) +
                            ", and there are " + sizeText(most) + " of memory for it.",
                        "Take the documents in their order (--seed 0), give a smaller text, or more memory (--host-memory).");
    }
    store->shuffle(seed);
    return [store, next = std::size_t(0)]() mutable -> std::optional<std::string> {
        if (next == store->count())
            return {};
        std::string document;
        store->appendTo(document, next++);
        return document;
    };
}

} // namespace

std::int64_t evolutionSampleLength(const ModelSpec &spec)
{
    const std::int64_t length = spec.family == "llama" || spec.family == "phi3" ? 4096 : spec.family == "qwen2" ? 2048 : 8192;
    return std::min(length, spec.contextLength);
}

EvolutionSamples readEvolutionSamples(const Tokenizer &tokenizer, const TextSettings &settings, std::int64_t length, std::int64_t tokens,
                                      const TextLimits &limits, const JobContext &context)
{
    TextSettings text = settings;
    text.length = length;
    text.windows = std::max<std::int64_t>(1, tokens / std::max<std::int64_t>(length, 1));
    checkTextSettings(text);
    DocumentReader reader(text.files, text.column, {.bytes = limits.bytes, .stop = context.stopToken()}, text.documents);
    Documents documents(reader, limits.largestDocument());
    const Source source = text.seed != 0 ? shuffled(documents, text.seed, limits.bytes / 3, context) : [&] { return documents.next(); };

    const std::vector<TokenId> blankLine = tokenizer.encode("\n\n");
    const auto watch = [&](std::size_t, std::size_t) { context.check(); };
    EvolutionSamples samples;
    samples.length = length;
    std::vector<TokenId> sample;
    while (samples.count() < *text.windows) {
        const auto document = source();
        if (!document)
            break;
        const std::vector<TokenId> ids = tokenizer.encode(*document, watch);
        samples.tokensRead += std::int64_t(ids.size());
        sample.insert(sample.end(), ids.begin(), ids.end());
        if (std::int64_t(sample.size()) < length) {
            sample.insert(sample.end(), blankLine.begin(), blankLine.end());
            continue;
        }
        samples.tokens.insert(samples.tokens.end(), sample.begin(), sample.begin() + length);
        sample.clear();
    }
    if (samples.count() == 0)
        throw ShortText((text.files.size() == 1 ? subjectOf(text.files.front()) : "The text") + " gives " +
                            counted(samples.tokensRead, "token") + "; a sample needs " + grouped(std::uint64_t(length)) + ".",
                        "Add text, or choose shorter samples (--length).", 0);
    samples.hash = hashOf(samples.tokens);
    samples.report = {
        .files = reader.reports(), .tokens = samples.tokensRead, .windows = samples.count(), .length = length, .tokenHash = samples.hash};
    return samples;
}

} // namespace secateur
