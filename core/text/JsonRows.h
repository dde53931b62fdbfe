// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/TextShape.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace secateur {

struct JsonPlace;

/// The values of JSON lines, or of a JSON array, which is not held in memory as a whole.
class JsonRows {
public:
    JsonRows(TextBuffer text, const std::filesystem::path &file, std::string hint, std::size_t largest);
    virtual ~JsonRows() = default;
    /// The next value; none at the end. Throws Error that names line and cause.
    virtual std::optional<nlohmann::json> next() = 0;
    /// Where the value given last stands, the beginning of a sentence: "'c4.jsonl', line 12".
    virtual std::string place() const = 0;
    /// The line on which it begins, from 1.
    virtual std::uint64_t line() const = 0;

protected:
    nlohmann::json parsed(std::string_view text, const JsonPlace &begin) const;
    /// Reads on behind what is held; false at the end. Throws Error where the value in hand is longer than a document may be.
    bool readMore();

    std::string m_name, m_hint;
    std::size_t m_largest;
    TextBuffer m_text;
};

/// JSON lines: an object a line; lines that are blank are passed over. `hint`: how the file is to be written, for errors.
std::unique_ptr<JsonRows> jsonLineRows(TextBuffer text, const std::filesystem::path &file, std::string hint, std::size_t largest);
/// The elements of a JSON array.
std::unique_ptr<JsonRows> jsonArrayRows(TextBuffer text, const std::filesystem::path &file, std::string hint, std::size_t largest);

/// What a value is, with its article: "an object".
const char *kindOf(const nlohmann::json &value);

} // namespace secateur
