// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace secateur {

/// Whether the bytes begin like a gzip file (RFC 1952).
bool isGzip(std::string_view bytes);
/// The content of a gzip file of one or several members. Throws Error when it is damaged or cut off; `source` is what the message calls it.
std::string gunzip(std::string_view bytes, const std::string &source);

} // namespace secateur
