// SPDX-License-Identifier: GPL-3.0-or-later
// The layers and rooms of the source, read from its include lines. Link lines enforce most of it; they do not see a header that
// needs no library, nor a room that came along with another.
#include <QDir>
#include <QDirIterator>
#include <QFile>
#include <QMap>
#include <QRegularExpression>
#include <QSet>
#include <QtTest>
#include <functional>

namespace {

/// Path below the root of the source -> content.
using Tree = QMap<QString, QString>;

/// Rooms from the one that knows least. A file includes files of its own room and of rooms on lines above.
const QList<QStringList> kRooms = {
    {"core/foundation"},
    {"core/checkpoint"},
    {"core/tokenizer"},
    {"core/text"},
    {"core/tasks"},
    {"core/model"},
    {"core/decoder"},
    {"core/pruning"},
    {"core/evaluation"},
    {"core/restoration"},
    {"core/exporting"},
    {"core/engine"},
    {"core/benchmark"},
    {"core/comparison"},
    {"core/session"},
    {"core/jobs"},
    {"core/report"},
    {"ui/theme"},
    {"ui/widgets", "ui/plots"},
    {"ui/models"},
    {"ui/commands"},
    {"ui/jobs"},
    {"ui/panels"},
    {"app/window", "app/cli"},
};
/// Rooms whose headers may show Torch. Those of all others are for everybody.
const QStringList kRoomsOfTensors = {"core/decoder", "core/pruning", "core/evaluation", "core/restoration", "core/exporting", "core/engine", "core/benchmark"};
const QStringList kIncludeRoots = {"core/", "ui/", "app/", "app/cli/"};

QString roomOf(const QString &path)
{
    return path.section('/', 0, 1);
}

int rankOf(const QString &path)
{
    for (int rank = 0; rank < kRooms.size(); ++rank)
        if (kRooms[rank].contains(roomOf(path)))
            return rank;
    return -1;
}

bool isWindow(const QString &path)
{
    return path.startsWith("ui/") || path.startsWith("app/window/");
}
bool isTest(const QString &path)
{
    return path.startsWith("tests/");
}

QStringList includesOf(const QString &text)
{
    static const QRegularExpression line("^[ \\t]*#[ \\t]*include[ \\t]*[<\"]([^>\"\\n]+)", QRegularExpression::MultilineOption);
    QStringList includes;
    for (auto match = line.globalMatch(text); match.hasNext();)
        includes << match.next().captured(1);
    return includes;
}

/// The file of the tree that an include of `path` means; empty when it is of elsewhere.
QString fileOf(const Tree &tree, const QString &path, const QString &include)
{
    for (const QString &candidate : QStringList{QDir::cleanPath(path + "/../" + include)} + kIncludeRoots)
        if (const QString file = candidate.endsWith('/') ? candidate + include : candidate; tree.contains(file))
            return file;
    return {};
}

bool isTorchHeader(const QString &include)
{
    return include.startsWith("torch/") || include.startsWith("ATen/") || include.startsWith("c10/");
}

bool isQtHeader(const QString &include)
{
    static const QRegularExpression name("^(Qt[A-Za-z]*/)?Q[A-Za-z]+$|^qcustomplot\\.h$");
    return name.match(include).hasMatch();
}

bool sees(const Tree &tree, const QString &path, bool (*isOfKind)(const QString &), QSet<QString> &visited)
{
    visited << path;
    for (const QString &include : includesOf(tree.value(path))) {
        const QString file = fileOf(tree, path, include);
        if (isOfKind(file.isEmpty() ? include : file) ||
            (!file.isEmpty() && !visited.contains(file) && sees(tree, file, isOfKind, visited)))
            return true;
    }
    return false;
}

/// Whether a file sees one of this kind (a header of elsewhere or a file of the tree), itself or through files of the tree.
bool sees(const Tree &tree, const QString &path, bool (*isOfKind)(const QString &))
{
    QSet<QString> visited;
    return sees(tree, path, isOfKind, visited);
}

// ---- the rules: each returns what breaks it --------------------------------------------------------------------------------------

using Rule = std::function<QStringList(const Tree &)>;

QStringList everyRoomHasItsPlace(const Tree &tree)
{
    QStringList breaches;
    for (auto file = tree.keyBegin(); file != tree.keyEnd(); ++file)
        if (!isTest(*file) && rankOf(*file) < 0)
            breaches << *file + " is in a room that has no place in the order";
    return breaches;
}

QStringList includesLeadDown(const Tree &tree)
{
    QStringList breaches;
    for (auto [path, text] : tree.asKeyValueRange()) {
        for (const QString &include : isTest(path) ? QStringList() : includesOf(text)) {
            const QString file = fileOf(tree, path, include);
            if (!file.isEmpty() && roomOf(file) != roomOf(path) && rankOf(file) >= rankOf(path))
                breaches << path + " includes " + file;
        }
    }
    return breaches;
}

QStringList coreAndCommandLineKnowNoQt(const Tree &tree)
{
    QStringList breaches;
    for (auto [path, text] : tree.asKeyValueRange())
        for (const QString &include : path.startsWith("core/") || path.startsWith("app/cli/") ? includesOf(text) : QStringList())
            if (isQtHeader(include) || isWindow(fileOf(tree, path, include)))
                breaches << path + " includes " + include;
    return breaches;
}

QStringList windowSeesNoTorch(const Tree &tree)
{
    QStringList breaches;
    for (auto file = tree.keyBegin(); file != tree.keyEnd(); ++file)
        if (isWindow(*file) && sees(tree, *file, isTorchHeader))
            breaches << *file + " sees a header of Torch";
    return breaches;
}

/// Tests of core's classes that show tensors are written in Qt Test, with what they need of Qt's core; the window they must not see.
QStringList nobodySeesTorchAndQt(const Tree &tree)
{
    QStringList breaches;
    for (auto file = tree.keyBegin(); file != tree.keyEnd(); ++file)
        if (sees(tree, *file, isTorchHeader) && (sees(tree, *file, isWindow) || (!isTest(*file) && sees(tree, *file, isQtHeader))))
            breaches << *file + " sees headers of Torch and of Qt";
    return breaches;
}

QStringList tensorsStayInTheirRooms(const Tree &tree)
{
    QStringList breaches;
    for (auto file = tree.keyBegin(); file != tree.keyEnd(); ++file)
        if (file->startsWith("core/") && !kRoomsOfTensors.contains(roomOf(*file)) && sees(tree, *file, isTorchHeader))
            breaches << *file + " sees a header of Torch";
    return breaches;
}

/// The engine's plain values have headers of their own.
QStringList onlyJobsKnowTheEngine(const Tree &tree)
{
    QStringList breaches;
    for (auto [path, text] : tree.asKeyValueRange())
        if ((isWindow(path) && roomOf(path) != "ui/jobs") || roomOf(path) == "core/session")
            for (const QString &include : includesOf(text))
                if (fileOf(tree, path, include) == "core/engine/Engine.h")
                    breaches << path + " includes " + include;
    return breaches;
}

QStringList panelsDoNotKnowEachOther(const Tree &tree)
{
    QStringList breaches;
    for (auto [path, text] : tree.asKeyValueRange())
        for (const QString &include : path.startsWith("ui/panels/") ? includesOf(text) : QStringList())
            if (const QString file = fileOf(tree, path, include);
                file.endsWith("Panel.h") && QFileInfo(file).baseName() != QFileInfo(path).baseName())
                breaches << path + " includes " + file;
    return breaches;
}

/// What tensors are called in files stands in the table of their roles (those beside the weights, with the architectures of GGUF). The Python that goes
/// into exports speaks of transformers' own modules.
QStringList oneTableNamesTensors(const Tree &tree)
{
    static const QStringList speakers = {"core/checkpoint/TensorRole.cpp", "core/checkpoint/GgufNames.h", "core/exporting/RemoteCode.cpp"};
    static const QRegularExpression literal("//[^\\n]*|\"((?:\\\\.|[^\"\\\\\\n])*)\"");
    static const QRegularExpression name(
        "self_attn|_proj\\b|layernorm|embed_tokens|lm_head|\\bmlp\\.|\\bblk\\.|token_embd|output_norm|model\\.layers|"
        "\\battn_(q|k|v|qkv|output|norm)\\b|\\bffn_(gate|up|down|norm)\\b|rope_f(reqs|actors)");
    QStringList breaches;
    for (auto [path, text] : tree.asKeyValueRange()) {
        if (isTest(path) || speakers.contains(path))
            continue;
        for (auto match = literal.globalMatch(text); match.hasNext();)
            if (const QString said = match.next().captured(1); said.contains(name))
                breaches << path + " says \"" + said + "\"";
    }
    return breaches;
}

QStringList mainWindowStaysSmall(const Tree &tree)
{
    QStringList breaches;
    for (const QString path : {"app/window/MainWindow.cpp", "app/window/MainWindowLayout.cpp", "app/window/MainWindowMenus.cpp"})
        if (const auto lines = tree.value(path).count('\n'); lines >= 400)
            breaches << QString("%1 has %2 lines").arg(path).arg(lines);
    return breaches;
}

/// The source as it is.
Tree readSource()
{
    const QDir root(SECATEUR_SOURCE_DIR);
    Tree tree;
    for (const char *top : {"core", "ui", "app", "tests"}) {
        QDirIterator files(root.filePath(top), {"*.h", "*.cpp"}, QDir::Files, QDirIterator::Subdirectories);
        while (files.hasNext()) {
            QFile file(files.next());
            if (file.open(QIODevice::ReadOnly))
                tree[root.relativeFilePath(file.fileName())] = QString::fromUtf8(file.readAll());
        }
    }
    return tree;
}

} // namespace

