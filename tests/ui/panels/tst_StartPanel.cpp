// SPDX-License-Identifier: GPL-3.0-or-later
#include "FlowBench.h"
#include "panels/start/StartPanel.h"
#include "widgets/DropArea.h"
#include "widgets/EntryList.h"
#include "widgets/FactList.h"
#include "widgets/InlineNote.h"

#include <QDateTime>
#include <QLabel>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>

#include <chrono>

using namespace secateur;
using namespace secateur::ui;

namespace {

EntryList *list(const StartPanel &panel, const QString &name)
{
    for (EntryList *candidate : panel.findChildren<EntryList *>())
        if (candidate->accessibleName().startsWith(name))
            return candidate;
    return nullptr;
}

void show(QWidget &widget)
{
    showAndWait(widget, {1024, 700});
}

} // namespace

class tst_StartPanel : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }
    void initTestCase()
    {
        QVERIFY(m_cache.isValid());
        qputenv("HF_HUB_CACHE", m_cache.path().toLocal8Bit());
    }
    void droppedModelFolderIsRequested();
    void droppedSessionIsRequested();
    void droppedTextIsLeftToTheWindow();
    void dropAreaLightsUpWhileDragged();
    void sampleButtonRequestsTheSample();
    void sampleIsSuggestedUntilSomethingWasOpened();
    void recentEntryIsChosenByClickAndEnter();
    void doubleClickChoosesOnce();
    void missingRecentEntryCannotBeChosen();
    void recentFilesAreNamedByWhatIsInThem();
    void interruptedSessionsComeFirst();
    void oneSessionIsSuggestedAndTheRestIsFolded();
    void newerSessionSaysWhyItCannotBeRestored();
    void recentEntriesAreCleared();
    void dropAreaStaysSmallBesideLongLists();
    void cachedModelsAreListed();
    void emptyCacheSaysWhereItLooked();
    void openModelIsDescribed();
    void modelWithoutTokenizerSaysWhy();
    void memoryIsSaid();
    void narrowPanelStacksItsColumns();

private:
    QTemporaryDir m_cache;
};

void tst_StartPanel::droppedModelFolderIsRequested()
{
    FlowBench bench;
    StartPanel panel(bench.workbench());
    QSignalSpy requested(&panel, &StartPanel::modelRequested);
    QVERIFY(drop(*panel.viewport(), {bench.folder.path()}));
    QCOMPARE(requested.count(), 1);
    QCOMPARE(requested.front(), QVariantList({bench.folder.path(), false}));
    QVERIFY(drop(*panel.viewport(), {bench.write("config.json")})); // a file of the model means the model
    QCOMPARE(requested.back().front().toString(), bench.path("config.json"));
}

void tst_StartPanel::droppedSessionIsRequested()
{
    FlowBench bench;
    StartPanel panel(bench.workbench());
    QSignalSpy requested(&panel, &StartPanel::sessionRequested);
    QVERIFY(drop(*panel.viewport(), {bench.write("work.secateur")}));
    QCOMPARE(requested.count(), 1);
    QCOMPARE(requested.front().front().toString(), bench.path("work.secateur"));
}

void tst_StartPanel::droppedTextIsLeftToTheWindow()
{
    FlowBench bench;
    StartPanel panel(bench.workbench());
    QSignalSpy requested(&panel, &StartPanel::modelRequested);
    QVERIFY(!drop(*panel.viewport(), {bench.write("a.txt")}));
    QCOMPARE(requested.count(), 0);
}

void tst_StartPanel::dropAreaLightsUpWhileDragged()
{
    FlowBench bench;
    StartPanel panel(bench.workbench());
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(bench.folder.path())});
    QDragEnterEvent enter({10, 10}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(panel.viewport(), &enter);
    QVERIFY(panel.findChild<DropArea *>()->isActive());
    QDragLeaveEvent leave;
    QApplication::sendEvent(panel.viewport(), &leave);
    QVERIFY(!panel.findChild<DropArea *>()->isActive());
}

