// SPDX-License-Identifier: GPL-3.0-or-later
// Names of any length and script, words that are longer in another language, larger letters, and a window from right to left: everything fits
// in 1024 x 700.
#include "LayoutFaults.h"
#include "WindowBench.h"

#include "commands/PlanEditor.h"
#include "jobs/SessionKeeper.h"
#include "models/SessionModel.h"
#include "window/Actions.h"
#include "window/CommandPalette.h"
#include "window/StatusLine.h"

#include <QDialog>
#include <QDir>
#include <QDockWidget>
#include <QFileInfo>
#include <QMetaEnum>
#include <QSignalSpy>
#include <QTranslator>

using namespace secateur;
using namespace secateur::ui;

namespace {

constexpr QSize kSmall(1024, 700);

/// Says everything in two fifths more letters, as German or Finnish do; keys stay keys.
class LongerLanguage : public QTranslator {
public:
    bool isEmpty() const override { return false; }
    QString translate(const char *context, const char *source, const char *, int) const override
    {
        const QString text = QString::fromUtf8(source);
        static const QRegularExpression notSaid(QStringLiteral("^(Ctrl\\+|F[0-9]|[^A-Za-z]*$|.*\\(\\*)"));
        if (QByteArray(context).startsWith("Q") || text.contains(notSaid) || text.contains(u'<'))
            return text;
        static const QRegularExpression holder(QStringLiteral("%[0-9n]"));
        const qsizetype letters = QString(text).remove(holder).size();
        QString more;
        while (more.size() < letters * 2 / 5)
            more += more.size() % 8 == 7 ? u' ' : QChar(0x00EB);
        return text + (letters > 12 ? QStringLiteral(" ") : QString()) + more;
    }
};

/// A checkpoint of the sample's under another name.
void copyModel(const QString &to)
{
    QVERIFY(QDir().mkpath(to));
    const QDir from(WindowBench::sample().model());
    for (const QString &file : from.entryList(QDir::Files))
        QVERIFY(QFile::copy(from.filePath(file), to + u'/' + file));
}

} // namespace

class tst_Names : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { qputenv("HF_HUB_CACHE", "/nonexistent"); }
    void init() { failOnOwnWarnings(); }
    void cleanup();

    void namesFitEverywhere_data();
    void namesFitEverywhere();
    void longerWordsFit()
    {
        fitsWith([] {}, true);
    }
    void largerLettersFit()
    {
        fitsWith(
            [] {
                QFont font = QApplication::font();
                font.setPointSizeF(font.pointSizeF() * 1.5);
                QApplication::setFont(font);
            },
            true);
    }
    void rightToLeftFits()
    {
        fitsWith([] { QApplication::setLayoutDirection(Qt::RightToLeft); }, false);
    }

private:
    using Doing = std::function<void()>;

    static void work(const WindowBench &hands, const QString &calibrationText, const QString &evaluationText, const QString &output);
    static QStringList faultsOfAllPages(const WindowBench &hands, const QString &picture);
    void fitsWith(const Doing &change, bool isLarger);
    /// Line by line: Qt Test cuts what is long.
    static void tell(const QStringList &faults)
    {
        for (const QString &fault : faults)
            qInfo().noquote() << fault;
        QVERIFY2(faults.isEmpty(), "it does not fit: the lines above say what");
    }

    LongerLanguage m_language;
    QFont m_font = QApplication::font();
};

void tst_Names::cleanup()
{
    QCoreApplication::removeTranslator(&m_language);
    QApplication::setFont(m_font);
    QApplication::setLayoutDirection(Qt::LeftToRight);
}

/// Calibrates, searches, evaluates and exports, so that the names are in every view.
void tst_Names::work(const WindowBench &hands, const QString &calibrationText, const QString &evaluationText, const QString &output)
{
    const Workbench &bench = hands.bench();
    const TextSettings calibration{.files = {calibrationText.toStdString()}, .windows = 2, .length = 64, .seed = 0};
    TextSettings evaluation = calibration;
    evaluation.files = {evaluationText.toStdString()};
    bench.session.setDraftAndTexts(bench.session.draft(), calibration, evaluation, ScoreNorm::L2);
    bench.jobs.calibrate();
    QVERIFY(hands.waitForJobs());
    QVERIFY(bench.session.hasScores());
    bench.editor.setAttentionsToRemove(1);
    bench.jobs.evaluate();
    QVERIFY(hands.waitForJobs());
    QVERIFY(bench.session.planEvaluation());
    bench.jobs.exportPlan({.format = "hf-dropin", .output = output.toStdString(), .isOverwriteAllowed = false, .dtype = {}, .command = {}});
    QVERIFY(hands.waitForJobs());
    QCOMPARE(bench.session.session().exports.size(), 1U);
}