Q_DECLARE_METATYPE(Rule)

class tst_Layers : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QTest::failOnWarning(QRegularExpression(".*")); }
    void sourceKeepsTheRule_data();
    void sourceKeepsTheRule();
    void breachIsFound_data();
    void breachIsFound();
    void whatIsAllowedIsNoBreach();
};

void tst_Layers::sourceKeepsTheRule_data()
{
    QTest::addColumn<Rule>("rule");
    QTest::newRow("every room has its place") << Rule(everyRoomHasItsPlace);
    QTest::newRow("includes lead down") << Rule(includesLeadDown);
    QTest::newRow("core and the command line know no Qt") << Rule(coreAndCommandLineKnowNoQt);
    QTest::newRow("the window sees no Torch") << Rule(windowSeesNoTorch);
    QTest::newRow("nobody sees Torch and Qt") << Rule(nobodySeesTorchAndQt);
    QTest::newRow("tensors stay in their rooms") << Rule(tensorsStayInTheirRooms);
    QTest::newRow("only jobs know the engine") << Rule(onlyJobsKnowTheEngine);
    QTest::newRow("panels do not know each other") << Rule(panelsDoNotKnowEachOther);
    QTest::newRow("one table names tensors") << Rule(oneTableNamesTensors);
    QTest::newRow("the main window stays small") << Rule(mainWindowStaysSmall);
}

