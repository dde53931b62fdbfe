// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/RestorationForecast.h"

#include "restoration/GramFile.h"
#include "restoration/RemovalChoice.h"

#include <algorithm>

namespace secateur {
namespace {

/// Sizes and seconds of the parts that restorations consist of.
class Parts {
public:
    Parts(const ModelSpec &dense, const PruningPlan &plain, const RestorationSettings &settings, const RestorationText &text,
          const ForecastBasis &basis)
        : m_dense(dense),
          m_plain(plain),
          m_settings(settings),
          m_text(text),
          m_basis(basis),
          m_d(dense.hiddenSize),
          m_most(dense.mostNeurons())
    {
        for (const std::int64_t width : plain.widths()) {
            m_widest = std::max(m_widest, width);
            m_fitted += width * m_d;
        }
        for (const LayerSpec &layer : dense.layers)
            if (layer.attention)
                m_mixed = std::max(m_mixed, layer.attention->heads * layer.attention->headDim);
    }

    RestorationPhase calibrate() const
    {
        RestorationPhase phase{.phase = "calibrate", .size = {.windows = m_text.windows, .length = m_text.length, .gramsPerLayer = 2}};
        phase.seconds = computing(phase.size);
        return phase;
    }

    /// R1: one solve a layer.
    RestorationPhase refit() const
    {
        RestorationPhase phase = solving();
        double flop = 0;
        const std::vector<std::int64_t> widths = m_plain.widths();
        for (std::size_t i = 0; i < widths.size(); ++i)
            flop += solveFlop(double(widths[i])) + 2 * double(widths[i]) * double(m_dense.layers[i].neurons()) * double(m_d);
        phase.seconds = secondsInDouble(flop);
        return phase;
    }

    /// The paths of R3 and R5: an inverse of each layer's matrix, and its updates.
    RestorationPhase eliminate() const
    {
        constexpr double kUpdates = 1 + 2.0 / 3;
        RestorationPhase phase = solving();
        double flop = 0;
        for (const LayerSpec &layer : m_dense.layers) {
            const auto neurons = double(layer.neurons());
            flop += neurons * neurons * (kUpdates * neurons + 3 * double(m_d));
        }
        phase.seconds = secondsInDouble(flop);
        return phase;
    }

    /// R4: both streams through all layers.
    RestorationPhase sequence() const
    {
        const std::int64_t windows = m_settings.sequentialWindows.value_or(m_text.windows);
        RestorationPhase phase{.phase = "restore", .size = {.windows = 2 * windows, .length = m_text.length}};
        const std::int64_t side = std::max(m_widest, m_mixed);
        phase.solveBytes = (3 * side * side + 4 * side * m_d) * 8; // as SequentialRefit.h tells
        hold(phase);
        phase.size.keptBytes += narrowBytes();
        const double T = double(windows * m_text.length), L = double(m_dense.layerCount());
        const double ofLayer = T * double(m_widest * m_widest + m_mixed * m_mixed) + 2 * T * double((m_widest + m_mixed) * m_d);
        phase.seconds = double(windows) * (computing({.windows = 1, .length = m_text.length}) + evaluation(m_text.length)) +
                        seconds(L * ofLayer) + secondsInDouble(L * (solveFlop(double(m_widest)) + solveFlop(double(m_mixed))));
        return phase;
    }

    RestorationPhase search() const
    {
        RestorationPhase phase{.phase = "search", .size = sizeOfVariant(m_text.length), .heldBytes = fittedBytes()};
        phase.size.searchWindows = m_settings.searchWindows;
        phase.size.removals = m_plain.balance.attentionsToRemove;
        phase.seconds = computing(phase.size);
        return phase;
    }

