// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/Vocabulary.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace secateur {

/// What the `post_processor` of a tokenizer.json puts around the ids of one text: the beginning of a document, say. Immutable.
class PostProcessor {
public:
    /// Null, ByteLevel, TemplateProcessing, BertProcessing, RobertaProcessing, or a Sequence of these. Of any other only the use is an
    /// error: most jobs encode texts without it.
    static PostProcessor fromJson(const nlohmann::json &postProcessor);

    /// Throws Error when the file's step is not supported.
    std::vector<TokenId> around(std::vector<TokenId> ids) const;
    const std::vector<TokenId> &before() const { return m_before; }
    const std::vector<TokenId> &behind() const { return m_behind; }
    /// Why it cannot be used; empty when it can.
    const std::string &problem() const { return m_problem; }

private:
    void append(const nlohmann::json &step);
    void appendTemplate(const nlohmann::json &step);

    std::vector<TokenId> m_before, m_behind;
    std::string m_problem;
};

/// A `post_processor` that puts these tokens, given as [text, id], around a text.
nlohmann::json templateAround(const nlohmann::json &before, const nlohmann::json &behind);

} // namespace secateur
