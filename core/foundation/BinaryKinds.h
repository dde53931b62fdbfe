// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace secateur {

/// What a file that is no text is, and what to do about it where a text is wanted.
struct BinaryKind {
    std::string name;   ///< with its article: "a zip archive"
    std::string remedy; ///< a sentence
};

/// What the first bytes of a file (some 4 KiB, all of a shorter one) say that it is, when they say that it is no text. None for texts, and
/// for binary files whose beginning could be that of a text (see binaryKindBySigns()).
std::optional<BinaryKind> binaryKindOf(std::string_view beginning);

/// The same for a file that is known to be no text: signs count that a text could begin with ("MZ", "BM", "GGUF").
std::optional<BinaryKind> binaryKindBySigns(std::string_view beginning);

/// A web page or another document of markup, by how its text (UTF-8) begins: what servers send in place of a file that they do not give.
std::optional<BinaryKind> markupKindOf(std::string_view beginning);

/// What a file is that should be of a certain form and is not, the end of a sentence: "is empty", "is a web page (HTML), not JSON". Empty when
/// its beginning does not tell.
std::string isInPlaceOf(const std::string &form, std::string_view beginning);

} // namespace secateur
