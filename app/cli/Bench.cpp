// SPDX-License-Identifier: GPL-3.0-or-later
// The command `bench`.
#include "benchmark/Benchmark.h"
#include "checkpoint/Checkpoint.h"
#include "cli/Run.h"
#include "foundation/Wording.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace secateur::cli {
namespace {

std::vector<std::string> rowOf(const BenchPhase &phase, double peak)
{
    std::vector<std::string> row = {phase.name, decimal(phase.seconds, 2), "", "", "", "", size(phase.peakBytes)};
    if (phase.work) {
        const double rate = phase.work->flop / phase.seconds;
        row[2] = decimal(phase.work->flop / 1e12, 3);
        row[3] = decimal(rate / 1e9, 1);
        row[4] = percent(rate / peak);
        row[5] = size(std::int64_t(phase.work->bytes));
    }
    if (phase.peakDeviceBytes > 0)
        row[6] += ", " + size(phase.peakDeviceBytes) + " on the device";
    return row;
}

/// The settings of `one` with that of --versus: "dtype=bfloat16".
EngineSettings versus(EngineSettings one, const std::string &setting)
{
    const std::size_t sign = setting.find('=');
    const std::string name = setting.substr(0, sign), value = setting.substr(sign + 1);
    (name == "dtype" ? one.dtype : name == "screen" ? one.screening : one.waiting) = value;
    return one;
}

/// Keeps the faster run of each phase.
void takeBest(std::optional<BenchResult> &best, BenchResult result)
{
    if (!best) {
        best = std::move(result);
        return;
    }
    for (std::size_t i = 0; i < std::min(best->phases.size(), result.phases.size()); ++i)
        if (result.phases[i].name == best->phases[i].name && result.phases[i].seconds < best->phases[i].seconds)
            best->phases[i] = result.phases[i];
    for (std::size_t i = 0; i < std::min(best->products.size(), result.products.size()); ++i)
        best->products[i].flopPerSecond = std::max(best->products[i].flopPerSecond, result.products[i].flopPerSecond);
}

/// How it was computed, in words.
std::string describe(const BenchResult &result, const EngineReport &machine)
{
    const ComputeConditions &how = machine.computed;
    std::string text = how.device + " in " + result.dtype + ", " + counted(how.threads, "thread") + ", LibTorch " + how.torchVersion;
    if (how.device == "cpu")
        text += " with " + how.instructions + ", products in fp32 by " + how.products +
                ", own kernels: " + (result.kernels.empty() ? "none" : result.kernels) + ", waiting: " + machine.waiting;
    return text + (result.screening == "none" ? "" : "; candidates screened in " + result.screening);
}

nlohmann::json sumsOf(const BenchResult &result)
{
    return {{"stage 1", result.sum("stage 1").seconds},
            {"stage 2", result.sum("stage 2").seconds},
            {"both stages", result.sum("stage").seconds}};
}

} // namespace

