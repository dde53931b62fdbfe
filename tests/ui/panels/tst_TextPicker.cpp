// SPDX-License-Identifier: GPL-3.0-or-later
#include "FlowBench.h"
#include "panels/texts/TextPicker.h"
#include "widgets/InlineNote.h"

#include <QCheckBox>
#include <QClipboard>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QMimeData>
#include <QRegularExpression>
#include <QScopeGuard>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTest>

using namespace secateur;
using namespace secateur::ui;

namespace {

/// What the picker says that the text is.
QString report(const TextPicker &picker)
{
    for (const QLabel *label : picker.findChildren<QLabel *>())
        if (label->accessibleName() == "What the text is")
            return label->isVisibleTo(&picker) ? label->text() : QString();
    return QStringLiteral("missing");
}

QCheckBox *checkBox(const TextPicker &picker, const QString &name)
{
    for (QCheckBox *box : picker.findChildren<QCheckBox *>())
        if (box->text().startsWith(name))
            return box;
    return nullptr;
}

/// The entry of a menu whose name begins so.
QAction *entryOf(const QMenu &menu, const QString &name)
{
    for (QAction *action : menu.actions())
        if (action->text().startsWith(name))
            return action;
    return nullptr;
}

/// The entry of the menu of texts at hand whose name begins so; the menu is opened anew, until the data sets are known.
QAction *entry(const TextPicker &picker, const QString &name)
{
    QMenu *menu = button(picker, "At hand")->menu();
    menu->popup({0, 0});
    const bool isKnown = QTest::qWaitFor([&] { return !entryOf(*menu, "Looking for data sets"); });
    menu->hide();
    return isKnown ? entryOf(*menu, name) : nullptr;
}

/// What the notes of the picker say.
QString said(const TextPicker &picker)
{
    QString all;
    for (const InlineNote *note : picker.findChildren<InlineNote *>())
        if (note->isVisible())
            all += note->accessibleName() + '\n';
    return all;
}

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
    showAndWait(widget, {700, 240});
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
    void dataSetsAreOfferedByTheirNames();
    void dataSetsThatAreNotThereAreExplained();
    void dataSetsAreLookedForWhileTheMenuIsOpen();
    void pastedTextsBecomeFiles();
    void pasteSaysWhyItIsDisabled();
    void hugeTextsAreNotPasted();
    void textThatDoesNotArriveIsNotCalledBlank();
    void largeTextsSayThatTheyAreReadLater();
    void hiddenPickersDoNotFollowTheClipboard();
    void copiedFilesArePastedAsTheyAre();
    void buttonsStayWhereTheyAre();
    void shuffleHasASeedOfItsOwn();
    void shortTextOffersTheWindowsThatItGives();
    void whatATextTurnedOutToBeIsShown();
    void filesOfRecordsHaveAColumn();
    void aDataSetComesWithAsManyDocumentsAsThePaperTakes();
    void theNumberOfDocumentsGoesWithItsFiles();
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
    picker.setEnabled(false); // nothing is to be chosen now
    QVERIFY(!drop(picker, {bench.write("a.txt")}));
    picker.setEnabled(true);
    QVERIFY(picker.value().files.empty());
    QVERIFY(drop(picker, {bench.path("config.json"), bench.write("a.txt")}));
    QCOMPARE(namesIn(picker), QStringList{"a.txt"});
}

void tst_TextPicker::sampleButtonChoosesTheBundledText()
{
    FlowBench bench;
    TextPicker picker;
    show(picker);
    QVERIFY(!button(picker, "Bundled text")); // there is none
    picker.setSampleText(bench.write("grimm.txt"));
    drop(picker, {bench.write("a.txt")});
    QSignalSpy changed(&picker, &TextPicker::changed);
    QPushButton *sample = button(picker, "Bundled text");
    QVERIFY(sample);
    QTest::mouseClick(sample, Qt::LeftButton);
    QCOMPARE(namesIn(picker), QStringList{"grimm.txt"});
    QCOMPARE(changed.count(), 1);
    QVERIFY(!sample->isEnabled()); // nothing left to do for it
    QCOMPARE(sample->toolTip(), QString("This text is already chosen."));
}

