// SPDX-License-Identifier: GPL-3.0-or-later
// Plans whose new weights lie in memory.
#include "../decoder/TinyLlamas.h"
#include "foundation/Sha256.h"
#include "pruning/PlanFile.h"
#include "restoration/HeldWeights.h"

#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <QTemporaryDir>
#include <QtTest>
#include <fstream>
#include <limits>
#include <stdexcept>

#include "../checkpoint/Complaint.h" // of Qt, whose macros Torch does not bear

using namespace secateur;
using namespace secateur::test;

namespace {

constexpr TensorRole kOutput{.layer = 0, .part = TensorPart::AttentionOutput, .kind = TensorKind::Weight};
constexpr TensorRole kDown{.layer = 1, .part = TensorPart::Down, .kind = TensorKind::Weight};

/// Keeps three neurons of layer 1 of the model 'gqa'.
PruningPlan planByHand(const std::filesystem::path &file, const ModelSpec &dense)
{
    std::ofstream(file) << R"({"kind": "secateur-plan", "format": 2, "method": "manual", "keptNeurons": ["all", [3, 5, 40], "all"]})";
    return loadPlan(file, dense, "model");
}

} // namespace

class tst_HeldWeights : public QObject {
    Q_OBJECT

private slots:
    void everyEditTellsOfItsValues()
    {
        const at::Tensor down = at::tensor({1.F, -2.F, 0.5F, 4.F, 5.F, 6.F}).view({3, 2});
        const at::Tensor output = at::tensor({1.5F, -3.F}).to(at::kBFloat16).view({1, 2});
        const WeightEdits edits = editsOf({{.role = kDown, .values = down.t()}, {.role = kOutput, .values = output}});
        QCOMPARE(edits.list.size(), 2U);
        QVERIFY(edits.list[0].role == kOutput && edits.list[1].role == kDown); // ascending
        QCOMPARE(edits.list[1].shape, (Shape{2, 3}));                          // row-major, however it came
        const float rows[] = {1.F, 0.5F, 5.F, -2.F, 4.F, 6.F};
        QCOMPARE(edits.list[1].sha256, Sha256().add(std::as_bytes(std::span(rows))).hex());
        QVERIFY(edits.list[0].dtype == DType::BFloat16 && edits.list[1].dtype == DType::Float32);
        const unsigned char halves[] = {0xc0, 0x3f, 0x40, 0xc0}; // 1.5 and -3, little-endian
        QCOMPARE(edits.list[0].sha256, Sha256().add(std::as_bytes(std::span(halves))).hex());
        checkValues(edits);
        QVERIFY(copyOf(edits.valuesOf(edits.list[1]).view).equal(down.t()));
        QVERIFY(editsOf({}).isEmpty());
    }

    void decodersAreMadeOfThem()
    {
        const Decoder dense = loadDecoder(tinyLlama("gqa"), 40);
        QTemporaryDir folder;
        PruningPlan plan = planByHand(folder.filePath("plan.json").toStdString(), dense.spec());
        const at::Tensor values = at::randn({dense.spec().hiddenSize, 3});
        plan.edits = editsOf({{.role = kDown, .values = values}});
        checkPlan(plan, dense.spec(), "model");
        QVERIFY(pruned(dense, plan.surgery()).weights().layers[1].ffn->down.weight.cpu().equal(values));
    }

    void savedPlanHoldsThem()
    {
        const Decoder dense = loadDecoder(tinyLlama("gqa"), 40);
        QTemporaryDir folder;
        PruningPlan plan = planByHand(folder.filePath("plan.json").toStdString(), dense.spec());
        plan.edits = editsOf({{.role = kDown, .values = at::randn({dense.spec().hiddenSize, 3})},
                              {.role = kOutput, .values = at::randn({dense.spec().hiddenSize, dense.spec().hiddenSize}).to(at::kHalf)}});
        const std::filesystem::path file = folder.filePath("restored.safetensors").toStdString();
        savePlan(plan, file);
        const PruningPlan again = loadPlan(file, dense.spec(), "model");
        QVERIFY(again.edits == plan.edits);
        QCOMPARE(again.hash(), plan.hash());
        for (const WeightEdit &edit : plan.edits.list)
            QVERIFY(copyOf(again.edits.valuesOf(edit).view).equal(copyOf(plan.edits.valuesOf(edit).view)));
    }

    void whatNoPlanCanHoldIsRefused()
    {
        for (const float wrong : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
            QCOMPARE(lacking(complaint([&] {
                                 editsOf({{.role = kDown, .values = at::tensor({1.F, wrong})}});
                             }),
                             {"layers.1.ffn.down.weight", "not finite", "ridge"}),
                     QString());
        QCOMPARE(lacking(complaint([] {
                             editsOf({{.role = kDown, .values = at::full({1, 1}, 2., at::kDouble)}});
                         }),
                         {"cannot be stored"}),
                 QString());
        const at::Tensor one = at::tensor({1.F});
        QVERIFY_THROWS_EXCEPTION(std::invalid_argument, editsOf({{.role = kDown, .values = one}, {.role = kDown, .values = one}}));
    }

    void aPlanForAnotherWidthIsRefusedByName()
    {
        const ModelSpec dense = loadDecoder(tinyLlama("gqa"), 40).spec();
        QTemporaryDir folder;
        PruningPlan plan = planByHand(folder.filePath("plan.json").toStdString(), dense);
        plan.edits = editsOf({{.role = kDown, .values = at::randn({dense.hiddenSize, 4})}});
        QCOMPARE(lacking(complaint([&] { checkPlan(plan, dense, "model"); }), {"layers.1.ffn.down.weight", "it has the shape"}), QString());
    }
};

QTEST_GUILESS_MAIN(tst_HeldWeights)
#include "tst_HeldWeights.moc"