/// Goes through tabs, docks, palette and dialog; SECATEUR_PICTURES names a folder for pictures of them.
QStringList tst_Names::faultsOfAllPages(const WindowBench &hands, const QString &picture)
{
    QStringList faults;
    const auto look = [&](const QWidget &root, const QString &where) {
        settle();
        for (const QString &fault : layoutFaults(root))
            faults << where + QStringLiteral(": ") + fault;
        const QString folder = qEnvironmentVariable("SECATEUR_PICTURES");
        if (!folder.isEmpty())
            const_cast<QWidget &>(root).grab().save(QStringLiteral("%1/%2-%3.png").arg(folder, picture, where));
    };
    const QMetaEnum tabs = QMetaEnum::fromType<MainWindow::Tab>();
    for (int i = 0; i < tabs.keyCount(); ++i) {
        hands.window->show(MainWindow::Tab(tabs.value(i)));
        look(*hands.window, QString::fromLatin1(tabs.key(i)));
    }
    hands.window->show(MainWindow::Tab::Model);
    for (QDockWidget *dock : hands.window->findChildren<QDockWidget *>()) {
        dock->show();
        dock->raise();
        look(*hands.window, dock->objectName());
    }
    for (QDockWidget *dock : hands.window->findChildren<QDockWidget *>())
        dock->hide();
    hands.window->actionsOfWindow().palette->trigger();
    look(*hands.window->findChild<CommandPalette *>(), QStringLiteral("palette"));
    hands.window->findChild<CommandPalette *>()->hide();
    hands.window->actionsOfWindow().prune->trigger();
    for (QDialog *dialog : hands.window->findChildren<QDialog *>()) {
        if (!dialog->isVisible())
            continue;
        look(*dialog, QStringLiteral("prune"));
        if (dialog->width() > kSmall.width())
            faults << QStringLiteral("prune: the dialog is wider than the window");
        dialog->hide();
    }
    return faults;
}

void tst_Names::namesFitEverywhere_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("long") << QString(120, u'x').replace(0, 7, QStringLiteral("Qwen2.5")).replace(113, 7, QStringLiteral("-theend"));
    QTest::newRow("japanese") << QStringLiteral("名前").repeated(30);
    QTest::newRow("arabic") << QStringLiteral("نموذج لغوي كبير جدا ").repeated(5).trimmed();
}

void tst_Names::namesFitEverywhere()
{
    QFETCH(QString, name);
    WindowBench hands(kSmall);
    const QString folder = hands.state.path() + u'/';
    copyModel(folder + name);
    QVERIFY(QFile::copy(WindowBench::sample().calibrationText(), folder + name + QStringLiteral(".txt")));
    QVERIFY(QFile::copy(WindowBench::sample().evaluationText(), folder + name + QStringLiteral("2.txt")));
    hands.window->open(folder + name);
    QVERIFY(hands.waitForJobs());
    QCOMPARE(hands.bench().session.modelName().left(20), name.left(20));
    work(hands, folder + name + QStringLiteral(".txt"), folder + name + QStringLiteral("2.txt"), folder + name + QStringLiteral("-out"));
    hands.bench().editor.pin(name);
    QSignalSpy saved(&hands.window->keeper(), &SessionKeeper::saved);
    hands.window->keeper().save(folder + name + QStringLiteral(".secateur"));
    QVERIFY(saved.wait(5000));

    const QStringList faults = faultsOfAllPages(hands, QString::fromLatin1(QTest::currentDataTag()));
    tell(faults);
    QCOMPARE(hands.window->size(), kSmall);
    QVERIFY2(hands.window->minimumSizeHint().width() <= kSmall.width(),
             qPrintable(QString::number(hands.window->minimumSizeHint().width())));

    // What is cut says the whole to those who ask.
    int labels = 0;
    for (const QLabel *label : hands.window->findChildren<QLabel *>()) {
        if (!label->text().contains(name) || label->fontMetrics().horizontalAdvance(label->text()) <= label->width())
            continue;
        ++labels;
        QVERIFY2(label->toolTip().contains(name) || label->wordWrap(), qPrintable(placeOf(label)));
    }
    QVERIFY(labels > 0 || name.size() < 120);
    int told = 0; // the session's file, with what became of it
    for (const ElidedLabel *label : hands.window->findChild<StatusLine *>()->findChildren<ElidedLabel *>()) {
        if (!label->toolTip().contains(name + QStringLiteral(".secateur")))
            continue;
        ++told;
        QVERIFY2(label->text().contains(QStringLiteral(".secateur, ")), qPrintable(label->text()));
        QVERIFY2(label->text().size() < 60 || name.contains(u' '), qPrintable(label->text()));
    }
    QCOMPARE(told, 1);
}

void tst_Names::fitsWith(const Doing &change, bool isLarger)
{
    change();
    WindowBench hands(kSmall);
    hands.window->openSample();
    QVERIFY(hands.waitForJobs());
    work(hands, WindowBench::sample().calibrationText(), WindowBench::sample().evaluationText(),
         hands.state.path() + QStringLiteral("/out"));
    QStringList faults = faultsOfAllPages(hands, QString::fromLatin1(QTest::currentTestFunction()));
    if (isLarger) // a page may be scrolled to what does not fit then, but nothing is out of reach
        faults.removeIf([](const QString &fault) { return fault.contains(QStringLiteral("scrolls sideways")); });
    tell(faults);
    QCOMPARE(hands.window->size(), kSmall);
}

QTEST_MAIN(tst_Names)
#include "tst_Names.moc"
