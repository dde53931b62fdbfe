// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/Error.h"

#include <string>

namespace secateur {

/// A file or folder could not be written. Its hint is the remedy for the system's reason.
class WritingFailure : public Error {
public:
    /// `what`: the sentence up to that reason, which is added: "'model.gguf' cannot be written".
    WritingFailure(const std::string &what, int errorNumber);

    /// Whether there was no room left: on the disk, in a quota, or under a limit on the size of files.
    bool isForLackOfRoom() const noexcept { return m_isForLackOfRoom; }

private:
    bool m_isForLackOfRoom;
};

} // namespace secateur
