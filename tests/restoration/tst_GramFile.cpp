// SPDX-License-Identifier: GPL-3.0-or-later
// The file of Gram matrices: what is written comes back, and what is none of ours is refused by name.
#include "../fuzz/SmallModel.h"

#include "checkpoint/SafetensorsWriter.h"
#include "decoder/Tensors.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "restoration/GramFile.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

using namespace secateur;

namespace {

constexpr const char *kModel = "5e1f", *kOther = "07e5";

ModelSpec smallModel()
{
    return fuzz::smallModel(); // 3 layers, I = 12
}

Provenance provenanceOf()
{
    Provenance provenance;
    provenance.modelHash = kModel;
    provenance.tokenizerHash = "ab";
    provenance.textFiles = {"c4.json.gz", "größer.txt"};
    provenance.windows = 3;
    provenance.length = 40;
    provenance.seed = 7;
    provenance.tokenHash = "cd";
    provenance.computed.dtype = "float32";
    return provenance;
}

at::Tensor gramOf(std::uint64_t seed, std::int64_t neurons = 12)
{
    at::manual_seed(seed);
    const at::Tensor activation = at::randn({20, neurons});
    const at::Tensor gram = activation.t().matmul(activation);
    return gram.tril() + gram.tril(-1).t(); // as sums are mirrored
}

LayerGrams gramsOf(std::uint64_t layer)
{
    return {.plain = gramOf(layer), .weighted = gramOf(100 + layer)};
}

/// Scores of a model, [L][I].
std::vector<std::vector<float>> scoresOf(const ModelSpec &spec)
{
    std::vector<std::vector<float>> scores;
    for (const LayerSpec &layer : spec.layers) {
        scores.emplace_back();
        for (std::int64_t j = 0; j < layer.neurons(); ++j)
            scores.back().push_back(float(scores.size()) + 0.25F * float(j));
    }
    return scores;
}

/// A tensor of a file that is made by hand.
struct Made {
    std::string name;
    at::Tensor values;
};

std::vector<Made> wholeFile()
{
    std::vector<Made> tensors;
    for (std::uint64_t layer = 0; layer < 3; ++layer) {
        tensors.push_back({"gram." + std::to_string(layer), gramOf(layer)});
        tensors.push_back({"weighted." + std::to_string(layer), gramOf(100 + layer)});
    }
    const std::vector<std::vector<float>> scores = scoresOf(smallModel());
    for (std::size_t layer = 0; layer < 3; ++layer)
        tensors.push_back({"scores." + std::to_string(layer), at::tensor(scores[layer])});
    return tensors;
}

std::map<std::string, std::string> wholeMetadata()
{
    return {{"kind", "secateur-grams"}, {"format", "1"}, {"norm", "l2"}, {"provenance", toJson(provenanceOf()).dump()}};
}

void writeByHand(const std::string &file, const std::vector<Made> &tensors, const std::map<std::string, std::string> &metadata)
{
    std::vector<SafetensorsWriter::Declaration> declarations;
    for (const Made &tensor : tensors)
        declarations.push_back({tensor.name, dtypeOf(tensor.values), tensor.values.sizes().vec()});
    SafetensorsWriter writer(file, declarations, metadata);
    for (const Made &tensor : tensors)
        writer.write(tensor.name, bytesOf(tensor.values.contiguous()));
    writer.finish();
}

using Metadata = std::map<std::string, std::string>;
/// What is done to a whole file.
using Damage = std::function<void(std::vector<Made> &, Metadata &)>;

} // namespace
Q_DECLARE_METATYPE(Damage)

class tst_GramFile : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    std::string path(const QString &name) const { return m_folder.filePath(name).toStdString(); }

    /// What is said of a file when all of it is read, with the hint.
    QString complaintOf(const std::string &file) const
    {
        try {
            const GramFile grams(file, smallModel(), kModel);
            for (std::int64_t layer = 0; layer < 3; ++layer)
                grams.layer(layer);
        } catch (const Error &problem) {
            return QString(problem.what()) + " " + QString::fromStdString(problem.hint());
        }
        return {};
    }

