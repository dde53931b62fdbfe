// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room: from lines of a journal back to a session.
#pragma once

#include "session/Session.h"

#include <filesystem>

namespace secateur::journal {

/// Which lines of a journal count.
enum class Lines {
    All,
    Findings ///< what jobs found, not what people chose
};

/// Applies the lines of a journal to the session that was its base. What is applied twice counts once. Lines that were torn, that do not
/// fit the session, or that belong to scores which are not there are left out: one damaged line must not cost the others.
/// Throws Error when the file cannot be read or is none (see InputFile).
void replay(Session &session, const std::filesystem::path &file, Lines lines);

} // namespace secateur::journal
