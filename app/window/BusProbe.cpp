// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/BusProbe.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace secateur::ui {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char *kAddress = "DBUS_SESSION_BUS_ADDRESS";

std::string variable(const char *name)
{
    const char *value = std::getenv(name);
    return value ? value : "";
}

std::vector<std::string_view> parts(std::string_view text, char separator)
{
    std::vector<std::string_view> result;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        result.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return result;
}

/// Addresses write unusual bytes as %20.
std::string unescaped(std::string_view text)
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned code = 0;
        const char *hex = text.data() + i + 1;
        if (text[i] == '%' && i + 2 < text.size() && std::from_chars(hex, hex + 2, code, 16).ptr == hex + 2) {
            result += char(code);
            i += 2;
        } else {
            result += text[i];
        }
    }
    return result;
}

/// The name of the Unix socket of one address, an abstract one after a zero byte. Empty where it has none.
std::string socketName(std::string_view address)
{
    constexpr std::string_view kUnix = "unix:";
    if (!address.starts_with(kUnix))
        return {};
    for (const std::string_view pair : parts(address.substr(kUnix.size()), ',')) {
        const std::size_t equals = std::min(pair.find('='), pair.size());
        const std::string_view key = pair.substr(0, equals), value = pair.substr(std::min(equals + 1, pair.size()));
        if (key == "path")
            return unescaped(value);
        if (key == "abstract")
            return std::string(1, '\0') + unescaped(value);
        if (key == "runtime" && value == "yes")
            return variable("XDG_RUNTIME_DIR") + "/bus";
    }
    return {};
}

class Socket {
public:
    Socket() : m_handle(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
    ~Socket()
    {
        if (m_handle >= 0)
            ::close(m_handle);
    }
    Socket(const Socket &) = delete;
    Socket &operator=(const Socket &) = delete;

    /// True when it is connected; nothing when whoever listens takes no more connections for now; false when it cannot be.
    std::optional<bool> connect(const std::string &name)
    {
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        if (m_handle < 0 || name.size() >= sizeof where.sun_path)
            return false;
        std::copy(name.begin(), name.end(), where.sun_path);
        const bool isAbstract = name.front() == '\0';
        const std::size_t size = offsetof(sockaddr_un, sun_path) + name.size() + (isAbstract ? 0 : 1);
        if (::connect(m_handle, reinterpret_cast<const sockaddr *>(&where), socklen_t(size)) == 0)
            return true;
        return errno == EAGAIN ? std::nullopt : std::optional(false);
    }

    /// Begins as every client of a bus does, and waits for the answer. False where none came in time; true also when the bus hung up.
    bool isAnswered(Clock::time_point end)
    {
        std::string hello("\0AUTH EXTERNAL ", 15); // D-Bus specification, "Authentication Protocol"
        for (const char digit : std::to_string(::getuid()))
            hello += {'3', digit}; // in hex
        hello += "\r\n";
        if (::send(m_handle, hello.data(), hello.size(), MSG_NOSIGNAL) < 0)
            return true;
        for (;;) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
            if (left <= 0)
                return false;
            pollfd what{.fd = m_handle, .events = POLLIN, .revents = 0};
            if (::poll(&what, 1, int(left)) <= 0)
                continue;
            std::array<char, 256> said{};
            const ssize_t count = ::recv(m_handle, said.data(), said.size(), 0);
            if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
                return true;
            if (count > 0 && std::find(said.begin(), said.begin() + count, '\n') != said.begin() + count)
                return true;
        }
    }

private:
    int m_handle;
};

} // namespace

std::string sessionBusAddress()
{
    const std::string told = variable(kAddress);
    return !told.empty() || variable("XDG_RUNTIME_DIR").empty() ? told : "unix:runtime=yes";
}

bool isMute(const std::string &address, std::chrono::milliseconds patience)
{
    const Clock::time_point end = Clock::now() + patience;
    for (const std::string_view each : parts(address, ';')) { // the first that takes the connection is the one
        const std::string name = socketName(each);
        Socket socket;
        const std::optional<bool> isConnected = name.empty() ? std::optional(false) : socket.connect(name);
        if (!isConnected)
            return true;
        if (*isConnected)
            return !socket.isAnswered(end);
    }
    return false;
}

bool leaveMuteSessionBus()
{
    using namespace std::chrono_literals;
    return isMute(sessionBusAddress(), 2s) && ::setenv(kAddress, "disabled:", 1) == 0;
}

} // namespace secateur::ui
