// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

/// Changes of inputs that know their grammar, so that most results get past the first check of a reader. A target that wants one defines
/// LLVMFuzzerCustomMutator by `mutate` and one of the changes.
namespace fuzz {

/// Small random numbers, the same on every machine.
class Random {
public:
    explicit Random(unsigned seed) : m_random(seed) {}
    std::size_t below(std::size_t bound) { return std::size_t(m_random()) % bound; } // as even as it has to be
    bool oneIn(std::size_t count) { return below(count) == 0; }

private:
    std::mt19937 m_random;
};

/// Takes an input and gives it changed; what it cannot take apart it changes as bytes.
using Change = std::string (*)(const std::string &, Random &);

std::string changedBytes(const std::string &content, Random &random);       ///< by the fuzzer's own changes
std::string changedJson(const std::string &content, Random &random);        ///< a document
std::string changedJsonLines(const std::string &content, Random &random);   ///< one of the documents, or their order
std::string changedSafetensors(const std::string &content, Random &random); ///< mostly the header, its JSON, the JSON in its metadata
std::string changedGguf(const std::string &content, Random &random);        ///< metadata, descriptions of tensors
std::string changedText(const std::string &content, Random &random);        ///< what is in a packed file, packed again

/// Changes an input in place by `change`, now and then as bytes. Returns its new size, `most` at most.
std::size_t mutate(std::uint8_t *data, std::size_t size, std::size_t most, unsigned seed, Change change);

} // namespace fuzz
