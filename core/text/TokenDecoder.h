// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/Vocabulary.h"

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

namespace secateur {

/// Turns tokens back into text: the decoder `ByteLevel`. Immutable.
class TokenDecoder {
public:
    /// From the `decoder` of a tokenizer.json: ByteLevel, or a Sequence of ByteLevel and Fuse. None at all is read as ByteLevel too, the
    /// only one that gives a byte-level vocabulary its text back. Throws Error that names any other.
    static TokenDecoder fromJson(const nlohmann::json &decoder, const Vocabulary &vocabulary);

    /// Ids that do not exist are left out; bytes that are no UTF-8 become U+FFFD.
    std::string run(std::span<const TokenId> ids) const;

private:
    std::vector<std::string> m_bytes; ///< of each id
};

} // namespace secateur