void tst_StartPanel::sampleButtonRequestsTheSample()
{
    FlowBench bench;
    StartPanel panel(bench.workbench());
    show(panel);
    QVERIFY(!button(panel, "Try the bundled sample")); // there is none
    panel.setSampleFolder(bench.folder.path());
    QSignalSpy requested(&panel, &StartPanel::modelRequested);
    QTest::mouseClick(button(panel, "Try the bundled sample"), Qt::LeftButton);
    QCOMPARE(requested.count(), 1);
    QCOMPARE(requested.front(), QVariantList({bench.folder.path(), true}));
}

void tst_StartPanel::sampleIsSuggestedUntilSomethingWasOpened()
{
    FlowBench bench;
    StartPanel panel(bench.workbench());
    panel.setSampleFolder(bench.folder.path());
    show(panel);
    const auto isPrimary = [&](const char *text) { return button(panel, text)->property("primary").toBool(); };
    QVERIFY(isPrimary("Try the bundled sample"));
    QVERIFY(!isPrimary("Open model folder…"));
    panel.setRecent({bench.folder.path()});
    QVERIFY(!isPrimary("Try the bundled sample"));
    QVERIFY(isPrimary("Open model folder…"));
    bench.open();
    QVERIFY(!isPrimary("Open model folder…"));
    QVERIFY(isPrimary("Prune…"));
}

void tst_StartPanel::recentEntryIsChosenByClickAndEnter()
{
    FlowBench bench;
    StartPanel panel(bench.workbench());
    panel.setRecent({bench.folder.path(), bench.write("work.secateur")});
    show(panel);
    QSignalSpy model(&panel, &StartPanel::modelRequested), session(&panel, &StartPanel::sessionRequested);
    EntryList *recent = list(panel, "Recent");
    QCOMPARE(recent->count(), 2);
    QTest::mouseClick(recent->viewport(), Qt::LeftButton, {}, recent->visualItemRect(recent->item(0)).center());
    QCOMPARE(model.count(), 1);
    recent->setFocus();
    QTest::keyClick(recent, Qt::Key_Down);
    QTest::keyClick(recent, Qt::Key_Return);
    QCOMPARE(session.count(), 1);
    QCOMPARE(session.front().front().toString(), bench.path("work.secateur"));
    QCOMPARE(model.count(), 1);
}

void tst_StartPanel::doubleClickChoosesOnce()
{
    FlowBench bench;
    StartPanel panel(bench.workbench());
    panel.setRecent({bench.folder.path()});
    show(panel);
    QSignalSpy model(&panel, &StartPanel::modelRequested);
    EntryList *recent = list(panel, "Recent");
    const QPoint place = recent->visualItemRect(recent->item(0)).center();
    QTest::mouseClick(recent->viewport(), Qt::LeftButton, {}, place);
    QTest::mouseDClick(recent->viewport(), Qt::LeftButton, {}, place);
    QTest::mouseRelease(recent->viewport(), Qt::LeftButton, {}, place);
    QCOMPARE(model.count(), 1);
}

void tst_StartPanel::missingRecentEntryCannotBeChosen()
{
    FlowBench bench;
    StartPanel panel(bench.workbench());
    panel.setRecent({bench.path("gone")});
    show(panel);
    QSignalSpy model(&panel, &StartPanel::modelRequested);
    EntryList *recent = list(panel, "Recent");
    QVERIFY(recent->item(0)->toolTip().contains("not found"));
    QTest::mouseClick(recent->viewport(), Qt::LeftButton, {}, recent->visualItemRect(recent->item(0)).center());
    recent->setFocus();
    QTest::keyClick(recent, Qt::Key_Return);
    QCOMPARE(model.count(), 0);
}