void tst_TextPicker::missingFileIsMarkedWithItsRemedy()
{
    FlowBench bench;
    TextPicker picker;
    picker.setValue({.files = {bench.path("gone.txt").toStdString()}, .windows = 2, .length = 16, .seed = 0});
    show(picker);
    QCOMPARE(picker.problem(), QString("gone.txt was not found."));
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
    QCOMPARE(picker.problem(), QString("gone.txt is empty."));
    QCOMPARE(note->accessibleName(), QString("gone.txt is empty. Remove it or choose another file."));
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
    QCheckBox *all = checkBox(picker, "Whole text");
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
    const TextSettings text{.files = {bench.write("a.txt").toStdString()}, .windows = 7, .length = 512, .seed = 0};
    const TextReport read{
        .files = {{.file = text.files[0], .kind = "plain text, UTF-16 LE", .firstLines = {"<b>Once</b>", "upon"}, .documents = 1}},
        .tokens = 4000,
        .windows = 7,
        .length = 512,
        .tokenHash = {}};
    picker.setValue(text);
    QCOMPARE(report(picker), QString());
    TextSettings other = text;
    other.files = {bench.write("b.txt").toStdString()};
    picker.showRead(other, {}, read);
    QCOMPARE(report(picker), QString());
    picker.showRead(text, {}, read);
    QCOMPARE(report(picker),
             QString("“<b>Once</b>”\n“upon”\nplain text, UTF-16 LE, 1 document\n7 windows of 512 tokens fit; 4,000 tokens were read."));
    picker.setValue(other);
    QCOMPARE(report(picker), QString());
    picker.setValue(text);
    QVERIFY(!report(picker).isEmpty());

    TextReport two = read;
    two.files[0].nulls = 1;
    two.files.push_back({.file = "/x/b.jsonl", .kind = "JSON lines, UTF-8", .firstLines = {"time"}, .documents = 12});
    two.windows = 1;
    picker.showRead(text, {}, two);
    QVERIFY2(report(picker).contains("\nb.jsonl: JSON lines, UTF-8, 12 documents “time”\nOne window of 512 tokens fits;"),
             qPrintable(report(picker)));
    QVERIFY2(report(picker).contains("1 document; 1 document without text (null) left out"), qPrintable(report(picker)));
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
    picker.showRead(text, {}, {}); // it is longer now
    QCOMPARE(picker.problem(), QString());
}

void tst_TextPicker::recentTextsAreInTheMenu()
{
    FlowBench bench;
    TextPicker picker;
    picker.setRecentTexts({bench.write("a.txt")});
    show(picker);
    QAction *recent = entry(picker, "a.txt");
    QVERIFY(recent);
    recent->trigger();
    QCOMPARE(namesIn(picker), QStringList{"a.txt"});
}

void tst_TextPicker::dataSetsAreOfferedByTheirNames()
{
    FlowBench bench;
    const QString folder = bench.path("hub/datasets--allenai--c4/snapshots/abc/en");
    QVERIFY(QDir().mkpath(folder));
    for (const char *name : {"c4-train.00000-of-01024.json.gz", "c4-validation.00000-of-00008.json.gz"})
        bench.write("hub/datasets--allenai--c4/snapshots/abc/en/" + QString(name));
    qputenv("HF_HUB_CACHE", bench.path("hub").toUtf8());
    TextPicker picker;
    show(picker);
    QSignalSpy changed(&picker, &TextPicker::changed);
    QAction *train = entry(picker, "C4, train part");
    QVERIFY(train && train->isEnabled());
    QCOMPARE(train->toolTip(), folder + "/c4-train.00000-of-01024.json.gz");
    train->trigger();
    QCOMPARE(namesIn(picker), QStringList{"c4-train.00000-of-01024.json.gz"});
    QCOMPARE(changed.count(), 1);
    picker.setUse(TextUse::Evaluation);
    QVERIFY(!entry(picker, "C4, train part"));
    QVERIFY(entry(picker, "C4, validation part"));
    qunsetenv("HF_HUB_CACHE");
}

