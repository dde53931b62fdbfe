// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/TextArena.h"

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace secateur {

/// What is done to the text before it is cut: nothing, or Unicode's canonical composition (NFC). Immutable.
class Normalizer {
public:
    /// From the `normalizer` of a tokenizer.json (null, NFC, or a Sequence of NFC). Throws Error that names any other.
    static Normalizer fromJson(const nlohmann::json &normalizer);

    /// The normalised text, which is `text` itself when nothing is to be done. `text` must be UTF-8.
    /// Throws Error when it is longer than ICU can take (2 GiB).
    std::string_view run(std::string_view text, TextArena &arena) const;

private:
    bool m_composes = false;
};

} // namespace secateur
