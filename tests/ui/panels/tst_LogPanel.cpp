// SPDX-License-Identifier: GPL-3.0-or-later
#include "MapBench.h"

#include "panels/shell/HistoryPanel.h"
#include "panels/shell/LogPanel.h"

#include <QClipboard>
#include <QRegularExpression>
#include <QTest>
#include <QUndoView>

using namespace secateur;
using namespace secateur::ui;

class TestLogPanel : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }

    void logIsCopiedWithItsHints();
    void logIsSavedAndSaysSo();
    void aFileThatCannotBeWrittenIsAMessage();
    void historyGoesBackByAClick();
};

namespace {

void post(MessageLog &log)
{
    Message message;
    message.severity = Message::Severity::Error;
    message.sentence = "The text is too short.";
    message.hint = "Choose a longer one.";
    log.post(message);
}

} // namespace

void TestLogPanel::logIsCopiedWithItsHints()
{
    MapBench bench;
    LogPanel panel(bench.workbench());
    showAndWait(panel, {700, 300});
    QVERIFY(!button(panel, "Copy")->isEnabled());
    post(bench.messages);
    QTest::mouseClick(button(panel, "Copy"), Qt::LeftButton);
    const QString copied = QGuiApplication::clipboard()->text();
    QVERIFY2(copied.contains("Error  The text is too short.\n    Choose a longer one.\n"), qPrintable(copied));
}

void TestLogPanel::logIsSavedAndSaysSo()
{
    MapBench bench;
    LogPanel panel(bench.workbench());
    post(bench.messages);
    const QString text = panel.text();
    panel.saveAs(bench.path("log.txt"));
    QFile file(bench.path("log.txt"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(QString::fromUtf8(file.readAll()), text);
    QCOMPARE(bench.messages.current().back().severity, Message::Severity::Success);
}

void TestLogPanel::aFileThatCannotBeWrittenIsAMessage()
{
    MapBench bench;
    LogPanel panel(bench.workbench());
    panel.saveAs(bench.path("not/there/log.txt"));
    const Message message = bench.messages.current().back();
    QCOMPARE(message.severity, Message::Severity::Error);
    QVERIFY(message.sentence.contains("not/there/log.txt"));
    QVERIFY(!message.hint.isEmpty());
}

void TestLogPanel::historyGoesBackByAClick()
{
    MapBench bench;
    HistoryPanel panel(bench.workbench());
    showAndWait(panel, {300, 300});
    bench.openLayers(30);
    bench.editor.setSparsity(0.25);
    bench.editor.setSparsity(0.5);
    auto *view = panel.findChild<QUndoView *>();
    QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, view->visualRect(view->model()->index(1, 0)).center());
    QCOMPARE(bench.session.draft().balance.sparsity, 0.25);
}

QTEST_MAIN(TestLogPanel)
#include "tst_LogPanel.moc"