void tst_TextPicker::dataSetsThatAreNotThereAreExplained()
{
    FlowBench bench;
    qputenv("HF_HUB_CACHE", bench.path("hub").toUtf8());
    TextPicker picker;
    show(picker);
    QVERIFY(!button(picker, "Copy command"));
    QAction *wiki = entry(picker, "WikiText-2: how to get it");
    QVERIFY(wiki && wiki->text().contains("not on this computer"));
    wiki->trigger();
    QVERIFY(picker.value().files.empty());
    QVERIFY2(said(picker).contains("WikiText-2 is not in the Hugging Face cache"), qPrintable(said(picker)));
    QVERIFY2(said(picker).contains("Fetch it with: hf download Salesforce/wikitext --repo-type dataset"), qPrintable(said(picker)));
    QTest::mouseClick(button(picker, "Copy command"), Qt::LeftButton);
    QVERIFY(QGuiApplication::clipboard()->text().startsWith("hf download Salesforce/wikitext"));
    drop(picker, {bench.write("a.txt")}); // another was chosen
    QVERIFY(!button(picker, "Copied") && !button(picker, "Copy command"));
    qunsetenv("HF_HUB_CACHE");
}

/// The other texts can be chosen at once, and do not change when the data sets come.
void tst_TextPicker::dataSetsAreLookedForWhileTheMenuIsOpen()
{
    FlowBench bench;
    qputenv("HF_HUB_CACHE", bench.path("hub").toUtf8());
    const auto restored = qScopeGuard([] { qunsetenv("HF_HUB_CACHE"); });
    TextPicker picker;
    picker.setRecentTexts({bench.write("a.txt")});
    show(picker);
    QMenu *menu = button(picker, "At hand")->menu();
    menu->popup({0, 0});
    QAction *recent = entryOf(*menu, "a.txt"), *looking = entryOf(*menu, "Looking for data sets…");
    QVERIFY(recent && looking);
    QVERIFY(!looking->isEnabled());
    QTRY_VERIFY(entryOf(*menu, "WikiText-2: how to get it")); // in the open menu
    QVERIFY(menu->isVisible());
    QVERIFY(!entryOf(*menu, "Looking"));
    QCOMPARE(entryOf(*menu, "a.txt"), recent);
    QVERIFY(menu->actions().indexOf(recent) > menu->actions().indexOf(entryOf(*menu, "WikiText-2")));
    menu->hide();

    const QString folder = "hub/datasets--allenai--c4/snapshots/abc/en";
    QVERIFY(QDir().mkpath(bench.path(folder)));
    bench.write(folder + "/c4-train.00000-of-01024.json.gz");
    menu->popup({0, 0});
    QVERIFY(entryOf(*menu, "C4: how to get it")); // as it was known
    QTRY_VERIFY(entryOf(*menu, "C4, train part"));
    menu->hide();
}

void tst_TextPicker::pastedTextsBecomeFiles()
{
    FlowBench bench;
    TextPicker picker;
    picker.setPasteFolder(bench.path("state/texts"));
    show(picker);
    QGuiApplication::clipboard()->setText("Once upon a time\nthere was a king. Grüße\n");
    QSignalSpy changed(&picker, &TextPicker::changed);
    auto *list = picker.findChild<QListWidget *>();
    list->setFocus();
    QTest::keySequence(list, QKeySequence::Paste);
    QTRY_COMPARE(changed.count(), 1);
    QCOMPARE(picker.value().files.size(), 1U);
    const QString file = QString::fromStdString(picker.value().files[0].string());
    QVERIFY2(file.startsWith(bench.path("state/texts/pasted-Once-upon-a-time-")), qPrintable(file));
    QFile kept(file);
    QVERIFY(kept.open(QIODevice::ReadOnly));
    QCOMPARE(kept.readAll(), QByteArray("Once upon a time\nthere was a king. Grüße\n"));
    QVERIFY2(list->item(0)->text().startsWith("Pasted: Once upon a time…"), qPrintable(list->item(0)->text()));
    QVERIFY2(list->item(0)->text().contains("kept in " + bench.path("state/texts")), qPrintable(list->item(0)->text()));
    QCOMPARE(picker.problem(), QString());
    QPushButton *paste = button(picker, "Paste");
    paste->setFocus();
    QTest::mouseClick(paste, Qt::LeftButton); // the same again
    QVERIFY(!paste->isEnabled());
    QCOMPARE(paste->toolTip(), QString("The copied text is being kept as a file."));
    QTRY_VERIFY(paste->isEnabled());
    QCOMPARE(changed.count(), 1);
    QCOMPARE(picker.focusWidget(), paste);

    auto *column = picker.findChild<QLineEdit *>(QString(), Qt::FindDirectChildrenOnly);
    column->show();
    column->setFocus();
    QGuiApplication::clipboard()->setText("body");
    QTest::keySequence(column, QKeySequence::Paste); // is for the field
    QCOMPARE(picker.value().files.size(), 1U);
}

