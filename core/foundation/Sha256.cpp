// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/Sha256.h"

#include "foundation/InputFile.h"

#include <array>
#include <openssl/evp.h>
#include <vector>

namespace secateur {

struct Sha256::State {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    State() { EVP_DigestInit_ex(context, EVP_sha256(), nullptr); }
    ~State() { EVP_MD_CTX_free(context); }
    State(const State &) = delete;
    State &operator=(const State &) = delete;
};

Sha256::Sha256() : m_state(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256 &&) noexcept = default;
Sha256 &Sha256::operator=(Sha256 &&) noexcept = default;

Sha256 &Sha256::add(std::span<const std::byte> bytes)
{
    EVP_DigestUpdate(m_state->context, bytes.data(), bytes.size());
    return *this;
}

Sha256 &Sha256::add(std::string_view text)
{
    return add(std::as_bytes(std::span(text.data(), text.size())));
}

std::string Sha256::hex()
{
    std::array<unsigned char, 32> digest{};
    EVP_DigestFinal_ex(m_state->context, digest.data(), nullptr);
    std::string text;
    for (const unsigned byte : digest) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

std::string Sha256::ofText(std::string_view text)
{
    return Sha256().add(text).hex();
}

std::string Sha256::ofFile(const std::filesystem::path &file)
{
    InputFile input(file);
    Sha256 sum;
    std::vector<char> buffer(1 << 20);
    while (const std::size_t count = input.read(buffer))
        sum.add(std::string_view(buffer.data(), count));
    return sum.hex();
}

} // namespace secateur
