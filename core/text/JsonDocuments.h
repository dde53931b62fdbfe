// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/FileDocuments.h"
#include "text/TextShape.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

namespace secateur {

/// The documents of JSON lines: an object a line; or those of a JSON array of objects or of texts, which is not held in memory as a whole.
/// A document is the object's field `column`. Fields and elements that are null are passed over (FileDocuments::nulls). Throws Error that names line and cause.
std::unique_ptr<FileDocuments> jsonLines(TextBuffer text, const std::filesystem::path &file, std::string column, std::size_t largest);
std::unique_ptr<FileDocuments> jsonArray(TextBuffer text, const std::filesystem::path &file, std::string column, std::size_t largest);

} // namespace secateur
