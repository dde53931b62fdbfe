// SPDX-License-Identifier: GPL-3.0-or-later
// The user guide, the lesson sheets and the recordings: what they name is there.
#include "WindowBench.h"

#include "jobs/SessionKeeper.h"
#include "models/SessionModel.h"
#include "session/SessionStore.h"
#include "window/Actions.h"
#include "window/GuideWindow.h"
#include "window/Pages.h"
#include "window/Recordings.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QMenuBar>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QTextBrowser>
#include <QTextDocument>
#include <QXmlStreamReader>

#include <functional>
#include <map>

using namespace secateur;
using namespace secateur::ui;

namespace {

QString contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

QString plain(QString html)
{
    return html.replace(QStringLiteral("&gt;"), QStringLiteral(">")).replace(QStringLiteral("&amp;"), QStringLiteral("&"));
}

/// Names of all actions in the menus, with their keys.
std::map<QString, QStringList> actionsOf(const MainWindow &window)
{
    std::map<QString, QStringList> actions;
    const std::function<void(const QMenu &)> take = [&](const QMenu &menu) {
        for (const QAction *action : menu.actions()) {
            const QVariant name = action->property(Actions::kPlainName); // "Undo", whatever it would undo now
            QStringList keys;
            for (const QKeySequence &sequence : action->shortcuts())
                keys << sequence.toString(QKeySequence::PortableText);
            if (!action->isSeparator())
                actions[name.isValid() ? name.toString() : action->text().remove(u'&')] = keys;
            if (action->menu())
                take(*action->menu());
        }
    };
    for (const QAction *menu : window.menuBar()->actions())
        take(*menu->menu());
    return actions;
}

} // namespace

class tst_Guide : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { qputenv("HF_HUB_CACHE", "/nonexistent"); }
    void init() { failOnOwnWarnings(); }

    void everyActionThatIsNamedIsThere();
    void everyLinkLeadsToAPage();
    void everyPageOfTheWindowHasItsOwn();
    void picturesThatAreMissingLeaveNoHole();
    void wordsAreFound();
    void keysReachEverything();
    void lessonIsTwoPages();
    void recordingsOpenAsCopies();
    void withoutRecordingsThereIsNoMenu();

private:
    static QString folder(const char *name) { return QString::fromStdString((usualLaunch().resources / name).string()); }
};

void tst_Guide::everyActionThatIsNamedIsThere()
{
    const WindowBench hands;
    const std::map<QString, QStringList> actions = actionsOf(*hands.window);
    const QRegularExpression named(QStringLiteral("<b class=\"action\">([^<]+)</b>(?:\\s*\\(<kbd>([^<]+)</kbd>\\))?"));
    int found = 0;
    for (const GuidePage &page : guidePagesIn(usualLaunch().resources / "guide")) {
        const QString html = contentOf(folder("guide") + u'/' + page.id + QStringLiteral(".html"));
        int keys = 0;
        for (auto match = named.globalMatch(html); match.hasNext();) {
            const QRegularExpressionMatch hit = match.next();
            const QString name = plain(hit.captured(1)), key = plain(hit.captured(2));
            ++found;
            QVERIFY2(actions.contains(name), qPrintable(page.id + QStringLiteral(": no action '") + name + u'\''));
            if (key.isEmpty())
                continue;
            ++keys;
            QVERIFY2(actions.at(name).contains(key), qPrintable(QStringLiteral("%1: '%2' has the keys %3, not %4")
                                                                    .arg(page.id, name, actions.at(name).join(QStringLiteral(", ")), key)));
        }
        QCOMPARE(int(html.count(QStringLiteral("<kbd>"))), keys); // none stands without its action
    }
    QVERIFY2(found > 40, qPrintable(QString::number(found)));
}

