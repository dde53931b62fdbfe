// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>

namespace secateur {

/// Shares the cores with other programs.
///
/// Threads that compute together wait for each other hundreds of times in a second. On an idle machine they had better spin while they wait: to
/// sleep and to be woken costs a factor of two on a small model. On a busy one a thread that spins takes the core from the one that it waits for:
/// a factor of seven. GNU's OpenMP library, which LibTorch computes with, spins for milliseconds, but hardly at all while there are more OpenMP threads
/// than cores (its manual, GOMP_SPINCOUNT). So a thread of ours looks at the load, and while other programs want cores that ours compute on, it
/// holds a few OpenMP threads that sleep.
///
/// Does nothing where somebody has chosen (OMP_WAIT_POLICY, GOMP_SPINCOUNT or an affinity is set), where one thread computes or half of the cores are left,
/// where the load cannot be read, and with another OpenMP library.
class CoreSharing {
public:
    /// `threads` that compute. `waiting`: "auto" starts looking; "spin" and "sleep" say what threads do while they wait, and nothing looks. Throws
    /// std::system_error where threads are to sleep and the system allows no more of them.
    explicit CoreSharing(int threads, const std::string &waiting = "auto");
    ~CoreSharing();
    CoreSharing(const CoreSharing &) = delete;
    CoreSharing &operator=(const CoreSharing &) = delete;

    /// Whether waiting threads sleep at the moment because others want the cores.
    bool isYielding() const;
    /// What decides: "by load", "spin", "sleep", "one thread", "OMP_WAIT_POLICY=passive" or another reason.
    const std::string &policy() const { return m_policy; }

private:
    class Watcher;
    class Sleepers;
    std::string m_policy;
    std::unique_ptr<Sleepers> m_sleepers; ///< where it was told so
    std::unique_ptr<Watcher> m_watcher;
};

} // namespace secateur
