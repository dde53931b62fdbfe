// SPDX-License-Identifier: GPL-3.0-or-later
// Our attention against the library's, in fp64.
#include "decoder/CausalAttention.h"
#include "decoder/NumberTypes.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/Version.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/tensor.h>
#include <QtTest>
#include <c10/core/InferenceMode.h>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

using namespace secateur;

namespace {

struct Inputs {
    at::Tensor query, key, value;
};

/// As the decoder has them: [windows, T, heads * headDim], seen by head.
Inputs randomInputs(std::int64_t windows, std::int64_t heads, std::int64_t kvHeads, std::int64_t tokens, std::int64_t headDim,
                    at::ScalarType type = at::kFloat)
{
    at::manual_seed(5);
    const auto random = [&](std::int64_t count) { return at::randn({windows, tokens, count, headDim}).to(type).transpose(1, 2); };
    return {random(heads) * 2, random(kvHeads) * 2, random(kvHeads)};
}

at::Tensor expected(const Inputs &in, double scale, at::ScalarType type)
{
    return at::scaled_dot_product_attention(in.query.to(type), in.key.to(type), in.value.to(type), {}, 0.0, true, scale, true);
}

/// The library's result in the type of the inputs. Its attention for CPUs fails in bf16 where it is told to use no more than AVX2 on a processor with AMX.
at::Tensor expectedInType(const Inputs &in, double scale)
{
    const at::ScalarType type = in.query.scalar_type();
    if (type != at::kFloat && at::get_cpu_capability() != "AVX512")
        return expected(in, scale, at::kFloat).to(type);
    return expected(in, scale, type);
}

/// By each set of kernels that this processor has for the type, with its name.
std::vector<std::pair<const char *, at::Tensor>> byAllKernels(const Inputs &in, double scale)
{
    std::vector<std::pair<const char *, at::Tensor>> results;
    withNumberOf(in.query.scalar_type(), [&]<typename Number>(Number) {
        for (const VectorKernels<Number> *kernels : possibleVectorKernels<Number>())
            results.emplace_back(kernels->name, mixCausallyBy(*kernels, in.query, in.key, in.value, scale));
    });
    return results;
}

const at::ScalarType kTypes[] = {at::kFloat, at::kBFloat16, at::kHalf};

void addTypes()
{
    QTest::addColumn<at::ScalarType>("type");
    for (const at::ScalarType type : kTypes)
        QTest::addRow("%s", at::toString(type)) << type;
}

} // namespace

class tst_CausalAttention : public QObject {
    Q_OBJECT

private slots:
    void initTestCase()
    {
        const Inputs in = randomInputs(1, 1, 1, 8, 64);
        if (!canMixCausally(in.query, in.key, in.value))
            QSKIP("this processor has neither AVX-512 nor AVX2: the library's attention is used");
        for (const at::ScalarType type : kTypes)
            for (const auto &[name, result] : byAllKernels(randomInputs(1, 1, 1, 8, 64, type), 0.1))
                qInfo("%s by %s", at::toString(type), name); // those that are tried here
    }
    void equalsTheLibrary_data();
    void equalsTheLibrary();
    void doesNotDependOnThreadsOrOtherWindows_data() { addTypes(); }
    void doesNotDependOnThreadsOrOtherWindows();
    void whatIsNotFiniteStaysSo_data() { addTypes(); }
    void whatIsNotFiniteStaysSo();
    void knowsWhatItCannotDo();
    void rowsOfTreesEqualTheirSequences_data();
    void rowsOfTreesEqualTheirSequences();

private:
    c10::InferenceMode m_guard;
};

void tst_CausalAttention::equalsTheLibrary_data()
{
    QTest::addColumn<int>("heads");
    QTest::addColumn<int>("kvHeads");
    QTest::addColumn<int>("tokens");
    QTest::addColumn<int>("headDim");
    QTest::addColumn<at::ScalarType>("type");
    for (const at::ScalarType type : kTypes) {
        const char *name = at::toString(type);
        for (const int headDim : {16, 32, 48, 64, 80, 96, 112, 128})
            for (const int tokens : {1, 2, 15, 16, 17, 24, 25, 31, 33, 48, 63, 65, 97, 300})
                QTest::addRow("%s, width %d, %d tokens", name, headDim, tokens) << 6 << 2 << tokens << headDim << type;
        QTest::addRow("%s, as many keys as queries", name) << 4 << 4 << 130 << 64 << type;
        QTest::addRow("%s, one key head", name) << 9 << 1 << 130 << 64 << type;
        QTest::addRow("%s, a long window", name) << 2 << 1 << 2048 << 64 << type;
        QTest::addRow("%s, a long window of odd sizes", name) << 2 << 1 << 1043 << 80 << type;
    }
}

void tst_CausalAttention::equalsTheLibrary()
{
    QFETCH(int, heads);
    QFETCH(int, kvHeads);
    QFETCH(int, tokens);
    QFETCH(int, headDim);
    QFETCH(at::ScalarType, type);
    const Inputs in = randomInputs(2, heads, kvHeads, tokens, headDim, type);
    QVERIFY(canMixCausally(in.query, in.key, in.value));
    for (const double scale : {1 / std::sqrt(double(headDim)), 0.5}) {
        const at::Tensor exact = expected(in, scale, at::kDouble);
        const auto error = [&](const at::Tensor &x) { return (x.to(at::kDouble) - exact).abs().max().item<double>(); };
        // No worse than the library's rounding; in 16 bits the result is rounded, and so may be the weights.
        const double rounding = type == at::kFloat ? 4e-6 : (type == at::kHalf ? 0x1p-11 : 0x1p-8) * exact.abs().max().item<double>();
        const double most = std::max(rounding, (type == at::kFloat ? 3 : 1.5) * error(expectedInType(in, scale)));
        for (const auto &[name, ours] : byAllKernels(in, scale)) {
            QCOMPARE(ours.sizes(), exact.sizes());
            QCOMPARE(ours.scalar_type(), type);
            QVERIFY2(error(ours) <= most, name);
        }
    }
}

