// SPDX-License-Identifier: GPL-3.0-or-later
// The refit layer by layer, against a script that computes all of it in fp64 with numpy (sequential_reference.py).
#include "../decoder/TinyLlamas.h"
#include "decoder/LayerStream.h"
#include "restoration/SequentialRefit.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/full_like.h>
#include <QtTest>
#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <stop_token>

#include "../checkpoint/Complaint.h" // of Qt, whose macros Torch does not bear

using namespace secateur;
using namespace secateur::test;

namespace {

/// A case of the script.
struct Reference {
    Surgery start;                           ///< with R1's weights
    at::Tensor tokens;                       ///< [8, 40]
    double ridge = 0;                        ///< of R4
    std::map<TensorRole, at::Tensor> fitted; ///< fp64, on the CPU
};

Reference referenceOf(const std::string &name)
{
    const SafetensorsFile file(SECATEUR_FIXTURES "/restoration/sequential-" + name + ".safetensors");
    const nlohmann::json told = nlohmann::json::parse(file.metadata().at("case"));
    Reference reference{.start = surgeryOf(told.at("kept"), told.at("removed")), .tokens = {}, .ridge = told.at("ridge"), .fitted = {}};
    std::vector<NewWeight> start;
    for (const TensorView &view : file.tensors()) {
        const std::string kind = view.name.substr(0, view.name.find('.'));
        if (kind == "tokens") {
            reference.tokens = copyOf(view).to(testDevice(), at::kLong);
            continue;
        }
        const TensorRole role = roleOfOwnTensor(view.name.substr(kind.size() + 1)).value();
        if (kind == "start") {
            start.push_back({.role = role, .values = copyOf(view)});
            continue;
        }
        at::Tensor &sum = reference.fitted[role]; // of "fitted" and "rest"
        sum = sum.defined() ? sum + copyOf(view).to(at::kDouble) : copyOf(view).to(at::kDouble);
    }
    reference.start.edits = editsOf(std::move(start));
    return reference;
}

std::vector<NewWeight> refit(const Decoder &dense, const Surgery &start, const at::Tensor &tokens, double ridge,
                             const SequentialOptions &options = {})
{
    JobContext context;
    return refitInSequence(dense, start, tokens, ridge, context, options);
}

double relative(const at::Tensor &difference, const at::Tensor &to)
{
    return (difference.to(at::kDouble).norm() / to.to(at::kDouble).norm()).item<double>();
}

Surgery uncut(const ModelSpec &spec)
{
    std::vector<std::vector<std::int64_t>> kept;
    for (const LayerSpec &layer : spec.layers) {
        kept.emplace_back(std::size_t(layer.neurons()));
        std::iota(kept.back().begin(), kept.back().end(), 0);
    }
    return surgeryOf(kept, {});
}

/// Half of the neurons, every second one; the attention of layer 1 goes, and the FFN of layer 0 where that is asked for.
Surgery halved(const ModelSpec &spec, bool removesFfn)
{
    Surgery surgery = uncut(spec);
    for (LayerCut &layer : surgery.layers)
        std::erase_if(layer.keptNeurons, [](std::int64_t neuron) { return neuron % 2 == 0; });
    surgery.layers[1].hasAttention = false;
    if (removesFfn)
        surgery.layers[0].keptNeurons.clear();
    return surgery;
}

at::Tensor statesOf(const Decoder &decoder, const at::Tensor &tokens)
{
    at::Tensor x = decoder.embed(tokens);
    for (std::int64_t i = 0; i < decoder.layerCount(); ++i)
        x = decoder.layer(i, x);
    return x;
}

/// How far the states behind the last layer are from the dense ones.
double error(const Decoder &dense, const Surgery &surgery, const at::Tensor &tokens)
{
    const at::Tensor expected = statesOf(dense, tokens).to(at::kDouble);
    return relative(statesOf(pruned(dense, surgery), tokens).to(at::kDouble) - expected, expected);
}

/// Those of the model's fixture, each window also reversed and turned by half: [8, 40].
at::Tensor tokensOf(const std::string &name)
{
    const at::Tensor tokens = expectedOf(name)["input_ids"].to(at::kLong);
    return at::cat({tokens, tokens.flip({1}), tokens.roll({20}, {1}), tokens.flip({1}).roll({7}, {1})});
}

} // namespace

