// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/Ranks.h"

#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace secateur::test {

/// Two processes as two threads.
class Meeting {
public:
    std::vector<std::string> exchange(int rank, std::string mine)
    {
        std::unique_lock lock(m_mutex);
        m_said[std::size_t(rank)] = std::move(mine);
        const int round = m_round;
        if (++m_arrived == 2) {
            m_arrived = 0;
            ++m_round;
            m_heard = m_said;
            m_all.notify_all();
        } else {
            m_all.wait(lock, [&] { return m_round != round; });
        }
        return m_heard;
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_all;
    int m_arrived = 0, m_round = 0;
    std::vector<std::string> m_said{2}, m_heard;
};

class OneOfTwo : public Ranks {
public:
    OneOfTwo(Meeting &meeting, int rank) : m_meeting(meeting), m_rank(rank) {}
    int rank() const override { return m_rank; }
    int size() const override { return 2; }
    std::vector<std::string> exchange(std::string mine, const JobContext &) override { return m_meeting.exchange(m_rank, std::move(mine)); }

private:
    Meeting &m_meeting;
    int m_rank;
};

} // namespace secateur::test