    /// Appends the measuring of a variant: a phase for each text, or for the first alone.
    void measure(std::vector<RestorationPhase> &phases, bool isFirstAlone = false) const
    {
        phases.push_back({.phase = "evaluate",
                          .size = sizeOfVariant(m_text.length),
                          .seconds = double(m_settings.gateWindows) * evaluation(m_text.length),
                          .heldBytes = fittedBytes()});
        if (m_text.second > 0 && !isFirstAlone)
            phases.push_back({.phase = "evaluate",
                              .size = sizeOfVariant(m_text.secondLength),
                              .seconds = double(m_text.second) * evaluation(m_text.secondLength),
                              .heldBytes = fittedBytes()});
    }

private:
    std::int64_t squares(std::int64_t bytes) const { return m_most * m_most * bytes; }
    double solveFlop(double side) const { return side * side * side / 3 + 2 * side * side * double(m_d); }
    /// Values of fits that are at hand at once: of two sets of neurons, and the second fit of one.
    std::int64_t fittedBytes() const
    {
        const std::int64_t second = m_settings.has(RestorationStep::Sequential) ? m_fitted + m_dense.layerCount() * m_mixed * m_d : 0;
        return (2 * m_fitted + second) * m_basis.storedElementBytes;
    }
    /// Of a variant's FFNs beside those of the dense model.
    std::int64_t narrowBytes() const { return 3 * m_fitted * m_basis.elementBytes; }

    RestorationPhase solving() const
    {
        RestorationPhase phase{.phase = "restore", .size = {.windows = 1, .length = m_text.length}};
        phase.gramBytes = 2 * squares(4); // as they are read, and where they are solved
        phase.solveBytes = 2 * squares(8) + 3 * m_most * m_d * 8;
        hold(phase);
        return phase;
    }

    void hold(RestorationPhase &phase) const
    {
        phase.heldBytes = fittedBytes();
        phase.size.keptBytes = phase.gramBytes + phase.solveBytes + (m_basis.isGpu ? 0 : phase.heldBytes);
    }

    JobSize sizeOfVariant(std::int64_t length) const
    {
        const std::int64_t outputs = m_settings.has(RestorationStep::Sequential) ? m_dense.layerCount() * m_mixed * m_d : 0;
        const std::int64_t windows = m_text.windows + m_settings.searchWindows + m_settings.gateWindows;
        return {.length = length,
                .searchWindows = 1,
                .neuronsKept = m_widest,
                .textTokens = windows * m_text.length + m_text.second * m_text.secondLength,
                .changedElements = m_fitted + outputs,
                .keptBytes = m_basis.isGpu ? 0 : fittedBytes()};
    }

    /// Seconds of a job of that size without what every job takes; 0 where no rate is known.
    double computing(const JobSize &size) const
    {
        if (m_basis.flopPerSecond == 0 || m_text.length == 0)
            return 0;
        ForecastBasis basis = m_basis;
        basis.limits = {};
        basis.freeHost = basis.freeDevice = std::int64_t(1) << 60; // only the time is asked for
        return forecast(m_dense, size, basis).seconds - kSecondsToBegin;
    }
    /// Of a window.
    double evaluation(std::int64_t length) const { return computing({.length = length, .searchWindows = 1, .neuronsKept = m_widest}); }
    double seconds(double flop) const { return m_basis.flopPerSecond > 0 ? flop / m_basis.flopPerSecond : 0; }
    double secondsInDouble(double flop) const { return 2 * seconds(flop); } // on processors; few graphics cards are as fast

