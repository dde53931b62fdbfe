// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/RankSocket.h"

#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "foundation/Wording.h"

#include <arpa/inet.h>
#include <cerrno>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace secateur {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

/// Addresses of a name; none when it is not known.
Addresses addressesOf(const char *host, int port, int flags)
{
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags | AI_NUMERICSERV;
    addrinfo *found = nullptr;
    if (::getaddrinfo(host, std::to_string(port).c_str(), &hints, &found) != 0)
        found = nullptr;
    return {found, &::freeaddrinfo};
}

bool isLoopback(const addrinfo &address)
{
    if (address.ai_family == AF_INET)
        return (ntohl(reinterpret_cast<const sockaddr_in *>(address.ai_addr)->sin_addr.s_addr) >> 24) == 127;
    return address.ai_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6 *>(address.ai_addr)->sin6_addr);
}

int opened(const addrinfo &address)
{
    return ::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, address.ai_protocol);
}

std::string numberOf(const sockaddr *address, socklen_t size)
{
    char number[NI_MAXHOST] = {};
    return ::getnameinfo(address, size, number, sizeof number, nullptr, 0, NI_NUMERICHOST) == 0 ? number : std::string();
}

} // namespace

int boundSocket(const std::string &host, int port, bool isReachedFromAfar)
{
    const std::string place = host + ":" + std::to_string(port);
    Addresses addresses = addressesOf(host.c_str(), port, 0);
    if (!addresses)
        throw Error("The name " + inQuotes(host) + " in MASTER_ADDR is not known.",
                    "Give the name or the address of the machine of rank 0.");
    const bool isNumber = static_cast<bool>(addressesOf(host.c_str(), port, AI_NUMERICHOST));
    if (isReachedFromAfar && isLoopback(*addresses) && !isNumber && host != "localhost")
        addresses = addressesOf(nullptr, port, AI_PASSIVE);
    int reason = EADDRNOTAVAIL;
    for (const addrinfo *address = addresses.get(); address != nullptr; address = address->ai_next) {
        const int descriptor = opened(*address);
        const int yes = 1;
        if (descriptor >= 0 && ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
            ::bind(descriptor, address->ai_addr, address->ai_addrlen) == 0)
            return descriptor;
        reason = errno;
        if (descriptor >= 0)
            ::close(descriptor);
    }
    if (reason == EADDRINUSE)
        throw Error("The port " + place + " is in use.", "Set MASTER_PORT to another one, or end the program that holds it.");
    if (reason == EADDRNOTAVAIL)
        throw Error("This is rank 0, and " + inQuotes(host) + " in MASTER_ADDR is not an address of this machine.",
                    "Set it to an address that this machine has and the others reach.");
    throw Error("The port " + place + " cannot be used: " + reasonOf(reason) + ".", "Set MASTER_PORT to another one.");
}

RankAddresses addressesTowards(const std::string &host, int port)
{
    const Addresses addresses = addressesOf(host.c_str(), port, 0);
    for (const addrinfo *address = addresses.get(); address != nullptr; address = address->ai_next) {
        const int descriptor = ::socket(address->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0); // its connect only chooses the way
        sockaddr_storage own{};
        socklen_t size = sizeof own;
        const bool isFound = descriptor >= 0 && ::connect(descriptor, address->ai_addr, address->ai_addrlen) == 0 &&
                             ::getsockname(descriptor, reinterpret_cast<sockaddr *>(&own), &size) == 0;
        if (descriptor >= 0)
            ::close(descriptor);
        if (isFound)
            return {.own = numberOf(reinterpret_cast<const sockaddr *>(&own), size),
                    .theirs = numberOf(address->ai_addr, address->ai_addrlen),
                    .isLoopback = isLoopback(*address)};
    }
    throw Error("No way leads to " + inQuotes(host) + " in MASTER_ADDR.", "Give the name or the address of the machine of rank 0.");
}

bool isListening(const std::string &host, int port)
{
    const Addresses addresses = addressesOf(host.c_str(), port, 0);
    for (const addrinfo *address = addresses.get(); address != nullptr; address = address->ai_next) {
        const int descriptor = opened(*address);
        const bool isConnected = descriptor >= 0 && ::connect(descriptor, address->ai_addr, address->ai_addrlen) == 0;
        if (descriptor >= 0)
            ::close(descriptor);
        if (isConnected)
            return true;
    }
    return false;
}

} // namespace secateur
