// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room: a session as its file has it.
#pragma once

#include "session/Session.h"

#include <filesystem>

namespace secateur {

struct StoredSession {
    Session session;
    bool hasOlderHashes = false; ///< of format 1: renewPlanHashes() once all results are there
};

/// As saveSession(), but plans stay where they are: of a session that has no name yet.
void saveBase(const Session &session, const std::filesystem::path &file);

/// As loadSession(), but results have the hashes that the file has.
StoredSession readSession(const std::filesystem::path &file);

} // namespace secateur