class tst_SequentialRefit : public QObject {
    Q_OBJECT

private slots:
    void weightsAreThoseOfTheScript_data();
    void weightsAreThoseOfTheScript();
    void modelThatIsNotCutStaysAsItIs_data();
    void modelThatIsNotCutStaysAsItIs();
    void statesComeBackToTheDenseOnes_data();
    void statesComeBackToTheDenseOnes();
    void everythingThatIsLeftIsFitted();
    void deadNeuronsKeepTheirWeights();
    void weightsAreThoseThatAreStored();
    void ridgeIsRaisedWhereWeightsGrow();
    void spareMemoryChangesNoBit();
    void streamedLayersAreMadeOnce();
    void progressCountsLayersOfWindows();
    void jobStopsBetweenWindows();
    void familiesWithOutputNormsAreRefused();
    void whatIsNotFiniteNamesItsLayer();
};

void tst_SequentialRefit::weightsAreThoseOfTheScript_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<bool>("isExact");
    for (const char *name : {"gqa", "all-biases"}) { // removed attention, widths; biases, removed FFN
        QTest::addRow("%s in fp64", name) << name << true;
        QTest::addRow("%s in fp32", name) << name << false;
    }
}

void tst_SequentialRefit::weightsAreThoseOfTheScript()
{
    QFETCH(QString, name);
    QFETCH(bool, isExact);
    const Reference reference = referenceOf(name.toStdString());
    const Decoder stored = loadDecoder(tinyLlama(name.toStdString()), 40);
    const Decoder dense = isExact ? inType(stored, at::kDouble) : stored;
    const std::vector<NewWeight> found = refit(dense, reference.start, reference.tokens, reference.ridge);
    QCOMPARE(found.size(), reference.fitted.size());
    for (const NewWeight &weight : found) {
        const at::Tensor &expected = reference.fitted.at(weight.role);
        QVERIFY(weight.values.scalar_type() == dense.dtype() && weight.values.is_cpu());
        QCOMPARE_LE(relative(weight.values.to(at::kDouble) - expected, expected),
                    isExact ? 1e-8 : 1e-5); // in fp32 by the roundings of the decoder
    }
    QVERIFY(std::ranges::is_sorted(found, {}, &NewWeight::role));
}

void tst_SequentialRefit::modelThatIsNotCutStaysAsItIs_data()
{
    QTest::addColumn<QString>("name");
    for (const char *name : {"gqa", "all-biases", "qwen2", "qwen3", "mistral", "phi3", "smollm3", "bf16", "fp16"})
        QTest::newRow(name) << name;
}

/// However strong or weak the ridge is: nothing is lacking that a fit could give.
void tst_SequentialRefit::modelThatIsNotCutStaysAsItIs()
{
    QFETCH(QString, name);
    const auto type = name == "bf16" ? at::kBFloat16 : name == "fp16" ? at::kHalf : at::kFloat;
    // Of the states that a product adds to: a few of them in each of its weights.
    const double rounding = 4 * (type == at::kBFloat16 ? 0x1p-8 : type == at::kHalf ? 0x1p-11 : 1e-5);
    const Decoder dense = loadDecoder(tinyLlama(name.toStdString()), 40, type);
    for (const double ridge : {1e-3, 0.1, 10.}) {
        const std::vector<NewWeight> found = refit(dense, uncut(dense.spec()), tokensOf(name.toStdString()), ridge);
        QCOMPARE(std::int64_t(found.size()), 2 * dense.layerCount());
        for (const NewWeight &weight : found) {
            const at::Tensor before = tensorOf(dense.weights().layers[std::size_t(weight.role.layer)], weight.role).cpu();
            QCOMPARE_LE(relative(weight.values.to(at::kDouble) - before.to(at::kDouble), before), rounding);
        }
    }
}

void tst_SequentialRefit::statesComeBackToTheDenseOnes_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<bool>("removesFfn");
    for (const char *name : {"gqa", "all-biases", "qwen2", "phi3", "bf16"})
        for (const bool removesFfn : {false, true})
            QTest::addRow("%s%s", name, removesFfn ? " without an FFN" : "") << name << removesFfn;
}

