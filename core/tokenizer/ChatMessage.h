// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace secateur {

/// One turn of a conversation, as chat templates take it.
struct ChatMessage {
    std::string role; ///< "system", "user" or "assistant"
    std::string content;
    bool operator==(const ChatMessage &) const = default;
};

} // namespace secateur
