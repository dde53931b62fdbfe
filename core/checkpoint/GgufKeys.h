// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace secateur {

/// The first key of the architecture's own ("llama.attention.scale") that asks for something which is not computed here, with its value in
/// words ("'llama.attention.scale' = 0.5"); empty when there is none. Keys that are read, that change nothing, or whose value switches their
/// option off are fine; a key that is not known is not. `prefix` is that of the architecture: "llama.".
std::string ggufKeyBeyond(const nlohmann::json &metadata, std::string_view prefix, bool isGemma);

/// A sentence about a configuration that was read from a GGUF file, with the file's own keys in the place of the fields of config.json that they were
/// turned into: 'llama.embedding_length' for 'hidden_size'.
std::string withGgufKeys(std::string sentence, std::string_view prefix);

} // namespace secateur
