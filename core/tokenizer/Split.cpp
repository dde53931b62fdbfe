// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/Split.h"

#include "foundation/Utf8.h"

namespace secateur {
namespace {

/// Puts matches and the text between together into pieces, as the behaviour asks.
class Assembler {
public:
    Assembler(std::string_view text, SplitBehavior behavior, const PieceSink &sink) : m_text(text), m_behavior(behavior), m_sink(sink) {}

    /// Adds the next part of the text: a match or what lies between two.
    void add(std::size_t begin, std::size_t end, bool isMatch)
    {
        if (m_behavior == SplitBehavior::Removed && isMatch)
            return;
        if (m_behavior == SplitBehavior::Removed || m_behavior == SplitBehavior::Isolated)
            return give(begin, end);
        if (m_isHeld && joinsHeld(isMatch)) {
            m_end = end;
        } else {
            flush();
            m_begin = begin;
            m_end = end;
            m_isHeld = true;
        }
        m_heldIsMatch = isMatch;
    }

    void flush()
    {
        if (m_isHeld)
            give(m_begin, m_end);
        m_isHeld = false;
    }

private:
    bool joinsHeld(bool isMatch) const
    {
        switch (m_behavior) {
        case SplitBehavior::MergedWithPrevious:
            return isMatch && !m_heldIsMatch;
        case SplitBehavior::MergedWithNext:
            return !isMatch && m_heldIsMatch;
        default:
            return isMatch == m_heldIsMatch;
        }
    }

    void give(std::size_t begin, std::size_t end) const
    {
        if (begin < end)
            m_sink(m_text.substr(begin, end - begin));
    }

    std::string_view m_text;
    SplitBehavior m_behavior;
    const PieceSink &m_sink;
    bool m_isHeld = false;
    bool m_heldIsMatch = false;
    std::size_t m_begin = 0;
    std::size_t m_end = 0;
};

} // namespace

Split::Split(RegularExpression pattern, SplitBehavior behavior, bool isInverted)
    : m_pattern(std::move(pattern)),
      m_behavior(behavior),
      m_isInverted(isInverted)
{
}

void Split::run(std::string_view piece, const PieceSink &sink) const
{
    Assembler assembler(piece, m_behavior, sink);
    std::size_t done = 0; // everything before was given
    std::size_t from = 0;
    bool hasMatched = false;
    while (from <= piece.size()) {
        const auto match = m_pattern.find(piece, from);
        if (!match)
            break;
        if (match->begin == match->end && hasMatched && match->end == done) { // an empty match right after a match does not count
            from = from < piece.size() ? nextCodePoint(piece, from) : from + 1;
            continue;
        }
        if (done < match->begin)
            assembler.add(done, match->begin, m_isInverted);
        assembler.add(match->begin, match->end, !m_isInverted);
        done = from = match->end;
        hasMatched = true;
    }
    if (done < piece.size())
        assembler.add(done, piece.size(), m_isInverted);
    assembler.flush();
}

} // namespace secateur
