// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/DocumentFormat.h"

#include "foundation/Failures.h"

namespace secateur {

NewerFormat::NewerFormat(const std::string &document, std::int64_t format)
    : Error(document + " was saved by a newer Secateur (format " + std::to_string(format) + ").", "Update the program to open it.")
{
}

void checkFormat(const std::string &document, std::int64_t format, std::int64_t known)
{
    if (format > known)
        throw NewerFormat(document, format);
    if (format < 1)
        throw Flaw("it has format " + std::to_string(format) + ", which no version of the program wrote");
}

} // namespace secateur