void tst_Layers::sourceKeepsTheRule()
{
    static const Tree source = readSource();
    for (const char *path : {"core/decoder/Weights.h", "app/window/MainWindow.cpp", "app/window/MainWindowMenus.cpp"})
        QVERIFY2(source.contains(path), path); // or the rules look at nothing
    QFETCH(Rule, rule);
    const QStringList breaches = rule(source);
    QVERIFY2(breaches.isEmpty(), qPrintable("\n  " + breaches.join("\n  ")));
}

void tst_Layers::breachIsFound_data()
{
    QTest::addColumn<Rule>("rule");
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("text");
    QTest::newRow("a room nobody knows") << Rule(everyRoomHasItsPlace) << "ui/dialogs/Box.h"
                                         << "";
    QTest::newRow("a plot that knows sessions") << Rule(includesLeadDown) << "ui/plots/Bars.cpp"
                                                << "#include \"models/SessionModel.h\"\n";
    QTest::newRow("a plot that knows widgets") << Rule(includesLeadDown) << "ui/plots/Bars.cpp"
                                               << "#include \"widgets/Card.h\"\n";
    QTest::newRow("a panel that knows the window") << Rule(includesLeadDown) << "ui/panels/layers/MapPanel.cpp"
                                                   << "# include \"window/MainWindow.h\"\n";
    QTest::newRow("core that knows the session model") << Rule(includesLeadDown) << "core/model/A.h"
                                                       << "#include \"models/SessionModel.h\"\n";
    QTest::newRow("core against the flow of data") << Rule(includesLeadDown) << "core/foundation/A.h"
                                                   << "#include \"decoder/Weights.h\"\n";
    QTest::newRow("core with Qt") << Rule(coreAndCommandLineKnowNoQt) << "core/text/A.cpp"
                                  << "#include <QString>\n";
    QTest::newRow("core with a module of Qt") << Rule(coreAndCommandLineKnowNoQt) << "core/text/A.cpp"
                                              << "#include <QtCore/QString>\n";
    QTest::newRow("the command line with the window") << Rule(coreAndCommandLineKnowNoQt) << "app/cli/A.cpp"
                                                      << "#include \"widgets/Card.h\"\n";
    QTest::newRow("the window with Torch") << Rule(windowSeesNoTorch) << "app/window/A.cpp"
                                           << "  #include <torch/torch.h>\n";
    QTest::newRow("ui that sees Torch through core") << Rule(windowSeesNoTorch) << "ui/plots/A.cpp"
                                                     << "#include \"decoder/Weights.h\"\n";
    QTest::newRow("Torch and Qt") << Rule(nobodySeesTorchAndQt) << "app/window/A.cpp"
                                  << "#include <QString>\n#include <c10/core/Device.h>\n";
    QTest::newRow("a test with Torch and the window") << Rule(nobodySeesTorchAndQt) << "tests/decoder/tst_A.cpp"
                                                      << "#include \"decoder/Weights.h\"\n#include \"widgets/Card.h\"\n";
    QTest::newRow("a specification with tensors") << Rule(tensorsStayInTheirRooms) << "core/model/A.h"
                                                  << "#include <ATen/Tensor.h>\n";
    QTest::newRow("a session with the engine") << Rule(onlyJobsKnowTheEngine) << "core/session/A.h"
                                               << "#include \"engine/Engine.h\"\n";
    QTest::newRow("a panel with the engine") << Rule(onlyJobsKnowTheEngine) << "ui/panels/layers/A.cpp"
                                             << "#include \"engine/Engine.h\"\n";
    QTest::newRow("a panel that knows another") << Rule(panelsDoNotKnowEachOther) << "ui/panels/export/ExportPanel.h"
                                                << "#include \"panels/layers/MapPanel.h\"\n";
    QTest::newRow("a part of a panel that knows another") << Rule(panelsDoNotKnowEachOther) << "ui/panels/layers/TextPicker.cpp"
                                                          << "#include \"MapPanel.h\"\n";
    QTest::newRow("a tensor by its name") << Rule(oneTableNamesTensors) << "core/exporting/A.cpp"
                                          << "if (name.ends_with(\"mlp.down_proj.weight\"))\n";
    QTest::newRow("a tensor by its name in GGUF") << Rule(oneTableNamesTensors) << "core/checkpoint/A.cpp"
                                                  << "find(\"blk.\" + layer)\n";
    QTest::newRow("a main window that grew") << Rule(mainWindowStaysSmall) << "app/window/MainWindow.cpp" << QString(400, '\n');
}

