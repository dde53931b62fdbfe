// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/compare/CompareRows.h"
#include "panels/layers/LayerFacts.h"
#include "pruning/PruningPlan.h"
#include "session/PlanDifference.h"

#include <QString>

#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace secateur::ui {

/// One of two plans that are looked at side by side, as values: what makes it again.
struct PlanSide {
    std::shared_ptr<const Session> session;
    std::optional<PlanDraft> draft; ///< none: the original, or a plan of which only measurements are left
    bool isOriginal = false;
};
PlanSide sideOf(const CompareRows &rows, std::size_t row);

/// A setting in which two plans differ, in words.
struct SettingPair {
    QString name, first, second;
};

/// Two plans side by side.
struct PlanPair {
    QString problem{}; ///< why their layers cannot be compared; a sentence. Then the rest is empty
    PlanDifference difference{};
    std::array<std::vector<LayerFacts>, 2> facts{}; ///< of each layer
    qint64 widestFfn = 0;                           ///< neurons, in the original
    std::vector<SettingPair> settings{};            ///< those that differ; none where one of them is the original
};
/// Makes both plans, which takes long: off the interface's thread.
PlanPair planPair(const PlanSide &first, const PlanSide &second);

/// Names and values of everything that decided a plan.
std::vector<std::pair<QString, QString>> settingsOf(const PruningPlan &plan);

} // namespace secateur::ui
