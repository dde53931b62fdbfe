// SPDX-License-Identifier: GPL-3.0-or-later
#include "checkpoint/Checkpoint.h"

#include "Complaint.h"
#include "checkpoint/FolderProblems.h"
#include "checkpoint/SafetensorsWriter.h"
#include "foundation/Sha256.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace secateur;
namespace fs = std::filesystem;

namespace {

const fs::path kModels = SECATEUR_FIXTURES "/tiny-llamas";

struct Named {
    std::string name;
    Shape shape;
};

} // namespace

class TestCheckpoint : public QObject {
    Q_OBJECT
    std::unique_ptr<QTemporaryDir> m_folder;

    fs::path folder() const { return m_folder->path().toStdString(); }

    void write(const QString &name, const QByteArray &content) const
    {
        QFile file(m_folder->filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(content) == content.size());
    }

    void writeWeights(const std::string &name, const std::vector<Named> &tensors, DType dtype = DType::Float32) const
    {
        std::vector<SafetensorsWriter::Declaration> declarations;
        for (const Named &tensor : tensors)
            declarations.push_back({.name = tensor.name, .dtype = dtype, .shape = tensor.shape});
        SafetensorsWriter writer(folder() / name, declarations, {{"format", "pt"}});
        for (const Named &tensor : tensors)
            writer.write(tensor.name, std::vector<std::byte>(std::size_t(elementCount(tensor.shape)) * bytesPerElement(dtype)));
        writer.finish();
    }

    QString openingComplaint() const
    {
        return complaint([this] { Checkpoint::open(folder()); });
    }

private slots:
    void init()
    {
        m_folder = std::make_unique<QTemporaryDir>();
        write("config.json", R"({"model_type":"llama"})");
    }

    void opensASingleFile();
    void opensShards();
    void opensSymbolicLinks();
    void prefersTheSingleFile();
    void refusesFoldersWithoutConfig();
    void callsOtherFoldersByTheirName_data();
    void callsOtherFoldersByTheirName();
    void brokenLinksAreNoMissingFiles_data();
    void brokenLinksAreNoMissingFiles();
    void saysInWhatFormTheTokenizerIs();
    void refusesBadConfigs_data();
    void refusesBadConfigs();
    void refusesFoldersWithoutWeights_data();
    void refusesFoldersWithoutWeights();
    void refusesBadIndexes_data();
    void refusesBadIndexes();
    void listsAllMissingShards();
    void refusesShardsThatLackWhatTheIndexPromises();
    void refusesATensorInTwoShards();
    void survivesAnyDamagedByteOfTheIndex();
    void expectsExactlyTheGivenTensors();
    void expectNamesWeightsThatCannotBeComputed();
    void expectTellsAllProblemsAtOnce();
    void expectCutsLongLists();
    void takesTheTypeOfMostElements();
    void hashesEveryByte();
    void hashingCanBeCancelled();
};

void TestCheckpoint::opensASingleFile()
{
    const Checkpoint checkpoint = Checkpoint::open(kModels / "bf16");
    QCOMPARE(checkpoint.modelFolder().path(), kModels / "bf16");
    QCOMPARE(checkpoint.config().at("model_type").get<std::string>(), std::string("llama"));
    QCOMPARE(checkpoint.files().size(), std::size_t(1));
    QCOMPARE(checkpoint.dtype(), DType::BFloat16);
    QVERIFY(checkpoint.contains("model.norm.weight"));
    QVERIFY(!checkpoint.contains("model.norm"));
    QCOMPARE(checkpoint.tensor("model.norm.weight").shape, Shape{32});
    const QString text = complaint([&] { checkpoint.tensor("nothing"); });
    QVERIFY2(text.contains("no tensor 'nothing'"), qPrintable(text));
}

