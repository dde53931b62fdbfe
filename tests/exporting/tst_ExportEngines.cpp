// SPDX-License-Identifier: GPL-3.0-or-later
// Which target is recommended to those who run models in one program or another.
#include "exporting/Export.h"
#include "model/Surgery.h"

#include <QtTest>
#include <algorithm>

using namespace secateur;

namespace {

ModelSpec llama(std::int64_t layers)
{
    ModelSpec spec;
    spec.family = "llama";
    spec.hiddenSize = 512;
    spec.vocabularySize = 1000;
    spec.contextLength = 512;
    const AttentionSpec attention{.heads = 8, .kvHeads = 4, .headDim = 64, .qkvBias = false, .outputBias = false};
    spec.layers.assign(std::size_t(layers), LayerSpec{.attention = attention, .ffn = FfnSpec{.neurons = 2048, .bias = false}});
    return spec;
}

const ExportEngine &engine(const std::string &word)
{
    const auto &engines = exportEngines();
    return *std::find_if(engines.begin(), engines.end(), [&](const ExportEngine &e) { return e.name.find(word) != std::string::npos; });
}

std::string recommended(const std::string &word, const std::vector<std::int64_t> &widths, const std::vector<std::int64_t> &removed)
{
    const ModelSpec dense = llama(std::int64_t(widths.size()));
    return recommendedTarget(engine(word), dense, prunedSpec(dense, widths, removed));
}

} // namespace

class tst_ExportEngines : public QObject {
    Q_OBJECT

private slots:
    void targetsOfEnginesAreThere();
    void smallestTargetIsRecommended();
};

void tst_ExportEngines::targetsOfEnginesAreThere()
{
    for (const ExportEngine &one : exportEngines()) {
        QVERIFY(!one.targets.empty());
        for (const std::string &target : one.targets)
            QVERIFY(std::any_of(exportTargets().begin(), exportTargets().end(), [&](const ExportTarget &t) { return t.name == target; }));
    }
}

void tst_ExportEngines::smallestTargetIsRecommended()
{
    const std::vector<std::int64_t> even(6, 1024), odd(6, 1030), uneven = {1024, 1024, 512, 1024, 1024, 1024};
    QCOMPARE(recommended("transformers", even, {3}), std::string("hf-dropin"));
    QCOMPARE(recommended("vLLM", even, {}), std::string("hf-dropin")); // no smaller in the other
    QCOMPARE(recommended("vLLM", even, {3}), std::string("hf-deci"));
    QCOMPARE(recommended("vLLM", odd, {}), std::string("hf-dropin")); // the other fills up to 1,280
    QCOMPARE(recommended("llama.cpp", odd, {3}), std::string("gguf-deci"));
    QCOMPARE(recommended("vLLM", uneven, {}), std::string("hf-deci"));
    QCOMPARE(recommended("transformers", uneven, {}), std::string()); // one width only
}

QTEST_GUILESS_MAIN(tst_ExportEngines)
#include "tst_ExportEngines.moc"