/// On the windows of the fit, with the weights that a plan would hold, which are those that the pass itself went on with.
void tst_SequentialRefit::statesComeBackToTheDenseOnes()
{
    QFETCH(QString, name);
    QFETCH(bool, removesFfn);
    const Decoder dense = loadDecoder(tinyLlama(name.toStdString()), 40, name == "bf16" ? at::kBFloat16 : at::kFloat);
    const at::Tensor tokens = tokensOf(name.toStdString());
    const Surgery start = halved(dense.spec(), removesFfn);
    Surgery restored = start;
    restored.edits = editsOf(refit(dense, start, tokens, 0.1));
    checkEdits(restored.edits, restored.specOf(dense.spec()));
    for (const WeightEdit &edit : restored.edits.list)
        QVERIFY(edit.dtype == (name == "bf16" ? DType::BFloat16 : DType::Float32));
    QCOMPARE_LE(error(dense, restored, tokens), 0.9 * error(dense, start, tokens));
}

void tst_SequentialRefit::everythingThatIsLeftIsFitted()
{
    const Decoder dense = loadDecoder(tinyLlama("gqa"), 40);
    std::vector<std::string> names;
    for (const NewWeight &weight : refit(dense, halved(dense.spec(), true), tokensOf("gqa"), 0.1))
        names.push_back(ownTensorName(weight.role));
    QCOMPARE(names, (std::vector<std::string>{"layers.0.attention.output.weight", "layers.1.ffn.down.weight",
                                              "layers.2.attention.output.weight", "layers.2.ffn.down.weight"}));
}

/// One whose up product is zero says nothing about its column, whatever the others become.
void tst_SequentialRefit::deadNeuronsKeepTheirWeights()
{
    const Decoder decoder = loadDecoder(tinyLlama("gqa"), 40);
    Weights weights = decoder.weights();
    at::Tensor up = weights.layers[2].ffn->up.weight.clone();
    up.select(0, 5).zero_();
    weights.layers[2].ffn->up.weight = up;
    const Decoder dense(decoder.spec(), weights, 40);
    const Surgery start = halved(dense.spec(), false); // keeps 1, 3, 5, ...
    const NewWeight last = refit(dense, start, tokensOf("gqa"), 0.1).back();
    const at::Tensor before = weights.layers[2].ffn->down.weight.cpu();
    QCOMPARE(ownTensorName(last.role), std::string("layers.2.ffn.down.weight"));
    QVERIFY(last.values.select(1, 2).equal(before.select(1, 5)));
    QVERIFY(!last.values.select(1, 1).equal(before.select(1, 3)));
}

/// A decoder in fp32 of a checkpoint in bf16 goes on with what the checkpoint will hold.
void tst_SequentialRefit::weightsAreThoseThatAreStored()
{
    const Decoder dense = loadDecoder(tinyLlama("bf16"), 40);
    const Surgery start = halved(dense.spec(), false);
    const std::vector<NewWeight> wide = refit(dense, start, tokensOf("bf16"), 0.1),
                                 stored = refit(dense, start, tokensOf("bf16"), 0.1, {.stored = at::kBFloat16});
    QCOMPARE(stored.size(), wide.size());
    for (const NewWeight &weight : stored)
        QVERIFY(weight.values.scalar_type() == at::kBFloat16);
    for (std::size_t i = 0; i < wide.size(); ++i) // the last one makes up for the rounding of those before it
        QCOMPARE_LE(relative(stored[i].values.to(at::kDouble) - wide[i].values.to(at::kDouble), wide[i].values), 0x1p-6);
    QVERIFY(!stored.back().values.equal(wide.back().values.to(at::kBFloat16)));
}

void tst_SequentialRefit::ridgeIsRaisedWhereWeightsGrow()
{
    const Decoder decoder = loadDecoder(tinyLlama("gqa"), 40);
    Weights weights = decoder.weights();
    weights.layers[2].ffn->down.weight = weights.layers[2].ffn->down.weight * 1e-3; // and what is lacking by then is as large as ever
    const Decoder dense(decoder.spec(), weights, 40);
    std::vector<std::string> told;
    const auto hear = [&](const std::string &sentence) { told.push_back(sentence); };
    const NewWeight last = refit(dense, halved(dense.spec(), false), tokensOf("gqa"), 0.01, {.told = hear}).back();
    QCOMPARE(told.size(), 1U);
    QCOMPARE(lacking(QString::fromStdString(told[0]), {"The ridge of the FFN of layer 2 was raised from 0.01 to 1", "grew too large"}),
             QString());
    const double growth = (last.values.abs().max() / weights.layers[2].ffn->down.weight.abs().max().cpu()).item<double>();
    QVERIFY2(growth <= 10 && growth > 0.5, qPrintable(QString::number(growth)));
}