void TestCheckpoint::opensShards()
{
    Checkpoint checkpoint = Checkpoint::open(kModels / "sharded");
    QCOMPARE(checkpoint.files().size(), std::size_t(3));
    const nlohmann::json index = readConfig(kModels / "sharded/model.safetensors.index.json");
    QCOMPARE(checkpoint.tensorBytes(), index.at("metadata").at("total_size").get<std::int64_t>());
    const TensorView *view = &checkpoint.tensor("model.norm.weight");
    const Checkpoint moved = std::move(checkpoint);
    QCOMPARE(&moved.tensor("model.norm.weight"), view); // references outlive a move
    moved.releasePages();
    for (const auto &[name, shard] : index.at("weight_map").items())
        QVERIFY(moved.contains(name));
}

void TestCheckpoint::opensSymbolicLinks()
{
    for (const auto &entry : fs::directory_iterator(kModels / "sharded"))
        if (entry.path().filename() != "config.json")
            fs::create_symlink(entry.path(), folder() / entry.path().filename());
    QCOMPARE(Checkpoint::open(folder()).files().size(), std::size_t(3));
}

void TestCheckpoint::prefersTheSingleFile()
{
    writeWeights("model.safetensors", {{"a", {1}}});
    write("model.safetensors.index.json", "not even JSON");
    QCOMPARE(Checkpoint::open(folder()).files().size(), std::size_t(1));
}

