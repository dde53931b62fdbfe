// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room: texts and numbers as HTML.
#pragma once

#include "foundation/ComputeConditions.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace secateur::html {

/// A text of others as the content of an element or the value of an attribute in double quotes: nothing in it is markup, bytes that are not UTF-8 are
/// U+FFFD, and characters that are not seen, or that turn what follows, stand as printable() shows them.
std::string text(std::string_view anything);
/// A name from outside, of any script: what its direction is does not move what stands around it. It may break anywhere.
std::string name(std::string_view anything);
std::string code(std::string_view anything);
/// The first 12 characters of a hash, with all of it in its title. Empty for an empty one.
std::string hash(std::string_view whole);
/// At most so many code points of a well-formed text, "…" in the place of its middle.
std::string elided(const std::string &whole, std::size_t most);

// Numbers are written as in the C locale, whatever the program's is, with thousands apart by commas. What is not finite is a word.

std::string fixed(double number, int decimals);
std::string whole(std::int64_t number);
/// About four digits, or all before the point: "19.53", "184.0", "14,486"; "2.1e+12" where those say nothing any more.
std::string digits(double number);
/// In scientific notation: "1.2e-06".
std::string scientific(double number);
/// A share as "37.5 %".
std::string share(double part, int decimals = 1);
/// "0.1234 ± 0.0012"; without the error where there is none.
std::string withError(double value, double error, int decimals);
/// Seconds as people say them: "0.4 s", "3 min 20 s", "1 h 5 min".
std::string duration(double seconds);
/// "+0.0123", "-0.0123".
std::string change(double nats);
/// "3, 1, 2"; "none".
std::string layers(const std::vector<std::int64_t> &numbers);
/// "on the CPU in float32 with 2 threads, AVX2, oneDNN, LibTorch 2.15.0"; "not recorded".
std::string conditions(const ComputeConditions &computed);
/// The beginning of that, for tables: "on the CPU in float32 with 2 threads".
std::string conditionsBriefly(const ComputeConditions &computed);

/// A table. Cells are HTML already; the first cell of a row is its heading.
class Table {
public:
    struct Column {
        std::string title; ///< a text
        bool isNumber = false;
    };
    /// `id`: of the element that holds it; empty: none.
    Table(std::string caption, std::vector<Column> columns, std::string id = {});

    void add(std::vector<std::string> cells, bool isMarked = false); ///< as many as columns
    bool isEmpty() const { return m_rows.empty(); }
    std::string html() const;

private:
    struct Row {
        std::vector<std::string> cells;
        bool isMarked = false;
    };
    std::string m_caption, m_id;
    std::vector<Column> m_columns;
    std::vector<Row> m_rows;
};

/// Terms and what they are, in two columns. Values are HTML already.
class Facts {
public:
    void add(const std::string &term, const std::string &value); ///< an empty value is left out
    std::string html() const;

private:
    std::string m_rows;
};

std::string paragraph(const std::string &content, const char *kind = "");
std::string heading(const std::string &title); ///< within a section
/// Texts as a list.
std::string list(const std::vector<std::string> &items);
/// What opens when people ask for it: it is printed as it stands.
std::string details(const std::string &summary, const std::string &content);

} // namespace secateur::html