void tst_TextPicker::pasteSaysWhyItIsDisabled()
{
    FlowBench bench;
    TextPicker picker;
    show(picker);
    QVERIFY(!button(picker, "Paste")); // nowhere to keep it
    QGuiApplication::clipboard()->clear();
    picker.setPasteFolder(bench.path("texts"));
    QPushButton *paste = button(picker, "Paste");
    QVERIFY(paste && !paste->isEnabled());
    QCOMPARE(paste->toolTip(), QString("The clipboard holds no text. Copy one first."));
    QGuiApplication::clipboard()->setText("a text");
    QVERIFY(paste->isEnabled());
    QVERIFY(paste->toolTip().contains(bench.path("texts")));
    QGuiApplication::clipboard()->setText(" \n");
    QTest::mouseClick(paste, Qt::LeftButton);
    QVERIFY(picker.value().files.empty());
    QTRY_VERIFY2(said(picker).contains("The text that was pasted is blank."), qPrintable(said(picker)));
    QVERIFY(paste->isEnabled());
}

void tst_TextPicker::hugeTextsAreNotPasted()
{
    FlowBench bench;
    TextPicker picker;
    picker.setPasteFolder(bench.path("texts"));
    show(picker);
    QGuiApplication::clipboard()->setText(QString(20'000'001, QLatin1Char('a')));
    QTest::mouseClick(button(picker, "Paste"), Qt::LeftButton);
    QVERIFY2(said(picker).contains("The copied text has 20,000,001 characters; at most 20,000,000 can be pasted. Save it as a file"),
             qPrintable(said(picker)));
    QVERIFY(button(picker, "Paste")->isEnabled()); // nothing was begun
    QVERIFY(!QFileInfo::exists(bench.path("texts")));
    QGuiApplication::clipboard()->clear();
}

/// As a program that announces a text too large for it to hand over.
class MuteText : public QMimeData {
public:
    QStringList formats() const override { return {QStringLiteral("text/plain")}; }
    bool hasFormat(const QString &type) const override { return type == QLatin1String("text/plain"); }

protected:
    QVariant retrieveData(const QString & /*type*/, QMetaType /*wanted*/) const override { return {}; }
};

void tst_TextPicker::textThatDoesNotArriveIsNotCalledBlank()
{
    FlowBench bench;
    TextPicker picker;
    picker.setPasteFolder(bench.path("texts"));
    show(picker);
    QGuiApplication::clipboard()->setMimeData(new MuteText);
    QVERIFY(button(picker, "Paste")->isEnabled());
    QTest::mouseClick(button(picker, "Paste"), Qt::LeftButton);
    QVERIFY2(said(picker).contains("is probably too large. At most 20,000,000 characters can be pasted."), qPrintable(said(picker)));
    QVERIFY(!said(picker).contains("blank"));
    QGuiApplication::clipboard()->clear();
}

void tst_TextPicker::largeTextsSayThatTheyAreReadLater()
{
    FlowBench bench;
    TextPicker picker;
    show(picker);
    QFile file(bench.path("large.txt"));
    QVERIFY(file.open(QIODevice::WriteOnly) && file.resize(40'000'000)); // a hole: it takes no room
    TextSettings text{.files = {file.fileName().toStdString()}, .windows = {}, .length = 64, .seed = 0};
    picker.setValue(text);
    QVERIFY2(said(picker).contains("The text is large, about 10.0"), qPrintable(said(picker)));
    QVERIFY(file.resize(0)); // the disk is not asked again by whatever happens, only when the files are chosen or come into sight
    picker.showRefusal(text, "It cannot be read.", {});
    picker.showRead(text, {}, {});
    QVERIFY(picker.problem().isEmpty());
    QVERIFY2(said(picker).contains("The text is large, about 10.0"), qPrintable(said(picker)));
    picker.setValue(text);
    QCOMPARE(picker.problem(), QString("large.txt is empty."));
    picker.hide();
    QVERIFY(file.resize(40'000'000));
    QSignalSpy told(&picker, &TextPicker::problemChanged);
    show(picker);
    QCOMPARE(told.size(), 1);
    QVERIFY(picker.problem().isEmpty());
    text.windows = 2; // its beginning is read at once
    picker.setValue(text);
    QVERIFY2(!said(picker).contains("The text is large"), qPrintable(said(picker)));
}

