// SPDX-License-Identifier: GPL-3.0-or-later
#include "Mutators.h"

#include <algorithm>
#include <nlohmann/json.hpp>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t *data, std::size_t size, std::size_t most); // the fuzzer's, or Replay.cpp's

namespace fuzz {

std::string changedBytes(const std::string &content, Random &)
{
    constexpr std::size_t kMore = 64;
    std::string bytes = content;
    bytes.resize(content.size() + kMore);
    bytes.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t *>(bytes.data()), content.size(), bytes.size()));
    return bytes;
}

std::string changedJsonLines(const std::string &content, Random &random)
{
    std::vector<std::string> lines(1);
    for (const char c : content) {
        lines.back() += c;
        if (c == '\n')
            lines.emplace_back();
    }
    std::string &one = lines[random.below(lines.size())], &other = lines[random.below(lines.size())];
    switch (random.below(8)) {
    case 0:
        std::swap(one, other);
        break;
    case 1:
        one = other;
        break;
    case 2:
        one += other;
        break;
    case 3:
        one.clear();
        break;
    default: {
        const bool isEnded = one.ends_with('\n');
        if (isEnded)
            one.pop_back();
        one = changedJson(one, random);
        if (isEnded)
            one += '\n';
    }
    }
    std::string result;
    for (const std::string &line : lines)
        result += line;
    return result;
}

std::string changedSafetensors(const std::string &content, Random &random)
{
    constexpr std::size_t kCount = 8;
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < std::min(kCount, content.size()); ++i)
        length |= std::uint64_t(std::uint8_t(content[i])) << 8 * i;
    if (content.size() < kCount || length > content.size() - kCount || random.oneIn(8))
        return changedBytes(content, random);
    std::string header = content.substr(kCount, length), data = content.substr(kCount + length);

    nlohmann::json document = nlohmann::json::parse(header, nullptr, false);
    if (document.is_object() && document.contains("__metadata__") && document["__metadata__"].is_object() && !random.oneIn(3)) {
        for (auto &[key, value] : document["__metadata__"].items())
            if (value.is_string() && value.get_ref<const std::string &>().starts_with('{'))
                value = changedJson(value.get<std::string>(), random);
        header = document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    } else {
        header = changedJson(header, random);
    }
    if (random.oneIn(8))
        data = changedBytes(data, random);
    std::string result(kCount, '\0');
    for (std::size_t i = 0; i < kCount; ++i)
        result[i] = char(std::uint64_t(header.size()) >> 8 * i & 0xFF);
    return result + header + data;
}

std::size_t mutate(std::uint8_t *data, std::size_t size, std::size_t most, unsigned seed, Change change)
{
    Random random(seed);
    std::string content(reinterpret_cast<const char *>(data), size);
    std::string changed = random.oneIn(6) ? changedBytes(content, random) : change(content, random);
    if (changed.size() > most || changed.empty())
        return LLVMFuzzerMutate(data, size, most);
    std::ranges::copy(changed, data);
    return changed.size();
}

} // namespace fuzz
