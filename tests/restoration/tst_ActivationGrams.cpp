// SPDX-License-Identifier: GPL-3.0-or-later
// Gram matrices of one pass against products in double precision of the same activations; what they leave as it is.
#include "../decoder/TinyLlamas.h"

#include "foundation/Error.h"
#include "pruning/NeuronScoring.h"
#include "restoration/ActivationGrams.h"

#include <ATen/Context.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros_like.h>
#include <QtTest>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <vector>

using namespace secateur;
using namespace secateur::test;

namespace {

struct Expected {
    at::Tensor plain, weighted; ///< in fp64
};

/// From the activations of all windows, [T, I], and the states behind the layer, [T, d].
void add(Expected &sums, const at::Tensor &activation, const at::Tensor &state)
{
    const at::Tensor a = activation.to(at::kDouble);
    const at::Tensor w = 1 / (state.to(at::kDouble).square().mean(1) + 1e-6);
    const at::Tensor plain = a.t().matmul(a), weighted = a.t().matmul(a * w.unsqueeze(1));
    sums.plain = sums.plain.defined() ? sums.plain + plain : plain;
    sums.weighted = sums.weighted.defined() ? sums.weighted + weighted : weighted;
}

/// The largest difference beside what Cauchy and Schwarz allow an element to be.
double difference(const at::Tensor &got, const at::Tensor &expected)
{
    const at::Tensor most = expected.diagonal().sqrt();
    return ((got.to(at::kDouble) - expected).abs() / (at::outer(most, most) + 1e-300)).max().item<double>();
}

/// Keeps what it hears.
struct Heard {
    std::map<std::int64_t, LayerGrams> layers;
    ActivationGrams::Listener listener()
    {
        return [this](std::int64_t layer, const LayerGrams &grams) { layers[layer] = grams; };
    }
};

constexpr double kRounding = 4e-6; ///< of sums of some hundred products in fp32

} // namespace

class tst_ActivationGrams : public QObject {
    Q_OBJECT

