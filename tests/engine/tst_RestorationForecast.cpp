// SPDX-License-Identifier: GPL-3.0-or-later
// What a restoration will take, by arithmetic alone. That it is true of the sample is in tst_EngineRestoration and tests/app/tst_Memory.
#include <QtTest>

#include "checkpoint/Checkpoint.h"
#include "engine/RestorationForecast.h"
#include "foundation/Error.h"
#include "model/Families.h"

#include <algorithm>
#include <numeric>

using namespace secateur;

namespace {

constexpr std::int64_t kGiB = std::int64_t(1) << 30;

/// Llama-2-7B.
struct Case {
    ModelSpec spec = specFromConfig(readConfig(SECATEUR_FIXTURES "/configs/llama-2-7b.json"), "llama-2-7b.json");
    PruningPlan plain;
    RestorationText text{.windows = 32, .length = 2048, .hasGrams = true};
    ForecastBasis basis{.isGpu = true,
                        .elementBytes = 2,
                        .storedElementBytes = 2,
                        .residentNow = kGiB,
                        .freeHost = 100 * kGiB,
                        .freeDevice = 78 * kGiB,
                        .limits = {},
                        .flopPerSecond = 4e14};

    explicit Case(double sparsity = 0.5)
    {
        plain.settings.sparsity = sparsity;
        plain.balance = balance(spec, plain.settings);
        std::vector<std::int64_t> kept(std::size_t(plain.balance.neuronsKept));
        std::iota(kept.begin(), kept.end(), 0);
        plain.keptNeurons.assign(spec.layers.size(), kept);
        for (std::int64_t i = 0; i < plain.balance.attentionsToRemove; ++i)
            plain.removedAttentions.push_back(i);
    }
    std::vector<RestorationPhase> phases(const RestorationSettings &settings) const
    {
        return phasesOfRestoration(spec, plain, settings, text, basis);
    }
    Forecast told(const RestorationSettings &settings) const { return forecastRestoration(spec, plain, settings, text, basis); }
};

RestorationSettings with(std::vector<RestorationStep> steps)
{
    RestorationSettings settings;
    settings.steps = std::move(steps);
    return settings;
}

QStringList namesOf(const std::vector<RestorationPhase> &phases)
{
    QStringList names;
    for (const RestorationPhase &phase : phases)
        names += QString::fromStdString(phase.phase);
    return names;
}

} // namespace

class tst_RestorationForecast : public QObject {
    Q_OBJECT

private slots:
    void phasesComeInTheOrderOfTheSteps()
    {
        Case c;
        QCOMPARE(namesOf(c.phases(with({RestorationStep::Refit}))), (QStringList{"evaluate", "restore", "evaluate"}));
        c.text.hasGrams = false;
        c.text.second = 4;
        c.text.secondLength = 2048;
        QCOMPARE(namesOf(c.phases(with({RestorationStep::Refit}))),
                 (QStringList{"calibrate", "evaluate", "evaluate", "restore", "evaluate", "evaluate"}));
    }

    /// By hand, of 32 layers: 0.25 TFLOP for a solve and 0.45 for its right-hand side.
    void secondsAreThoseOfTheArithmetic()
    {
        const Case c;
        const auto secondsOf = [&](std::vector<RestorationStep> steps) { return c.told(with(std::move(steps))).seconds; };
        const double refit = c.phases(with({RestorationStep::Refit}))[1].seconds;
        const double teraflop = refit / 2 * c.basis.flopPerSecond * 1e-12; // the forecast takes fp64 for half as fast
        QVERIFY2(teraflop > 20 && teraflop < 24, qPrintable(QString::number(teraflop)));
        const double plain = secondsOf({RestorationStep::Refit});
        QVERIFY(secondsOf({RestorationStep::Refit, RestorationStep::Order}) > plain);
        QVERIFY(secondsOf({RestorationStep::Refit, RestorationStep::Widths}) > plain);
        QVERIFY(secondsOf({RestorationStep::Refit, RestorationStep::Sequential}) > plain);
    }

    void memoryNamesWhatTheSolvesTake()
    {
        Case c(0.8); // so that it is the solves that take the most
        c.basis.isGpu = false;
        c.basis.freeDevice = 0;
        const Forecast told = c.told(with({RestorationStep::Refit}));
        const auto bytesOf = [&](const char *name) {
            const auto part = std::ranges::find(told.parts, name, &MemoryPart::name);
            return part == told.parts.end() ? 0 : part->bytes;
        };
        QCOMPARE(bytesOf("Gram matrices"), 2 * 11008LL * 11008 * 4); // as it is read, and where it is solved
        QVERIFY(bytesOf("least squares") >= 2 * 11008LL * 11008 * 8);
        std::int64_t sum = 0;
        for (const MemoryPart &part : told.parts)
            sum += part.bytes;
        QCOMPARE(sum, told.hostBytes);
    }

    void modelThatDoesNotFitIsStreamed()
    {
        Case c;
        c.basis.freeDevice = 10 * kGiB;
        QVERIFY(c.told(with({RestorationStep::Refit})).isStreamed);
        c.basis.freeDevice = kGiB;
        QVERIFY_THROWS_EXCEPTION(Error, c.told(with({RestorationStep::Refit})));
    }
};

QTEST_GUILESS_MAIN(tst_RestorationForecast)
#include "tst_RestorationForecast.moc"
