// SPDX-License-Identifier: GPL-3.0-or-later
// Everything up to where numbers are read, on Torch's device "meta": tensors there have shapes and no values, and cannot be copied to or mixed
// with those of another device. So a tensor made on the default device, or a copy that nobody meant, fails here, where no GPU is needed for it.
#include "checkpoint/Checkpoint.h"
#include "decoder/Decoder.h"
#include "decoder/LanguageHead.h"
#include "model/Families.h"
#include "model/ModelTensors.h"
#include "pruning/BlockSweep.h"
#include "pruning/NeuronScoring.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <QDirIterator>
#include <QtTest>
#include <c10/core/InferenceMode.h>
#include <c10/core/WrapDimMinimal.h>
#include <map>
#include <optional>
#include <stdexcept>
#include <torch/library.h>

using namespace secateur;

namespace {

/// What LibTorch knows for this device in Python only.
void sameDevice(const at::Tensor &one, const at::Tensor &other)
{
    if (one.device() != other.device())
        throw std::runtime_error("tensors of two devices");
}

at::Tensor indexSelect(const at::Tensor &x, std::int64_t dimension, const at::Tensor &index)
{
    sameDevice(x, index);
    std::vector<std::int64_t> sizes = x.sizes().vec();
    sizes[std::size_t(c10::maybe_wrap_dim(dimension, x.dim()))] = index.numel();
    return at::empty(sizes, x.options());
}

at::Tensor attention(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, const std::optional<at::Tensor> &mask, double,
                     bool, std::optional<double>, bool)
{
    sameDevice(query, key);
    sameDevice(query, value);
    if (mask)
        sameDevice(query, *mask);
    std::vector<std::int64_t> sizes = query.sizes().vec();
    sizes.back() = value.size(-1);
    return at::empty(sizes, query.options());
}

at::Tensor logSumExp(const at::Tensor &x, at::IntArrayRef dimensions, bool keepsDimensions)
{
    return x.sum(dimensions, keepsDimensions);
}

TORCH_LIBRARY_IMPL(aten, Meta, library)
{
    library.impl("logsumexp", logSumExp);
    library.impl("index_select", indexSelect);
    library.impl("scaled_dot_product_attention", attention);
}

constexpr std::int64_t kWindows = 2, kTokens = 64;

Weights metaWeights(const ModelSpec &spec, c10::ScalarType dtype)
{
    std::map<TensorRole, Shape> shapes;
    for (const ModelTensor &tensor : modelTensors(spec))
        shapes[tensor.role] = tensor.shape;
    return weightsFrom(spec,
                       [&](const TensorRole &role) { return at::empty(shapes.at(role), at::TensorOptions(c10::kMeta).dtype(dtype)); });
}

at::Tensor metaTokens()
{
    return at::empty({kWindows, kTokens}, at::TensorOptions(c10::kMeta).dtype(c10::kLong));
}

} // namespace

class tst_MetaDevice : public QObject {
    Q_OBJECT

private slots:
    void initTestCase_data();
    void stageOne();
    void sweep();
    void head();
    void generation();
    void conversion();
    void aCopyToTheHostFails();

private:
    Decoder decoder() const
    {
        QFETCH_GLOBAL(QString, config);
        QFETCH_GLOBAL(c10::ScalarType, type);
        ModelSpec spec = specFromConfig(readConfig(config.toStdString()), config.toStdString());
        return Decoder(spec, metaWeights(spec, type), kTokens);
    }

    c10::InferenceMode m_guard;
    JobContext m_context;
};

void tst_MetaDevice::initTestCase_data()
{
    QTest::addColumn<QString>("config");
    QTest::addColumn<c10::ScalarType>("type");
    const auto add = [](const QString &name, const QString &config) {
        for (const c10::ScalarType type : {c10::kFloat, c10::kBFloat16})
            QTest::addRow("%s, %s", qPrintable(name), c10::toString(type)) << config << type;
    };
    QDirIterator configs(SECATEUR_FIXTURES "/configs", {"*.json"}, QDir::Files); // of large models: there is no memory to fill
    while (configs.hasNext()) {
        const QString config = configs.next();
        add(configs.fileInfo().baseName(), config);
    }
    QDirIterator families(SECATEUR_FIXTURES "/tiny-families", {"config.json"}, QDir::Files, QDirIterator::Subdirectories);
    while (families.hasNext()) {
        const QString config = families.next();
        add(families.fileInfo().dir().dirName(), config);
    }
}

