// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/EngineSettings.h"
#include "session/Session.h"

#include <QString>
#include <QStringList>
#include <filesystem>
#include <vector>

namespace secateur::ui {

/// Command lines of secateur-cli that do what the window's jobs do, ready for a shell. Whoever runs the line of a plan gets the same plan hash:
/// it names every setting that decides it, the number of threads among them.
class CommandLines {
public:
    CommandLines(const Session &session, const EngineSettings &engine) : m_session(session), m_engine(engine) {}

    static QString inspect(const std::filesystem::path &model);
    /// `plan` with a file: what it is, and whether it fits.
    static QString checkPlan(const std::filesystem::path &model, const std::filesystem::path &file);
    QString calibrate() const;
    /// One step of a search in which every neuron is kept: `prune` with all of K and N = 1.
    QString impact() const;
    /// Score, plan and search in one line; of a plan of the shelf the search alone, which goes on from its file.
    QString plan(const PlanDraft &draft) const;
    /// That line, and `evaluate` with its plan.
    QString evaluate(const PlanDraft &draft, const TextSettings &text) const;
    QString evaluateDense(const TextSettings &text) const;
    /// The same for each draft, one after another; the plans are "plan-1.json" and so on.
    QString curve(const std::vector<PlanDraft> &drafts, const TextSettings &text) const;
    QStringList exportWords(const PlanDraft &draft, const ExportSettings &settings) const; ///< unquoted, for the manifest
    QString exportPlan(const PlanDraft &draft, const ExportSettings &settings) const;
    /// All of it, with the evaluation where the program takes such a text: one file, to its end, cut as the calibration is. Needs no calibration.
    QStringList pruneWords(const PlanDraft &draft, const ExportSettings &settings) const;
    QString prune(const PlanDraft &draft, const ExportSettings &settings) const;

private:
    QString evaluate(const PlanDraft &draft, const TextSettings &text, const QString &planFile) const;

    const Session &m_session;
    EngineSettings m_engine;
};

} // namespace secateur::ui
