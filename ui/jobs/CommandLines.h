// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/Engine.h"
#include "session/Session.h"

#include <QString>
#include <QStringList>
#include <filesystem>

namespace secateur::ui {

/// Command lines of secateur-cli that do what the window's jobs do, ready for a shell. Whoever runs the line of a plan gets the same plan hash:
/// it names every setting that decides it, the number of threads among them.
class CommandLines {
public:
    CommandLines(const Session &session, const EngineSettings &engine) : m_session(session), m_engine(engine) {}

    QString inspect() const;
    QString calibrate() const;
    QString impact() const;
    /// Score, plan and search in one line.
    QString plan(const PlanDraft &draft) const;
    QString evaluate(const PlanDraft &draft, const TextSettings &text) const; ///< `prune ... --evaluate`, or `evaluate` of the dense model
    QString evaluateDense(const TextSettings &text) const;
    QStringList exportWords(const PlanDraft &draft, const ExportSettings &settings) const; ///< unquoted, for the manifest
    QString exportPlan(const PlanDraft &draft, const ExportSettings &settings) const;

private:
    const Session &m_session;
    EngineSettings m_engine;
};

} // namespace secateur::ui
