// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/TokenWindows.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// What is done beside plain 2SSP to make up for what pruning loses, in closed form, on the calibration windows.
enum class RestorationStep {
    Refit,      ///< R1: the down products of what is left are fitted to the dense outputs by least squares
    Order,      ///< R2: attentions are searched on the refitted model, and their number chosen by held-out loss
    Widths,     ///< R3: every layer gets a width of its own, by what it loses, at the same number of parameters
    Sequential, ///< R4: down and attention output products are fitted again, layer by layer, on what the pruned layers before them give
    Elimination ///< R5: neurons go in the order of what removing them loses after a refit, instead of by their norms
};

/// A row of the table of steps.
struct RestorationStepRow {
    RestorationStep step;
    const char *name;  ///< in files and on the command line: "r1"
    const char *title; ///< a few words for people
};
/// In the order of RestorationStep.
inline constexpr std::array kRestorationSteps = {
    RestorationStepRow{RestorationStep::Refit, "r1", "Refit down products"},
    RestorationStepRow{RestorationStep::Order, "r2", "Search attentions after the refit"},
    RestorationStepRow{RestorationStep::Widths, "r3", "Widths per layer"},
    RestorationStepRow{RestorationStep::Sequential, "r4", "Refit layer by layer"},
    RestorationStepRow{RestorationStep::Elimination, "r5", "Neurons by elimination"},
};
inline const char *nameOf(RestorationStep step)
{
    return kRestorationSteps[std::size_t(step)].name;
}
inline const char *titleOf(RestorationStep step)
{
    return kRestorationSteps[std::size_t(step)].title;
}
/// Throws Flaw that lists the names for one that none has.
RestorationStep restorationStepOf(const std::string &name);

/// Ridges are shares of the mean diagonal, above 0 and at most this: beyond it a fit leaves everything as it is.
inline constexpr double kLargestRidge = 1e6;
inline bool isRidge(double ridge)
{
    return ridge > 0 && ridge <= kLargestRidge; // not of NaN
}

/// How a plan of 2SSP is to be restored. Part of the plan, because it decides the result.
struct RestorationSettings {
    /// In the order of the enumeration, each once. All others need Refit.
    std::vector<RestorationStep> steps{RestorationStep::Refit, RestorationStep::Order, RestorationStep::Sequential};
    bool isGated = true;          ///< a step stays only if no text gets worse by it ("auto"); else every step stays that was asked for
    double ridge = 1e-3;          ///< of R1, as a share of the mean diagonal of the kept neurons' Gram matrix; above 0
    double pathRidge = 1e-3;      ///< of the elimination (R3, R5), as a share of the mean diagonal
    double sequentialRidge = 0.1; ///< of R4, centred on R1's weights; above 0
    std::optional<double> widthShare{}; ///< of R3: how far from one width to the allocation's, in (0, 1]; none: 0.5 or 1, by held-out loss
    std::int64_t searchWindows = 2;     ///< of R2; they follow those of the calibration in its text
    std::int64_t gateWindows = 4;       ///< on which losses are held out; they follow those of the search
    std::optional<std::int64_t> sequentialWindows{}; ///< of R4, from the calibration's first on; none: those of the calibration
    std::optional<TextSettings> second{};            ///< another text that the gate asks
    bool operator==(const RestorationSettings &) const = default;

    bool has(RestorationStep step) const;
};

/// A text on which losses were held out: windows that no fit and no search has seen.
struct GateText {
    TextSettings text;
    std::string tokenHash; ///< of the windows, see TokenWindows
    std::int64_t windows = 0;
    bool operator==(const GateText &) const = default;
};

/// What a plan with some of the steps is worth.
struct RestorationVariant {
    std::vector<RestorationStep> steps; ///< none: plain 2SSP
    std::int64_t attentionsRemoved = 0; ///< N
    std::vector<std::int64_t> widths;   ///< kept neurons per layer
    std::vector<double> losses;         ///< mean cross entropy on each gate text, nats a token
    double seconds = 0;                 ///< that the last of its steps took, measuring included
    bool isKept = true;                 ///< false: the gate turned the last of its steps down
    bool operator==(const RestorationVariant &) const = default;
};

/// A number of removals that R2 tried.
struct RemovalsTried {
    std::int64_t attentionsRemoved = 0, neuronsKept = 0; ///< N, and the K that the size then asks for
    double loss = 0;                                     ///< held out, on the first gate text
    double seconds = 0;
    bool operator==(const RemovalsTried &) const = default;
};

/// What the fit of a layer's down product came to. Errors are shares: |A_S W'^T - A W^T|^2 / |A W^T|^2 over the calibration's tokens, on dense activations.
struct RestoredLayer {
    double ridge = 0;        ///< that the fit was made with, a share of the mean diagonal
    std::int64_t raised = 0; ///< how often it was raised tenfold because the matrix was not positive or weights grew too large
    double growth = 1;       ///< max|W'| / max|W|, of the kept columns and of all
    double errorBefore = 0;  ///< of the kept columns as they were
    double errorAfter = 0;   ///< of the refitted ones
    bool operator==(const RestoredLayer &) const = default;
};

/// How a restored plan was found, beside what a plan of 2SSP tells.
struct RestorationRecord {
    RestorationSettings settings;
    std::string plainHash;                    ///< of the plan that it was made from
    std::vector<GateText> texts;              ///< that held-out losses are of: the calibration's own text first
    std::vector<RestorationVariant> variants; ///< in the order in which they were made, plain first
    std::vector<RemovalsTried> removals;      ///< of R2
    std::vector<RestoredLayer> layers;        ///< one for each layer; as they are without a fit where there was none
    std::int64_t tokens = 0;                  ///< of the Gram matrices
    std::int64_t sequentialTokens = 0;        ///< of R4; 0 without
    std::optional<double> widthShare{};       ///< of R3, that was taken
    std::vector<std::string> notes{};         ///< what had to be done otherwise than asked, as sentences
    bool operator==(const RestorationRecord &) const = default;

    /// The steps of the plan: of the last variant that is kept.
    std::vector<RestorationStep> kept() const;
};

} // namespace secateur