void tst_Guide::everyLinkLeadsToAPage()
{
    const std::vector<GuidePage> pages = guidePagesIn(usualLaunch().resources / "guide");
    QCOMPARE(pages.size(),
             std::size_t(QDir(folder("guide")).entryList({QStringLiteral("*.html")}).size())); // each has its place in the contents
    const QRegularExpression link(QStringLiteral("href=\"([^\"]+)\""));
    for (const GuidePage &page : pages) {
        QVERIFY2(!page.title.isEmpty() && page.text.size() > 200, qPrintable(page.id));
        QXmlStreamReader xml(QString(contentOf(folder("guide") + u'/' + page.id + QStringLiteral(".html")))
                                 .replace(QRegularExpression(QStringLiteral("<(meta|img|br)([^>]*)>")), QStringLiteral("<\\1\\2/>")));
        while (!xml.atEnd())
            xml.readNext();
        QVERIFY2(!xml.hasError(), qPrintable(QStringLiteral("%1, line %2: %3").arg(page.id).arg(xml.lineNumber()).arg(xml.errorString())));
        for (auto match = link.globalMatch(page.html); match.hasNext();) {
            const QString target = match.next().captured(1);
            if (!target.startsWith(QStringLiteral("https://")))
                QVERIFY2(QFileInfo::exists(folder("guide") + u'/' + target.section(u'#', 0, 0)),
                         qPrintable(page.id + QStringLiteral(": ") + target));
        }
    }
}

void tst_Guide::everyPageOfTheWindowHasItsOwn()
{
    const WindowBench hands;
    QCOMPARE(hands.window->actionsOfWindow().guide->shortcut(), QKeySequence(Qt::Key_F1));
    for (const Page &page : pages()) {
        QVERIFY2(QFileInfo::exists(folder("guide") + u'/' + QLatin1String(page.guide) + QStringLiteral(".html")), page.guide);
        hands.window->show(page.tab);
        hands.window->actionsOfWindow().guide->trigger();
        const auto *guide = hands.window->findChild<GuideWindow *>();
        QVERIFY(guide && guide->isVisible());
        QCOMPARE(guide->page(), QLatin1String(page.guide));
        QVERIFY(guide->findChild<QTextBrowser *>()->toPlainText().size() > 200);
    }
    QCOMPARE(hands.window->findChildren<GuideWindow *>().size(), 1);
}

void tst_Guide::picturesThatAreMissingLeaveNoHole()
{
    const QTemporaryDir made;
    QVERIFY(QDir(made.path()).mkdir(QStringLiteral("pictures")));
    QVERIFY(QFile::copy(folder("guide") + QStringLiteral("/start.html"), made.filePath(QStringLiteral("start.html"))));
    QVERIFY(contentOf(made.filePath(QStringLiteral("start.html"))).contains(QStringLiteral("pictures/start.png")));
    std::vector<GuidePage> pages = guidePagesIn(made.path().toStdString());
    QCOMPARE(pages.size(), 1U);
    QVERIFY(!pages.front().html.contains(QStringLiteral("<img")));
    QVERIFY(!pages.front().text.contains(QChar::ObjectReplacementCharacter));

    QImage picture(3000, 1000, QImage::Format_RGB32);
    picture.fill(Qt::blue);
    QVERIFY(picture.save(made.filePath(QStringLiteral("pictures/start.png"))));
    GuideWindow guide(made.path().toStdString(), nullptr);
    guide.open(QStringLiteral("start"));
    guide.show();
    QVERIFY(QTest::qWaitForWindowExposed(&guide));
    settle();
    auto *browser = guide.findChild<QTextBrowser *>();
    QVERIFY(browser->document()->idealWidth() <= browser->viewport()->width()); // no wider than the page
    const QImage shown = browser->grab().toImage();
    bool isSeen = false;
    for (int y = 0; y < shown.height(); ++y)
        isSeen = isSeen || shown.pixelColor(shown.width() / 3, y) == QColor(Qt::blue);
    QVERIFY(isSeen);
}

