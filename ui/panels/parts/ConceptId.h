// SPDX-License-Identifier: GPL-3.0-or-later
// What there is to explain, and which part of the window is about what.
#pragma once

#include "pruning/PlanMethod.h"
#include "pruning/RestorationRecord.h"

#include <array>
#include <optional>

class QWidget;

namespace secateur::ui {

/// A concept that has a card in the panel "Explain".
enum class ConceptId {
    Perplexity,
    TaskAccuracy,
    Signs,
    NeuronScore,
    UniformWidth,
    Parameters,
    BalanceRule,
    KvCache,
    ExportTargets,
    WidthFirst,
    GreedyStep,
    NearTie,
    ShortGpt,
    Window,
    BlockPruner,
    EvoPress,
    Restoration,
    Refit,
    RefittedOrder,
    LayerWidths,
    SequentialRefit,
    Elimination,
};

/// In the order of ConceptId: the names that widgets carry.
inline constexpr std::array kConceptNames = {
    "perplexity",     "task-accuracy", "signs",          "neuron-score", "uniform-width",    "parameters", "balance-rule", "kv-cache",
    "export-targets", "width-first",   "greedy-step",    "near-tie",     "shortgpt",         "window",     "blockpruner",  "evopress",
    "restoration",    "refit",         "refitted-order", "layer-widths", "sequential-refit", "elimination"};
inline const char *nameOf(ConceptId id)
{
    return kConceptNames[std::size_t(id)];
}

/// Dynamic property of a widget: the name of the concept that explains it and all that is in it.
constexpr const char *kConcept = "concept";
/// Sets it. A part of the widget may be about something else and say so itself.
void explainBy(QWidget &widget, ConceptId id);
/// What explains a widget: its own concept, or that of the nearest one that it lies in. None where nobody said so.
std::optional<ConceptId> conceptOf(const QWidget *widget);
/// What explains plans of a method; none of one by hand.
std::optional<ConceptId> conceptOf(PlanMethod method);
ConceptId conceptOf(RestorationStep step);

} // namespace secateur::ui
