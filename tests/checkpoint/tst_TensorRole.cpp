// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest> // first: moc cannot read <compare> otherwise

#include "checkpoint/TensorRole.h"

#include <QRegularExpression>
#include <set>
#include <vector>

using namespace secateur;

namespace {

constexpr TensorNaming kPlain{}, kGemma{.hasOutputNorms = true}, kPhi{.hasFusedProducts = true};

/// Every role of a model that names its tensors so.
std::vector<TensorRole> rolesOf(const TensorNaming &naming)
{
    std::vector<TensorRole> roles;
    for (int i = 0; i <= int(TensorPart::FfnOutputNorm); ++i) {
        const auto part = TensorPart(i);
        const bool isFused = !piecesOf(part).empty(), isPiece = fusedOf(part) != part;
        const bool isOutputNorm = part == TensorPart::AttentionOutputNorm || part == TensorPart::FfnOutputNorm;
        if ((isFused && !naming.hasFusedProducts) || (isPiece && naming.hasFusedProducts) || (isOutputNorm && !naming.hasOutputNorms))
            continue;
        const bool isOfLayer = isOfAttention(part) || isOfFfn(part);
        for (const std::int64_t layer : isOfLayer ? std::vector<std::int64_t>{0, 7, 12345} : std::vector<std::int64_t>{-1})
            for (const TensorKind kind : {TensorKind::Weight, TensorKind::Bias})
                roles.push_back({.layer = layer, .part = part, .kind = kind});
    }
    return roles;
}

} // namespace

