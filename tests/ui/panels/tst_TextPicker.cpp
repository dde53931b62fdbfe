// SPDX-License-Identifier: GPL-3.0-or-later
#include "FlowBench.h"
#include "panels/TextPicker.h"
#include "widgets/InlineNote.h"

#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTest>

using namespace secateur;
using namespace secateur::ui;

namespace {

QStringList namesIn(const TextPicker &picker)
{
    QStringList names;
    for (const std::filesystem::path &file : picker.value().files)
        names << QString::fromStdString(file.filename().string());
    return names;
}

QSpinBox *spin(const TextPicker &picker, const QString &name)
{
    for (QSpinBox *box : picker.findChildren<QSpinBox *>())
        if (box->accessibleName().startsWith(name))
            return box;
    return nullptr;
}

void show(QWidget &widget)
{
    widget.resize(700, 240);
    widget.show();
    QVERIFY(QTest::qWaitForWindowExposed(&widget));
}

} // namespace

class tst_TextPicker : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }
    void droppedTextsAreAdded();
    void whatIsNoTextIsLeftToTheWindow();
    void sampleButtonChoosesTheBundledText();
    void missingFileIsMarkedWithItsRemedy();
    void valueComesBackWithoutBeingAnnounced();
    void typedNumbersAreAnnouncedOnce();
    void lengthEndsAtTheContext();
    void allWindowsLeaveTheirNumberOpen();
    void deleteRemovesTheSelectedFiles();
    void refusalIsAProblemUntilTheTextChanges();
    void recentTextsAreInTheMenu();
    void whatATextTurnedOutToBeIsShown();
    void filesOfRecordsHaveAColumn();
};

void tst_TextPicker::droppedTextsAreAdded()
{
    FlowBench bench;
    TextPicker picker;
    QSignalSpy changed(&picker, &TextPicker::changed);
    QCOMPARE(picker.problem(), QString("Choose a text first."));
    QVERIFY(drop(picker, {bench.write("a.txt"), bench.write("b.jsonl.gz")}));
    QCOMPARE(namesIn(picker), QStringList({"a.txt", "b.jsonl.gz"}));
    QCOMPARE(changed.count(), 1);
    QCOMPARE(picker.problem(), QString());
    QVERIFY(drop(picker, {bench.path("a.txt")}));
    QCOMPARE(changed.count(), 1); // it is there already
    QCOMPARE(namesIn(picker).size(), 2);
}

void tst_TextPicker::whatIsNoTextIsLeftToTheWindow()
{
    FlowBench bench;
    TextPicker picker;
    QVERIFY(!drop(picker, {bench.folder.path()}));
    QVERIFY(!drop(picker, {bench.write("config.json")}));
    QVERIFY(!drop(picker, {bench.write("model.safetensors")}));
    QVERIFY(!drop(picker, {bench.write("old.secateur")}));
    QVERIFY(picker.value().files.empty());
    QVERIFY(drop(picker, {bench.path("config.json"), bench.write("a.txt")}));
    QCOMPARE(namesIn(picker), QStringList{"a.txt"});
}

void tst_TextPicker::sampleButtonChoosesTheBundledText()
{
    FlowBench bench;
    TextPicker picker;
    show(picker);
    QVERIFY(!button(picker, "Use the bundled text")); // there is none
    picker.setSampleText(bench.write("grimm.txt"));
    drop(picker, {bench.write("a.txt")});
    QSignalSpy changed(&picker, &TextPicker::changed);
    QPushButton *sample = button(picker, "Use the bundled text");
    QVERIFY(sample);
    QTest::mouseClick(sample, Qt::LeftButton);
    QCOMPARE(namesIn(picker), QStringList{"grimm.txt"});
    QCOMPARE(changed.count(), 1);
    QVERIFY(!button(picker, "Use the bundled text")); // nothing left to do for it
}