void tst_Guide::wordsAreFound()
{
    GuideWindow guide(usualLaunch().resources / "guide", nullptr);
    guide.open(QStringLiteral("start"));
    guide.show();
    QVERIFY(QTest::qWaitForWindowExposed(&guide));
    auto *search = guide.findChild<QLineEdit *>();
    auto *contents = guide.findChild<QListWidget *>();
    const int all = contents->count();
    QCOMPARE(all, int(guide.pages().size()));
    QTest::keyClicks(search, QStringLiteral("jaccard"));
    QCOMPARE(contents->count(), 1); // whatever the case
    QVERIFY2(contents->item(0)->text().startsWith(QStringLiteral("Compare (")), qPrintable(contents->item(0)->text()));
    QTest::keyClick(search, Qt::Key_Return);
    QCOMPARE(guide.page(), QStringLiteral("compare"));
    const QList<QTextEdit::ExtraSelection> marks = guide.findChild<QTextBrowser *>()->extraSelections();
    QVERIFY(!marks.isEmpty());
    QCOMPARE(marks.front().cursor.selectedText().toLower(), QStringLiteral("jaccard"));
    QTest::keyClicks(search, QStringLiteral(" giraffe"));
    QCOMPARE(contents->count(), 0);
    QLabel *none = nullptr;
    for (QLabel *label : guide.findChildren<QLabel *>())
        if (label->text() == QStringLiteral("No page has these words."))
            none = label;
    QVERIFY(none && none->isVisible());
    QTest::keyClick(search, Qt::Key_Escape); // first the search, then the window
    QCOMPARE(contents->count(), all);
    QTest::keyClick(search, Qt::Key_Escape);
    QVERIFY(!guide.isVisible());
}

void tst_Guide::keysReachEverything()
{
    GuideWindow guide(usualLaunch().resources / "guide", nullptr);
    guide.open(QString());
    QCOMPARE(guide.page(), QStringLiteral("start")); // what is not there leads to the first
    guide.show();
    guide.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&guide));
    QTest::keyClick(&guide, Qt::Key_F, Qt::ControlModifier);
    QCOMPARE(QApplication::focusWidget(), static_cast<QWidget *>(guide.findChild<QLineEdit *>()));
    auto *contents = guide.findChild<QListWidget *>();
    contents->setFocus(Qt::TabFocusReason);
    QTest::keyClick(contents, Qt::Key_Down);
    QCOMPARE(guide.page(), QStringLiteral("calibrate"));
    for (const QWidget *widget : {static_cast<QWidget *>(contents), static_cast<QWidget *>(guide.findChild<QTextBrowser *>()),
                                  static_cast<QWidget *>(guide.findChild<QLineEdit *>())})
        QVERIFY2(!widget->accessibleName().isEmpty(), widget->metaObject()->className());
}

/// Its two sections are made for a page each: neither has more words than a page takes.
void tst_Guide::lessonIsTwoPages()
{
    const WindowBench hands;
    QVERIFY(hands.window->actionsOfWindow().lessons->isEnabled());
    const QString html = contentOf(folder("lessons") + QStringLiteral("/lesson.html"));
    QCOMPARE(int(html.count(QStringLiteral("<section"))), 2);
    QVERIFY(html.contains(QStringLiteral("page-break-before: always")));
    const QStringList sections = html.section(QStringLiteral("<body>"), 1).split(QStringLiteral("<section"), Qt::SkipEmptyParts);
    constexpr double kMillimetre = 96 / 25.4, kWidth = 178, kHeight = 265; // of an A4 page inside its margins
    int pages = 0;
    for (const QString &section : sections) {
        if (!section.contains(QStringLiteral("<h1>")))
            continue;
        QTextDocument document;
        QFont font(QStringLiteral("sans-serif"));
        font.setPixelSize(14); // 10.5 points
        document.setDefaultFont(font);
        document.setDocumentMargin(0);
        document.setHtml(QStringLiteral("<section") + section);
        document.setTextWidth(kWidth * kMillimetre);
        ++pages;
        QVERIFY2(document.size().height() <= 1.05 * kHeight * kMillimetre, // Qt's tables are looser than a browser's
                 qPrintable(QStringLiteral("page %1: %2 of %3 mm").arg(pages).arg(document.size().height() / kMillimetre).arg(kHeight)));
    }
    QCOMPARE(pages, 2);
    // As many answers as questions.
    const auto items = [&](const QString &after) {
        return html.section(after, 1)
            .section(QStringLiteral("<ol>"), 1)
            .section(QStringLiteral("</ol>"), 0, 0)
            .count(QStringLiteral("<li>"));
    };
    QCOMPARE(items(QStringLiteral("<h2>Questions</h2>")), items(QStringLiteral("<h1>Answers, for the teacher</h1>")));
}

