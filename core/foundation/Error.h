// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace secateur {

/// What ends an operation: a sentence for the user that names the object and the cause, and a hint what to try.
/// Thrown inside core; a front end shows both and nothing else.
class Error : public std::runtime_error {
public:
    explicit Error(const std::string &sentence, std::string hint = {}) : std::runtime_error(sentence), m_hint(std::move(hint)) {}

    /// What the user can do about it; may be empty. Options of the command line stand in parentheses: "Use fewer windows (--windows)."
    const std::string &hint() const noexcept { return m_hint; }
    /// The same without these parentheses, for front ends that have no options.
    std::string plainHint() const;

private:
    std::string m_hint;
};

/// The machine gave out in the middle of the work: its memory, or its device. What was finished before that is whole.
class MachineFailure : public Error {
public:
    /// `device`: the GPU that gave out ("cuda:0"); empty where it was the machine's own memory.
    explicit MachineFailure(const std::string &sentence, std::string hint = {}, std::string device = {})
        : Error(sentence, std::move(hint)),
          m_device(std::move(device))
    {
    }

    const std::string &device() const noexcept { return m_device; }

private:
    std::string m_device;
};

/// The job was asked to stop. Not an error: what was finished is kept.
class Cancelled : public std::exception {
public:
    const char *what() const noexcept override { return "cancelled"; }
};

} // namespace secateur
