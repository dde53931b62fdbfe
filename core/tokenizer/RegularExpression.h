// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace secateur {

/// A regular expression of a tokenizer.json, compiled for PCRE2.
///
/// The `tokenizers` library hands its patterns to Oniguruma (Ruby syntax, UTF-8). What PCRE2 would read differently is translated: `\s`
/// is the property White_Space (PCRE2 adds U+180E), `\w` and [:alpha:] have Oniguruma's Unicode meaning, \p{Han} is the script and not
/// its extensions, `\h` is a hexadecimal digit, `^` and `$` are the ends of lines. Characters newer than PCRE2's version of Unicode count
/// as unassigned. What cannot be translated is an Error. Immutable; may be used by several threads.
class RegularExpression {
public:
    struct Match {
        std::size_t begin = 0;
        std::size_t end = 0;
    };

    /// Throws Error when the pattern is malformed or uses syntax that is not supported.
    explicit RegularExpression(std::string_view pattern);
    /// Matches `text` itself.
    static RegularExpression literal(std::string_view text);

    /// The first match in `subject` that begins at `from` or later. `subject` must be UTF-8 and nothing around it is looked at.
    /// Throws Error when the search exceeds PCRE2's limits.
    std::optional<Match> find(std::string_view subject, std::size_t from) const;

private:
    struct Code;
    RegularExpression(std::string_view pattern, unsigned options);
    std::shared_ptr<const Code> m_code;
};

} // namespace secateur
