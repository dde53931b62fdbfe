// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/Checkpoint.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace secateur {

/// Files of the source that an export brings along: tokenizer, generation settings, chat templates, licence.
struct CarriedFiles {
    std::map<std::string, std::string> contents; ///< by name
    std::vector<std::string> notes;              ///< for people: what was left out or changed, and why
    std::vector<nlohmann::json> autoMaps;        ///< `auto_map` of its config.json and tokenizer_config.json: classes of foreign code
};

/// Reads them all; beside a GGUF file only the licence is the model's, its tokenizer is in the file.
///
/// Links that lead out of the model's folder are not followed, except those of tokenizer.json when a tokenizer is at their end. Nothing
/// that makes engines load foreign code comes along (ForeignCode.h). Throws Error for what should come along and cannot be read, is not
/// valid JSON, a Git LFS pointer, or a link to nothing: called before the work, it finds all that would stop the export at its end.
CarriedFiles readCarriedFiles(const Checkpoint &source, bool isTokenizerWanted);

} // namespace secateur
