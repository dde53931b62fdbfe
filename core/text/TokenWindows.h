// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/Error.h"
#include "foundation/JobContext.h"
#include "text/TextLimits.h"
#include "text/TextReport.h"
#include "tokenizer/Tokenizer.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace secateur {

/// Which text is read and how it is cut.
struct TextSettings {
    std::vector<std::filesystem::path> files;
    std::optional<std::int64_t> windows;     ///< how many are wanted; none = as many as the text gives
    std::int64_t length = 2048;              ///< tokens of one window
    std::uint64_t seed = 0;                  ///< of the order of the documents; 0 = as they are
    std::string column = "text";             ///< of Parquet files and JSON lines: the column, or field, that holds the texts
    std::optional<std::int64_t> documents{}; ///< of each file, the first so many; none = all
    bool operator==(const TextSettings &) const = default;
};

/// Consecutive windows of tokens that do not overlap; the tail of the text is dropped.
struct TokenWindows {
    std::int64_t length = 0;     ///< tokens of one window
    std::vector<TokenId> tokens; ///< count() * length ids, row-major
    std::int64_t tokensRead = 0; ///< before cutting: of the whole text, or of as much of it as the windows needed
    std::string hash;            ///< SHA-256 of the ids kept (little-endian int32): the identity of the calibration text
    TextReport report;           ///< what was read, for people

    std::int64_t count() const { return length == 0 ? 0 : std::int64_t(tokens.size()) / length; }
    std::span<const TokenId> window(std::int64_t index) const
    {
        return std::span(tokens).subspan(std::size_t(index * length), std::size_t(length));
    }
};

/// A text that has too few tokens for the windows wanted.
class ShortText : public Error {
public:
    ShortText(const std::string &sentence, std::string hint, std::int64_t windows) : Error(sentence, std::move(hint)), m_windows(windows) {}
    std::int64_t windows() const noexcept { return m_windows; } ///< that it gives; 0 = not even one

private:
    std::int64_t m_windows;
};

/// SHA-256 of ids as little-endian int32: the identity of a text.
std::string hashOf(std::span<const TokenId> ids);
/// Throws Error when there are no files, when the column has no name, or when windows are too short or too few.
void checkTextSettings(const TextSettings &settings);

/// About how many tokens the files of a text have, by their sizes alone. Files that are not there have none.
std::int64_t roughTokens(const TextSettings &text);
/// How many windows it gives: as many as it asks for; where it takes all of the text about as many as the size of its files tells, at least one.
std::int64_t roughWindows(const TextSettings &text);

/// Joins the documents by a blank line ("\n\n"), tokenises once and cuts into windows (as the authors' calibration). When a number of
/// windows is wanted, no more is tokenised than these need, and, when the documents keep their order, no more is read; the ids are the
/// same.
///
/// Memory stays under `limits`: a text that would take more is refused. Throws ShortText when the text is shorter than the windows wanted
/// (how many tokens there are, how many are needed) or than one window, Error when it needs too much memory, and what DocumentReader throws;
/// Cancelled.
TokenWindows readWindows(const Tokenizer &tokenizer, const TextSettings &settings, const TextLimits &limits = {},
                         const JobContext &context = {});

} // namespace secateur