private slots:
    void whatIsWrittenComesBack_data()
    {
        QTest::addColumn<bool>("areWeighted");
        QTest::newRow("both") << true;
        QTest::newRow("the plain ones") << false;
    }

    void whatIsWrittenComesBack()
    {
        QFETCH(bool, areWeighted);
        const std::string file = path(QString("whole-%1").arg(areWeighted));
        GramWriter writer(file, smallModel(), areWeighted, provenanceOf(), ScoreNorm::L1);
        for (std::uint64_t layer = 0; layer < 3; ++layer)
            writer.write(std::int64_t(layer), gramsOf(layer));
        QVERIFY(!std::filesystem::exists(file));
        writer.commit(scoresOf(smallModel()));
        const GramFile read(file, smallModel(), kModel);
        QVERIFY(read.provenance() == provenanceOf());
        QCOMPARE(read.tokens(), 120);
        QCOMPARE(read.areWeighted(), areWeighted);
        QVERIFY(read.scores().layers == scoresOf(smallModel()));
        QCOMPARE(read.scores().norm, ScoreNorm::L1);
        QVERIFY(read.scores().provenance == provenanceOf());
        for (std::uint64_t layer = 0; layer < 3; ++layer) {
            const LayerGrams grams = read.layer(std::int64_t(layer));
            QVERIFY(at::equal(grams.plain, gramsOf(layer).plain));
            QCOMPARE(grams.weighted.defined(), areWeighted);
            if (areWeighted)
                QVERIFY(at::equal(grams.weighted, gramsOf(layer).weighted));
        }
        const auto bytes = std::int64_t(std::filesystem::file_size(file)), foretold = bytesOfGrams(smallModel(), areWeighted);
        QVERIFY2(bytes <= foretold && foretold < bytes + 2000, qPrintable(QString("%1, %2 foretold").arg(bytes).arg(foretold)));
    }

    void layersWithoutFfnHaveNone()
    {
        ModelSpec spec = smallModel();
        spec.layers[1].ffn.reset();
        GramWriter writer(path("narrow"), spec, true, provenanceOf(), ScoreNorm::L2);
        writer.write(0, gramsOf(0));
        writer.write(2, gramsOf(2));
        writer.commit(scoresOf(spec));
        const GramFile read(path("narrow"), spec, kModel);
        QVERIFY(!read.layer(1).plain.defined() && !read.layer(1).weighted.defined());
        QVERIFY(at::equal(read.layer(2).weighted, gramsOf(2).weighted));
        QVERIFY(read.scores().layers[1].empty());
        QVERIFY2(complaintOf(path("narrow")).contains("it has no tensor 'gram.1'"), qPrintable(complaintOf(path("narrow"))));
    }

    void whatIsNotFinishedLeavesNothing()
    {
        const QString folder = m_folder.filePath("empty");
        QVERIFY(QDir().mkpath(folder));
        {
            GramWriter writer((folder + "/grams").toStdString(), smallModel(), true, provenanceOf(), ScoreNorm::L2);
            writer.write(0, gramsOf(0));
        }
        QCOMPARE(QDir(folder).entryList(QDir::Files | QDir::Hidden), QStringList());
    }

    void aDiskThatIsTooSmallIsSaid()
    {
        ModelSpec spec = smallModel();
        for (LayerSpec &layer : spec.layers)
            layer.ffn->neurons = 1 << 24; // 6.8 PB
        try {
            const GramWriter writer(path("large"), spec, true, provenanceOf(), ScoreNorm::L2);
            QFAIL("nothing was thrown");
        } catch (const Error &problem) {
            const QString said = problem.what();
            QVERIFY2(said.startsWith("There is not enough space for ") &&
                         said.contains("the Gram matrices need " + QString::fromStdString(sizeText(bytesOfGrams(spec, true)))),
                     problem.what());
        }
        QVERIFY(!std::filesystem::exists(path("large")));
    }

    void otherFilesAreRefused_data()
    {
        QTest::addColumn<Damage>("damage");
        QTest::addColumn<QString>("complaint");
        const auto row = [](const char *name, Damage damage, const char *complaint) {
            QTest::newRow(name) << std::move(damage) << QString(complaint);
        };
        row(
            "another kind", [](auto &, Metadata &m) { m["kind"] = "secateur-neuron-scores"; }, "does not hold Gram matrices. Choose");
        row(
            "no metadata", [](auto &, Metadata &m) { m.clear(); }, "does not hold Gram matrices.");
        row(
            "another format", [](auto &, Metadata &m) { m["format"] = "2"; }, "has the format '2'; this program reads format 1.");
        row(
            "no format", [](auto &, Metadata &m) { m.erase("format"); }, "is damaged: it has no field 'format'. Make it again");
        row(
            "no provenance", [](auto &, Metadata &m) { m.erase("provenance"); }, "it has no field 'provenance'");
        row(
            "a provenance that is no JSON", [](auto &, Metadata &m) { m["provenance"] = "{"; }, "The provenance in ");
        row(
            "no windows",
            [](auto &, Metadata &m) {
                Provenance none = provenanceOf();
                none.windows = 0;
                m["provenance"] = toJson(none).dump();
            },
            "it tells of 0 windows of text");
        row(
            "windows that nobody has",
            [](auto &, Metadata &m) {
                Provenance large = provenanceOf();
                large.windows = large.length = std::int64_t(1) << 40; // their product is 0 in 64 bits
                m["provenance"] = toJson(large).dump();
            },
            "it tells of 1,099,511,627,776 windows of 1,099,511,627,776 tokens");
        row(
            "another model",
            [](auto &, Metadata &m) {
                Provenance other = provenanceOf();
                other.modelHash = kOther;
                m["provenance"] = toJson(other).dump();
            },
            "are of another model.");
        row(
            "a missing matrix", [](std::vector<Made> &t, auto &) { t.erase(t.begin() + 2); }, "it has no tensor 'gram.1'");
        row(
            "one weighted missing", [](std::vector<Made> &t, auto &) { t.erase(t.begin() + 5); }, "it has no tensor 'weighted.2'");
        row(
            "a matrix too many",
            [](std::vector<Made> &t, auto &) {
                t.push_back({"gram.3", gramOf(3)});
            },
            "tensors that are no Gram matrices of this model");
        row(
            "another size", [](std::vector<Made> &t, auto &) { t[2].values = gramOf(1, 13); },
            "its tensor 'gram.1' is not of type F32 and shape [12, 12]");
        row(
            "no scores", [](std::vector<Made> &t, auto &) { t.pop_back(); }, "it has no tensor 'scores.2'");
        row(
            "a score below 0", [](std::vector<Made> &t, auto &) { t[7].values[3] = -1; },
            "its tensor 'scores.1' holds values that are no norms");
        row(
            "no norm", [](auto &, Metadata &m) { m.erase("norm"); }, "it has no field 'norm'");
        row(
            "another norm", [](auto &, Metadata &m) { m["norm"] = "l3"; }, "its norm is neither 'l1' nor 'l2'");
        row(
            "one dimension", [](std::vector<Made> &t, auto &) { t[0].values = t[0].values.reshape({-1}); }, "its tensor 'gram.0' is not");
        row(
            "another type", [](std::vector<Made> &t, auto &) { t[4].values = t[4].values.to(at::kHalf); },
            "its tensor 'gram.2' is not of type F32");
        row(
            "a value that is no number", [](std::vector<Made> &t, auto &) { t[3].values[4][5] = std::numeric_limits<float>::quiet_NaN(); },
            "the tensor 'weighted.1' holds values that are not finite");
        row(
            "a negative square", [](std::vector<Made> &t, auto &) { t[0].values[4][4] = -1; },
            "the tensor 'gram.0' has values below 0 on its diagonal");
        row(
            "no symmetry", [](std::vector<Made> &t, auto &) { t[5].values[4][5] += 1; }, "the tensor 'weighted.2' is not symmetric");
    }

    void otherFilesAreRefused()
    {
        QFETCH(Damage, damage);
        QFETCH(QString, complaint);
        std::vector<Made> tensors = wholeFile();
        Metadata metadata = wholeMetadata();
        writeByHand(path("good"), tensors, metadata);
        QCOMPARE(complaintOf(path("good")), QString());
        damage(tensors, metadata);
        writeByHand(path("bad"), tensors, metadata);
        const QString said = complaintOf(path("bad"));
        QVERIFY2(said.contains(complaint), qPrintable(said));
        QVERIFY2(said.contains("bad'"), qPrintable(said)); // the file is named
    }

    void filesThatEndEarlyAreRefused()
    {
        writeByHand(path("cut"), wholeFile(), wholeMetadata());
        QFile file(QString::fromStdString(path("cut")));
        QVERIFY(file.resize(file.size() - 100));
        QVERIFY(complaintOf(path("cut")).contains("cut'"));
        QVERIFY(file.resize(0));
        QVERIFY(complaintOf(path("cut")).contains("cut'"));
        QVERIFY(complaintOf(path("nowhere")).contains("nowhere'"));
    }

    void aFileThatIsWrittenToMeanwhileIsNoticed()
    {
        writeByHand(path("changed"), wholeFile(), wholeMetadata());
        const GramFile grams(path("changed"), smallModel(), kModel);
        grams.layer(0);
        QFile file(QString::fromStdString(path("changed")));
        QVERIFY(file.open(QIODevice::ReadWrite));
        QVERIFY(file.seek(file.size() - 8));
        file.write("12345678");
        file.close();
        QVERIFY(file.resize(file.size() + 8));
        QVERIFY_THROWS_EXCEPTION(Error, grams.layer(2));
    }
};

QTEST_GUILESS_MAIN(tst_GramFile)
#include "tst_GramFile.moc"
