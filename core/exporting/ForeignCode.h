// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace secateur {

/// An export names only code that it brings and that is ours. What makes engines load other code is taken out of the documents of the
/// source: `auto_map`, `custom_generate`, `custom_pipelines`, kernels of the hub as `attn_implementation`, and settings of a quantisation
/// that is undone. The family's own classes compute the same: it is them that the export is verified with.

/// Takes such fields out, at any depth. Returns a sentence for people for what went (`file` is what it calls the document); none for
/// fields that are empty or that name our own code.
std::vector<std::string> removeForeignCode(nlohmann::json &document, const std::string &file);

/// `tokenizer_class` of a document where only foreign code has that class becomes the class that reads a tokenizer.json; `autoMaps` are
/// those of the source's documents. Returns a sentence when it did.
std::vector<std::string> replaceForeignTokenizer(nlohmann::json &document, const std::string &file,
                                                 const std::vector<nlohmann::json> &autoMaps);

} // namespace secateur