    const ModelSpec &m_dense;
    const PruningPlan &m_plain;
    const RestorationSettings &m_settings;
    const RestorationText &m_text;
    const ForecastBasis &m_basis;
    std::int64_t m_d, m_most;
    std::int64_t m_widest = 0, m_fitted = 0; ///< kept neurons of the widest layer; values of all refitted down products
    std::int64_t m_mixed = 0;                ///< what enters an attention's output product
};

/// Names what a phase keeps by what it is.
void nameParts(std::vector<MemoryPart> &parts, const RestorationPhase &phase)
{
    const auto states = std::ranges::find(parts, "hidden states", &MemoryPart::name);
    if (states == parts.end() || phase.size.keptBytes == 0)
        return;
    states->bytes -= phase.size.keptBytes;
    std::erase_if(parts,
                  [](const MemoryPart &part) { return part.name == "Gram matrices" && part.bytes == 0; }); // of stage 1, that is not run
    const MemoryPart kept[] = {{"Gram matrices", phase.gramBytes},
                               {"least squares", phase.solveBytes},
                               {"fitted weights", phase.size.keptBytes - phase.gramBytes - phase.solveBytes}};
    for (const MemoryPart &part : kept)
        if (part.bytes > 0)
            parts.push_back(part);
}

} // namespace

PruningPlan outlineOf(const BalanceSettings &settings, const SparsityBalance &balance, const std::vector<std::int64_t> &widths)
{
    PruningPlan outline;
    outline.settings = settings;
    outline.balance = balance;
    for (const std::int64_t width : widths)
        outline.keptNeurons.emplace_back(std::size_t(width));
    return outline;
}

std::vector<RestorationPhase> phasesOfRestoration(const ModelSpec &dense, const PruningPlan &plain, const RestorationSettings &settings,
                                                  const RestorationText &text, const ForecastBasis &basis)
{
    constexpr int kShares = 2; // of R3 that are tried
    const Parts parts(dense, plain, settings, text, basis);
    std::vector<RestorationPhase> phases;
    if (!text.hasGrams)
        phases.push_back(parts.calibrate());
    parts.measure(phases); // plain
    phases.push_back(parts.refit());
    parts.measure(phases);
    if (settings.has(RestorationStep::Order) && plain.balance.attentionsToRemove > 0) {
        phases.push_back(parts.search());
        for (std::size_t i = 0; i < removalCandidates(dense, plain).size(); ++i) {
            if (i > 0) // the first has the neurons of the plan
                phases.push_back(parts.refit());
            parts.measure(phases, true);
        }
        phases.push_back(parts.refit()); // of the best, where others were made since
        parts.measure(phases);
    }
    if (settings.has(RestorationStep::Widths) || settings.has(RestorationStep::Elimination))
        phases.push_back(parts.eliminate());
    if (settings.has(RestorationStep::Widths)) {
        for (int i = 0; i < kShares && !settings.widthShare; ++i) {
            phases.push_back(parts.refit());
            parts.measure(phases, true);
        }
        if (settings.widthShare)
            phases.push_back(parts.refit());
        parts.measure(phases);
    }
    if (settings.has(RestorationStep::Elimination)) {
        phases.push_back(parts.refit());
        parts.measure(phases);
    }
    if (settings.has(RestorationStep::Sequential)) {
        phases.push_back(parts.sequence());
        parts.measure(phases);
    }
    return phases;
}

Forecast forecastRestoration(const ModelSpec &dense, const PruningPlan &plain, const RestorationSettings &settings,
                             const RestorationText &text, const ForecastBasis &basis)
{
    Forecast all;
    double seconds = kSecondsToBegin;
    for (const RestorationPhase &phase : phasesOfRestoration(dense, plain, settings, text, basis)) {
        Forecast one = forecast(dense, phase.size, basis);
        if (basis.isGpu) // fitted weights wait in the host's memory, and a layer's matrices as they are read
            one.hostBytes += phase.heldBytes + phase.gramBytes;
        nameParts(one.parts, phase);
        if (one.memoryBytes() > all.memoryBytes())
            all.parts = one.parts;
        all.isStreamed = all.isStreamed || one.isStreamed;
        all.hostBytes = std::max(all.hostBytes, one.hostBytes);
        all.deviceBytes = std::max(all.deviceBytes, one.deviceBytes);
        all.restartBytes = std::max(all.restartBytes, one.restartBytes);
        all.areStatesOnHost = all.areStatesOnHost || one.areStatesOnHost;
        all.bytesRead = one.isStreamed ? all.bytesRead + one.bytesRead : std::max(all.bytesRead, one.bytesRead);
        seconds += phase.seconds;
    }
    all.diskBytes = text.hasGrams ? 0 : bytesOfGrams(dense, true);
    all.seconds = basis.flopPerSecond > 0 ? seconds : 0;
    return all;
}

} // namespace secateur