/// A plan with changed weights is a .safetensors file as scores are, and a plan needs no suffix.
void tst_StartPanel::recentFilesAreNamedByWhatIsInThem()
{
    FlowBench bench;
    const auto tensors = [&](const QString &name, const QByteArray &kind) {
        const QByteArray header = R"({"__metadata__":{"kind":")" + kind + R"("},"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
        return bench.write(name, char(header.size()) + QByteArray(7, '\0') + header + QByteArray(4, '\0'));
    };
    StartPanel panel(bench.workbench());
    panel.setRecent({tensors("changed.safetensors", "secateur-plan"), tensors("s.safetensors", "secateur-neuron-scores"),
                     bench.write("mine", R"({"kind": "secateur-plan"})"), bench.path("gone.safetensors"), bench.folder.path()});
    show(panel);
    const auto kinds = [&] {
        QStringList all;
        for (int row = 0; row < list(panel, "Recent")->count(); ++row)
            all << list(panel, "Recent")->item(row)->data(Qt::AccessibleTextRole).toString().section(", ", 1, 1);
        return all;
    };
    QTRY_COMPARE(kinds(), QStringList({"plan", "scores", "plan", "scores", "model"}));
}

void tst_StartPanel::interruptedSessionsComeFirst()
{
    FlowBench bench;
    StartPanel panel(bench.workbench());
    RecoverableSession closed, crashed;
    closed.folder = "/sessions/closed";
    closed.modelFolder = "/models/calm";
    closed.wasClosed = true;
    closed.stoppedJob = "Curve on oz.txt";
    crashed.folder = "/sessions/crashed";
    crashed.modelFolder = "/models/wild";
    crashed.lastChange = std::chrono::system_clock::from_time_t(QDateTime({2026, 3, 4}, {15, 6}).toSecsSinceEpoch());
    crashed.calibrations = 1;
    crashed.candidates = 312;
    crashed.evaluations = 5;
    panel.setRecoverable({closed, crashed});
    show(panel);
    QStringList notes;
    for (const InlineNote *note : panel.findChildren<InlineNote *>())
        if (note->isVisible())
            notes << note->sentence();
    QCOMPARE(notes, QStringList({"wild was interrupted", "calm, not saved"}));
    QStringList said; // when, and what can be restored
    for (const QLabel *label : panel.findChildren<QLabel *>())
        if (label->isVisible())
            said << label->text();
    QVERIFY2(said.contains(QLocale().toString(QDateTime({2026, 3, 4}, {15, 6}), QLocale::ShortFormat)), qPrintable(said.join('\n')));
    QVERIFY2(said.contains("calibrated, 312 candidates searched, 5 evaluations"), qPrintable(said.join('\n')));
    QVERIFY2(said.contains("not calibrated, not evaluated, stopped: Curve on oz.txt"), qPrintable(said.join('\n')));
    QSignalSpy restore(&panel, &StartPanel::restoreRequested), discard(&panel, &StartPanel::discardRequested);
    QTest::mouseClick(button(panel, "Restore"), Qt::LeftButton); // the first one
    QTest::mouseClick(button(panel, "Discard"), Qt::LeftButton);
    QCOMPARE(restore.front().front().toString(), QString("/sessions/crashed"));
    QCOMPARE(discard.front().front().toString(), QString("/sessions/crashed"));
    panel.setRecoverable({});
    QVERIFY(!button(panel, "Restore"));
}

void tst_StartPanel::oneSessionIsSuggestedAndTheRestIsFolded()
{
    FlowBench bench;
    StartPanel panel(bench.workbench());
    std::vector<RecoverableSession> sessions(5);
    for (int i = 0; i < 5; ++i) {
        sessions[std::size_t(i)].folder = "/sessions/" + std::to_string(i);
        sessions[std::size_t(i)].modelFolder = "/models/m";
    }
    sessions[0].calibrations = 1;
    panel.setRecoverable(sessions);
    show(panel);
    const auto rows = [&] {
        QList<QPushButton *> found;
        for (QPushButton *candidate : panel.findChildren<QPushButton *>())
            if (candidate->isVisible() && candidate->text() == QLatin1String("Restore"))
                found << candidate;
        return found;
    };
    QCOMPARE(rows().size(), 3);
    int suggested = 0;
    for (const QPushButton *row : rows())
        suggested += row->property("primary").toBool() ? 1 : 0;
    QCOMPARE(suggested, 1);
    QStringList texts;
    for (const QLabel *label : panel.findChildren<QLabel *>())
        if (label->isVisible())
            texts << label->text();
    QVERIFY(texts.contains("calibrated, not evaluated"));
    QVERIFY(texts.contains("not calibrated, not evaluated"));
    QTest::mouseClick(button(panel, "Show all 5"), Qt::LeftButton);
    QTRY_COMPARE(rows().size(), 5);
    QVERIFY(!button(panel, "Show all 5"));
}