void tst_CausalAttention::doesNotDependOnThreadsOrOtherWindows()
{
    QFETCH(at::ScalarType, type);
    const Inputs in = randomInputs(3, 6, 2, 200, 64, type);
    const auto all = byAllKernels(in, 0.125);
    for (std::int64_t w = 0; w < 3; ++w) {
        const auto window = [&](const at::Tensor &x) { return x.narrow(0, w, 1); };
        const auto alone = byAllKernels({window(in.query), window(in.key), window(in.value)}, 0.125);
        for (std::size_t i = 0; i < all.size(); ++i)
            QVERIFY2(at::equal(alone[i].second, window(all[i].second)), all[i].first);
    }
    const int threads = at::get_num_threads();
    at::set_num_threads(1);
    const auto byOne = byAllKernels(in, 0.125);
    at::set_num_threads(threads);
    for (std::size_t i = 0; i < all.size(); ++i)
        QVERIFY2(at::equal(byOne[i].second, all[i].second), all[i].first);
}

void tst_CausalAttention::whatIsNotFiniteStaysSo()
{
    QFETCH(at::ScalarType, type);
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        for (int which = 0; which < 3; ++which) {
            Inputs in = randomInputs(1, 2, 2, 60, 32, type);
            at::Tensor &x = which == 0 ? in.query : which == 1 ? in.key : in.value;
            x = x.contiguous();
            x.select(2, 37).select(2, 3).fill_(bad);
            for (const auto &[name, result] : byAllKernels(in, 0.1)) {
                QVERIFY2(!result.select(2, 37).isfinite().all().item<bool>(), name);
                if (which < 2) // a value is multiplied with the weight 0 of those just before it
                    QVERIFY2(result.narrow(2, 0, 37).isfinite().all().item<bool>(), name);
            }
        }
    }
}

void tst_CausalAttention::knowsWhatItCannotDo()
{
    const auto can = [](const Inputs &in) { return canMixCausally(in.query, in.key, in.value); };
    QVERIFY(!can(randomInputs(1, 2, 1, 8, 40)));    // no multiple of 16
    QVERIFY(!can(randomInputs(1, 2, 1, 8, 256)));   // too wide
    QVERIFY(!can(randomInputs(1, 2, 1, 9000, 16))); // too long
    Inputs in = randomInputs(1, 2, 1, 8, 64);
    in.query = in.query.to(at::kBFloat16);
    QVERIFY(!can(in));
    in = randomInputs(1, 2, 1, 8, 64);
    in.query = in.query.narrow(2, 7, 1); // a token that follows others
    QVERIFY(!can(in));
}

void tst_CausalAttention::rowsOfTreesEqualTheirSequences_data()
{
    QTest::addColumn<int>("headDim");
    QTest::addColumn<at::ScalarType>("type");
    for (const at::ScalarType type : kTypes)
        for (const int headDim : {16, 48, 64, 128})
            QTest::addRow("%s, width %d", at::toString(type), headDim) << headDim << type;
}

/// Every way from a root to a leaf, as a window of its own.
void tst_CausalAttention::rowsOfTreesEqualTheirSequences()
{
    QFETCH(int, headDim);
    QFETCH(at::ScalarType, type);
    // A context of 70 tokens with four choices, one of which forks at an odd place; a context of 3 with a choice; a single token.
    const std::vector<TokenRun> runs = {{0, 70, 0},    {70, 5, 70},  {75, 30, 75}, {105, 1, 75}, {106, 1, 70},
                                        {107, 51, 70}, {158, 2, 70}, {160, 3, 0},  {163, 7, 3},  {170, 1, 0}};
    const std::vector<std::vector<std::size_t>> ways = {{0, 1, 2}, {0, 1, 3}, {0, 4}, {0, 5}, {0, 6}, {7, 8}, {9}};
    const Inputs in = randomInputs(1, 6, 2, 171, headDim, type);
    QVERIFY(canMixRows(in.query, in.key, in.value, runs));
    const double scale = 0.2;
    const at::Tensor result = mixRows(in.query, in.key, in.value, runs, scale);
    const double allowed = type == at::kFloat ? 2e-5 : type == at::kHalf ? 4e-3 : 3e-2;
    for (const std::vector<std::size_t> &way : ways) {
        std::vector<std::int64_t> rows;
        for (const std::size_t r : way)
            for (std::int64_t i = 0; i < runs[r].count; ++i)
                rows.push_back(runs[r].first + i);
        const at::Tensor chosen = at::tensor(at::ArrayRef<std::int64_t>(rows));
        const auto along = [&](const at::Tensor &x) { return x.index_select(2, chosen); };
        const at::Tensor wanted = expected({along(in.query), along(in.key), along(in.value)}, scale, at::kDouble);
        QCOMPARE_LE((along(result).to(at::kDouble) - wanted).abs().max().item<double>(), allowed);
    }
}

QTEST_GUILESS_MAIN(tst_CausalAttention)
#include "tst_CausalAttention.moc"