void tst_MetaDevice::stageOne()
{
    const Decoder model = decoder();
    for (const ScoreNorm norm : {ScoreNorm::L1, ScoreNorm::L2}) {
        std::vector<at::Tensor> states;
        for (std::int64_t w = 0; w < kWindows; ++w)
            states.push_back(model.embed(metaTokens().narrow(0, w, 1)));
        for (std::int64_t layer = 0; layer < model.layerCount(); ++layer)
            for (const at::Tensor &norms : normsOfLayer(model, layer, states, norm, m_context)) {
                QVERIFY(norms.is_meta());
                QCOMPARE(norms.scalar_type(), c10::kFloat);
                QCOMPARE(norms.size(0), model.spec().layers[std::size_t(layer)].neurons());
            }
    }
}

void tst_MetaDevice::sweep()
{
    const Decoder model = decoder();
    const std::int64_t layers = model.layerCount();
    BlockSweep sweep(model, metaTokens(), LossType::Float32, std::int64_t(1) << 40, layers, true);
    QVERIFY(sweep.lossSum(sweep.baseFromTheStart([] {}), m_context).is_meta());
    std::vector<Block> candidates;
    for (const Part part : {Part::Attention, Part::Ffn})
        for (std::int64_t layer = 0; layer < layers; ++layer)
            if (!sweep.isRemoved({layer, part}))
                candidates.push_back({layer, part});
    for (int step = 0; step < 2 && candidates.size() > 1; ++step) {
        for (const at::Tensor &end : sweep.ends(candidates, true, [](std::int64_t) {})) {
            QVERIFY(end.is_meta());
            QCOMPARE(end.size(2), model.spec().hiddenSize);
            QVERIFY(sweep.lossSum(end, m_context).is_meta());
        }
        const auto removed = candidates.begin() + std::int64_t(candidates.size()) / 3 * (1 + step); // of either part
        sweep.remove(*removed);
        candidates.erase(removed);
    }
}

void tst_MetaDevice::head()
{
    const Decoder model = decoder();
    at::Tensor x = model.embed(metaTokens());
    for (std::int64_t layer = 0; layer < model.layerCount(); ++layer)
        x = model.layer(layer, x);
    for (const LossType type : {LossType::Float32, LossType::Reference})
        QVERIFY(lossSum(model, x, metaTokens(), type, m_context).is_meta());
    QCOMPARE(model.logits(model.finalNorm(x)).size(2), model.spec().vocabularySize);
}

void tst_MetaDevice::generation()
{
    const Decoder model = decoder();
    const at::Tensor prompt = metaTokens().narrow(0, 0, 1).narrow(1, 0, 10), next = prompt.narrow(1, 0, 1);
    std::vector<std::optional<KvCache>> caches;
    for (const LayerSpec &layer : model.spec().layers) {
        const auto make = [&] {
            return at::empty({1, layer.attention->kvHeads, kTokens, layer.attention->headDim}, model.weights().embedding.options());
        };
        caches.push_back(layer.attention ? std::optional(KvCache{make(), make()}) : std::nullopt);
    }
    std::int64_t offset = 0;
    for (const at::Tensor &tokens : {prompt, next, next}) {
        at::Tensor x = model.embed(tokens);
        for (std::int64_t layer = 0; layer < model.layerCount(); ++layer) {
            auto &cache = caches[std::size_t(layer)];
            x = model.addFfn(layer, model.addAttention(layer, x, cache ? &*cache : nullptr, offset));
        }
        offset += tokens.size(1);
        QVERIFY(model.logits(model.finalNorm(x)).is_meta());
    }
}

void tst_MetaDevice::conversion()
{
    const Decoder model = decoder();
    Surgery surgery{.modelHash = {}, .layers = std::vector<LayerCut>(std::size_t(model.layerCount()))};
    surgery.layers[0].hasAttention = false;
    for (std::size_t i = 0; i < surgery.layers.size(); ++i)
        for (std::int64_t neuron = 0; neuron < model.spec().layers[i].neurons(); neuron += 2)
            surgery.layers[i].keptNeurons.push_back(neuron);
    const Decoder narrow = inType(pruned(model, surgery), c10::kHalf);
    QVERIFY(narrow.layer(0, narrow.embed(metaTokens())).is_meta());
    QVERIFY(narrow.dtype() == c10::kHalf);
}

/// What this test rests on.
void tst_MetaDevice::aCopyToTheHostFails()
{
    const at::Tensor x = at::empty({4}, at::TensorOptions(c10::kMeta));
    QVERIFY_THROWS_EXCEPTION(std::exception, x.cpu());
    QVERIFY_THROWS_EXCEPTION(std::exception, x + at::empty({4}, at::TensorOptions(c10::kCPU)));
}

QTEST_GUILESS_MAIN(tst_MetaDevice)
#include "tst_MetaDevice.moc"