class tst_TensorRole : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QTest::failOnWarning(QRegularExpression(".*")); }

    void namesAreThoseOfTheFiles_data()
    {
        QTest::addColumn<TensorRole>("role");
        QTest::addColumn<TensorNaming>("naming");
        QTest::addColumn<QString>("hf");
        QTest::addColumn<QString>("gguf");
        QTest::addColumn<QString>("own");
        const auto row = [](const TensorRole &role, const TensorNaming &naming, const char *hf, const char *gguf, const char *own) {
            QTest::addRow("%s as %s", own, hf) << role << naming << QString(hf) << QString(gguf) << QString(own);
        };
        row({.part = TensorPart::Embedding}, kPlain, "model.embed_tokens.weight", "token_embd.weight", "embedding.weight");
        row({.part = TensorPart::FinalNorm}, kPlain, "model.norm.weight", "output_norm.weight", "norm.weight");
        row({.part = TensorPart::Head}, kPlain, "lm_head.weight", "output.weight", "head.weight");
        row({.layer = 3, .part = TensorPart::Query, .kind = TensorKind::Bias}, kPlain, "model.layers.3.self_attn.q_proj.bias",
            "blk.3.attn_q.bias", "layers.3.attention.query.bias");
        row({.layer = 10, .part = TensorPart::Down}, kPlain, "model.layers.10.mlp.down_proj.weight", "blk.10.ffn_down.weight",
            "layers.10.ffn.down.weight");
        row({.layer = 0, .part = TensorPart::FfnNorm}, kPlain, "model.layers.0.post_attention_layernorm.weight", "blk.0.ffn_norm.weight",
            "layers.0.ffn.norm.weight");
        row({.layer = 0, .part = TensorPart::FfnNorm}, kGemma, "model.layers.0.pre_feedforward_layernorm.weight", "blk.0.ffn_norm.weight",
            "layers.0.ffn.norm.weight");
        row({.layer = 0, .part = TensorPart::AttentionOutputNorm}, kGemma, "model.layers.0.post_attention_layernorm.weight",
            "blk.0.post_attention_norm.weight", "layers.0.attention.outputNorm.weight");
        row({.layer = 2, .part = TensorPart::Up}, kPlain, "model.layers.2.mlp.up_proj.weight", "blk.2.ffn_up.weight",
            "layers.2.ffn.up.weight");
        row({.layer = 2, .part = TensorPart::GateUp}, kPhi, "model.layers.2.mlp.gate_up_proj.weight", "blk.2.ffn_up.weight",
            "layers.2.ffn.gateUp.weight");
    }

    void namesAreThoseOfTheFiles()
    {
        QFETCH(TensorRole, role);
        QFETCH(TensorNaming, naming);
        QTEST(QString::fromStdString(hfTensorName(role, naming)), "hf");
        QTEST(QString::fromStdString(ggufTensorName(role)), "gguf");
        QTEST(QString::fromStdString(ownTensorName(role)), "own");
    }

    void everyNameLeadsBackToItsRole()
    {
        for (const TensorNaming &naming : {kPlain, kGemma, kPhi}) {
            std::set<std::string> hf, gguf, own;
            const std::vector<TensorRole> roles = rolesOf(naming);
            QVERIFY(roles.size() > 40);
            for (const TensorRole &role : roles) {
                QVERIFY(roleOfHfTensor(hfTensorName(role, naming), naming) == role);
                QVERIFY(roleOfGgufTensor(ggufTensorName(role), naming) == role);
                QVERIFY(roleOfOwnTensor(ownTensorName(role)) == role);
                hf.insert(hfTensorName(role, naming));
                gguf.insert(ggufTensorName(role));
                own.insert(ownTensorName(role));
            }
            for (const auto *names : {&hf, &gguf, &own})
                QCOMPARE(names->size(), roles.size());
        }
    }

    void whatIsNoTensorOfTheModelHasNoRole_data()
    {
        QTest::addColumn<QString>("name");
        for (const char *name :
             {"", "model.norm", "model.norm.scale", "model.layers.3.norm.weight", "model.layers.x.mlp.up_proj.weight",
              "model.layers..mlp.up_proj.weight", "model.layers.-1.mlp.up_proj.weight", "model.layers.03.mlp.up_proj.weight",
              "model.layers.99999999999999999999.mlp.up_proj.weight", "model.layers.3.lm_head.weight", "input_layernorm.weight",
              "model.layers.3.mlp.gate_up_proj.weight", "model.layers.3.pre_feedforward_layernorm.weight", "layers.3.ffn.up.weight"})
            QTest::newRow(name) << QString(name);
    }

    void whatIsNoTensorOfTheModelHasNoRole()
    {
        QFETCH(QString, name);
        QVERIFY(!roleOfHfTensor(name.toStdString(), kPlain));
    }

    void normBehindAnAttentionIsUnknownWhereThereIsNone()
    {
        QVERIFY(!roleOfGgufTensor("blk.0.post_attention_norm.weight", kPlain));
        QVERIFY(roleOfGgufTensor("blk.0.post_attention_norm.weight", kGemma).has_value());
    }

    void piecesKnowTheirProduct()
    {
        for (const TensorPart fused : {TensorPart::QueryKeyValue, TensorPart::GateUp})
            for (const TensorPart piece : piecesOf(fused)) {
                QVERIFY(fusedOf(piece) == fused);
                QVERIFY(isOfFfn(piece) == isOfFfn(fused) && isOfAttention(piece) == isOfAttention(fused));
            }
        QVERIFY(fusedOf(TensorPart::Down) == TensorPart::Down && piecesOf(TensorPart::Down).empty());
    }

    void partsBelongToOneSublayer()
    {
        QVERIFY(isOfAttention(TensorPart::AttentionNorm) && isOfAttention(TensorPart::AttentionOutputNorm));
        QVERIFY(isOfFfn(TensorPart::FfnNorm) && isOfFfn(TensorPart::FfnOutputNorm));
        for (const TensorPart part : {TensorPart::Embedding, TensorPart::FinalNorm, TensorPart::Head})
            QVERIFY(!isOfAttention(part) && !isOfFfn(part));
        QVERIFY(isNorm(TensorPart::KeyNorm) && isNorm(TensorPart::FinalNorm) && !isNorm(TensorPart::Down));
    }

    void namesOfAutoModelAreCompleted()
    {
        QCOMPARE(completedHfName("embed_tokens.weight"), std::string("model.embed_tokens.weight"));
        QCOMPARE(completedHfName("norm.weight"), std::string("model.norm.weight"));
        QCOMPARE(completedHfName("layers.0.rotary.inv_freq"), std::string("model.layers.0.rotary.inv_freq"));
        for (const char *whole : {"model.norm.weight", "lm_head.weight", "normal.weight", "layers"})
            QCOMPARE(completedHfName(whole), std::string());
    }

    void layersAreReadOfAnyName()
    {
        QVERIFY(layerOfHfTensor("model.layers.12.anything.at.all") == 12);
        for (const char *other : {"model.norm.weight", "model.layers.12", "model.layers.a.b", "layers.1.x"})
            QVERIFY(!layerOfHfTensor(other));
        QVERIFY(isInsideHfAttention("model.layers.0.self_attn.k_scale") && !isInsideHfAttention("model.layers.0.mlp.up_proj.weight"));
    }
};

QTEST_GUILESS_MAIN(tst_TensorRole)

#include "tst_TensorRole.moc"