/// One of the sample, with relative paths, as packaging/make-recordings makes them.
void tst_Guide::recordingsOpenAsCopies()
{
    WindowBench hands;
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    const TextSettings text{.files = {WindowBench::sample().calibrationText().toStdString()}, .windows = 2, .length = 64, .seed = 0};
    hands.bench().session.setDraftAndTexts(hands.bench().session.draft(), text, text, ScoreNorm::L2);
    hands.bench().jobs.calibrate();
    QVERIFY(hands.waitForJobs());
    Session recorded = hands.bench().session.session();
    const std::filesystem::path resources = usualLaunch().sample.parent_path();
    recorded.model->folder = "sample/model";
    recorded.calibrationText.files = {"sample/text/grimm.txt"};
    recorded.evaluationText.files = {"sample/text/grimm.txt"};
    auto scores = std::make_shared<NeuronScores>(*recorded.calibrations.front());
    scores->provenance.textFiles = {"sample/text/grimm.txt"};
    recorded.calibrations = {scores};
    const QString file = hands.state.filePath(QStringLiteral("my-recording.secateur"));
    saveSession(recorded, file.toStdString());
    const QByteArray bytes = [&] {
        QFile saved(file);
        return saved.open(QIODevice::ReadOnly) ? saved.readAll() : QByteArray();
    }();

    QSignalSpy opened(&hands.window->keeper(), &SessionKeeper::opened);
    hands.window->keeper().openCopy(file, [resources](Session &session) { place(session, resources); });
    QVERIFY(opened.wait(10000));
    QVERIFY(hands.waitForJobs());
    const Session &session = hands.bench().session.session();
    QCOMPARE(session.model->folder, resources / "sample" / "model");
    QCOMPARE(session.calibrationText.files.front(), resources / "sample" / "text" / "grimm.txt");
    QCOMPARE(session.calibrations.front()->provenance.textFiles.front(), (resources / "sample" / "text" / "grimm.txt").string());
    QVERIFY(hands.bench().session.isModelThere());
    QVERIFY(hands.window->keeper().file().isEmpty()); // saving asks for a name
    QSignalSpy asked(&hands.window->keeper(), &SessionKeeper::nameNeeded);
    QObject::disconnect(&hands.window->keeper(), &SessionKeeper::nameNeeded, hands.window.get(), nullptr);
    hands.window->keeper().save();
    QCOMPARE(asked.count(), 1);
    QFile saved(file);
    QVERIFY(saved.open(QIODevice::ReadOnly));
    QCOMPARE(saved.readAll(), bytes);
}

void tst_Guide::withoutRecordingsThereIsNoMenu()
{
    const QTemporaryDir resources;
    QVERIFY(recordingsIn({}).empty());
    QVERIFY(recordingsIn(resources.path().toStdString()).empty());
    QVERIFY(QDir(resources.path()).mkdir(QStringLiteral("recordings")));
    for (const char *name : {"b-second.secateur", "a-first.secateur", "README.md"}) {
        QFile file(resources.filePath(QStringLiteral("recordings/") + QLatin1String(name)));
        QVERIFY(file.open(QIODevice::WriteOnly));
    }
    const std::vector<Recording> found = recordingsIn(resources.path().toStdString());
    QCOMPARE(found.size(), 2U);
    QCOMPARE(found[0].name, QStringLiteral("a first"));
    QCOMPARE(found[1].name, QStringLiteral("b second"));
    // The menu has what lies in the program's folder, and is not there without.
    const WindowBench hands;
    const bool isThere = !recordingsIn(usualLaunch().resources).empty();
    QCOMPARE(actionsOf(*hands.window).contains(QStringLiteral("Recordings")), isThere);
}

QTEST_MAIN(tst_Guide)
#include "tst_Guide.moc"
