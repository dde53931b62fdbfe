// SPDX-License-Identifier: GPL-3.0-or-later
// The one place where weights are cut, against rows and columns that are taken by hand.
#include "ChangedWeights.h"
#include "TinyLlamas.h"

#include "decoder/PrunedTensors.h"
#include "foundation/Error.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <QTemporaryDir>
#include <QtTest>
#include <numeric>

using namespace secateur;
using namespace secateur::test;

namespace {

/// Tensors of a checkpoint, on the CPU in fp32.
TensorSource sourceOf(const Checkpoint &checkpoint, const ModelSpec &spec)
{
    return [&checkpoint, &spec](const TensorRole &role) { return readTensor(checkpoint, hfTensorName(role, spec)).to(at::kFloat); };
}

/// Some neurons of every layer but the last, which keeps all; the attention of layer 1 goes.
Surgery someSurgery(const ModelSpec &spec)
{
    std::vector<std::vector<std::int64_t>> kept;
    for (const LayerSpec &layer : spec.layers) {
        kept.emplace_back();
        for (std::int64_t i = 0; i < layer.neurons(); ++i)
            if (kept.size() == spec.layers.size() || (i * 7 + std::int64_t(kept.size())) % 3 == 0)
                kept.back().push_back(i);
    }
    return surgeryOf(kept, {1});
}

at::Tensor rowsOf(const at::Tensor &tensor, const std::vector<std::int64_t> &rows)
{
    std::vector<at::Tensor> taken;
    for (const std::int64_t row : rows)
        taken.push_back(tensor[row]);
    return at::stack(taken);
}

ModelSpec inPieces(ModelSpec spec)
{
    spec.hasFusedProducts = false;
    return spec;
}

} // namespace