void tst_TextPicker::hiddenPickersDoNotFollowTheClipboard()
{
    FlowBench bench;
    TextPicker picker;
    QGuiApplication::clipboard()->clear();
    picker.setPasteFolder(bench.path("texts"));
    show(picker);
    const QPushButton *paste = button(picker, "Paste");
    QVERIFY(!paste->isEnabled());
    picker.hide();
    QGuiApplication::clipboard()->setText("a text");
    QVERIFY(!paste->isEnabled());
    picker.show(); // catches up
    QVERIFY(paste->isEnabled());
}

void tst_TextPicker::copiedFilesArePastedAsTheyAre()
{
    FlowBench bench;
    TextPicker picker;
    picker.setPasteFolder(bench.path("texts"));
    show(picker);
    const auto copy = [](const QString &file) {
        auto *data = new QMimeData;
        data->setUrls({QUrl::fromLocalFile(file)});
        QGuiApplication::clipboard()->setMimeData(data);
    };
    copy(bench.write("model.safetensors"));
    QVERIFY(!button(picker, "Paste")->isEnabled());
    copy(bench.write("a.txt"));
    QTest::mouseClick(button(picker, "Paste"), Qt::LeftButton);
    QCOMPARE(namesIn(picker), QStringList{"a.txt"});
    QVERIFY(!QFileInfo::exists(bench.path("texts")));
}

void tst_TextPicker::buttonsStayWhereTheyAre()
{
    FlowBench bench;
    TextPicker picker;
    picker.setSampleText(bench.write("grimm.txt"));
    picker.setPasteFolder(bench.path("texts"));
    show(picker);
    const auto places = [&] {
        QList<int> left;
        for (const char *name : {"Add text…", "Paste", "At hand", "Bundled text", "Remove"})
            left << (button(picker, name) ? button(picker, name)->mapTo(&picker, QPoint()).x() : -1);
        return left;
    };
    const QList<int> before = places();
    QVERIFY(!before.contains(-1));
    QVERIFY(!button(picker, "Remove")->isEnabled());
    QCOMPARE(button(picker, "Remove")->toolTip(), QString("Select a file in the list first."));
    QTest::mouseClick(button(picker, "Bundled text"), Qt::LeftButton);
    QCOMPARE(places(), before);
    auto *list = picker.findChild<QListWidget *>();
    QCOMPARE(picker.focusWidget(), list); // and no control that the next key would change
    QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualItemRect(list->item(0)).center());
    QCOMPARE(places(), before);
    QTest::mouseClick(button(picker, "Remove"), Qt::LeftButton);
    QVERIFY(picker.value().files.empty());
    QCOMPARE(places(), before);
}

void tst_TextPicker::shuffleHasASeedOfItsOwn()
{
    TextPicker picker;
    show(picker);
    QSignalSpy changed(&picker, &TextPicker::changed);
    QCheckBox *shuffle = checkBox(picker, "Shuffle");
    QSpinBox *seed = spin(picker, "Seed");
    QVERIFY(!shuffle->isChecked());
    QVERIFY(!seed->isEnabled());
    QCOMPARE(picker.value().seed, 0U);
    QTest::mouseClick(shuffle, Qt::LeftButton, {}, QPoint(8, shuffle->height() / 2));
    QCOMPARE(changed.count(), 1);
    QCOMPARE(picker.value().seed, 1U);
    QVERIFY(seed->isEnabled());
    QTest::keyClick(seed, Qt::Key_Up);
    QCOMPARE(picker.value().seed, 2U);
    picker.setValue({.files = {}, .windows = 1, .length = 16, .seed = 42});
    QVERIFY(shuffle->isChecked());
    QCOMPARE(picker.value().seed, 42U);
    picker.setValue({.files = {}, .windows = 1, .length = 16, .seed = 0});
    QCOMPARE(picker.value().seed, 0U);
    QCOMPARE(seed->value(), 1); // of 42 nothing is left

    const auto tick = [&] { QTest::mouseClick(shuffle, Qt::LeftButton, {}, QPoint(8, shuffle->height() / 2)); };
    tick();
    seed->setValue(7);
    tick();
    picker.setValue(picker.value()); // as the session tells it
    QCOMPARE(picker.value().seed, 0U);
    tick();
    QCOMPARE(picker.value().seed, 7U); // whoever unticks it has it back
}

