// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/Error.h"

#include <cstdint>
#include <string>

namespace secateur {

/// A document of ours that a later version of the program wrote, in a form that this one would misunderstand.
class NewerFormat : public Error {
public:
    /// `document` begins the sentence: "The session 'a.secateur'".
    NewerFormat(const std::string &document, std::int64_t format);
};

/// Throws NewerFormat where `format` is above `known`, the newest of this version, and Flaw (see Failures.h) for one that no version wrote.
void checkFormat(const std::string &document, std::int64_t format, std::int64_t known);

} // namespace secateur
