// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/StoreRanks.h"

#include "engine/Device.h"
#include "engine/RankSocket.h"
#include "engine/RankStore.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <atomic>
#include <c10/util/Logging.h>
#include <charconv>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>
#include <vector>

C10_DECLARE_int(caffe2_log_level);

namespace secateur {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Bytes = std::vector<std::uint8_t>;

std::optional<std::string> variable(const char *name)
{
    const char *value = std::getenv(name);
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

int numberIn(const char *name, int least, int most)
{
    const std::string hint = "It is set by torchrun (torchrun --no-python secateur-cli ...) or by hand.";
    const std::optional<std::string> text = variable(name);
    if (!text)
        throw Error(std::string("The variable ") + name + " is not set, but others say that this process is one of several.", hint);
    int number = 0;
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (problem != std::errc() || end != text->data() + text->size() || number < least || number > most)
        throw Error(std::string("The variable ") + name + " is " + inQuotes(*text) + "; it must be a number from " + std::to_string(least) +
                        " to " + std::to_string(most) + ".",
                    hint);
    return number;
}

std::string keyOf(const char *what, int rank, std::int64_t number = 0)
{
    return std::string("secateur/") + what + "/" + std::to_string(number) + "/" + std::to_string(rank);
}

class StoreRanks : public Ranks, public RankStore {
public:
    StoreRanks(const RankPlace &place, RankMeeting meeting) : m_place(place), m_patience(meeting.patience)
    {
        FLAGS_caffe2_log_level = c10::GLOG_FATAL; // a store that is gone is told in words, not by Torch's stack
        const bool isServer = place.rank == 0 && !place.hasAgent;
        c10d::TCPStoreOptions options;
        options.port = std::uint16_t(place.port);
        options.isServer = isServer;
        options.waitWorkers = false; // they are waited for below, in words
        options.numWorkers = std::size_t(place.size);
        options.timeout = meeting.joining;
        if (isServer)
            options.masterListenFd = boundSocket(place.host, place.port, place.size > place.localSize);
        else
            waitUntil(meeting, [&] { return isListening(place.host, place.port) ? std::string() : "rank 0 at " + address(); });
        try {
            m_store = c10::make_intrusive<c10d::TCPStore>(place.host, options);
            m_store->set(keyOf("joined", rank()), Bytes{1});
            waitUntil(meeting, [&] { return missing(); });
        } catch (const Error &) {
            throw;
        } catch (const Cancelled &) {
            throw;
        } catch (const std::exception &) {
            throw Error(who() + " did not find the others at " + address() + ": what listens there does not answer as rank 0 does.",
                        "Check that all are started, and that MASTER_ADDR and MASTER_PORT are those of rank 0.");
        }
        m_pulse = std::thread([this] { beat(); });
    }

    ~StoreRanks() override
    {
        {
            const std::lock_guard lock(m_mutex);
            m_isOver = true;
        }
        m_wakes.notify_all();
        m_pulse.join();
        try {
            m_store->set(keyOf("ended", rank()), Bytes{1});
            const auto deadline = Clock::now() + m_patience;
            for (int other = 1; rank() == 0 && !m_isBroken && other < size(); ++other) // the store ends with this process
                while (!m_store->check({keyOf("ended", other)}) && Clock::now() < deadline)
                    std::this_thread::sleep_for(20ms);
        } catch (const std::exception &) { // the store is gone, and everybody else will see that
        }
    }

    int rank() const override { return m_place.rank; }
    int size() const override { return m_place.size; }

    std::vector<std::string> exchange(std::string mine, const JobContext &context) override
    {
        const auto count = std::size_t(size());
        std::vector<std::string> all(count);
        try {
            m_store->set(keyOf("part", rank(), m_count), Bytes(mine.begin(), mine.end()));
            for (int other = 0; other < size(); ++other) {
                if (other == rank())
                    continue;
                const Bytes bytes = wait(other, context);
                all[std::size_t(other)].assign(bytes.begin(), bytes.end());
            }
            if (m_count > 0) // whoever has given this part has read the one before
                m_store->deleteKey(keyOf("part", rank(), m_count - 1));
        } catch (const Error &) {
            throw;
        } catch (const Cancelled &) {
            throw;
        } catch (const std::exception &) {
            throwStoreGone();
        }
        ++m_count;
        all[std::size_t(rank())] = std::move(mine);
        return all;
    }

    c10::intrusive_ptr<c10d::Store> connection() override
    {
        return c10::make_intrusive<c10d::PrefixStore>("secateur/connection/" + std::to_string(m_connections++), m_store->clone());
    }
    std::string host() const override { return m_place.host; }
    int port() const override { return m_place.port; }
    std::chrono::milliseconds patience() const override { return m_patience; }

    [[noreturn]] void throwLost(const JobContext &context) override
    {
        const auto deadline = Clock::now() + m_patience + m_patience / 2;
        std::vector<Pulse> pulses(static_cast<std::size_t>(size()));
        try {
            while (Clock::now() < deadline) {
                for (int other = 0; other < size(); ++other) {
                    if (other == rank())
                        continue;
                    context.check();
                    if (m_store->check({keyOf("ended", other)}))
                        throwEnded(other);
                    checkPulse(other, pulses[std::size_t(other)]);
                }
                std::this_thread::sleep_for(50ms);
            }
        } catch (const Error &) {
            throw;
        } catch (const Cancelled &) {
            throw;
        } catch (const std::exception &) {
            throwStoreGone();
        }
        throw Error(who() + " lost its connection to the others, which still run.",
                    "Look at the network between the machines, and start all ranks again.");
    }

private:
    /// The last that was heard of a rank.
    struct Pulse {
        std::int64_t count = -1;
        Clock::time_point heard = Clock::now();
    };

    [[noreturn]] void throwStoreGone() const
    {
        throw Error("Rank 0 is gone: its store at " + m_place.host + ":" + std::to_string(m_place.port) + " does not answer.", kHint);
    }
    [[noreturn]] void throwEnded(int other) const
    {
        throw Error("Rank " + std::to_string(other) + " of " + std::to_string(size()) + " has ended before the work was done.", kHint);
    }
    /// Throws Error when the rank was not heard of for too long.
    void checkPulse(int other, Pulse &pulse)
    {
        if (const std::int64_t now = m_store->add(keyOf("alive", other), 0); now != pulse.count)
            pulse = {.count = now, .heard = Clock::now()};
        if (Clock::now() - pulse.heard > m_patience) {
            m_isBroken = true;
            throw Error("Rank " + std::to_string(other) + " of " + std::to_string(size()) + " does not answer any more (not heard of for " +
                            std::to_string(std::chrono::duration_cast<std::chrono::seconds>(m_patience).count()) + " seconds).",
                        kHint);
        }
    }

    std::string who() const { return "Rank " + std::to_string(rank()) + " of " + std::to_string(size()); }
    std::string address() const { return m_place.host + ":" + std::to_string(m_place.port); }

    /// Ranks that have not come yet, in words; empty when there are none.
    std::string missing() const
    {
        constexpr std::size_t kMostNamed = 5;
        std::vector<std::string> ranks;
        for (int other = 0; other < size(); ++other)
            if (!m_store->check({keyOf("joined", other)}))
                ranks.push_back(std::to_string(other));
        return ranks.empty() ? std::string() : (ranks.size() == 1 ? "rank " : "ranks ") + listed(ranks, kMostNamed);
    }

    /// Asks again and again who is waited for, until nobody is.
    void waitUntil(const RankMeeting &meeting, const std::function<std::string()> &whoIsMissing) const
    {
        constexpr std::chrono::milliseconds kSoon = 5s, kLater = 30s, kPause = 50ms;
        const auto start = Clock::now();
        auto nextWord = start + kSoon;
        for (std::string missing = whoIsMissing(); !missing.empty(); missing = whoIsMissing()) {
            meeting.context.check();
            const auto now = Clock::now();
            if (now - start > meeting.joining)
                throw Error(who() + " gave up waiting for " + missing + ".",
                            "Check that all are started, and that MASTER_ADDR and MASTER_PORT are those of rank 0.");
            if (now > nextWord && meeting.tell) {
                meeting.tell("waiting for " + missing + " of " + std::to_string(size()));
                nextWord = now + kLater;
            }
            std::this_thread::sleep_for(kPause);
        }
    }

    static constexpr const char *kHint =
        "Look at what that process printed. The plan that rank 0 has saved so far (--save-plan) can be resumed.";

    /// What a rank gives, as soon as it does.
    Bytes wait(int other, const JobContext &context)
    {
        const std::string key = keyOf("part", other, m_count);
        Pulse pulse;
        for (auto pause = 1ms; !m_store->check({key}); pause = std::min(2 * pause, std::chrono::milliseconds(50))) {
            context.check();
            if (m_store->check({keyOf("ended", other)}) && !m_store->check({key}))
                throwEnded(other);
            checkPulse(other, pulse);
            std::this_thread::sleep_for(pause);
        }
        return m_store->get(key);
    }

    /// Tells the others that this process lives, however long a part takes.
    void beat()
    {
        std::unique_lock lock(m_mutex);
        while (!m_isOver) {
            try {
                m_store->add(keyOf("alive", rank()), 1);
            } catch (const std::exception &) { // is noticed at the next exchange
                return;
            }
            m_wakes.wait_for(lock, std::min<std::chrono::milliseconds>(2s, m_patience / 4), [this] { return m_isOver; });
        }
    }

    RankPlace m_place;
    std::chrono::milliseconds m_patience;
    c10::intrusive_ptr<c10d::TCPStore> m_store;
    std::int64_t m_count = 0;       ///< of exchanges so far
    std::int64_t m_connections = 0; ///< that were given so far
    std::mutex m_mutex;
    std::condition_variable m_wakes;
    bool m_isOver = false;
    bool m_isBroken = false; ///< a rank is dead: nobody is waited for
    std::thread m_pulse;
};

} // namespace

RankPlace rankPlaceFromEnvironment()
{
    constexpr int kMostRanks = 4096, kMostPorts = 65535;
    const bool isTorchrun = variable("WORLD_SIZE").has_value();
    const bool isSlurm = !isTorchrun && variable("SLURM_PROCID") && variable("SLURM_NTASKS") && variable("MASTER_ADDR");
    if (!isTorchrun && !isSlurm)
        return {};
    RankPlace place;
    place.size = numberIn(isSlurm ? "SLURM_NTASKS" : "WORLD_SIZE", 1, kMostRanks);
    if (place.size == 1)
        return {};
    place.rank = numberIn(isSlurm ? "SLURM_PROCID" : "RANK", 0, place.size - 1);
    const char *localRank = isSlurm ? "SLURM_LOCALID" : "LOCAL_RANK", *localSize = isSlurm ? "SLURM_NTASKS_PER_NODE" : "LOCAL_WORLD_SIZE";
    place.localRank = variable(localRank) ? numberIn(localRank, 0, place.size - 1) : 0;
    place.localSize = variable(localSize) ? numberIn(localSize, 1, place.size) : 1;
    place.port = numberIn("MASTER_PORT", 1, kMostPorts);
    const std::optional<std::string> host = variable("MASTER_ADDR");
    if (!host || host->empty())
        throw Error("The variable MASTER_ADDR is not set, but others say that this process is one of several.",
                    "Set it to the name of the machine of rank 0; torchrun does.");
    place.host = *host;
    place.hasAgent = variable("TORCHELASTIC_USE_AGENT_STORE") == "True";
    return place;
}

std::string deviceOf(const RankPlace &place, const std::string &name)
{
    if (place.localSize == 1 || (name != "auto" && name != "cuda"))
        return name;
    const int devices = cudaDevices();
    return devices > 0 ? "cuda:" + std::to_string(place.localRank % devices) : name;
}

std::unique_ptr<Ranks> connectRanks(const RankPlace &place, RankMeeting meeting)
{
    if (place.size == 1)
        return std::make_unique<Ranks>();
    return std::make_unique<StoreRanks>(place, std::move(meeting));
}

} // namespace secateur