void tst_TextPicker::shortTextOffersTheWindowsThatItGives()
{
    FlowBench bench;
    TextPicker picker;
    show(picker);
    const TextSettings text{.files = {bench.write("a.txt").toStdString()}, .windows = 7, .length = 512, .seed = 0};
    picker.setValue(text);
    picker.showRefusal(text, "Not a text.", "Take another.");
    QVERIFY(!button(picker, "Use 0 windows"));
    picker.showRefusal(text, "Too short.", "Add text, or use 3 windows.", 3);
    QPushButton *use = button(picker, "Use 3 windows");
    QVERIFY(use);
    QSignalSpy changed(&picker, &TextPicker::changed);
    QTest::mouseClick(use, Qt::LeftButton);
    QCOMPARE(changed.count(), 1);
    QCOMPARE(picker.value().windows, std::optional<std::int64_t>(3));
    QCOMPARE(picker.problem(), QString());
    QVERIFY(!use->isVisible());
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

void tst_TextPicker::aDataSetComesWithAsManyDocumentsAsThePaperTakes()
{
    FlowBench bench;
    const QString folder = "hub/datasets--allenai--c4/snapshots/abc/en/";
    QVERIFY(QDir().mkpath(bench.path(folder)));
    bench.write(folder + "c4-train.00000-of-01024.json.gz");
    qputenv("HF_HUB_CACHE", bench.path("hub").toUtf8());
    const auto restore = qScopeGuard([] { qunsetenv("HF_HUB_CACHE"); });
    TextPicker picker;
    show(picker);
    QSpinBox *documents = spin(picker, "Documents of each file");
    QVERIFY(!documents->isVisible());
    QVERIFY(!picker.value().documents);
    QSignalSpy changed(&picker, &TextPicker::changed);
    entry(picker, "C4, train part")->trigger();
    QVERIFY(documents->isVisible());
    QCOMPARE(picker.value().documents, std::optional<std::int64_t>(1000));
    QCOMPARE(changed.count(), 1);
    documents->setFocus();
    documents->selectAll();
    QTest::keyClicks(documents, "0");
    QCOMPARE(changed.count(), 1); // still being typed
    QTest::keyClick(documents, Qt::Key_Return);
    QVERIFY(!picker.value().documents);
    QCOMPARE(documents->text(), QString("all"));
    QCOMPARE(changed.count(), 2);
    entry(picker, "C4, train part")->trigger(); // the file is there, its number is not
    QCOMPARE(picker.value().documents, std::optional<std::int64_t>(1000));
    QCOMPARE(changed.count(), 3);
    entry(picker, "C4, train part")->trigger();
    QCOMPARE(changed.count(), 3);
}

void tst_TextPicker::theNumberOfDocumentsGoesWithItsFiles()
{
    FlowBench bench;
    TextPicker picker;
    picker.setSampleText(bench.write("grimm.txt"));
    show(picker);
    const TextSettings text{.files = {bench.write("rows.jsonl").toStdString()}, .windows = 4, .length = 16, .seed = 0, .documents = 500};
    const QSpinBox *documents = spin(picker, "Documents of each file");
    picker.setValue(text);
    QCOMPARE(documents->value(), 500);
    QVERIFY(picker.value() == text);
    QTest::mouseClick(button(picker, "Bundled text"), Qt::LeftButton);
    QVERIFY(!picker.value().documents);
    QVERIFY(!documents->isVisible());

    picker.setValue(text);
    auto *list = picker.findChild<QListWidget *>();
    list->setCurrentRow(0);
    list->setFocus();
    QTest::keyClick(list, Qt::Key_Delete);
    QVERIFY(picker.value().files.empty());
    QVERIFY(!picker.value().documents); // the next file is read whole

    const TextReport read{.files = {{.file = text.files[0], .kind = "JSON lines, UTF-8", .firstLines = {"Once"}, .documents = 500}},
                          .tokens = 4000,
                          .windows = 4,
                          .length = 16,
                          .tokenHash = {}};
    picker.setValue(text);
    picker.showRead(text, {}, read);
    QVERIFY(report(picker).contains("500 documents"));
    TextSettings fewer = text;
    fewer.documents = 100;
    picker.setValue(fewer);
    QCOMPARE(report(picker), QString()); // that was said of more documents
}

QTEST_MAIN(tst_TextPicker)
#include "tst_TextPicker.moc"
