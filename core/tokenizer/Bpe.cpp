// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/Bpe.h"

#include "foundation/Error.h"
#include "foundation/Utf8.h"
#include "foundation/Wording.h"
#include "tokenizer/ByteAlphabet.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

namespace secateur {
namespace {

constexpr std::uint32_t kNoRank = ~std::uint32_t(0);
constexpr std::uint32_t kNone = ~std::uint32_t(0);
constexpr std::string_view kSpaceMark = "\u2581"; // SentencePiece's space
constexpr std::size_t kShortWord = 40;            // bytes; up to here scanning all ranks is faster than a heap

/// Throws when the option is there and not empty: false, 0, "" and null mean that it is not used.
void refuseOption(const nlohmann::json &model, const char *name)
{
    const auto found = model.find(name);
    if (found == model.end() || found->is_null() || *found == false || *found == 0.0 || *found == "")
        return;
    throw Error(std::string("the BPE option '") + name + "' is not supported", "Use a model with a plain BPE tokenizer.");
}

bool isSet(const nlohmann::json &model, const char *name)
{
    const auto found = model.find(name);
    return found != model.end() && !found->is_null() && found->get<bool>();
}

/// A merge is written as the pair ["a", "b"] or as the string "a b".
std::pair<std::string, std::string> partsOf(const nlohmann::json &merge, std::size_t index)
{
    if (merge.is_array() && merge.size() == 2)
        return {merge[0].get<std::string>(), merge[1].get<std::string>()};
    if (merge.is_string()) {
        const auto &text = merge.get_ref<const std::string &>();
        const std::size_t space = text.find(' ');
        if (space != std::string::npos && text.find(' ', space + 1) == std::string::npos)
            return {text.substr(0, space), text.substr(space + 1)};
    }
    throw Error("merge " + std::to_string(index) + " is not a pair of tokens", "The file may be damaged; fetch it again.");
}

TokenId requireToken(const Vocabulary &vocabulary, const std::string &token, std::size_t index)
{
    if (const auto id = vocabulary.idOf(token))
        return *id;
    throw Error("merge " + std::to_string(index) + " needs the token " + inQuotes(token) + ", which the vocabulary lacks",
                "The file may be damaged; fetch it again.");
}

std::uint32_t rankOf(const PairTable::Merge *merge)
{
    return merge == nullptr ? kNoRank : merge->rank;
}

std::uint64_t heapEntry(std::uint32_t rank, std::uint32_t position)
{
    return std::uint64_t(rank) << 32 | position;
}

} // namespace

Bpe Bpe::fromJson(const nlohmann::json &model, const Vocabulary &vocabulary, Units units)
{
    for (const char *option : {"dropout", "continuing_subword_prefix", "end_of_word_suffix"})
        refuseOption(model, option);
    Bpe bpe;
    bpe.m_units = units;
    if (const auto unknown = model.find("unk_token"); unknown != model.end() && unknown->is_string())
        bpe.m_unknown = vocabulary.idOf(unknown->get<std::string>());
    if (units == Units::Bytes) {
        refuseOption(model, "byte_fallback");
        for (unsigned byte = 0; byte < 256; ++byte)
            bpe.m_byteIds[byte] = vocabulary.idOf(letterOfByte(static_cast<unsigned char>(byte))).value_or(-1);
    } else {
        bpe.readCharacters(model, vocabulary);
    }
    bpe.m_fusesUnknown = isSet(model, "fuse_unk");
    bpe.readMerges(model.at("merges"), vocabulary);
    if (isSet(model, "ignore_merges")) {
        bpe.m_mergesStayBetweenSpaces = false; // a whole word may be a token that no merge makes
        for (const auto &[token, id] : vocabulary.ids()) {
            if (units == Units::Characters)
                bpe.m_wholeWords.emplace(token, id);
            else if (auto bytes = bytesOfLetters(token))
                bpe.m_wholeWords.emplace(std::move(*bytes), id);
        }
    }
    return bpe;
}

/// The ids of single characters, and of the bytes that stand in for those that the vocabulary lacks.
void Bpe::readCharacters(const nlohmann::json &model, const Vocabulary &vocabulary)
{
    m_fallsBackToBytes = isSet(model, "byte_fallback");
    for (unsigned byte = 0; byte < 256; ++byte)
        m_byteIds[byte] = vocabulary.idOf(byteToken(static_cast<unsigned char>(byte))).value_or(-1);
    for (const auto &[token, id] : vocabulary.ids()) {
        if (token.empty() || firstIllFormed(token) != token.size() || nextCodePoint(token, 0) != token.size())
            continue;
        const auto point = std::size_t(codePointAt(token, 0));
        if (point >= m_characterIds.size())
            m_characterIds.resize(point + 1, -1);
        m_characterIds[point] = id;
    }
    // Where characters may vanish, spaces around them come together.
    const bool hasAllBytes = std::all_of(m_byteIds.begin(), m_byteIds.end(), [](TokenId id) { return id >= 0; });
    m_mergesStayBetweenSpaces = vocabulary.idOf(kSpaceMark).has_value() && (m_unknown || (m_fallsBackToBytes && hasAllBytes));
}

void Bpe::readMerges(const nlohmann::json &merges, const Vocabulary &vocabulary)
{
    m_merges = PairTable(merges.size());
    for (std::size_t rank = 0; rank < merges.size(); ++rank) {
        const auto [left, right] = partsOf(merges[rank], rank);
        const TokenId leftId = requireToken(vocabulary, left, rank);
        const TokenId rightId = requireToken(vocabulary, right, rank);
        if (right.starts_with(kSpaceMark) && !left.ends_with(kSpaceMark))
            m_mergesStayBetweenSpaces = false;
        m_merges.set(leftId, rightId, std::uint32_t(rank), requireToken(vocabulary, left + right, rank));
    }
}

void Bpe::encode(std::string_view word, std::vector<TokenId> &ids, Workspace &workspace) const
{
    if (!m_wholeWords.empty()) {
        if (const auto found = m_wholeWords.find(word); found != m_wholeWords.end()) {
            ids.push_back(found->second);
            return;
        }
    }
    if (word.size() >= kNone)
        throw Error("A word of 4 GiB cannot be tokenised.", "Give text with spaces between words.");
    if (m_units == Units::Bytes)
        begin(word, workspace.ids);
    else
        beginCharacters(word, workspace.ids);
    if (workspace.ids.size() <= kShortWord)
        mergeShort(workspace);
    else
        mergeLong(workspace);
    ids.insert(ids.end(), workspace.ids.begin(), workspace.ids.end());
}

/// One token a byte, before any merge.
void Bpe::begin(std::string_view word, std::vector<TokenId> &ids) const
{
    ids.clear();
    bool afterUnknown = false;
    for (const char c : word) {
        const TokenId id = m_byteIds[static_cast<unsigned char>(c)];
        if (id >= 0)
            ids.push_back(id);
        else if (m_unknown && !(afterUnknown && m_fusesUnknown))
            ids.push_back(*m_unknown);
        afterUnknown = id < 0;
    }
}

/// One token a character, or its bytes, before any merge. Unknown characters are written once the next known one comes, as the library
/// does it: bytes in between stand before them.
void Bpe::beginCharacters(std::string_view word, std::vector<TokenId> &ids) const
{
    ids.clear();
    bool isUnknownOpen = false;
    for (std::size_t at = 0; at < word.size();) {
        const std::size_t end = nextCodePoint(word, at);
        const auto point = std::size_t(codePointAt(word, at));
        const std::string_view bytes = word.substr(at, end - at);
        at = end;
        const auto idOfByte = [&](char c) { return m_byteIds[static_cast<unsigned char>(c)]; };
        if (point < m_characterIds.size() && m_characterIds[point] >= 0) {
            if (std::exchange(isUnknownOpen, false))
                ids.push_back(*m_unknown);
            ids.push_back(m_characterIds[point]);
        } else if (m_fallsBackToBytes && std::all_of(bytes.begin(), bytes.end(), [&](char c) { return idOfByte(c) >= 0; })) {
            for (const char c : bytes)
                ids.push_back(idOfByte(c));
        } else if (m_unknown) {
            if (isUnknownOpen && !m_fusesUnknown)
                ids.push_back(*m_unknown);
            isUnknownOpen = true;
        }
    }
    if (isUnknownOpen)
        ids.push_back(*m_unknown);
}

void Bpe::cut(std::string_view word, const PieceSink &sink) const
{
    if (!m_mergesStayBetweenSpaces)
        return sink(word);
    std::size_t begin = 0;
    for (std::size_t mark = word.find(kSpaceMark, 1); mark != std::string_view::npos;
         mark = word.find(kSpaceMark, mark + kSpaceMark.size())) {
        if (word.substr(0, mark).ends_with(kSpaceMark))
            continue; // inside a run
        sink(word.substr(begin, mark - begin));
        begin = mark;
    }
    sink(word.substr(begin));
}

/// Scans the ranks of all pairs for the lowest, again and again: quadratic, but nothing is faster for a few bytes.
void Bpe::mergeShort(Workspace &workspace) const
{
    auto &ids = workspace.ids;
    auto &ranks = workspace.ranks;
    if (ids.size() < 2)
        return;
    ranks.resize(ids.size() - 1);
    for (std::size_t i = 0; i < ranks.size(); ++i)
        ranks[i] = rankOf(m_merges.find(ids[i], ids[i + 1]));
    while (!ranks.empty()) {
        workspace.steps += ranks.size();
        const auto lowest = std::min_element(ranks.begin(), ranks.end());
        if (*lowest == kNoRank)
            return;
        const auto i = std::size_t(lowest - ranks.begin());
        ids[i] = m_merges.find(ids[i], ids[i + 1])->merged;
        ids.erase(ids.begin() + std::ptrdiff_t(i) + 1);
        ranks.erase(lowest);
        if (i < ranks.size())
            ranks[i] = rankOf(m_merges.find(ids[i], ids[i + 1]));
        if (i > 0)
            ranks[i - 1] = rankOf(m_merges.find(ids[i - 1], ids[i]));
    }
}

/// The same merges from a heap of pairs. An entry whose rank is no longer that of its position is out of date and skipped.
void Bpe::mergeLong(Workspace &workspace) const
{
    auto &[ids, ranks, previous, next, heap, steps] = workspace;
    const auto count = std::uint32_t(ids.size());
    ranks.assign(count, kNoRank);
    previous.resize(count);
    next.resize(count);
    heap.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
        previous[i] = i == 0 ? kNone : i - 1;
        next[i] = i + 1 < count ? i + 1 : kNone;
        if (next[i] != kNone)
            ranks[i] = rankOf(m_merges.find(ids[i], ids[i + 1]));
        if (ranks[i] != kNoRank)
            heap.push_back(heapEntry(ranks[i], i));
    }
    std::make_heap(heap.begin(), heap.end(), std::greater());
    steps += count;

    const auto update = [&](std::uint32_t i) {
        ranks[i] = next[i] == kNone ? kNoRank : rankOf(m_merges.find(ids[i], ids[next[i]]));
        if (ranks[i] == kNoRank)
            return;
        heap.push_back(heapEntry(ranks[i], i));
        std::push_heap(heap.begin(), heap.end(), std::greater());
    };
    while (!heap.empty()) {
        ++steps;
        std::pop_heap(heap.begin(), heap.end(), std::greater());
        const auto rank = std::uint32_t(heap.back() >> 32);
        const auto i = std::uint32_t(heap.back());
        heap.pop_back();
        if (ranks[i] != rank)
            continue;
        const std::uint32_t right = next[i];
        ids[i] = m_merges.find(ids[i], ids[right])->merged;
        ranks[right] = kNoRank;
        next[i] = next[right];
        if (next[i] != kNone)
            previous[next[i]] = i;
        update(i);
        if (previous[i] != kNone)
            update(previous[i]);
    }

    std::uint32_t kept = 0;
    for (std::uint32_t i = count == 0 ? kNone : 0; i != kNone; i = next[i])
        ids[kept++] = ids[i];
    ids.resize(kept);
}

} // namespace secateur