    at::Tensor random(at::IntArrayRef shape, std::uint64_t seed) const
    {
        at::manual_seed(seed);
        return at::randn(shape).to(testDevice());
    }

private slots:
    void equalProductsInDouble_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("type");
        for (const char *name : {"gqa", "all-biases", "tied"}) {
            QTest::addRow("%s", name) << name << int(at::kFloat);
            QTest::addRow("%s in bfloat16", name) << name << int(at::kBFloat16);
        }
        for (const std::string &name : tinyFamilies())
            QTest::newRow(name.c_str()) << QString::fromStdString(name) << int(at::kFloat);
    }

    /// Products of 16-bit numbers are exact in fp32, so bfloat16 is as near as float32.
    void equalProductsInDouble()
    {
        QFETCH(QString, name);
        QFETCH(int, type);
        const auto expectedOfModel = expectedOf(name.toStdString());
        const at::Tensor tokens = expectedOfModel.at("input_ids").to(at::kLong);
        const Decoder decoder = loadDecoder(tinyLlama(name.toStdString()), 40, at::ScalarType(type));
        std::map<std::int64_t, Expected> expected;
        for (std::int64_t w = 0; w < tokens.size(0); ++w) {
            at::Tensor x = decoder.embed(tokens.narrow(0, w, 1));
            for (std::int64_t i = 0; i < decoder.layerCount(); ++i) {
                x = decoder.addAttention(i, x);
                if (!decoder.spec().layers[std::size_t(i)].ffn)
                    continue;
                const at::Tensor activation = decoder.ffnActivation(i, x);
                x = x + decoder.ffnDown(i, activation);
                add(expected[i], activation[0], x[0]);
            }
        }
        Heard heard;
        ActivationGrams grams(true, heard.listener());
        JobContext context;
        Ranks alone;
        scoreNeurons(decoder, tokens, ScoreNorm::L2, context, alone, &grams);
        QCOMPARE(heard.layers.size(), expected.size());
        for (const auto &[layer, one] : expected) {
            const LayerGrams &got = heard.layers.at(layer);
            QCOMPARE(got.plain.scalar_type(), at::kFloat);
            QCOMPARE_LT(difference(got.plain, one.plain), kRounding);
            QCOMPARE_LT(difference(got.weighted, one.weighted), kRounding);
        }
    }

    /// Wider than a block, no multiple of one, and of several windows.
    void blocksMakeOneSymmetricMatrix_data()
    {
        QTest::addColumn<int>("neurons");
        for (const int neurons : {1, 127, 128, 129, 300, 1100})
            QTest::addRow("%d", neurons) << neurons;
    }

    void blocksMakeOneSymmetricMatrix()
    {
        QFETCH(int, neurons);
        Expected expected;
        Heard heard;
        ActivationGrams grams(true, heard.listener());
        grams.beginLayer(7, neurons);
        for (std::uint64_t w = 0; w < 3; ++w) {
            const at::Tensor activation = random({50, neurons}, w), state = random({50, 16}, 10 + w);
            add(expected, activation, state);
            grams.window(activation, state);
        }
        grams.endLayer();
        const LayerGrams &got = heard.layers.at(7);
        QCOMPARE_LT(difference(got.plain, expected.plain), kRounding);
        QCOMPARE_LT(difference(got.weighted, expected.weighted), kRounding);
        QVERIFY(at::equal(got.plain, got.plain.t()));
        QVERIFY(at::equal(got.weighted, got.weighted.t()));
    }

    void neuronsThatNeverFireHaveZeros()
    {
        at::Tensor activation = random({40, 100}, 1);
        activation.select(1, 70).zero_();
        Heard heard;
        ActivationGrams grams(false, heard.listener());
        grams.beginLayer(0, 100);
        grams.window(activation, random({40, 8}, 2));
        grams.endLayer();
        const LayerGrams &got = heard.layers.at(0);
        QVERIFY(!got.weighted.defined());
        QVERIFY(at::equal(got.plain[70], at::zeros_like(got.plain[70])));
        QVERIFY(got.plain[71][71].item<double>() > 0);
    }

    /// Who keeps a layer's matrices has them when the next one has gone by; layers differ in size.
    void layersDoNotMix()
    {
        Heard heard;
        ActivationGrams grams(true, heard.listener());
        std::map<std::int64_t, Expected> expected;
        for (const auto &[layer, neurons] : std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 80}, {1, 80}, {3, 130}}) {
            const at::Tensor activation = random({30, neurons}, std::uint64_t(layer)), state = random({30, 8}, 20);
            add(expected[layer], activation, state);
            grams.beginLayer(layer, neurons);
            grams.window(activation, state);
            grams.endLayer();
        }
        for (const auto &[layer, one] : expected)
            QCOMPARE_LT(difference(heard.layers.at(layer).plain, one.plain), kRounding);
        heard.layers.clear(); // nobody has them any more: the memory is used again, from zero
        const at::Tensor activation = random({30, 130}, 9), state = random({30, 8}, 20);
        Expected again;
        add(again, activation, state);
        grams.beginLayer(4, 130);
        grams.window(activation, state);
        grams.endLayer();
        QCOMPARE_LT(difference(heard.layers.at(4).plain, again.plain), kRounding);
    }

    void scoresAreTheSameToTheBit_data()
    {
        QTest::addColumn<int>("type");
        QTest::newRow("float32") << int(at::kFloat);
        QTest::newRow("bfloat16") << int(at::kBFloat16);
    }

    void scoresAreTheSameToTheBit()
    {
        QFETCH(int, type);
        const at::Tensor tokens = expectedOf("gqa").at("input_ids").to(at::kLong);
        const Decoder decoder = loadDecoder(tinyLlama("gqa"), 40, at::ScalarType(type));
        JobContext context;
        Ranks alone;
        ActivationGrams grams(true, [](std::int64_t, const LayerGrams &) {});
        QCOMPARE(scoreNeurons(decoder, tokens, ScoreNorm::L2, context, alone, &grams),
                 scoreNeurons(decoder, tokens, ScoreNorm::L2, context));
    }

    /// With a watcher the last layer is finished as well; a layer without an FFN is passed over.
    void statesAreThoseBehindTheLayer()
    {
        struct States : ActivationWatcher {
            std::vector<std::int64_t> layers;
            std::vector<at::Tensor> last;
            int ended = 0;
            void beginLayer(std::int64_t layer, std::int64_t) override
            {
                layers.push_back(layer);
                last.clear();
            }
            void window(const at::Tensor &, const at::Tensor &state) override { last.push_back(state); }
            void endLayer() override { ++ended; }
        } states;
        const at::Tensor tokens = expectedOf("mha").at("input_ids").to(at::kLong);
        const Decoder whole = loadDecoder(tinyLlama("mha"), 40);
        std::vector<std::vector<std::int64_t>> kept;
        for (const LayerSpec &layer : whole.spec().layers) {
            kept.emplace_back(std::size_t(layer.neurons()));
            std::iota(kept.back().begin(), kept.back().end(), 0);
        }
        kept.front().clear();
        const Decoder decoder = pruned(whole, surgeryOf(kept, {}));
        JobContext context;
        Ranks alone;
        scoreNeurons(decoder, tokens, ScoreNorm::L2, context, alone, &states);
        QCOMPARE(std::int64_t(states.layers.size()), decoder.layerCount() - 1);
        QCOMPARE(states.layers.front(), 1);
        QCOMPARE(states.ended, int(states.layers.size()));
        QCOMPARE(std::int64_t(states.last.size()), tokens.size(0));
        for (std::int64_t w = 0; w < tokens.size(0); ++w) {
            at::Tensor x = decoder.embed(tokens.narrow(0, w, 1));
            for (std::int64_t i = 0; i < decoder.layerCount(); ++i)
                x = decoder.layer(i, x);
            QVERIFY(at::allclose(states.last[std::size_t(w)], x[0], 1e-5, 1e-6));
        }
    }

    void sumsThatAreNotFiniteNameTheLayer()
    {
        const auto complaintOf = [&](const at::Tensor &activation) {
            ActivationGrams grams(false, [](std::int64_t, const LayerGrams &) {});
            grams.beginLayer(5, activation.size(1));
            grams.window(activation, random({activation.size(0), 8}, 1));
            try {
                grams.endLayer();
            } catch (const Error &problem) {
                return QString(problem.what()) + " " + QString::fromStdString(problem.hint());
            }
            return QString();
        };
        at::Tensor activation = random({20, 90}, 3);
        activation[3][80] = std::numeric_limits<float>::infinity();
        QVERIFY(complaintOf(activation).startsWith("The Gram matrix of layer 5 is not finite."));
        QVERIFY(complaintOf(activation.to(at::kBFloat16)).contains("--dtype float32"));
        QVERIFY(
            complaintOf(at::zeros_like(activation) + 1e30).startsWith("The Gram matrix of layer 5 is not finite.")); // the squares overflow
        QCOMPARE(complaintOf(random({20, 90}, 3)), QString());
    }

    /// Only the lower half goes from rank to rank; who has not the sums tells nobody.
    void ranksAddTheirWindows()
    {
        const std::int64_t neurons = 500;
        std::vector<at::Tensor> given;
        Heard first, second;
        ActivationGrams two(true, second.listener(), [&](const std::vector<at::Tensor> &parts) {
            given = parts;
            return false;
        });
        ActivationGrams one(true, first.listener(), [&](const std::vector<at::Tensor> &parts) {
            for (std::size_t i = 0; i < parts.size(); ++i)
                parts[i].add_(given[i]);
            return true;
        });
        Expected expected;
        for (ActivationGrams *rank : {&two, &one}) {
            const at::Tensor activation = random({40, neurons}, rank == &one ? 1 : 2), state = random({40, 8}, 3);
            add(expected, activation, state);
            rank->beginLayer(2, neurons);
            rank->window(activation, state);
            rank->endLayer();
        }
        QVERIFY(second.layers.empty());
        std::int64_t numbers = 0;
        for (const at::Tensor &part : given)
            numbers += part.numel();
        QCOMPARE_LT(numbers, 2 * neurons * neurons * 3 / 4);
        QCOMPARE_LT(difference(first.layers.at(2).plain, expected.plain), kRounding);
        QCOMPARE_LT(difference(first.layers.at(2).weighted, expected.weighted), kRounding);
        QVERIFY(at::equal(first.layers.at(2).weighted, first.layers.at(2).weighted.t()));
    }
};

QTEST_GUILESS_MAIN(tst_ActivationGrams)
#include "tst_ActivationGrams.moc"
