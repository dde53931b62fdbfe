// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room.
#pragma once

#include "session/Session.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace secateur {

/// What a session knows already of what a comparison asks for: what has the same content and was computed as it would be now. Content is known of the texts
/// that were read (Session::readTexts). A null means that it is not known; what is pointed at is the session's.
class KnownResults {
public:
    /// `now`: how the engine computes.
    KnownResults(const Session &session, ComputeConditions now) : s(session), m_now(std::move(now)) {}

    bool isAsNow(const ComputeConditions &computed) const { return differenceOf(computed, m_now).isNone(); }

    // Measurements of a plan, or of the dense model for an empty hash: the latest one.
    const Measurement *perplexity(const std::string &planHash, const TextSettings &text) const;
    const Measurement *tasks(const std::string &planHash, const std::string &asked) const; ///< `asked`: TaskResults::hash
    std::vector<ItemScore> scores(const std::string &planHash,
                                  const std::string &asked) const; ///< of those tasks, of which others are missing
    const Measurement *throughput(const std::string &planHash, const ThroughputSettings &settings) const;
    /// What finding the plan took.
    const Measurement *pruning(const std::string &planHash) const;

    /// The calibration of that text by the paper's norm, as an index; -1 = not known.
    std::int64_t calibration(const TextSettings &text) const;
    /// The plan that those settings gave on what is in a text (its hash).
    const ShelfPlan *blocks(const BlockSettings &settings, const std::string &content, const std::string &modelHash) const;
    /// A choice of blocks that can be gone on with for those settings (Engine::findBlocks): that which got furthest. Null: there is none.
    const BlockRecord *begun(const BlockSettings &settings, const std::string &content, const std::string &modelHash) const;

    /// The plan that those settings made of the plan of that hash.
    const ShelfPlan *restored(const RestorationSettings &settings, const std::string &plainHash) const;

private:
    template <class Fits>
    const Measurement *latest(Measured what, const std::string &planHash, const Fits &fits) const;
    bool isMadeOf(const Provenance &record, const std::string &content, const std::string &modelHash) const;

    const Session &s;
    ComputeConditions m_now;
};

} // namespace secateur
