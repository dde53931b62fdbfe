// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to this room.
#pragma once

#include "models/MessageLog.h"

#include <QString>
#include <exception>

namespace secateur::ui {

struct JobInfo;

/// An error message of a topic, still without words.
Message failureOf(const QString &topic);
/// Words for a job that failed or is held. Where the machine gave out, nothing is wrong with what was asked for: how far it came is said, and what
/// remains of it.
void describe(Message &message, const JobInfo &job);
void describe(Message &message, const std::exception &thrown);

} // namespace secateur::ui
