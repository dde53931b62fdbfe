// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/PreTokenizer.h"

#include "foundation/Error.h"
#include "foundation/Utf8.h"
#include "foundation/Wording.h"
#include "tokenizer/Normalizer.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace secateur {
namespace {

constexpr std::string_view kGpt2Pattern = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

[[noreturn]] void refuse(const std::string &what)
{
    throw Error(what + " is not supported", "Use a model with another tokenizer.");
}

SplitBehavior behaviorOf(const std::string &name)
{
    if (name == "Removed")
        return SplitBehavior::Removed;
    if (name == "Isolated")
        return SplitBehavior::Isolated;
    if (name == "MergedWithPrevious")
        return SplitBehavior::MergedWithPrevious;
    if (name == "MergedWithNext")
        return SplitBehavior::MergedWithNext;
    if (name == "Contiguous")
        return SplitBehavior::Contiguous;
    refuse("the behavior " + inQuotes(name) + " of the pre-tokenizer 'Split'");
}

Split readSplit(const nlohmann::json &step)
{
    const auto &pattern = step.at("pattern");
    const bool isRegex = pattern.contains("Regex");
    const auto text = pattern.at(isRegex ? "Regex" : "String").get<std::string>();
    return Split(isRegex ? RegularExpression(text) : RegularExpression::literal(text), behaviorOf(step.at("behavior").get<std::string>()),
                 step.value("invert", false));
}

Split readDigits(const nlohmann::json &step)
{
    const bool isIndividual = step.at("individual_digits").get<bool>();
    return Split(RegularExpression(R"(\p{N})"), isIndividual ? SplitBehavior::Isolated : SplitBehavior::Contiguous);
}

ByteLevelSplit readByteLevel(const nlohmann::json &step)
{
    ByteLevelSplit split;
    split.addsPrefixSpace = step.value("add_prefix_space", true);
    if (step.value("use_regex", true))
        split.pattern = Split(RegularExpression(kGpt2Pattern), SplitBehavior::Isolated);
    return split;
}

MetaspaceSplit readMetaspace(const nlohmann::json &step)
{
    using Prepends = MetaspaceSplit::Prepends;
    MetaspaceSplit metaspace{.mark = step.value("replacement", std::string("\u2581")), .prepends = Prepends::Always, .split = {}};
    if (!isOneCodePoint(metaspace.mark))
        refuse("the replacement " + inQuotes(metaspace.mark) + " of the pre-tokenizer 'Metaspace', which must be one character,");
    const auto scheme = step.value("prepend_scheme", std::string(step.value("add_prefix_space", true) ? "always" : "never"));
    if (scheme == "first")
        metaspace.prepends = Prepends::First;
    else if (scheme == "never")
        metaspace.prepends = Prepends::Never;
    else if (scheme != "always")
        refuse("the prepend_scheme " + inQuotes(scheme) + " of the pre-tokenizer 'Metaspace'");
    if (step.value("split", true))
        metaspace.split = Split(RegularExpression::literal(metaspace.mark), SplitBehavior::MergedWithNext);
    return metaspace;
}

} // namespace

void MetaspaceSplit::run(std::string_view piece, bool isAtStart, TextArena &arena, const PieceSink &sink) const
{
    std::string marked = replacedAll(piece, " ", mark);
    const bool isWanted = prepends == Prepends::Always || (prepends == Prepends::First && isAtStart);
    if (isWanted && !marked.starts_with(mark))
        marked.insert(0, mark);
    const std::string_view kept = arena.keep(std::move(marked));
    if (split)
        split->run(kept, sink);
    else
        sink(kept);
}

void ByteLevelSplit::run(std::string_view piece, TextArena &arena, const PieceSink &sink) const
{
    if (addsPrefixSpace && !piece.starts_with(' '))
        piece = arena.keep(std::string(1, ' ').append(piece));
    if (pattern)
        pattern->run(piece, sink);
    else
        sink(piece);
}

PreTokenizer PreTokenizer::fromJson(const nlohmann::json &preTokenizer)
{
    PreTokenizer result;
    if (!preTokenizer.is_null())
        result.append(preTokenizer);
    return result;
}

bool PreTokenizer::endsWithBytes() const
{
    return !m_steps.empty() && std::holds_alternative<ByteLevelSplit>(m_steps.back());
}

void PreTokenizer::append(const nlohmann::json &step)
{
    const auto type = step.at("type").get<std::string>();
    if (type == "Sequence") {
        for (const auto &part : step.at("pretokenizers"))
            append(part);
        return;
    }
    if (type != "Split" && type != "Digits" && type != "Metaspace" && type != "ByteLevel")
        refuse("the pre-tokenizer " + inQuotes(type));
    if (endsWithBytes())
        refuse("the pre-tokenizer " + inQuotes(type) + " after 'ByteLevel'");
    if (type == "Split")
        m_steps.emplace_back(readSplit(step));
    else if (type == "Digits")
        m_steps.emplace_back(readDigits(step));
    else if (type == "Metaspace")
        m_steps.emplace_back(readMetaspace(step));
    else
        m_steps.emplace_back(readByteLevel(step));
}

void PreTokenizer::run(std::string_view text, bool isAtStart, TextArena &arena, const PieceSink &sink) const
{
    runFrom(0, text, isAtStart, arena, sink);
}

void PreTokenizer::runFrom(std::size_t step, std::string_view piece, bool isAtStart, TextArena &arena, const PieceSink &sink) const
{
    if (step == m_steps.size())
        return sink(piece);
    bool isFirst = isAtStart; // of the parts
    const auto next = [&](std::string_view part) { runFrom(step + 1, part, std::exchange(isFirst, false), arena, sink); };
    if (const auto *split = std::get_if<Split>(&m_steps[step]))
        split->run(piece, next);
    else if (const auto *metaspace = std::get_if<MetaspaceSplit>(&m_steps[step]))
        metaspace->run(piece, isAtStart, arena, next);
    else
        std::get<ByteLevelSplit>(m_steps[step]).run(piece, arena, next);
}

} // namespace secateur
