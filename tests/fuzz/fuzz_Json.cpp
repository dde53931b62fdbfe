// SPDX-License-Identifier: GPL-3.0-or-later
// A JSON text: where the library takes it, the value is the library's.
#include "FuzzInput.h"
#include "Mutators.h"
#include "foundation/JsonFile.h"

#include <algorithm>
#include <string_view>

using namespace secateur;

namespace {

int depthOf(const nlohmann::json &value)
{
    int deepest = 0;
    if (!value.is_structured())
        return deepest;
    for (const nlohmann::json &part : value)
        deepest = std::max(deepest, depthOf(part));
    return deepest + 1;
}

/// Also of what a second field of the same name replaces.
int depthOfText(std::string_view text)
{
    int depth = 0, deepest = 0;
    bool isInString = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"')
            isInString = !isInString;
        else if (isInString && text[i] == '\\')
            ++i;
        else if (!isInString && (text[i] == '[' || text[i] == '{'))
            deepest = std::max(deepest, ++depth);
        else if (!isInString && (text[i] == ']' || text[i] == '}'))
            --depth;
    }
    return deepest;
}

} // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t most, unsigned seed)
{
    return fuzz::mutate(data, size, most, seed, fuzz::changedJson);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    constexpr int kDeepest = 64;
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    const fuzz::MemoryGuard guard(2 * size);
    nlohmann::json ours(nlohmann::json::value_t::discarded);
    fuzz::reading([&] { ours = parseJson(text, "'input.json'", "Take another.", kDeepest); });
    if (!ours.is_discarded() && depthOf(ours) > kDeepest)
        fuzz::fail("a document is deeper than it may be");
    if (text.find('\0') != std::string_view::npos && !ours.is_discarded())
        fuzz::fail("a document with a NUL is taken");
    if (depthOfText(text) > kDeepest || text.find('\0') != std::string_view::npos) // where the library would end
        return 0;
    const nlohmann::json theirs = nlohmann::json::parse(text, nullptr, false);
    if (theirs.is_discarded())
        return 0;
    if (ours.is_discarded())
        fuzz::fail("a document that the library takes is refused");
    if (ours != theirs)
        fuzz::fail("a document reads otherwise than by the library");
    return 0;
}
