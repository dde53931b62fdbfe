// SPDX-License-Identifier: GPL-3.0-or-later
// The command `bench`.
#include "benchmark/Benchmark.h"
#include "checkpoint/Checkpoint.h"
#include "cli/Session.h"
#include "foundation/Wording.h"

#include <string>
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

} // namespace

void Session::bench()
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
    const PhaseListener heard = [&](const BenchPhase &phase) {
        report.event({{"event", "phase"}, {"name", phase.name}, {"seconds", phase.seconds}});
    };
    EngineSettings computing = o.engine;
    computing.textRead = [this](const TextSettings &text, const TextReport &read) { showText(text, read); };
    const BenchResult result = o.isRandom ? benchmarkShape(readConfig(o.config), o.config.string(), o.engine, settings, context, heard)
                                          : benchmarkModel(o.model, textOf(o.texts, settings.windows), computing, settings, context, heard);
    const EngineReport machine = Engine(o.engine).report();

    report.line(machine.device + " in " + result.dtype + ", " + std::to_string(machine.threads) + " threads, LibTorch " +
                machine.torchVersion +
                (machine.device == "cpu" ? " with " + machine.instructions + ", products in fp32 by " + machine.products : "") + "; " +
                grouped(settings.windows) + " windows of " + grouped(settings.length) +
                " tokens; N = " + std::to_string(result.balance.attentionsToRemove) + ", K = " + grouped(result.balance.neuronsKept));
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
    json["sums"] = {{"stage 1", result.sum("stage 1").seconds}, {"stage 2", result.sum("stage 2").seconds}, {"both stages", both.seconds}};
    json["machine"] = {{"device", machine.device},
                       {"threads", machine.threads},
                       {"torch", machine.torchVersion},
                       {"instructions", machine.instructions},
                       {"products", machine.products}};
    json["settings"] = {{"windows", settings.windows},
                        {"length", settings.length},
                        {"sparsity", settings.balance.sparsity},
                        {"allLosses", o.areAllLossesWanted}};
    finish(std::move(json));
}

} // namespace secateur::cli