void tst_TextPicker::missingFileIsMarkedWithItsRemedy()
{
    FlowBench bench;
    TextPicker picker;
    picker.setValue({.files = {bench.path("gone.txt").toStdString()}, .windows = 2, .length = 16, .seed = 0});
    show(picker);
    QCOMPARE(picker.problem(), QString("gone.txt: not found."));
    QVERIFY(picker.findChild<QListWidget *>()->item(0)->text().contains("not found"));
    const auto *note = picker.findChild<InlineNote *>();
    QVERIFY(note->isVisible());
    QCOMPARE(note->kind(), InlineNote::Kind::Problem);
    QVERIFY(note->accessibleName().contains("choose it again"));
    bench.write("gone.txt"); // it came back while nobody looked
    picker.hide();
    picker.show();
    QCOMPARE(picker.problem(), QString());
    bench.write("gone.txt", {});
    picker.hide();
    picker.show();
    QCOMPARE(picker.problem(), QString("gone.txt: empty."));
}

void tst_TextPicker::valueComesBackWithoutBeingAnnounced()
{
    FlowBench bench;
    TextPicker picker;
    picker.setContext(4096);
    QSignalSpy changed(&picker, &TextPicker::changed);
    const TextSettings text{.files = {bench.write("a.txt").toStdString()}, .windows = 7, .length = 3000, .seed = 42};
    picker.setValue(text);
    QCOMPARE(changed.count(), 0);
    const TextSettings back = picker.value();
    QCOMPARE(back.files, text.files);
    QCOMPARE(back.windows, text.windows);
    QCOMPARE(back.length, text.length);
    QCOMPARE(back.seed, text.seed);
}

void tst_TextPicker::typedNumbersAreAnnouncedOnce()
{
    TextPicker picker;
    show(picker);
    QSignalSpy changed(&picker, &TextPicker::changed);
    QSpinBox *windows = spin(picker, "Windows");
    windows->setFocus();
    windows->selectAll();
    QTest::keyClicks(windows, "128");
    QCOMPARE(changed.count(), 0); // 1 and 12 were never meant
    QTest::keyClick(windows, Qt::Key_Return);
    QCOMPARE(changed.count(), 1);
    QCOMPARE(picker.value().windows, std::optional<std::int64_t>(128));
    QTest::keyClick(windows, Qt::Key_Up);
    QCOMPARE(picker.value().windows, std::optional<std::int64_t>(129));
}

void tst_TextPicker::lengthEndsAtTheContext()
{
    TextPicker picker;
    picker.setContext(512);
    QCOMPARE(spin(picker, "Tokens")->maximum(), 512);
    picker.setValue({.files = {}, .windows = 1, .length = 512, .seed = 0});
    QCOMPARE(picker.value().length, 512);
    QTest::keyClick(spin(picker, "Tokens"), Qt::Key_Up);
    QCOMPARE(picker.value().length, 512);
}

void tst_TextPicker::allWindowsLeaveTheirNumberOpen()
{
    TextPicker picker;
    show(picker);
    QSignalSpy changed(&picker, &TextPicker::changed);
    auto *all = picker.findChild<QCheckBox *>();
    all->setFocus();
    QTest::keyClick(all, Qt::Key_Space);
    QCOMPARE(changed.count(), 1);
    QVERIFY(!picker.value().windows);
    QVERIFY(!spin(picker, "Windows")->isEnabled());
    QTest::keyClick(all, Qt::Key_Space);
    QCOMPARE(picker.value().windows, std::optional<std::int64_t>(32));
}

void tst_TextPicker::deleteRemovesTheSelectedFiles()
{
    FlowBench bench;
    TextPicker picker;
    show(picker);
    drop(picker, {bench.write("a.txt"), bench.write("b.txt"), bench.write("c.txt")});
    auto *list = picker.findChild<QListWidget *>();
    QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualItemRect(list->item(1)).center());
    QTest::keyClick(list, Qt::Key_Delete);
    QCOMPARE(namesIn(picker), QStringList({"a.txt", "c.txt"}));
}

