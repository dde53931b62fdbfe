// SPDX-License-Identifier: GPL-3.0-or-later
#include "text/TextJson.h"

#include "foundation/JsonFile.h"

#include <string>
#include <vector>

namespace secateur {

nlohmann::json toJson(const TextSettings &text)
{
    std::vector<std::string> files;
    for (const std::filesystem::path &file : text.files)
        files.push_back(file.string());
    nlohmann::json json = {{"files", files},
                           {"windows", text.windows ? nlohmann::json(*text.windows) : nlohmann::json()},
                           {"length", text.length},
                           {"seed", text.seed},
                           {"column", text.column}};
    if (text.documents)
        json["documents"] = *text.documents;
    return json;
}

TextSettings textFromJson(const nlohmann::json &json)
{
    TextSettings text;
    for (const nlohmann::json &file : json.at("files"))
        text.files.emplace_back(file.get<std::string>());
    if (!json.at("windows").is_null())
        text.windows = std::int64_t(wholeAt(json, "windows"));
    text.length = wholeAt(json, "length");
    text.seed = wholeAt(json, "seed");
    text.column = json.value("column", text.column); // older sessions have none
    if (json.contains("documents"))
        text.documents = std::int64_t(wholeAt(json, "documents"));
    return text;
}

} // namespace secateur
