// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace secateur {

using TokenId = std::int32_t;
struct TokenizerSource;

/// A tokenizer read from tokenizer.json (the format of Hugging Face's `tokenizers` library), with the ids of that library.
///
/// Supported: BPE over bytes (behind the pre-tokenizer ByteLevel) or over characters (SentencePiece's way, with `byte_fallback`), the
/// normalizers, pre-tokenizers and decoders that Normalizer, PreTokenizer and TokenDecoder name, `ignore_merges`, added tokens with their
/// flags. Any other component is an Error
/// that names it. The file's truncation and padding are not applied: texts are encoded whole, and with nothing added unless they are prompts.
/// Immutable; one tokenizer may be used by several threads.
class Tokenizer {
public:
    /// Throws Error when the file is missing, malformed or uses an unsupported component. Files beside it are not looked at: see
    /// TokenizerFiles.
    static Tokenizer fromFile(const std::filesystem::path &file);
    static Tokenizer fromSource(const TokenizerSource &source);
    /// From the text of a tokenizer.json; `source` is what messages call it.
    static Tokenizer fromJson(std::string_view json, const std::string &source);
    ~Tokenizer();
    Tokenizer(Tokenizer &&) noexcept;
    Tokenizer &operator=(Tokenizer &&) noexcept;

    /// Hears of the encoding of a long text, now and then and before every long word: how many ids there are by now, and how many bytes
    /// the word that comes next has. What it throws ends the encoding.
    using Watch = std::function<void(std::size_t ids, std::size_t word)>;

    /// The ids of `text` (UTF-8; invalid sequences are read as U+FFFD), without the special tokens that a post-processor would add.
    std::vector<TokenId> encode(std::string_view text, const Watch &watch = {}) const;
    /// The ids of a prompt, with what the post-processor puts around it: the beginning of a document, say. Throws Error when it is not
    /// supported.
    std::vector<TokenId> encodePrompt(std::string_view text) const;
    /// The ids of the beginning of a longer text, and how many of these the longer text has as well, whatever it goes on with; 0 when that
    /// cannot be told (a tokenizer that does not cut a text into words).
    struct Beginning {
        std::vector<TokenId> ids;
        std::size_t settled = 0;
    };
    /// `text` must end where a character does.
    Beginning encodeBeginning(std::string_view text, const Watch &watch = {}) const;
    /// The text of `ids`; bytes that are no UTF-8 become U+FFFD. Special tokens are left out when asked. Ids that do not exist are left
    /// out.
    std::string decode(std::span<const TokenId> ids, bool skipSpecial = false) const;

    /// Number of ids: the largest id plus one, added tokens included.
    std::int64_t size() const;
    std::optional<TokenId> idOf(std::string_view token) const;
    /// The token of an id; empty when there is none.
    const std::string &tokenOf(TokenId id) const;
    /// SHA-256 of the file's bytes.
    const std::string &hash() const;

private:
    struct Implementation;
    explicit Tokenizer(std::unique_ptr<const Implementation> implementation);
    std::unique_ptr<const Implementation> m_implementation;
};

} // namespace secateur