void tst_SequentialRefit::spareMemoryChangesNoBit()
{
    const Decoder dense = loadDecoder(tinyLlama("gqa"), 40);
    const Surgery start = halved(dense.spec(), false);
    const std::vector<NewWeight> expected = refit(dense, start, tokensOf("gqa"), 0.1);
    for (const std::int64_t spare : {10'000, 1'000'000}) { // of one or two windows of eight, or all
        const std::vector<NewWeight> found = refit(dense, start, tokensOf("gqa"), 0.1, {.spareBytes = spare});
        QCOMPARE(found.size(), expected.size());
        for (std::size_t i = 0; i < found.size(); ++i)
            QVERIFY(found[i].role == expected[i].role && found[i].values.equal(expected[i].values));
    }
}

void tst_SequentialRefit::streamedLayersAreMadeOnce()
{
    Checkpoint checkpoint = Checkpoint::open(tinyLlama("gqa"));
    const ModelSpec spec = specOf(checkpoint);
    JobContext context;
    const Decoder resident(spec, loadWeights(checkpoint, spec, testDevice(), at::kFloat, context), 40);
    const Decoder streamed(spec, streamWeights(checkpoint, spec, testDevice(), at::kFloat, context), 40);
    const Surgery start = halved(spec, false);
    const std::vector<NewWeight> expected = refit(resident, start, tokensOf("gqa"), 0.1),
                                 found = refit(streamed, start, tokensOf("gqa"), 0.1);
    QCOMPARE(streamed.weights().stream->made(), spec.layerCount());
    QCOMPARE(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i)
        QVERIFY(found[i].role == expected[i].role && found[i].values.equal(expected[i].values));
}

void tst_SequentialRefit::progressCountsLayersOfWindows()
{
    const Decoder dense = loadDecoder(tinyLlama("gqa"), 40);
    std::optional<Progress> last;
    JobContext context({}, [&](const Progress &progress) { last = progress; });
    refitInSequence(dense, halved(dense.spec(), true), tokensOf("gqa"), 0.1, context);
    QVERIFY(last);
    QCOMPARE(last->phase, std::string("restore"));
    QCOMPARE(last->total, 3 * 8);
    QCOMPARE(last->done, last->total);
}

void tst_SequentialRefit::jobStopsBetweenWindows()
{
    const Decoder dense = loadDecoder(tinyLlama("gqa"), 40);
    std::stop_source stop;
    JobContext context(stop.get_token(), [&](const Progress &progress) {
        if (progress.done == 5)
            stop.request_stop();
    });
    QVERIFY_THROWS_EXCEPTION(Cancelled, refitInSequence(dense, halved(dense.spec(), false), tokensOf("gqa"), 0.1, context));
}

void tst_SequentialRefit::familiesWithOutputNormsAreRefused()
{
    for (const char *name : {"gemma2", "gemma3"}) {
        const Decoder dense = loadDecoder(tinyLlama(name), 40);
        QVERIFY(!sequentialProblem(dense.spec()).empty());
        QCOMPARE(lacking(complaint([&] { refit(dense, uncut(dense.spec()), expectedOf(name)["input_ids"].to(at::kLong), 0.1); }),
                         {"'gemma", "norm what attentions and FFNs give", "without it"}),
                 QString());
    }
    for (const std::string &name : tinyLlamas())
        QVERIFY(sequentialProblem(loadDecoder(tinyLlama(name), 40).spec()).empty());
}

void tst_SequentialRefit::whatIsNotFiniteNamesItsLayer()
{
    const Decoder decoder = loadDecoder(tinyLlama("mha"), 40);
    Weights weights = decoder.weights();
    weights.layers[1].ffn->up.weight = at::full_like(weights.layers[1].ffn->up.weight, std::numeric_limits<float>::max());
    const Decoder dense(decoder.spec(), std::move(weights), 40);
    QCOMPARE(lacking(complaint([&] { refit(dense, uncut(dense.spec()), expectedOf("mha")["input_ids"].to(at::kLong), 0.1); }),
                     {"The activations of layer 1 are not finite.", "download it again"}),
             QString());
}

QTEST_GUILESS_MAIN(tst_SequentialRefit)
#include "tst_SequentialRefit.moc"
