// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace secateur {

/// SHA-256 of bytes given piece by piece (FIPS 180-4, computed by OpenSSL). Identifies models, tokenizers, texts and plans.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256 &&) noexcept;
    Sha256 &operator=(Sha256 &&) noexcept;

    Sha256 &add(std::span<const std::byte> bytes);
    Sha256 &add(std::string_view text);
    /// The digest as 64 lower-case hexadecimal digits. Ends the computation.
    std::string hex();

    static std::string ofText(std::string_view text);
    /// Throws Error when the file cannot be read or is no regular file.
    static std::string ofFile(const std::filesystem::path &file);

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace secateur
