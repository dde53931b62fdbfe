// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/ForeignCode.h"

#include "exporting/RemoteCode.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

namespace secateur {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 14> kCode{
    "auto_map",          "custom_generate",        "custom_pipelines",        "custom_pipeline",
    "trust_remote_code", "attn_implementation",    "_attn_implementation",    "_attn_implementation_internal",
    "use_kernels",       "experts_implementation", "_experts_implementation", "_experts_implementation_internal",
    "kernel_config",     "quantization_config"};
/// What a machine or a release of the maker's leaves behind: it says nothing of the export, and may be a path of somebody's disk.
constexpr std::array<std::string_view, 4> kTraces{"_name_or_path", "name_or_path", "tokenizer_file", "special_tokens_map_file"};

/// Whether people need to hear of it: choices among an engine's own parts ("eager") and fields without a value go in silence.
bool isSaid(const std::string &field, const json &value)
{
    if (value.is_null() || value == false || value.empty() || value == autoMap())
        return false;
    if (field.find("_implementation") != std::string::npos)
        return value.dump().find('/') != std::string::npos; // a kernel of the hub
    return true;
}

void remove(json &value, const std::string &place, std::vector<std::string> &said)
{
    if (value.is_array())
        for (json &part : value)
            remove(part, place, said);
    if (!value.is_object())
        return;
    for (const std::string_view trace : kTraces)
        value.erase(std::string(trace));
    value.erase("compression_config"); // an older name of quantization_config
    for (const std::string_view code : kCode) {
        const std::string field(code);
        if (const auto found = value.find(field); found != value.end()) {
            if (isSaid(field, *found))
                said.push_back(inQuotes(place + field));
            value.erase(found);
        }
    }
    for (auto &[name, part] : value.items())
        remove(part, place + name + ".", said);
}

std::string withoutFast(std::string name)
{
    constexpr std::string_view kFast = "Fast";
    if (name.ends_with(kFast))
        name.resize(name.size() - kFast.size());
    return name;
}

/// The class of "repository--module.Class".
std::string classOf(const std::string &reference)
{
    return reference.substr(reference.find_last_of("./") + 1);
}

bool isForeign(const std::string &name, const std::vector<json> &autoMaps)
{
    if (name.find_first_of("./") != std::string::npos || name.find("--") != std::string::npos)
        return true;
    for (const json &map : autoMaps) {
        const json tokenizer = map.is_object() ? map.value("AutoTokenizer", json()) : json();
        for (const json &reference : tokenizer.is_array() ? tokenizer : json::array({tokenizer}))
            if (reference.is_string() && withoutFast(classOf(reference.get<std::string>())) == withoutFast(name))
                return true;
    }
    return false;
}

} // namespace

std::vector<std::string> removeForeignCode(json &document, const std::string &file)
{
    std::vector<std::string> said;
    remove(document, "", said);
    if (said.empty())
        return {};
    return {listed(said) + (said.size() == 1 ? " was" : " were") + " taken out of " + file +
            ", because third-party code is not copied into an export."};
}

std::vector<std::string> replaceForeignTokenizer(json &document, const std::string &file, const std::vector<json> &autoMaps)
{
    const auto found = document.find("tokenizer_class");
    if (found == document.end() || !found->is_string())
        return {};
    const auto name = found->get<std::string>();
    if (!isForeign(name, autoMaps))
        return {};
    *found = "PreTrainedTokenizerFast";
    return {"'tokenizer_class' in " + file + " is PreTrainedTokenizerFast now, which reads tokenizer.json; " + inQuotes(name) +
            " is in third-party code only."};
}

} // namespace secateur
