// SPDX-License-Identifier: GPL-3.0-or-later
#include "decoder/LayerStream.h"

#include "decoder/PinnedRing.h"
#include "foundation/Error.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <QtTest>
#include <atomic>
#include <cstring>
#include <numeric>

using namespace secateur;

namespace {

constexpr std::int64_t kLayers = 4;

/// Makes layers whose norm holds their index, and counts those that are alive.
class Factory {
public:
    LayerWeights make(std::int64_t layer)
    {
        ++m_made;
        m_last = layer;
        if (layer == m_broken)
            throw Error("no such layer");
        m_most = std::max(m_most.load(), ++m_alive);
        auto *value = new float(float(layer));
        LayerWeights weights;
        weights.ffn.emplace().norm = at::from_blob(
            value, {1},
            [this, value](void *) {
                --m_alive;
                delete value;
            },
            at::kFloat);
        return weights;
    }

    LayerStream stream(LayersKept kept = LayersKept::Two)
    {
        return {[this](std::int64_t layer) { return make(layer); }, kLayers, c10::kCPU, kept};
    }

    std::atomic<std::int64_t> m_made = 0, m_last = -1, m_alive = 0, m_most = 0;
    std::int64_t m_broken = -1;
};

float valueOf(const std::shared_ptr<const LayerWeights> &layer)
{
    return layer->ffn->norm.item<float>();
}

} // namespace

class tst_LayerStream : public QObject {
    Q_OBJECT

private slots:
    void everyLayerIsTheOneAskedFor()
    {
        Factory factory;
        LayerStream stream = factory.stream();
        for (const std::int64_t layer : {0, 1, 2, 3, 0, 1, 3, 3, 2, 0})
            QCOMPARE(valueOf(stream.layer(layer)), float(layer));
    }

    void twoLayersAreResidentAtMost()
    {
        Factory factory;
        {
            LayerStream stream = factory.stream();
            for (const std::int64_t layer : {0, 1, 2, 3, 0, 2, 1, 0})
                stream.layer(layer);
            QVERIFY(factory.m_most <= 2);
            stream.release();
            QCOMPARE(factory.m_alive, 0);
            QCOMPARE(valueOf(stream.layer(2)), 2.0F);
        }
        QCOMPARE(factory.m_alive, 0);
    }

    void theNextIsMadeMeanwhileAndTheFirstFollowsTheLast()
    {
        Factory factory;
        LayerStream stream = factory.stream();
        stream.layer(2);
        QTRY_COMPARE(factory.m_last, 3);
        stream.layer(3);
        QTRY_COMPARE(factory.m_last, 0);
        stream.layer(0);
        QTRY_COMPARE(factory.m_last, 1);
        QCOMPARE(factory.m_made, 4); // none twice
        QCOMPARE(stream.made(), std::int64_t(3));
    }

    void keptLayersAreMadeOnce()
    {
        Factory factory;
        LayerStream stream = factory.stream(LayersKept::All);
        for (int pass = 0; pass < 3; ++pass)
            for (std::int64_t layer = 0; layer < kLayers; ++layer)
                QCOMPARE(valueOf(stream.layer(layer)), float(layer));
        QCOMPARE(factory.m_made, kLayers);
        QCOMPARE(factory.m_alive, kLayers);
    }

    void aLayerThatIsHeldStays()
    {
        Factory factory;
        LayerStream stream = factory.stream();
        const auto held = stream.layer(0);
        stream.layer(1);
        stream.layer(2);
        QCOMPARE(valueOf(held), 0.0F);
    }

    void whatFailsIsThrownWhenItIsAskedFor()
    {
        Factory factory;
        factory.m_broken = 2;
        LayerStream stream = factory.stream();
        stream.layer(1);
        QTRY_COMPARE(factory.m_last, 2); // failed already, and nobody asked
        QCOMPARE(valueOf(stream.layer(3)), 3.0F);
        QVERIFY_THROWS_EXCEPTION(Error, stream.layer(2));
        QCOMPARE(valueOf(stream.layer(1)), 1.0F);
    }

    void changesApplyToLayersAsTheyCome()
    {
        Factory factory;
        LayerStream stream = factory.stream();
        stream.layer(0);
        const auto changed = stream.changed([](std::int64_t layer, LayerWeights weights) {
            weights.ffn->norm = weights.ffn->norm + 10 * layer;
            return weights;
        });
        QCOMPARE(factory.m_alive, 0);
        QCOMPARE(valueOf(changed->layer(3)), 33.0F);
        QCOMPARE(valueOf(stream.layer(3)), 3.0F);
    }

    void bytesGoThroughTheRingUnchanged_data()
    {
        QTest::addColumn<int>("bytes");
        for (const int bytes : {0, 1, 63, 64, 65, 128, 200, 640})
            QTest::addRow("%d in blocks of 64", bytes) << bytes;
    }

    void bytesGoThroughTheRingUnchanged()
    {
        QFETCH(int, bytes);
        std::vector<std::uint8_t> sent(std::size_t(bytes), 0);
        std::iota(sent.begin(), sent.end(), std::uint8_t(1));
        PinnedRing ring(c10::kCPU, 64);
        for (int again = 0; again < 2; ++again) {
            const at::Tensor come = ring.toDevice(std::as_bytes(std::span(sent)));
            QCOMPARE(come.numel(), std::int64_t(bytes));
            QVERIFY(bytes == 0 || std::memcmp(come.const_data_ptr(), sent.data(), sent.size()) == 0);
        }
    }
};

QTEST_GUILESS_MAIN(tst_LayerStream)
#include "tst_LayerStream.moc"
