// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room: what Torch's ProcessGroupGloo.hpp names of Gloo.
//
// LibTorch has Gloo inside and does not bring its headers, which that file includes (empty ones stand in for them, see CMakeLists.txt). It holds Gloo's objects
// by pointers alone, so their names are enough. Nothing here is called or made.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace gloo {

class Context {
public:
    void setTimeout(std::chrono::milliseconds timeout);
};

namespace transport {
class Device;
class UnboundBuffer;
} // namespace transport

namespace rendezvous {
class Store {
public:
    virtual ~Store();
    virtual void set(const std::string &key, const std::vector<char> &value) = 0;
    virtual std::vector<char> get(const std::string &key) = 0;
    virtual void wait(const std::vector<std::string> &keys) = 0;
    virtual void wait(const std::vector<std::string> &keys, const std::chrono::milliseconds &timeout) = 0;
};
} // namespace rendezvous

} // namespace gloo
