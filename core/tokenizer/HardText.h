// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace secateur {

/// A text on which tokenizers that are nearly the same differ.
struct HardLine {
    std::string text;
    bool hasToken = false; ///< an added token is in it
    bool isNormal = true;  ///< in Unicode's form NFC
    bool isAscii = true;
};

/// Prose, scripts, digits, runs of spaces, line ends, emoji, contractions, combining marks, and every added token of a tokenizer.json, with
/// spaces and letters around it.
std::vector<HardLine> hardText(const nlohmann::json &tokenizer);

} // namespace secateur