class tst_PrunedTensors : public QObject {
    Q_OBJECT

private slots:
    void initTestCase_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name : {"gqa", "all-biases", "phi3", "gemma2", "qwen3"})
            QTest::newRow(name) << name;
    }

    /// From stored tensors and from those of a decoder in memory.
    void keptRowsAndColumnsAreTaken()
    {
        QFETCH_GLOBAL(QString, name);
        const Decoder dense = loadDecoder(tinyLlama(name.toStdString()), 40);
        Checkpoint checkpoint = Checkpoint::open(tinyLlama(name.toStdString()));
        const ModelSpec spec = specOf(checkpoint);
        const Surgery surgery = someSurgery(spec);
        const Decoder left = pruned(dense, surgery);
        for (const ModelTensor &tensor : modelTensors(inPieces(surgery.specOf(spec)))) {
            const TensorRole &role = tensor.role;
            const Weights &weights = dense.weights();
            at::Tensor expected = role.layer < 0 ? tensorOf(weights, role) : tensorOf(weights.layers[std::size_t(role.layer)], role);
            if (role.layer >= 0) {
                const std::vector<std::int64_t> &kept = surgery.layers[std::size_t(role.layer)].keptNeurons;
                if (role.part == TensorPart::Gate || role.part == TensorPart::Up)
                    expected = rowsOf(expected, kept);
                else if (role.part == TensorPart::Down && role.kind == TensorKind::Weight)
                    expected = rowsOf(expected.t(), kept).t();
            }
            const QByteArray named = QByteArray::fromStdString(ownTensorName(role));
            QVERIFY2(expected.sizes() == at::IntArrayRef(tensor.shape), named);
            QVERIFY2(prunedTensor(role, spec, surgery, sourceOf(checkpoint, spec)).equal(expected.cpu()), named);
            QVERIFY2((role.layer < 0 ? tensorOf(left.weights(), role) : tensorOf(left.weights().layers[std::size_t(role.layer)], role))
                         .equal(expected),
                     named);
        }
    }

    void fusedProductsAreCutPieceByPiece()
    {
        QFETCH_GLOBAL(QString, name);
        Checkpoint checkpoint = Checkpoint::open(tinyLlama(name.toStdString()));
        const ModelSpec spec = specOf(checkpoint);
        if (!spec.hasFusedProducts)
            return;
        const Surgery surgery = someSurgery(spec);
        const TensorSource source = sourceOf(checkpoint, spec);
        for (const TensorPart fused : {TensorPart::QueryKeyValue, TensorPart::GateUp}) {
            std::vector<at::Tensor> pieces;
            for (const TensorPart piece : piecesOf(fused))
                pieces.push_back(prunedTensor({.layer = 0, .part = piece}, spec, surgery, source));
            QVERIFY(prunedTensor({.layer = 0, .part = fused}, spec, surgery, source).equal(at::cat(pieces, 0)));
        }
    }

    void whatIsNotCutIsNotCopied()
    {
        QFETCH_GLOBAL(QString, name);
        const Decoder dense = loadDecoder(tinyLlama(name.toStdString()), 40);
        const Decoder left = pruned(dense, someSurgery(dense.spec()));
        const auto isShared = [](const at::Tensor &a, const at::Tensor &b) { return a.const_data_ptr() == b.const_data_ptr(); };
        const LayerWeights &first = left.weights().layers.front(), &last = left.weights().layers.back(),
                           &lastBefore = dense.weights().layers.back();
        QVERIFY(isShared(left.weights().embedding, dense.weights().embedding));
        QVERIFY(isShared(first.attention->query.weight, dense.weights().layers.front().attention->query.weight));
        QVERIFY(!isShared(first.ffn->gate.weight, dense.weights().layers.front().ffn->gate.weight));
        QVERIFY(isShared(last.ffn->gate.weight, lastBefore.ffn->gate.weight) &&
                isShared(last.ffn->down.weight, lastBefore.ffn->down.weight));
        QCOMPARE(left.weights().head.is_same(left.weights().embedding), dense.spec().tiedEmbeddings);
    }

    /// In memory and streamed, against weights that were changed in place.
    void valuesOfAPlanTakeTheirPlaces()
    {
        QFETCH_GLOBAL(QString, name);
        QTemporaryDir folder;
        const Decoder dense = loadDecoder(tinyLlama(name.toStdString()), 40);
        Surgery surgery = someSurgery(dense.spec());
        const Decoder cut = pruned(dense, surgery);
        const ChangedWeights changed = changedWeights(cut, folder.filePath("values.safetensors").toStdString());
        const at::Tensor tokens = expectedOf(name.toStdString())["input_ids"].to(at::kLong);
        const at::Tensor expected = logitsOf(Decoder(cut.spec(), changed.weights, 40), tokens);
        QVERIFY(!expected.equal(logitsOf(cut, tokens)));

        surgery.edits = changed.edits;
        checkEdits(surgery.edits, surgery.specOf(dense.spec()));
        checkValues(surgery.edits);
        QVERIFY(logitsOf(pruned(dense, surgery), tokens).equal(expected));
        QVERIFY(logitsOf(pruned(pruned(dense, surgery.ofFfns()), surgery), tokens).equal(expected)); // in two steps, as the engine does it

        Checkpoint checkpoint = Checkpoint::open(tinyLlama(name.toStdString()));
        const ModelSpec spec = specOf(checkpoint);
        JobContext context;
        const Decoder streamed(spec, streamWeights(checkpoint, spec, testDevice(), c10::kFloat, context), 40);
        QVERIFY(logitsOf(pruned(streamed, surgery), tokens).equal(expected));
    }

    void sourceIsNotAskedForWhatAPlanBrings()
    {
        QFETCH_GLOBAL(QString, name);
        QTemporaryDir folder;
        Checkpoint checkpoint = Checkpoint::open(tinyLlama(name.toStdString()));
        const ModelSpec spec = specOf(checkpoint);
        Surgery surgery = someSurgery(spec);
        const TensorRole role{.layer = 0, .part = TensorPart::Down};
        const at::Tensor values = at::ones({spec.hiddenSize, std::int64_t(surgery.layers[0].keptNeurons.size())}, at::kBFloat16);
        surgery.edits = editsWith(folder.filePath("values.safetensors").toStdString(), {{role, values}});
        const at::Tensor found =
            prunedTensor(role, spec, surgery, [](const TensorRole &) -> at::Tensor { throw std::logic_error("asked"); });
        QVERIFY(found.equal(values)); // in its own type

        surgery.edits.values.reset(); // as a manifest tells of it
        QVERIFY_THROWS_EXCEPTION(Error, prunedTensor(role, spec, surgery, sourceOf(checkpoint, spec)));
    }
};

QTEST_GUILESS_MAIN(tst_PrunedTensors)
#include "tst_PrunedTensors.moc"
