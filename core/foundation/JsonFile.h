// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace secateur {

/// Where a text stands in a file, for messages: lines and columns (bytes) count from 1.
struct JsonPlace {
    std::uint64_t line = 1, column = 1;
};

/// How much memory a document may take while it is read, in bytes, in the whole process: 8 GiB until somebody with a limit of memory sets it.
void limitJsonMemory(std::int64_t bytes);

/// The value that a JSON text holds; every foreign JSON is read here. `name` is what messages call the text ("'plan.json'").
///
/// Takes what Python's json takes beside the standard: NaN, Infinity and -Infinity are numbers, so is 1e999 (infinite), half of a surrogate pair
/// is U+FFFD. Throws Error that says what is wrong, with line and column where there is a place; `hint` is its remedy. More than `deepest`
/// levels are refused: copying and printing a document recurse, so depth is stack; so are more values than there is memory for. `begin` is
/// where the text begins in what has the name.
nlohmann::json parseJson(std::string_view text, const std::string &name, const std::string &hint, int deepest = 64,
                         const JsonPlace &begin = {});
/// The same for a text that must hold an object.
nlohmann::json parseJsonObject(std::string_view text, const std::string &name, const std::string &hint, int deepest = 64);

/// Reads a file that holds a JSON object of at most `largest` bytes (see parseJson). Throws Error that names the file.
nlohmann::json readJsonFile(const std::filesystem::path &file, std::uintmax_t largest, const std::string &hint);

/// Whether a document holds no number that is infinite: one of ours never does, and could not be written again.
bool isFinite(const nlohmann::json &document);

/// The whole number that `value` is; `name` is what the message calls it ("the id of 'the'"). Throws Error for anything else: the library's
/// own conversion takes 1.5 for 1 and 1e300 for anything.
std::int64_t integerOf(const nlohmann::json &value, const std::string &name);

/// The same for a field of a document of ours, as whatever integer type it is assigned to: `plan.windows = wholeAt(json, "windows")`.
/// Throws json::exception, as `at` does, when it is missing, no whole number, or does not fit into the type.
class WholeNumber {
public:
    explicit WholeNumber(const nlohmann::json &value) : m_value(value) {}
    template <std::integral Number>
    operator Number() const // NOLINT: implicit, as its name says
    {
        const bool isWhole = m_value.is_number_integer();
        if (isWhole && m_value.is_number_unsigned() ? std::in_range<Number>(m_value.get<std::uint64_t>())
                                                    : isWhole && std::in_range<Number>(m_value.get<std::int64_t>()))
            return m_value.get<Number>();
        refuse(m_value);
    }

private:
    [[noreturn]] static void refuse(const nlohmann::json &value);
    const nlohmann::json &m_value;
};
WholeNumber wholeAt(const nlohmann::json &object, const char *field);
/// A list of whole numbers.
std::vector<std::int64_t> wholesOf(const nlohmann::json &list);

} // namespace secateur
