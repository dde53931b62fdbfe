// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/Error.h"

namespace secateur {

std::string Error::plainHint() const
{
    std::string plain = m_hint;
    for (std::size_t open = plain.find(" ("); open != std::string::npos; open = plain.find(" (", open)) {
        const std::size_t close = plain.find(')', open), option = plain.find("--", open);
        if (close == std::string::npos)
            break;
        if (option < close)
            plain.erase(open, close + 1 - open);
        else
            open = close;
    }
    return plain;
}

} // namespace secateur
