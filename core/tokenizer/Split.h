// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/RegularExpression.h"

#include <string_view>
#include <type_traits>

namespace secateur {

/// A borrowed function that takes one piece of text; lives no longer than what it was made from.
class PieceSink {
public:
    template <typename Function>
    requires(!std::is_same_v<std::remove_cvref_t<Function>, PieceSink>)
        PieceSink(Function &&function) // NOLINT: implicit, as a parameter type
        : m_object(const_cast<void *>(static_cast<const void *>(&function))),
          m_call([](void *object, std::string_view piece) { (*static_cast<std::remove_reference_t<Function> *>(object))(piece); })
    {
    }
    void operator()(std::string_view piece) const { m_call(m_object, piece); }

private:
    void *m_object;
    void (*m_call)(void *, std::string_view);
};

/// What becomes of the matches of a Split.
enum class SplitBehavior {
    Removed,            ///< they are dropped
    Isolated,           ///< each is a piece
    MergedWithPrevious, ///< each ends the piece before it
    MergedWithNext,     ///< each begins the piece after it
    Contiguous,         ///< matches that touch are one piece
};

/// Cuts a piece of text where a pattern matches: the pre-tokenizer `Split`, also the engine of `Digits` and of ByteLevel's own pattern.
class Split {
public:
    /// Inverted: what the pattern matches counts as the text between, and the reverse.
    Split(RegularExpression pattern, SplitBehavior behavior, bool isInverted = false);

    /// Gives the parts of `piece` (UTF-8) in order; no empty ones.
    void run(std::string_view piece, const PieceSink &sink) const;

private:
    RegularExpression m_pattern;
    SplitBehavior m_behavior;
    bool m_isInverted;
};

} // namespace secateur
