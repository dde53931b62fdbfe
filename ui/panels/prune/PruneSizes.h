// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "exporting/Export.h"

#include <QString>
#include <optional>
#include <string>

namespace secateur::ui {

class SessionJobs;
class SessionModel;

/// How large the session's model would be after pruning, for a program that people use. By arithmetic: any attentions stand for
/// those that will go, unless the current plan is of that size and knows them.
class PruneSizes {
public:
    PruneSizes(const SessionModel &session, const SessionJobs &jobs) : m_session(session), m_jobs(jobs) {}

    /// The target that suits the program best, and the bytes of the weights in its files; none when no plan of that sparsity is possible.
    struct Written {
        std::string target;
        std::optional<qint64> bytes;
    };
    Written at(double sparsity, const ExportEngine &engine) const;
    /// The lowest sparsity at which the weights fit into so many bytes; none when none does.
    std::optional<double> sparsityFor(double bytes, const ExportEngine &engine) const;
    /// Why no sparsity reaches a size: the smallest there is.
    QString smallestText(const ExportEngine &engine) const;

private:
    const SessionModel &m_session;
    const SessionJobs &m_jobs;
};

/// "removes 25.0 % of the layers' parameters", with the target where that is another number: whole neurons and attentions seldom come to it.
QString sparsityText(double target, double reached);

} // namespace secateur::ui
