// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/JsonDocuments.h"

#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "text/JsonRows.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace secateur {
namespace {

std::string fieldsOf(const nlohmann::json &object)
{
    std::vector<std::string> names;
    for (const auto &field : object.items())
        names.push_back(inQuotes(field.key()));
    return names.empty() ? "it has none" : "it has " + listed(names);
}

/// How a file is to be written; `rule` is the beginning of the sentence.
std::string hintOf(const std::string &rule, const std::string &column)
{
    return rule + ", each with its text in the field \"" + column + "\", or name another field (--column).";
}

/// What JSON values hold, lines or elements.
class JsonDocuments : public FileDocuments {
public:
    JsonDocuments(std::unique_ptr<JsonRows> rows, std::string column, std::string hint)
        : m_rows(std::move(rows)),
          m_column(std::move(column)),
          m_hint(std::move(hint))
    {
    }

    std::optional<DocumentPiece> next() override
    {
        while (auto row = m_rows->next()) {
            if (auto text = textOf(*row))
                return DocumentPiece{std::move(*text)};
            ++m_nulls;
        }
        return {};
    }

private:
    std::optional<std::string> textOf(nlohmann::json &row) const
    {
        if (row.is_object())
            return fieldOf(row);
        if (row.is_null())
            return {};
        if (!row.is_string())
            throw Error(m_rows->place() + " is " + kindOf(row) + ".", "An array of objects or of texts can be read.");
        return std::move(row.get_ref<std::string &>());
    }

    std::optional<std::string> fieldOf(nlohmann::json &object) const
    {
        const auto text = object.find(m_column);
        if (text == object.end())
            throw Error(m_rows->place() + " has no field \"" + m_column + "\"; " + fieldsOf(object) + ".", m_hint);
        if (text->is_null())
            return {};
        if (!text->is_string())
            throw Error(m_rows->place() + ": the field \"" + m_column + "\" is not a string; it is " + kindOf(*text) + ".", m_hint);
        return std::move(text->get_ref<std::string &>());
    }

    std::unique_ptr<JsonRows> m_rows;
    std::string m_column, m_hint;
};

} // namespace

std::unique_ptr<FileDocuments> jsonLines(TextBuffer text, const std::filesystem::path &file, std::string column, std::size_t largest)
{
    const std::string hint = hintOf("Give one JSON object per line", column);
    return std::make_unique<JsonDocuments>(jsonLineRows(std::move(text), file, hint, largest), std::move(column), hint);
}

std::unique_ptr<FileDocuments> jsonArray(TextBuffer text, const std::filesystem::path &file, std::string column, std::size_t largest)
{
    const std::string hint = hintOf("Give an array of JSON objects", column);
    return std::make_unique<JsonDocuments>(jsonArrayRows(std::move(text), file, hint, largest), std::move(column), hint);
}

} // namespace secateur