void tst_StartPanel::newerSessionSaysWhyItCannotBeRestored()
{
    FlowBench bench;
    StartPanel panel(bench.workbench());
    RecoverableSession newer;
    newer.folder = "/sessions/newer";
    newer.problem = "It was saved by a newer Secateur (format 9).";
    panel.setRecoverable({newer});
    show(panel);
    QVERIFY(!button(panel, "Restore")->isEnabled());
    QCOMPARE(button(panel, "Restore")->toolTip(), QString::fromStdString(newer.problem));
    QVERIFY(button(panel, "Discard")->isEnabled());
}

void tst_StartPanel::recentEntriesAreCleared()
{
    FlowBench bench;
    StartPanel panel(bench.workbench());
    show(panel);
    QVERIFY(!button(panel, "Clear"));
    panel.setRecent({bench.folder.path()});
    QSignalSpy cleared(&panel, &StartPanel::recentCleared);
    QTest::mouseClick(button(panel, "Clear"), Qt::LeftButton);
    QCOMPARE(cleared.size(), 1);
}

void tst_StartPanel::dropAreaStaysSmallBesideLongLists()
{
    FlowBench bench;
    StartPanel panel(bench.workbench());
    panel.setRecoverable(std::vector<RecoverableSession>(3));
    panel.setRecent(QStringList(10, bench.folder.path()));
    show(panel);
    panel.resize(1400, 1200);
    QTRY_VERIFY(panel.findChild<DropArea *>()->height() < 240);
}

void tst_StartPanel::cachedModelsAreListed()
{
    const QDir cache(m_cache.path());
    const QString snapshot = "models--lab--tiny/snapshots/0123";
    QVERIFY(cache.mkpath(snapshot));
    for (const char *name : {"config.json", "model.safetensors"}) {
        QFile file(cache.filePath(snapshot + "/" + name));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray(2500, ' '));
    }
    QVERIFY(cache.mkpath("models--lab--pickled/snapshots/4567"));
    QFile pickle(cache.filePath("models--lab--pickled/snapshots/4567/pytorch_model.bin"));
    QVERIFY(pickle.open(QIODevice::WriteOnly));
    pickle.close();

    FlowBench bench;
    StartPanel panel(bench.workbench());
    show(panel);
    EntryList *cached = list(panel, "Models in the Hugging Face cache");
    QTRY_COMPARE(cached->count(), 2);
    QVERIFY(!cached->item(0)->flags().testFlag(Qt::ItemIsEnabled));
    QCOMPARE(cached->item(1)->text(), QString("lab/tiny"));
    QSignalSpy model(&panel, &StartPanel::modelRequested);
    QTest::mouseClick(cached->viewport(), Qt::LeftButton, {}, cached->visualItemRect(cached->item(0)).center());
    QCOMPARE(model.count(), 0);
    QTest::mouseClick(cached->viewport(), Qt::LeftButton, {}, cached->visualItemRect(cached->item(1)).center());
    QCOMPARE(model.count(), 1);
    QCOMPARE(model.front().front().toString(), cache.filePath(snapshot));
}

