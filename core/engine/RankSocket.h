// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace secateur {

/// A TCP socket bound to the port at the address that `host` names, and to no other: who is not meant cannot come from elsewhere. Only where
/// `isReachedFromAfar` and the name is this machine's own for itself (Debian's /etc/hosts has 127.0.1.1 for it), all addresses are taken,
/// because the others know the name by another address. Returns the descriptor, which the caller closes or gives away. Throws Error when the
/// name is not known, or is not of this machine, or when the port is in use.
int boundSocket(const std::string &host, int port, bool isReachedFromAfar);

/// How this machine and another one know each other, as numbers.
struct RankAddresses {
    std::string own;         ///< this machine's, under which the other reaches it
    std::string theirs;      ///< the other's
    bool isLoopback = false; ///< both are of this machine alone
};
/// Asks the system, and sends nothing. Throws Error when the name is not known or leads nowhere.
RankAddresses addressesTowards(const std::string &host, int port);

/// Whether somebody listens there.
bool isListening(const std::string &host, int port);

} // namespace secateur