/// A little source that keeps every rule.
static Tree littleSource()
{
    return {{"core/decoder/Weights.h", "#include <ATen/Tensor.h>\n#include <vector>\n"},
            {"core/engine/Engine.h", "#include <memory>\n"},
            {"core/session/Session.h", "#include \"engine/ModelSummary.h\"\n"},
            {"core/checkpoint/TensorRole.cpp", "constexpr const char *kEmbedding = \"model.embed_tokens\";\n"},
            {"core/model/A.cpp", "// of \"lm_head.weight\"\nget(\"attention.layer_norm_epsilon\", \"attn_logit_softcapping\");\n"},
            {"ui/jobs/JobRunner.cpp", "#include \"engine/Engine.h\"\n"},
            {"ui/widgets/Card.h", "#include <QFrame>\n"},
            {"ui/models/SessionModel.h", "#include <QObject>\n"},
            {"ui/panels/layers/MapPanel.h", "#include \"models/SessionModel.h\"\n"},
            {"ui/panels/layers/MapPanel.cpp", "#include \"panels/layers/MapPanel.h\"\n#include \"widgets/Card.h\"\n"},
            {"app/window/MainWindow.h", "#include \"panels/layers/MapPanel.h\"\n"},
            {"app/window/MainWindow.cpp", QString("#include \"window/MainWindow.h\"\n") + QString(398, '\n')},
            {"tests/decoder/tst_Weights.cpp", "#include \"decoder/Weights.h\"\n#include <QtTest>\n"}};
}

void tst_Layers::breachIsFound()
{
    QFETCH(Rule, rule);
    QFETCH(QString, path);
    QFETCH(QString, text);
    Tree tree = littleSource();
    tree[path] = text;
    const QStringList breaches = rule(tree);
    QCOMPARE(breaches.size(), 1);
    QVERIFY2(breaches.first().startsWith(path), qPrintable(breaches.first()));
}

void tst_Layers::whatIsAllowedIsNoBreach()
{
    for (QStringList (*rule)(const Tree &) :
         {everyRoomHasItsPlace, includesLeadDown, coreAndCommandLineKnowNoQt, windowSeesNoTorch, nobodySeesTorchAndQt,
          tensorsStayInTheirRooms, onlyJobsKnowTheEngine, panelsDoNotKnowEachOther, oneTableNamesTensors, mainWindowStaysSmall})
        QCOMPARE(rule(littleSource()), QStringList());
}

QTEST_GUILESS_MAIN(tst_Layers)
#include "tst_Layers.moc"