void tst_StartPanel::emptyCacheSaysWhereItLooked()
{
    QTemporaryDir empty;
    qputenv("HF_HUB_CACHE", empty.path().toLocal8Bit());
    FlowBench bench;
    StartPanel panel(bench.workbench());
    show(panel);
    EntryList *cached = list(panel, "Models in the Hugging Face cache");
    QTRY_VERIFY(cached->emptyText().contains(empty.path()));
    QCOMPARE(cached->count(), 0);
    qputenv("HF_HUB_CACHE", m_cache.path().toLocal8Bit());
}

void tst_StartPanel::openModelIsDescribed()
{
    FlowBench bench;
    StartPanel panel(bench.workbench());
    show(panel);
    QVERIFY(!button(panel, "Calibrate…"));
    bench.open();
    const auto *facts = panel.findChild<FactList *>();
    QCOMPARE(facts->value("Family"), QString("llama"));
    QCOMPARE(facts->value("Layers"), QString("4"));
    QCOMPARE(facts->value("Heads / KV heads"), QString("4 / 2"));
    QCOMPARE(facts->value("Context"), QString("512 tokens"));
    QCOMPARE(facts->value("Parameters, model"), QLocale().toString(modelParameters(bench.summary().spec)));
    QVERIFY(facts->value("Stored").startsWith("bfloat16"));
    QCOMPARE(facts->value("Tokenizer"), QString("1000 ids").replace("1000", QLocale().toString(1000)));
    QSignalSpy next(&panel, &StartPanel::nextRequested);
    QTest::mouseClick(button(panel, "Calibrate…"), Qt::LeftButton);
    QCOMPARE(next.count(), 1);
}

void tst_StartPanel::modelWithoutTokenizerSaysWhy()
{
    FlowBench bench;
    StartPanel panel(bench.workbench());
    show(panel);
    ModelSummary summary = bench.summary();
    summary.tokenizerSize.reset();
    summary.tokenizerProblem = "tokenizer.json is missing.";
    bench.session.begin(summary);
    QVERIFY(!button(panel, "Calibrate…")->isEnabled());
    QVERIFY(!button(panel, "Calibrate…")->toolTip().isEmpty());
    QStringList notes;
    for (const InlineNote *note : panel.findChildren<InlineNote *>())
        notes << note->sentence();
    QVERIFY2(notes.contains(bench.session.tokenizerProblem()), qPrintable(notes.join('\n')));
    QVERIFY(bench.session.tokenizerProblem().startsWith("No tokenizer: tokenizer.json is missing."));
}

void tst_StartPanel::memoryIsSaid()
{
    FlowBench bench;
    StartPanel panel(bench.workbench());
    show(panel);
    const auto sentences = [&] {
        QString all;
        for (const InlineNote *note : panel.findChildren<InlineNote *>())
            if (note->isVisible())
                all += note->accessibleName() + '\n';
        return all;
    };
    bench.open();
    QVERIFY2(sentences().contains("The weights take"), qPrintable(sentences()));
    QVERIFY(!sentences().contains("only"));
    ModelSummary huge = bench.summary();
    huge.spec.layers.assign(4000, huge.spec.layers.front());
    huge.spec.hiddenSize = 1'000'000;
    bench.session.begin(huge);
    QVERIFY2(sentences().contains("but only"), qPrintable(sentences()));
    QVERIFY(sentences().contains("Close other programs"));
}

void tst_StartPanel::narrowPanelStacksItsColumns()
{
    FlowBench bench;
    StartPanel panel(bench.workbench());
    panel.setSampleFolder(bench.folder.path());
    show(panel);
    const QWidget *area = panel.findChild<DropArea *>(), *recent = list(panel, "Recent");
    const auto left = [&](const QWidget *widget) { return widget->mapTo(panel.widget(), QPoint()).x(); };
    QVERIFY(left(recent) > left(area) + area->width());
    panel.resize(540, 700);
    QTRY_COMPARE(left(recent), left(area));
    QVERIFY(panel.widget()->width() <= panel.viewport()->width()); // nothing to scroll sideways
}

QTEST_MAIN(tst_StartPanel)
#include "tst_StartPanel.moc"