void TestCheckpoint::refusesFoldersWithoutConfig()
{
    QFile::remove(m_folder->filePath("config.json"));
    QString fault = lacking(openingComplaint(), {m_folder->path(), "contains no config.json", "Hugging Face"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
    fault = lacking(complaint([this] { Checkpoint::open(folder() / "nowhere"); }), {"no folder", "nowhere'", "Check the path"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
    write("file", "");
    fault = lacking(complaint([this] { Checkpoint::open(folder() / "file"); }), {"file' is a file, not a folder", "Choose the folder"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestCheckpoint::callsOtherFoldersByTheirName_data()
{
    QTest::addColumn<QStringList>("files");
    QTest::addColumn<QStringList>("parts");
    const auto row = [](const char *name, const QStringList &files, const QStringList &parts) { QTest::newRow(name) << files << parts; };
    row("adapter", {"adapter_config.json", "adapter_model.safetensors"}, {"an adapter (LoRA", "not a model", "merge_and_unload"});
    row("adapter beside a configuration", {"config.json", "adapter_config.json", "adapter_model.safetensors"}, {"an adapter (LoRA"});
    row("several GGUF files", {"a-Q4.gguf", "a-Q8.gguf"}, {"several GGUF files: a-Q4.gguf, a-Q8.gguf", "Open one of them"});
    row("diffusers", {"model_index.json", "unet/config.json"}, {"pipeline of diffusers", "not a language model"});
    row("of the makers", {"params.json", "consolidated.safetensors", "tekken.json"},
        {"its makers' own format (consolidated.safetensors, params.json)"});
    row("of the makers, beside a configuration", {"config.json", "params.json", "consolidated.safetensors"}, {"its makers' own format"});
    row("training", {"checkpoint-100/config.json", "checkpoint-200/config.json", "trainer_state.json"},
        {"checkpoints of a training run: checkpoint-100, checkpoint-200", "Open one of them"});
    row("one folder deeper", {"Model-1B/config.json"}, {"the model is in its subfolder 'Model-1B'", "Open '", "/Model-1B'"});
    row("one folder deeper, GGUF", {"gguf/a.gguf"}, {"the model is in its subfolder 'gguf'"});
    row("of the hub's cache", {"refs/main", "snapshots/12ab/config.json", "blobs/x"}, {"the model is in its subfolder 'snapshots/12ab'"});
    row("several models", {"a/config.json", "b/config.json"}, {"several models: a, b", "Open one of them"});
    row("weights alone", {"model.safetensors"}, {"no config.json beside the weights (model.safetensors)"});
    row("empty", {}, {"it is empty", "Choose the folder"});
    row("TensorFlow", {"config.json", "tf_model.h5"}, {"holds no weights", "tf_model.h5", "TensorFlow"});
}

void TestCheckpoint::callsOtherFoldersByTheirName()
{
    QFETCH(QStringList, files);
    QFETCH(QStringList, parts);
    QFile::remove(m_folder->filePath("config.json"));
    for (const QString &file : files) {
        QDir(m_folder->path()).mkpath(QFileInfo(m_folder->filePath(file)).path());
        write(file, "{}");
    }
    const QString fault = lacking(openingComplaint(), parts << m_folder->path());
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestCheckpoint::brokenLinksAreNoMissingFiles_data()
{
    QTest::addColumn<QString>("name");
    for (const char *name : {"config.json", "model.safetensors", "model.safetensors.index.json"})
        QTest::newRow(name) << name;
}

void TestCheckpoint::brokenLinksAreNoMissingFiles()
{
    QFETCH(QString, name);
    QFile::remove(m_folder->filePath(name));
    fs::create_symlink("../../blobs/12ab", folder() / name.toStdString());
    const QString fault =
        lacking(openingComplaint(), {name + "' is a link to '../../blobs/12ab', which is not there", "Download the model again"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestCheckpoint::saysInWhatFormTheTokenizerIs()
{
    const auto problem = [this] { return complaint([this] { checkTokenizer(ModelFolder(folder())); }); };
    QVERIFY2(problem().contains("holds no tokenizer.json."), qPrintable(problem()));
    write("tokenizer.model", "x");
    QString fault = lacking(problem(), {"tokenizer in another format (tokenizer.model)", "AutoTokenizer.from_pretrained"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
    fs::create_symlink("nowhere", folder() / "tokenizer.json");
    fault = lacking(problem(), {"tokenizer.json' is a link to 'nowhere', which is not there"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
    QFile::remove(m_folder->filePath("tokenizer.json"));
    write("tokenizer.json", "{}");
    QCOMPARE(problem(), QString());
}

void TestCheckpoint::refusesBadConfigs_data()
{
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QStringList>("parts");
    QTest::newRow("empty") << QByteArray() << QStringList{"config.json' is empty"};
    QTest::newRow("mistake in line 3") << QByteArray("{\n \"a\": 1,\n \"b\" 2\n}") << QStringList{"not valid JSON", "line 3, column 6"};
    QTest::newRow("list") << QByteArray("[]") << QStringList{"must hold a JSON object"};
    QTest::newRow("deep") << QByteArray("{\"a\":").repeated(300'000) << QStringList{"nested too deeply"};
    QTest::newRow("deep lists") << "{\"a\":" + QByteArray(300'000, '[') << QStringList{"nested too deeply"};
    QTest::newRow("huge") << QByteArray(16'000'001, ' ') << QStringList{"16,000,001 bytes", "16,000,000"};
}

void TestCheckpoint::refusesBadConfigs()
{
    QFETCH(QByteArray, content);
    QFETCH(QStringList, parts);
    write("config.json", content);
    const QString fault = lacking(openingComplaint(), parts << "config.json'"
                                                            << "Download config.json again");
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestCheckpoint::refusesFoldersWithoutWeights_data()
{
    QTest::addColumn<QStringList>("files");
    QTest::addColumn<QStringList>("parts");
    const QStringList pickled{"pickled", "run any code", "save_pretrained(", "safe_serialization=True"};
    QTest::newRow("nothing") << QStringList{}
                             << QStringList{"neither model.safetensors nor model.safetensors.index.json", "Download the complete"};
    QTest::newRow("pytorch_model.bin") << QStringList{"pytorch_model.bin"} << pickled + QStringList{"(pytorch_model.bin)"};
    QTest::newRow("pickled shards") << QStringList{"pytorch_model-00001-of-00002.bin", "pytorch_model.bin.index.json"}
                                    << pickled + QStringList{"pytorch_model.bin.index.json"};
    QTest::newRow(".pth") << QStringList{"consolidated.00.pth"} << pickled + QStringList{"consolidated.00.pth"};
    QTest::newRow(".pt") << QStringList{"weights.pt", "b.pt", "c.pt", "d.pt"} << pickled + QStringList{"1 more"};
    QTest::newRow("shards without an index") << QStringList{"model-00001-of-00002.safetensors"}
                                             << QStringList{"neither", "Found instead: model-00001-of-00002.safetensors", "index"};
    QTest::newRow("GGUF") << QStringList{"model.gguf"} << QStringList{"neither", "Found instead: model.gguf", "Hugging Face"};
}

void TestCheckpoint::refusesFoldersWithoutWeights()
{
    QFETCH(QStringList, files);
    QFETCH(QStringList, parts);
    for (const QString &file : files)
        write(file, "x");
    const QString fault = lacking(openingComplaint(), parts << m_folder->path());
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestCheckpoint::refusesBadIndexes_data()
{
    QTest::addColumn<QByteArray>("index");
    QTest::addColumn<QStringList>("parts");
    const auto placing = [](const QByteArray &shard) { return R"({"weight_map":{"a":")" + shard + "\"}}"; };
    const QStringList untrusted{"index.json' places tensor 'a' in", "not the plain name", "download it again from a source that you trust"};
    QTest::newRow("not JSON") << QByteArray("{")
                              << QStringList{"index.json' is not valid JSON", "line 1, column", "Download the index again"};
    QTest::newRow("no map") << QByteArray("{}") << QStringList{"no 'weight_map'", "Download the index again"};
    QTest::newRow("map is a list") << QByteArray(R"({"weight_map":[]})") << QStringList{"no 'weight_map'"};
    QTest::newRow("map is empty") << QByteArray(R"({"weight_map":{}})") << QStringList{"no 'weight_map'"};
    QTest::newRow("shard is a number") << QByteArray(R"({"weight_map":{"a":1}})") << QStringList{"no file for tensor 'a'"};
    QTest::newRow("upwards") << placing("../x.safetensors") << untrusted + QStringList{"'../x.safetensors'"};
    QTest::newRow("absolute") << placing("/etc/x.safetensors") << untrusted;
    QTest::newRow("subfolder") << placing("sub/x.safetensors") << untrusted;
    QTest::newRow("backslash") << placing("sub\\\\x.safetensors") << untrusted;
    QTest::newRow("dots") << placing("..") << untrusted;
    QTest::newRow("hidden") << placing(".safetensors") << untrusted;
    QTest::newRow("empty name") << placing("") << untrusted;
    QTest::newRow("cut by a zero byte") << placing("/etc/passwd\\u0000.safetensors") << untrusted;
    QTest::newRow("zero byte in a plain name") << placing("x\\u0000.safetensors") << untrusted;
    QTest::newRow("another file") << placing("config.json") << untrusted;
    QTest::newRow("pickled") << placing("pytorch_model.bin")
                             << QStringList{"pickled (pytorch_model.bin)", "run any code", "safe_serialization=True"};
}

void TestCheckpoint::refusesBadIndexes()
{
    QFETCH(QByteArray, index);
    QFETCH(QStringList, parts);
    write("model.safetensors.index.json", index);
    const QString fault = lacking(openingComplaint(), parts << m_folder->path());
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestCheckpoint::listsAllMissingShards()
{
    writeWeights("s1.safetensors", {{"a", {1}}});
    writeWeights("s3.safetensors", {{"c", {1}}});
    fs::create_symlink("nowhere", folder() / "s4.safetensors"); // an interrupted download of a hub cache
    write("model.safetensors.index.json",
          R"({"weight_map":{"a":"s1.safetensors","b":"s2.safetensors","c":"s3.safetensors","d":"s4.safetensors","e":"s4.safetensors"}})");
    const QString fault =
        lacking(openingComplaint(), {m_folder->path(), "incomplete: it has 2 of 4 shards; missing: s2.safetensors, s4.safetensors",
                                     "Download the missing files"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestCheckpoint::refusesShardsThatLackWhatTheIndexPromises()
{
    writeWeights("s1.safetensors", {{"a", {1}}, {"b", {1}}});
    writeWeights("s2.safetensors", {{"d", {1}}});
    write("model.safetensors.index.json", R"({"weight_map":{"a":"s1.safetensors","b":"s2.safetensors","c":"s2.safetensors"}})");
    const QString fault =
        lacking(openingComplaint(), {m_folder->path(), "'b' (in 's2.safetensors')", "'c' (in 's2.safetensors')", "do not belong together"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestCheckpoint::refusesATensorInTwoShards()
{
    writeWeights("s1.safetensors", {{"a", {1}}, {"b", {1}}});
    writeWeights("s2.safetensors", {{"b", {1}}});
    write("model.safetensors.index.json", R"({"weight_map":{"a":"s1.safetensors","b":"s2.safetensors"}})");
    const QString fault =
        lacking(openingComplaint(), {"'b' is both in 's1.safetensors' and in 's2.safetensors'", m_folder->path(), "empty folder"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestCheckpoint::survivesAnyDamagedByteOfTheIndex()
{
    writeWeights("s1.safetensors", {{"a", {1}}});
    writeWeights("s2.safetensors", {{"b", {1}}});
    const QByteArray valid = R"({"metadata":{"total_size":8},"weight_map":{"a":"s1.safetensors","b":"s2.safetensors"}})";
    write("model.safetensors.index.json", valid);
    QVERIFY(openingComplaint().isEmpty());
    for (qsizetype i = 0; i < valid.size(); ++i) {
        for (const int value : {valid[i] ^ 1, valid[i] ^ 128, 0, int('/'), int('"'), int('['), int('}')}) {
            QByteArray damaged = valid;
            damaged[i] = char(value);
            write("model.safetensors.index.json", damaged);
            openingComplaint();
        }
        write("model.safetensors.index.json", valid.left(i));
        QVERIFY(!openingComplaint().isEmpty());
    }
}

void TestCheckpoint::expectsExactlyTheGivenTensors()
{
    writeWeights("model.safetensors", {{"a", {2, 3}}, {"b", {}}, {"buffer", {4}}});
    const Checkpoint checkpoint = Checkpoint::open(folder());
    const std::vector<ExpectedTensor> expected{{"a", {2, 3}}, {"b", {}}};
    const std::vector<std::string> ignored{"buffer", "another buffer"};
    QCOMPARE(complaint([&] { checkpoint.expect(expected, ignored); }), QString());
    QVERIFY(complaint([&] { checkpoint.expect(expected); }).contains("1 tensor is not expected:\n  'buffer'"));
}

void TestCheckpoint::expectNamesWeightsThatCannotBeComputed()
{
    QByteArray header =
        R"({"a.weight":{"dtype":"F8_E4M3","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"I64","shape":[1],"data_offsets":[3,11]}})";
    header.resize((header.size() + 7) / 8 * 8, ' ');
    const auto length = quint64(header.size());
    write("model.safetensors", QByteArray(reinterpret_cast<const char *>(&length), sizeof length) + header + QByteArray(11, '\0'));
    const Checkpoint checkpoint = Checkpoint::open(folder());
    QCOMPARE(checkpoint.names(), (std::vector<std::string>{"a.weight", "b"}));
    QVERIFY(!checkpoint.contains("b"));
    const std::vector<std::string> both{"a.weight", "b"};
    QCOMPARE(complaint([&] { checkpoint.expect({}, both); }), QString());
    const std::vector<ExpectedTensor> expected{{"a.weight", {3}}};
    QString fault = lacking(complaint([&] { checkpoint.expect(expected, both); }),
                            {"'a.weight' in '", "model.safetensors' has the type F8_E4M3 (quantised)", "not supported", "made from"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
    fault =
        lacking(complaint([&] { checkpoint.expect({}, std::vector<std::string>{"a.weight"}); }), {"'b' in '", "has the type I64, which"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestCheckpoint::expectTellsAllProblemsAtOnce()
{
    writeWeights("s1.safetensors", {{"a", {2, 3}}, {"b", {5}}});
    writeWeights("s2.safetensors", {{"c", {1}}, {"x", {7}}});
    write("model.safetensors.index.json",
          R"({"weight_map":{"a":"s1.safetensors","b":"s1.safetensors","c":"s2.safetensors","x":"s2.safetensors"}})");
    const std::vector<ExpectedTensor> expected{{"a", {3, 2}}, {"b", {5}}, {"c", {}}, {"d", {8, 9}}, {"e", {1}}};
    const QString text = complaint([&] { Checkpoint::open(folder()).expect(expected); });
    const QString fault =
        lacking(text, {m_folder->path(), "do not fit the config.json", "2 tensors are missing:\n  'd' [8, 9]\n  'e' [1]",
                       "2 tensors are of another shape:\n  'a' in 's1.safetensors': [2, 3] instead of [3, 2]",
                       "'c' in 's2.safetensors': [1] instead of []", "1 tensor is not expected:\n  'x' in 's2.safetensors': [7]",
                       "Check that config.json belongs to these weights"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
}

void TestCheckpoint::expectCutsLongLists()
{
    writeWeights("model.safetensors", {});
    std::vector<ExpectedTensor> expected;
    for (int i = 0; i < 1025; ++i)
        expected.push_back({.name = "tensor " + std::to_string(i), .shape = {1}});
    const QString text = complaint([&] { Checkpoint::open(folder()).expect(expected); });
    const QString fault = lacking(text, {"1,025 tensors are missing", "'tensor 4' [1]\n  and 1,020 more"});
    QVERIFY2(fault.isEmpty(), qPrintable(fault));
    QVERIFY(!text.contains("'tensor 20'"));
}

void TestCheckpoint::takesTheTypeOfMostElements()
{
    writeWeights("s1.safetensors", {{"a", {2}}, {"b", {2}}, {"c", {2}}});
    writeWeights("s2.safetensors", {{"d", {7}}}, DType::Float16);
    write("model.safetensors.index.json", R"({"weight_map":{"a":"s1.safetensors","d":"s2.safetensors"}})");
    const Checkpoint checkpoint = Checkpoint::open(folder());
    QCOMPARE(checkpoint.dtype(), DType::Float16);
    QCOMPARE(checkpoint.tensorBytes(), std::int64_t(24 + 14));
}

void TestCheckpoint::hashesEveryByte()
{
    writeWeights("model.safetensors", {{"a", {2}}});
    QFile weights(m_folder->filePath("model.safetensors"));
    QVERIFY(weights.open(QIODevice::ReadOnly));
    const QByteArray bytes = weights.readAll();
    weights.close();
    const std::string hash = Checkpoint::open(folder()).hash();
    QCOMPARE(hash, Sha256::ofText(R"({"model_type":"llama"})" + bytes.toStdString()));

    write("config.json", "{\n  \"model_type\": \"llama\"\n}\n"); // the same values
    QCOMPARE(Checkpoint::open(folder()).hash(), hash);
    write("config.json", R"({"model_type":"llama","x":1})");
    QVERIFY(Checkpoint::open(folder()).hash() != hash);
    write("config.json", R"({"model_type":"llama"})");
    QByteArray changed = bytes;
    changed.back() = char(changed.back() ^ 1);
    write("model.safetensors", changed);
    QVERIFY(Checkpoint::open(folder()).hash() != hash);
}

void TestCheckpoint::hashingCanBeCancelled()
{
    std::stop_source source;
    source.request_stop();
    const Checkpoint checkpoint = Checkpoint::open(kModels / "mha");
    QVERIFY_THROWS_EXCEPTION(Cancelled, checkpoint.hash(JobContext(source.get_token())));
}

QTEST_GUILESS_MAIN(TestCheckpoint)
#include "tst_Checkpoint.moc"
