// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/ChatMessage.h"

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace secateur {

/// A model's chat template: how it was taught to read a conversation, as a program in Jinja that comes with its tokenizer. It is rendered as
/// transformers' `apply_chat_template` does, without tools and documents. Immutable.
class ChatTemplate {
public:
    /// `tokens`: an object of the special tokens that the template may name, "bos_token" among them; `source`: what messages call the template's file.
    /// Throws Error when it is no template that can be read.
    ChatTemplate(const std::string &text, const nlohmann::json &tokens, std::string source);
    ~ChatTemplate();
    ChatTemplate(ChatTemplate &&) noexcept;
    ChatTemplate &operator=(ChatTemplate &&) noexcept;

    /// The text that the model reads. With `asksForAnswer` it ends where the assistant's answer begins. Throws Error when the template refuses the
    /// conversation (it may want users and assistants in turn, or no system message), with what it says.
    std::string render(const std::vector<ChatMessage> &messages, bool asksForAnswer = true) const;

private:
    struct Implementation;
    std::unique_ptr<const Implementation> m_implementation;
};

} // namespace secateur