void tst_TextPicker::whatATextTurnedOutToBeIsShown()
{
    FlowBench bench;
    TextPicker picker;
    const auto shown = [&] {
        for (const QLabel *label : picker.findChildren<QLabel *>())
            if (label->accessibleName() == "What the text is")
                return label->isVisibleTo(&picker) ? label->text() : QString();
        return QStringLiteral("missing");
    };
    const TextSettings text{.files = {bench.write("a.txt").toStdString()}, .windows = 7, .length = 512, .seed = 0};
    picker.setValue(text);
    QCOMPARE(shown(), QString());
    TextSettings other = text;
    other.files = {bench.write("b.txt").toStdString()};
    picker.showRead(other, {"b.txt (plain text, UTF-8): \"b\""});
    QCOMPARE(shown(), QString());
    picker.showRead(text, {"a.txt (plain text, UTF-8): \"<b>a</b>\""});
    QCOMPARE(shown(), QString("a.txt (plain text, UTF-8): \"<b>a</b>\""));
    picker.setValue(other);
    QCOMPARE(shown(), QString());
    picker.setValue(text);
    QVERIFY(!shown().isEmpty());
}

void tst_TextPicker::refusalIsAProblemUntilTheTextChanges()
{
    FlowBench bench;
    TextPicker picker;
    QSignalSpy changed(&picker, &TextPicker::problemChanged);
    const TextSettings text{.files = {bench.write("a.txt").toStdString()}, .windows = 7, .length = 512, .seed = 0};
    picker.setValue(text);
    TextSettings other = text;
    other.windows = 8;
    picker.showRefusal(other, "Too short.", "Take a longer text.");
    QCOMPARE(picker.problem(), QString());
    picker.showRefusal(text, "Too short.", "Take a longer text.");
    QCOMPARE(changed.size(), 1);
    QCOMPARE(picker.problem(), QString("Too short."));
    picker.setValue(other);
    QCOMPARE(picker.problem(), QString());
    picker.setValue(text);
    picker.showRead(text, {"a.txt: 9 tokens"}); // it is longer now
    QCOMPARE(picker.problem(), QString());
}

void tst_TextPicker::recentTextsAreInTheMenu()
{
    FlowBench bench;
    TextPicker picker;
    picker.setRecentTexts({bench.write("a.txt")});
    show(picker);
    QPushButton *recent = button(picker, "Recent");
    QVERIFY(recent && recent->menu());
    recent->menu()->actions().front()->trigger();
    QCOMPARE(namesIn(picker), QStringList{"a.txt"});
}

void tst_TextPicker::filesOfRecordsHaveAColumn()
{
    FlowBench bench;
    TextPicker picker;
    show(picker);
    auto *column = picker.findChild<QLineEdit *>(QString(), Qt::FindDirectChildrenOnly);
    QVERIFY(column != nullptr);
    QVERIFY(drop(picker, {bench.write("plain.txt")}));
    QVERIFY(!column->isVisible());
    QVERIFY(drop(picker, {bench.write("rows.parquet")}));
    QVERIFY(column->isVisible());
    QCOMPARE(picker.value().column, std::string("text"));

    QSignalSpy changed(&picker, &TextPicker::changed);
    column->setFocus();
    column->selectAll();
    QTest::keyClicks(column, "content");
    QCOMPARE(changed.count(), 0); // still being typed
    QTest::keyClick(column, Qt::Key_Return);
    QCOMPARE(changed.count(), 1);
    QCOMPARE(picker.value().column, std::string("content"));
    column->selectAll();
    QTest::keyClick(column, Qt::Key_Delete);
    QTest::keyClick(column, Qt::Key_Return);
    QCOMPARE(column->text(), QString("text")); // the usual one again
    QCOMPARE(picker.value().column, std::string("text"));

    picker.setValue({.files = {bench.write("plain.txt").toStdString()}, .windows = 4, .length = 16, .seed = 0, .column = "body"});
    QVERIFY(column->isVisible()); // an unusual one is never hidden
    QCOMPARE(picker.value().column, std::string("body"));
}

QTEST_MAIN(tst_TextPicker)
#include "tst_TextPicker.moc"
