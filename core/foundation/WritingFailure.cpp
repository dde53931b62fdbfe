// SPDX-License-Identifier: GPL-3.0-or-later
#include "foundation/WritingFailure.h"

#include "foundation/Failures.h"

#include <cerrno>

namespace secateur {

WritingFailure::WritingFailure(const std::string &what, int errorNumber)
    : Error(what + ": " + reasonOf(errorNumber) + ".", remedyOfWriting(errorNumber)),
      m_isForLackOfRoom(errorNumber == ENOSPC || errorNumber == EDQUOT || errorNumber == EFBIG)
{
}

} // namespace secateur
