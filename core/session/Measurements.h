// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/Session.h"

#include <array>
#include <string>
#include <vector>

namespace secateur {

/// What can be measured, by the name that files have for it. A new one is a row here and what Measurement says of it.
struct MeasuredRow {
    Measured what;
    const char *name;
};
inline constexpr std::array kMeasured = {MeasuredRow{Measured::Perplexity, "perplexity"}, MeasuredRow{Measured::Tasks, "tasks"},
                                         MeasuredRow{Measured::Throughput, "throughput"}, MeasuredRow{Measured::Pruning, "pruning"}};
const char *nameOf(Measured what);
/// Throws Flaw for a name without a row.
Measured measuredOf(const std::string &name);

/// Notes what is in a text. Whether something else, or nothing, was known of it.
bool noteContent(std::vector<ReadText> &read, const TextSettings &text, const std::string &tokenHash);
/// What is in a text, as tokenHash; empty when it was not read.
std::string contentOf(const std::vector<ReadText> &read, const TextSettings &text);

/// Whether it is a perplexity on that text: on what is in it now where that was read, else under the same settings.
bool isOn(const Measurement &measurement, const TextSettings &text, const std::vector<ReadText> &read);
/// Whether it says how fast a model is at every length and batch size of those settings.
bool isOn(const Measurement &measurement, const ThroughputSettings &settings);
/// Whether both measured the same: on the same tokens in windows of the same length, the same tasks asked in the same way, wherever those lay, or the speed
/// at the same lengths and batch sizes.
bool areOnSameContent(const Measurement &one, const Measurement &other);
/// Whether both were computed in the same way, so that they can be compared to the last bit.
bool areComputedAlike(const Measurement &one, const Measurement &other);

/// Adds one at the end. It takes the place of an earlier one of the same plan on the same content that was computed in the same way.
void addMeasurement(std::vector<Measurement> &all, Measurement added);
/// Whether a plan, or the dense model for an empty hash, was measured on the session's evaluation text in the way that is computed now.
bool isMeasured(const Session &session, Measured what, const std::string &planHash, const ComputeConditions &now);
/// The latest accuracies of a plan, or of the dense model for an empty hash, in just those tasks (TaskResults::hash) as they are computed now; null without.
const Measurement *taskMeasurementOf(const Session &session, const std::string &tasksHash, const std::string &planHash,
                                     const ComputeConditions &now);
/// Items of those tasks that were scored so, while others are missing; null where none were.
const BegunTasks *begunTasksOf(const Session &session, const std::string &tasksHash, const std::string &planHash,
                               const ComputeConditions &now);
/// Their scores; empty where there are none.
std::vector<ItemScore> begunScoresOf(const Session &session, const std::string &tasksHash, const std::string &planHash,
                                     const ComputeConditions &now);
/// The latest measurement of its speed. Other work of the machine decides that as well, so it is one number among possible ones.
const Measurement *throughputMeasurementOf(const Session &session, const ThroughputSettings &settings, const std::string &planHash,
                                           const ComputeConditions &now);
/// That of the dense model with which one is compared: on the same content, the latest that was computed in the same way, else the latest. Null
/// where there is none.
const Measurement *originalFor(const std::vector<Measurement> &all, const Measurement &one);

} // namespace secateur