void Run::bench()
{
    const ModelSpec spec = specOfModelOrConfig();
    engine.reset(); // nothing stays open: the benchmark begins with loading
    BenchSettings settings;
    settings.windows = o.windows.value_or(settings.windows);
    settings.length = o.length.value_or(std::min(settings.length, spec.contextLength));
    settings.balance = balanceSettings(spec);
    settings.seed = o.seed.value_or(settings.seed);
    settings.losses = losses();
    settings.memory = memoryLimits();
    settings.isExported = !o.isExportSkipped;
    std::string setting; // whose phases are heard
    std::int64_t round = 0;
    const PhaseListener heard = [&](const BenchPhase &phase) {
        nlohmann::json event = {{"event", "phase"}, {"name", phase.name}, {"seconds", phase.seconds}, {"round", round + 1}};
        if (!setting.empty())
            event["setting"] = setting;
        report.event(event);
    };
    TextSettings text = cli::calibrationText(o, spec.contextLength);
    text.windows = settings.windows;
    const auto measure = [&](EngineSettings computing) {
        computing.textRead = [this](const TextSettings &shownText, const TextReport &read) { showText(shownText, read); };
        return o.isRandom ? benchmarkShape(readConfig(o.config), o.config.string(), computing, settings, context, heard)
                          : benchmarkModel(o.model, text, computing, settings, context, heard);
    };
    const std::optional<EngineSettings> otherEngine = o.versus.empty() ? std::nullopt : std::optional(versus(o.engine, o.versus));
    std::optional<BenchResult> best, other;
    EngineReport machine, otherMachine;
    for (; round < o.rounds; ++round)
        for (const bool isOther : {round % 2 != 0, round % 2 == 0}) { // the order alternates, so that no side has the slower minutes
            if (isOther && !otherEngine)
                continue;
            setting = isOther ? o.versus : std::string();
            const EngineSettings &engineOf = isOther ? *otherEngine : o.engine;
            takeBest(isOther ? other : best, measure(engineOf));
            (isOther ? otherMachine : machine) = Engine(engineOf).report();
        }
    const BenchResult &result = *best;

    report.line(describe(result, machine) + "; " + counted(settings.windows, "window") + " of " + counted(settings.length, "token") +
                "; N = " + std::to_string(result.balance.attentionsToRemove) + ", K = " + grouped(result.balance.neuronsKept));
    Rows products = {{"product alone", "shape", "GFLOP/s"}};
    for (const ProductRate &p : result.products)
        products.push_back({p.name, std::to_string(p.rows) + " x " + std::to_string(p.inner) + " x " + std::to_string(p.columns),
                            decimal(p.flopPerSecond / 1e9, 1)});
    report.table(products);
    Rows rows = {{"phase", "seconds", "TFLOP", "GFLOP/s", "of peak", "moved", "peak memory"}};
    for (const BenchPhase &phase : result.phases)
        rows.push_back(rowOf(phase, result.peak()));
    BenchPhase both = result.sum("stage");
    both.name = "both stages";
    rows.push_back(rowOf(both, result.peak()));
    report.table(rows);
    const bool isOnDevice = result.forecast.deviceBytes > 0;
    report.line(std::string(result.forecast.isStreamed ? "layers were streamed" : "layers stayed in memory") +
                "; memory forecast: " + size(isOnDevice ? result.forecast.deviceBytes : result.forecast.hostBytes) +
                ", taken: " + size(isOnDevice ? result.peakDeviceBytes() : result.peakBytes()));
    nlohmann::json json = toJson(result);
    json["sums"] = sumsOf(result);
    const ComputeConditions &how = machine.computed;
    json["machine"] = {{"device", how.device},
                       {"gpu", how.gpu},
                       {"threads", how.threads},
                       {"torch", how.torchVersion},
                       {"instructions", how.instructions},
                       {"products", how.products},
                       {"host", how.host},
                       {"waiting", machine.waiting}};
    if (other) {
        report.line("versus " + o.versus + ": " + describe(*other, otherMachine));
        Rows compared = {{"phase", "seconds", o.versus, "ratio"}};
        const auto compare = [&](const BenchPhase &one, const BenchPhase &two) {
            compared.push_back({one.name, decimal(one.seconds, 2), decimal(two.seconds, 2), decimal(two.seconds / one.seconds, 2)});
        };
        for (std::size_t i = 0; i < std::min(result.phases.size(), other->phases.size()); ++i)
            if (result.phases[i].name == other->phases[i].name)
                compare(result.phases[i], other->phases[i]);
        BenchPhase otherBoth = other->sum("stage");
        compare(both, otherBoth);
        report.table(compared);
        json["versus"] = toJson(*other);
        json["versus"].update({{"setting", o.versus},
                               {"waiting", otherMachine.waiting},
                               {"sums", sumsOf(*other)},
                               {"ratio", otherBoth.seconds / both.seconds}});
    }
    json["settings"] = {{"windows", settings.windows},
                        {"length", settings.length},
                        {"sparsity", settings.balance.sparsity},
                        {"allLosses", o.areAllLossesWanted},
                        {"rounds", o.rounds}};
    finish(std::move(json));
}

} // namespace secateur::cli
