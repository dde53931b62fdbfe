// SPDX-License-Identifier: GPL-3.0-or-later
// Rows that share beginnings, against every request by itself through the ordinary decoder, on tiny random checkpoints of every family.
#include "TinyLlamas.h"

#include "decoder/LayerStream.h"
#include "evaluation/Likelihoods.h"

#include <ATen/ops/log_softmax.h>
#include <QtTest>
#include <c10/core/InferenceMode.h>
#include <numeric>
#include <random>

using namespace secateur;
using namespace secateur::test;

namespace {

using Requests = std::vector<TokenRequest>;

constexpr std::int64_t kLongest = 40;

/// Items of different lengths, whose choices share a context, fork twice, are equal, or share nothing.
std::vector<Requests> itemsFor(const ModelSpec &spec)
{
    std::mt19937 random(3);
    const auto tokens = [&](int count) {
        std::vector<TokenId> ids;
        for (int i = 0; i < count; ++i)
            ids.push_back(TokenId(random() % std::uint64_t(spec.vocabularySize)));
        return ids;
    };
    const auto joined = [](std::vector<TokenId> a, const std::vector<TokenId> &b) {
        a.insert(a.end(), b.begin(), b.end());
        return a;
    };
    std::vector<Requests> items;
    for (const int length : {1, 3, 9, 20, 33}) {
        const std::vector<TokenId> context = tokens(length), more = joined(context, tokens(2));
        Requests item;
        for (const int scored : {1, 4, 2})
            item.push_back({joined(context, tokens(scored)), scored});
        item.push_back({joined(more, tokens(3)), 5});
        item.push_back({joined(more, tokens(1)), 3});
        item.push_back(item.front());
        items.push_back(item);
    }
    items.push_back({{tokens(30), 3}, {tokens(12), 11}});
    return items;
}

double sumOf(const Decoder &decoder, const TokenRequest &request)
{
    const auto length = std::int64_t(request.input.size());
    const at::Tensor tokens = tokenTensor(request.input, length, decoder.device());
    const at::Tensor terms = at::log_softmax(logitsOf(decoder, tokens.narrow(1, 0, length - 1)).squeeze(0).to(at::kDouble), -1);
    double sum = 0;
    for (std::int64_t i = length - request.scored; i < length; ++i)
        sum += terms[i - 1][request.input[std::size_t(i)]].item<double>();
    return sum;
}

std::vector<TokenTree> treesOf(const std::vector<Requests> &items)
{
    std::vector<TokenTree> trees;
    for (const Requests &item : items)
        trees.push_back(treeOf(item));
    return trees;
}

std::vector<std::vector<double>> scored(const Decoder &decoder, const std::vector<TokenTree> &trees, std::int64_t rows = 1000)
{
    std::vector<const TokenTree *> asked;
    for (const TokenTree &tree : trees)
        asked.push_back(&tree);
    return logLikelihoods(decoder, asked, rows, {});
}

double largestDifference(const std::vector<std::vector<double>> &sums, const Decoder &decoder, const std::vector<Requests> &items)
{
    double most = 0;
    for (std::size_t i = 0; i < items.size(); ++i)
        for (std::size_t r = 0; r < items[i].size(); ++r)
            most = std::max(most, std::abs(sums[i][r] - sumOf(decoder, items[i][r])));
    return most;
}

} // namespace

class tst_Likelihoods : public QObject {
    Q_OBJECT

private slots:
    void sumsEqualThoseOfRequestsByThemselves_data();
    void sumsEqualThoseOfRequestsByThemselves();
    void prunedModelsToo();
    void eachStreamedLayerIsReadOnceForAllGroups();
    void batchesHoldAsManyRowsAsTheyMay();

private:
    c10::InferenceMode m_guard;
};

void tst_Likelihoods::sumsEqualThoseOfRequestsByThemselves_data()
{
    QTest::addColumn<QString>("name");
    for (const auto *names : {&tinyLlamas(), &tinyFamilies()})
        for (const std::string &name : *names)
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
}

void tst_Likelihoods::sumsEqualThoseOfRequestsByThemselves()
{
    QFETCH(QString, name);
    const Decoder decoder = loadDecoder(tinyLlama(name.toStdString()), kLongest);
    const std::vector<Requests> items = itemsFor(decoder.spec());
    const std::vector<TokenTree> trees = treesOf(items);
    const auto together = scored(decoder, trees);
    QCOMPARE_LE(largestDifference(together, decoder, items), 2e-4);
    QCOMPARE(together[0][0], together[0][5]); // equal requests are one
    QVERIFY(std::abs(together[4][0] - together[4][1]) > 1e-3);
    const auto apart = scored(decoder, trees, 1); // every item in a group of its own
    for (std::size_t i = 0; i < apart.size(); ++i)
        for (std::size_t r = 0; r < apart[i].size(); ++r)
            QCOMPARE_LE(std::abs(apart[i][r] - together[i][r]), 1e-4);
}

void tst_Likelihoods::prunedModelsToo()
{
    for (const char *name : {"gqa", "gemma2", "qwen3"}) {
        const Decoder dense = loadDecoder(tinyLlama(name), kLongest);
        std::vector<std::vector<std::int64_t>> kept(std::size_t(dense.layerCount()), {1, 5, 6, 40});
        kept.back().clear(); // nothing behind the last attention, or at all
        for (const std::vector<std::int64_t> &removed : {std::vector<std::int64_t>{0}, std::vector<std::int64_t>{dense.layerCount() - 1}}) {
            const Decoder decoder = pruned(dense, surgeryOf(kept, removed));
            const std::vector<Requests> items = itemsFor(decoder.spec());
            QCOMPARE_LE(largestDifference(scored(decoder, treesOf(items)), decoder, items), 2e-4);
        }
    }
}

void tst_Likelihoods::eachStreamedLayerIsReadOnceForAllGroups()
{
    const Decoder resident = loadDecoder(tinyLlama("gqa"), kLongest);
    Weights weights = resident.weights();
    weights.stream = std::make_shared<LayerStream>([layers = weights.layers](std::int64_t l) { return layers[std::size_t(l)]; },
                                                   resident.layerCount(), testDevice(), LayersKept::Two);
    const std::shared_ptr<LayerStream> stream = weights.stream;
    weights.layers.clear();
    const Decoder decoder(resident.spec(), std::move(weights), kLongest);
    const std::vector<TokenTree> trees = treesOf(itemsFor(resident.spec()));
    QCOMPARE(scored(decoder, trees, 50), scored(resident, trees, 50));
    QCOMPARE(stream->made(), resident.layerCount());
}

void tst_Likelihoods::batchesHoldAsManyRowsAsTheyMay()
{
    const auto row = [](int length) { return treeOf(Requests{{std::vector<TokenId>(std::size_t(length + 1), 1), 1}}); };
    const std::vector<TokenTree> trees = {row(3), row(9), row(4), row(4), row(20)};
    using Batches = std::vector<std::vector<std::size_t>>;
    QCOMPARE(batchesOf(trees, {.rows = 8, .groups = 1}, 100), (Batches{{4}, {1}, {2, 3}, {0}}));
    QCOMPARE(batchesOf(trees, {.rows = 8, .groups = 2}, 100), (Batches{{4}, {1, 2}, {3, 0}}));
    QCOMPARE(batchesOf(trees, {.rows = 100, .groups = 1}, 9), (Batches{{4}, {1, 2, 3, 0}})); // longer than 9 by themselves
    QCOMPARE(batchesOf({}, {}, 9), Batches{});
}

QTEST_APPLESS_MAIN(tst_Likelihoods)
#include "tst_Likelihoods.moc"
