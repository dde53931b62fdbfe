// SPDX-License-Identifier: GPL-3.0-or-later
#include "FlowBench.h"

#include "exporting/Export.h"
#include "panels/prune/PruneCard.h"
#include "widgets/FactList.h"
#include "widgets/InlineNote.h"

#include <QComboBox>
#include <QDialog>
#include <QDir>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QRegularExpression>
#include <QScopeGuard>
#include <QScrollArea>
#include <QSignalSpy>
#include <QTest>
#include <QVBoxLayout>

#include <algorithm>

using namespace secateur;
using namespace secateur::ui;

namespace {

void show(QWidget &widget)
{
    showAndWait(widget, {760, 520});
}

/// With ordinary spaces between numbers and units.
QString plainWords(const QWidget &card)
{
    return words(card).replace(QChar(0xa0), ' ');
}

QAbstractButton *choice(const QWidget &card, const QString &text)
{
    for (QAbstractButton *candidate : card.findChildren<QAbstractButton *>())
        if (candidate->isVisible() && candidate->text().replace(QChar(0xa0), ' ') == text)
            return candidate;
    return nullptr;
}

void chooseTexts(FlowBench &bench)
{
    TextSettings text{.files = {bench.write("a.txt").toStdString()}, .windows = 2, .length = 64, .seed = 0};
    bench.session.setDraftAndTexts(bench.session.draft(), text, {}, ScoreNorm::L2);
}

/// The bundled sample with its two texts, opened as the window does.
void openSample(FlowBench &bench, std::int64_t windows)
{
    const std::string sample = SECATEUR_SOURCE_DIR "/resources/sample/";
    const SampleTexts texts{.calibration = {.files = {sample + "text/grimm.txt"}, .windows = windows, .length = 64, .seed = 0},
                            .evaluation = {.files = {sample + "text/oz.txt"}, .windows = 2, .length = 64, .seed = 0}};
    bench.jobs.openModel(sample + "model", texts);
    QVERIFY(QTest::qWaitFor([&] { return !bench.runner.current() && bench.session.hasModel(); }, 60000));
}

void writeTo(const QWidget &card, const QString &folder)
{
    auto *field = card.findChild<QLineEdit *>();
    for (QLineEdit *candidate : card.findChildren<QLineEdit *>())
        if (candidate->accessibleName() == "Folder to make")
            field = candidate;
    field->setFocus();
    field->selectAll();
    QTest::keyClicks(field, folder);
}

} // namespace

class tst_PruneCard : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression("^(?!This plugin does not support)")); }
    void initTestCase() { QLocale::setDefault(QLocale::c()); }
    void buttonSaysWhatIsMissing();
    void engineDecidesTheFormat();
    void sizeDecidesTheSparsity();
    void folderIsNamedAfterTheTarget();
    void returnPressesTheButtonThatHasTheFocus();
    void escapeGivesATypedNumberBack();
    void bundledTextComesBackAfterNone();
    void fitsSmallScreensAndLargeFonts();
    void outcomeIsShownWhole();
    void sampleIsPrunedInOneGo();
    void scoresAndSearchAreUsedAgain();
    void restoringIsOffAndDoneWhereItIsAskedFor();
    void whatIsTakenOverFromTheCurrentPlanIsSaid();
    void problemMakesTheWindowHigher();
    void buttonStaysWhileAFolderIsTyped();
    void endIsToldWhereTheCardIsClosed();
    void cancelWritesNothingAndLosesNothing();
    void failureIsToldWithItsRemedy();
};

void tst_PruneCard::buttonSaysWhatIsMissing()
{
    FlowBench bench;
    PruneCard card(bench.workbench());
    show(card);
    QCOMPARE(button(card, "Prune")->toolTip(), QString("Open a model first."));
    bench.open();
    QCOMPARE(button(card, "Prune")->toolTip(), QString("Choose a calibration text first."));
    QVERIFY(plainWords(card).contains("no text chosen yet"));
    chooseTexts(bench);
    QVERIFY(plainWords(card).contains("a.txt (2 × 64 tokens)"));
    writeTo(card, bench.path("new"));
    QVERIFY2(button(card, "Prune")->isEnabled(), qPrintable(button(card, "Prune")->toolTip()));
    QDir(bench.folder.path()).mkdir("other");
    bench.write("other/notes.txt");
    writeTo(card, bench.path("other"));
    QVERIFY(!button(card, "Prune")->isEnabled());
    QVERIFY(plainWords(card).contains("was not exported by this program"));
}

void tst_PruneCard::engineDecidesTheFormat()
{
    FlowBench bench;
    bench.open();
    chooseTexts(bench);
    PruneCard card(bench.workbench());
    show(card);
    auto *engine = card.findChild<QComboBox *>();
    QCOMPARE(engine->currentText(), QString("transformers"));
    QVERIFY(plainWords(card).contains("as hf-dropin"));
    engine->setCurrentIndex(engine->findText("llama.cpp, LM Studio, Ollama"));
    QVERIFY(plainWords(card).contains("as gguf-deci")); // the smaller of the two
    QTest::mouseClick(choice(card, "25 %"), Qt::LeftButton);
    const QRegularExpression removes("target 25 %, removes [0-9.]+ % of the layers' parameters|removes 25[.]0 % of the layers' parameters");
    QVERIFY2(plainWords(card).contains(removes), qPrintable(plainWords(card)));
}

void tst_PruneCard::sizeDecidesTheSparsity()
{
    FlowBench bench;
    bench.open();
    chooseTexts(bench);
    PruneCard card(bench.workbench());
    show(card);
    QVERIFY(!card.findChildren<QDoubleSpinBox *>().at(1)->isVisible());
    QTest::mouseClick(choice(card, "Fits into…"), Qt::LeftButton);
    QDoubleSpinBox *size = nullptr;
    for (QDoubleSpinBox *box : card.findChildren<QDoubleSpinBox *>())
        if (box->isVisible())
            size = box;
    QVERIFY(size);
    const double bytes = double(bench.session.denseFigures().bytes);
    size->setValue(0.8 * bytes / 1e6);
    const QString said = plainWords(card);
    const QRegularExpression becomes(R"(([0-9.]+) (k?B) instead of)");
    const QRegularExpressionMatch match = becomes.match(said);
    QVERIFY2(match.hasMatch(), qPrintable(said));
    const double reached = match.captured(1).toDouble() * (match.captured(2) == "kB" ? 1e3 : 1);
    QVERIFY(reached <= size->value() * 1e6 + 50); // said to 0.1 kB
    QVERIFY(reached > 0.75 * bytes);              // not more than is needed
    const QRegularExpression share("^removes ([0-9.]+) %", QRegularExpression::MultilineOption);
    const QRegularExpressionMatch told = share.match(said); // beside the size: a size is no share of parameters
    QVERIFY2(told.hasMatch() && told.captured(1).toDouble() > 0, qPrintable(said));
    QVERIFY(!said.contains(QRegularExpression("^of the layers", QRegularExpression::MultilineOption)));
    size->setValue(0.01 * bytes / 1e6);
    QVERIFY(button(card, "Prune")->toolTip().startsWith("The weights cannot get that small"));
}

void tst_PruneCard::folderIsNamedAfterTheTarget()
{
    FlowBench bench;
    bench.open();
    chooseTexts(bench);
    PruneCard card(bench.workbench());
    show(card);
    const auto *field = card.findChild<QLineEdit *>("folder");
    QVERIFY2(field->text().contains("tiny-2ssp-37.5"), qPrintable(field->text()));
    QTest::mouseClick(choice(card, "25 %"), Qt::LeftButton);
    QVERIFY2(field->text().contains("tiny-2ssp-25"), qPrintable(field->text()));
}

void tst_PruneCard::returnPressesTheButtonThatHasTheFocus()
{
    FlowBench bench;
    openSample(bench, 2);
    PruneCard card(bench.workbench());
    show(card);
    writeTo(card, bench.path("pruned"));
    QAbstractButton *prune = button(card, "Prune");
    prune->setFocus();
    QTest::keyClick(prune, Qt::Key_Return);
    QVERIFY(bench.runner.isBusy(JobKind::Prune));
    bench.runner.cancelAll();
    QTRY_VERIFY(!bench.runner.current());
}

void tst_PruneCard::escapeGivesATypedNumberBack()
{
    FlowBench bench;
    bench.open();
    chooseTexts(bench);
    QDialog dialog;
    auto *layout = new QVBoxLayout(&dialog);
    auto *card = new PruneCard(bench.workbench());
    layout->addWidget(card);
    show(dialog);
    QTest::mouseClick(choice(*card, "Other"), Qt::LeftButton);
    auto *number = card->findChildren<QDoubleSpinBox *>().at(0);
    QVERIFY(number->isVisible());
    QTest::keyClicks(number, "62");
    QVERIFY(!plainWords(*card).contains("62.0 %")); // it is not whole yet
    QTest::keyClick(number, Qt::Key_Escape);
    QVERIFY(dialog.isVisible());
    QCOMPARE(number->text(), QString("30.0 %"));
    QTest::keyClicks(number, "62");
    QTest::keyClick(number, Qt::Key_Return); // takes the number and presses nothing
    QVERIFY(dialog.isVisible() && bench.runner.jobs().empty());
    QCOMPARE(number->value(), 62.0);
    QTest::keyClick(number, Qt::Key_Escape); // nothing is typed
    QVERIFY(!dialog.isVisible());
}

void tst_PruneCard::bundledTextComesBackAfterNone()
{
    const QString texts = SECATEUR_SOURCE_DIR "/resources/sample/text/";
    FlowBench bench;
    bench.open();
    PruneCard card(bench.workbench());
    card.setSampleTexts(texts + "grimm.txt", texts + "oz.txt");
    show(card);
    QTest::mouseClick(button(card, "Bundled text"), Qt::LeftButton); // to calibrate on: it comes first
    QVERIFY(plainWords(card).contains("grimm.txt"));
    QTest::mouseClick(button(card, "Bundled text"), Qt::LeftButton);
    QVERIFY(plainWords(card).contains("oz.txt"));
    QVERIFY(!button(card, "Bundled text"));
    QTest::mouseClick(button(card, "None"), Qt::LeftButton);
    QVERIFY(plainWords(card).contains("perplexity will not be measured"));
    QVERIFY(bench.session.session().evaluationText.files.empty());
    QTest::mouseClick(button(card, "Bundled text"), Qt::LeftButton);
    QCOMPARE(bench.session.session().evaluationText.files.size(), 1U);
    QVERIFY(plainWords(card).contains("oz.txt"));
}

void tst_PruneCard::fitsSmallScreensAndLargeFonts()
{
    const QFont usual = QApplication::font();
    const auto back = qScopeGuard([&] { QApplication::setFont(usual); });
    QFont large = usual;
    large.setPointSizeF(usual.pointSizeF() * 1.5);
    QApplication::setFont(large);
    FlowBench bench;
    openSample(bench, 2);
    PruneCard card(bench.workbench());
    card.setSampleTexts("/nowhere/a.txt", "/nowhere/b.txt"); // all buttons that there may be
    show(card);
    card.resize(1000, 660); // what a dialog leaves of 1024 x 700
    QCoreApplication::processEvents();
    const QSize least = card.minimumSize();
    QVERIFY2(card.width() <= 1000 && card.height() <= 660,
             qPrintable(
                 QStringLiteral("%1 x %2, at least %3 x %4").arg(card.width()).arg(card.height()).arg(least.width()).arg(least.height())));
    const QWidget *action = button(card, "Prune");
    QCOMPARE(action->visibleRegion().boundingRect(), action->rect());
    for (const QScrollArea *area : card.findChildren<QScrollArea *>())
        if (area->isVisible())
            QVERIFY(area->widget()->width() <= area->viewport()->width()); // nothing is cut at the side
    for (const QPushButton *part : card.findChildren<QPushButton *>())
        if (part->isVisible())
            QVERIFY2(part->width() >= part->minimumSizeHint().width(), qPrintable(part->text()));
}

void tst_PruneCard::outcomeIsShownWhole()
{
    FlowBench bench;
    openSample(bench, 2);
    PruneCard card(bench.workbench());
    show(card);
    const QLabel *outcome = nullptr;
    for (const QLabel *label : card.findChildren<QLabel *>())
        if (label->isVisible() && label->text().contains(" instead of "))
            outcome = label;
    QVERIFY(outcome);
    for (const int width : {760, 480}) {
        card.resize(width, 600);
        QTRY_VERIFY2(outcome->height() >= outcome->heightForWidth(outcome->width()),
                     qPrintable(QString("%1 of %2 high, %3 wide")
                                    .arg(outcome->height())
                                    .arg(outcome->heightForWidth(outcome->width()))
                                    .arg(outcome->width())));
        QVERIFY(outcome->width() > card.width() / 2);
    }
}

void tst_PruneCard::sampleIsPrunedInOneGo()
{
    FlowBench bench;
    openSample(bench, 4);
    PruneCard card(bench.workbench());
    show(card);
    writeTo(card, bench.path("pruned"));
    std::vector<double> shares;
    QObject::connect(&bench.runner, &JobRunner::jobChanged, &card, [&](int number) {
        const JobInfo &job = *bench.runner.job(number);
        if (job.kind == JobKind::Prune && job.progress.whole)
            shares.push_back(*job.progress.whole);
    });
    QTest::mouseClick(button(card, "Prune"), Qt::LeftButton);
    QVERIFY(button(card, "Cancel")); // it runs
    QVERIFY(QTest::qWaitFor([&] { return !bench.runner.current(); }, 120000));
    QVERIFY2(plainWords(card).contains("Exported and verified."), qPrintable(plainWords(card)));
    QVERIFY(std::is_sorted(shares.begin(), shares.end())); // of all of it: never back
    QVERIFY(!shares.empty() && shares.back() > 0.9);

    const Session &session = bench.session.session();
    QCOMPARE(session.calibrations.size(), 1U);
    std::vector<Measurement> measured = session.measurements;
    std::erase_if(measured, [](const Measurement &one) { return one.what != Measured::Perplexity; });
    QCOMPARE(measured.size(), 2U); // the original and the plan
    QCOMPARE(session.exports.size(), 1U);
    QCOMPARE(session.exports[0].planHash, measured[1].planHash);
    QCOMPARE(session.exports[0].planHash, bench.session.planHash().toStdString());
    QVERIFY(bench.session.planEvaluation() && bench.session.searchState() == SearchState::Complete); // the tabs show it
    const auto *facts = card.findChild<FactList *>();
    QVERIFY(facts->value("Perplexity").contains("instead of"));
    QVERIFY(facts->value("Attentions removed").startsWith("layer"));
    QVERIFY2(facts->value("Sparsity").contains("removes"), qPrintable(facts->value("Sparsity")));
    QVERIFY(QFileInfo::exists(bench.path("pruned/pruning_manifest.json")));

    QSignalSpy closer(&card, &PruneCard::lookCloserRequested);
    QTest::mouseClick(button(card, "Look closer"), Qt::LeftButton);
    QCOMPARE(closer.size(), 1);
    QTest::mouseClick(button(card, "Prune again…"), Qt::LeftButton);
    QVERIFY(button(card, "Prune"));
}

void tst_PruneCard::scoresAndSearchAreUsedAgain()
{
    FlowBench bench;
    openSample(bench, 4);
    PruneRequest request;
    request.exporting.output = bench.path("one").toStdString();
    bench.jobs.prune(request);
    QVERIFY(QTest::qWaitFor([&] { return !bench.runner.current(); }, 120000));
    QCOMPARE(bench.session.session().exports.size(), 1U);
    QStringList phases;
    QObject::connect(&bench.runner, &JobRunner::jobChanged, &bench.session,
                     [&](int number) { phases << QString::fromStdString(bench.runner.job(number)->progress.phase); });
    request.exporting.output = bench.path("two").toStdString();
    request.exporting.format = "hf-compact";
    bench.jobs.prune(request);
    QVERIFY(QTest::qWaitFor([&] { return !bench.runner.current(); }, 120000));
    QVERIFY(!phases.contains("calibrate") && !phases.contains("search"));
    const auto &exports = bench.session.session().exports;
    QCOMPARE(exports.size(), 2U);
    QCOMPARE(exports[0].planHash, exports[1].planHash);
    QCOMPARE(bench.session.session().calibrations.size(), 1U);
}

void tst_PruneCard::restoringIsOffAndDoneWhereItIsAskedFor()
{
    FlowBench bench;
    bench.jobs.setDataFolder(bench.path("data").toStdString());
    openSample(bench, 32); // fewer are not enough for a refit that helps
    PruneCard card(bench.workbench());
    show(card);
    writeTo(card, bench.path("pruned"));
    QAbstractButton *restore = choice(card, "Restore (about twice the time)");
    QVERIFY(restore && !restore->isChecked());
    QVERIFY(restore->toolTip().contains("not plain 2SSP"));
    restore->click();
    QVERIFY2(button(card, "Prune")->isEnabled(), qPrintable(button(card, "Prune")->toolTip()));
    QTest::mouseClick(button(card, "Prune"), Qt::LeftButton);
    QVERIFY(QTest::qWaitFor([&] { return !bench.runner.current(); }, 240000));
    QVERIFY2(plainWords(card).contains("Exported and verified."), qPrintable(plainWords(card)));

    const Session &session = bench.session.session();
    QCOMPARE(session.plans.size(), 1U);
    const PruningPlan &restored = session.plans.begin()->second->plan;
    QVERIFY(restored.restoration);
    QCOMPARE(session.exports.back().planHash, restored.hash());
    const auto *facts = card.findChild<FactList *>();
    QVERIFY(facts->value("Perplexity, restored").contains("instead of"));
    QVERIFY(facts->value("Perplexity, plain 2SSP").contains("oz.txt"));
    QVERIFY(!facts->value("Restored by").isEmpty());
    QVERIFY(bench.session.shelfPlan());                                                 // the tabs show it
    QVERIFY(QDir(bench.path("data/restoring")).entryList({"*.safetensors"}).isEmpty()); // nobody asked for it to be kept
}

void tst_PruneCard::whatIsTakenOverFromTheCurrentPlanIsSaid()
{
    FlowBench bench;
    bench.open();
    chooseTexts(bench);
    PruneCard card(bench.workbench());
    show(card);
    QVERIFY(!plainWords(card).contains("current plan"));
    bench.editor.toggleProtected(3);
    QVERIFY2(plainWords(card).contains("Keeps the attention that the current plan protects (layer 3)."), qPrintable(plainWords(card)));
    bench.editor.toggleProtected(1);
    bench.editor.toggleForced(0);
    QVERIFY2(plainWords(card).contains("Keeps the attentions that the current plan protects (layers "), qPrintable(plainWords(card)));
    QVERIFY(plainWords(card).contains("Removes first what the current plan forces: layer 0."));
    QVERIFY(!plainWords(card).contains("set by hand"));
    bench.editor.setNeuronsKept(50);
    QVERIFY2(plainWords(card).contains("K is chosen anew for the target: what was set by hand is not used."), qPrintable(plainWords(card)));
    bench.editor.setAttentionsToRemove(1);
    bench.editor.setNeuronsKept(50);
    QVERIFY2(plainWords(card).contains("N and K are chosen anew for the target: what was set by hand is not used."),
             qPrintable(plainWords(card)));
    const PlanDraft draft = bench.jobs.draftOf({.sparsity = 0.375, .exporting = {}}); // and so it is
    QVERIFY(!draft.balance.neuronsKept && !draft.balance.attentionsToRemove);
    QCOMPARE(draft.search.protectedLayers.size(), 2U);
    QCOMPARE(draft.search.forcedLayers, std::vector<std::int64_t>{0});
}

void tst_PruneCard::problemMakesTheWindowHigher()
{
    FlowBench bench;
    bench.open();
    chooseTexts(bench);
    QDir(bench.folder.path()).mkdir("other");
    bench.write("other/notes.txt");
    PruneCard card(bench.workbench());
    show(card);
    writeTo(card, bench.path("new"));
    QCoreApplication::processEvents();
    card.resize(760, card.minimumSizeHint().height());
    const int before = card.height();
    writeTo(card, bench.path("other"));
    QTRY_VERIFY2(card.height() >= before, qPrintable(QString::number(card.height())));
    const InlineNote *problem = nullptr;
    for (const InlineNote *note : card.findChildren<InlineNote *>())
        if (note->isVisible())
            problem = note;
    QVERIFY(problem && problem->sentence().contains("was not exported by this program"));
    QTRY_VERIFY(problem->height() >= problem->heightForWidth(problem->width())); // all of it is seen
}

void tst_PruneCard::buttonStaysWhileAFolderIsTyped()
{
    FlowBench bench;
    bench.open();
    chooseTexts(bench);
    QDir(bench.folder.path()).mkdir("other");
    bench.write("other/notes.txt");
    PruneCard card(bench.workbench());
    show(card);
    writeTo(card, bench.path("new"));
    QCoreApplication::processEvents();
    const auto place = [&card] { return button(card, "Prune")->mapTo(&card, QPoint()); };
    const QPoint before = place();
    QVERIFY(button(card, "Copy as command")->isEnabled());
    for (const char *folder : {"other", "new", "other"}) {
        writeTo(card, bench.path(folder));
        QCoreApplication::processEvents();
        QCOMPARE(place(), before);
    }
    QVERIFY(!button(card, "Copy as command")->isEnabled()); // there is no command for a wrong folder
    QCOMPARE(button(card, "Copy as command")->toolTip(), button(card, "Prune")->toolTip());
}

/// As when its dialog was closed meanwhile.
void tst_PruneCard::endIsToldWhereTheCardIsClosed()
{
    FlowBench bench;
    openSample(bench, 2);
    PruneCard card(bench.workbench());
    show(card);
    writeTo(card, bench.path("pruned"));
    QTest::mouseClick(button(card, "Prune"), Qt::LeftButton);
    card.hide();
    QVERIFY(QTest::qWaitFor([&] { return !bench.runner.current(); }, 120000));
    QCOMPARE(bench.messages.current().size(), 1U);
    const Message told = bench.messages.current().front();
    QVERIFY2(told.sentence.contains(bench.path("pruned")) && told.sentence.contains("verified"), qPrintable(told.sentence));
    QCOMPARE(told.actionText, QString("Open folder"));
    card.show();
    QVERIFY(bench.messages.current().empty()); // the result says it
}

void tst_PruneCard::cancelWritesNothingAndLosesNothing()
{
    FlowBench bench;
    openSample(bench, 16);
    PruneCard card(bench.workbench());
    show(card);
    writeTo(card, bench.path("pruned"));
    QTest::mouseClick(button(card, "Prune"), Qt::LeftButton);
    QVERIFY(QTest::qWaitFor([&] { return bench.session.search() && bench.session.search()->evaluations() > 2; }, 60000));
    QVERIFY(button(card, "Cancel"));
    QTest::mouseClick(button(card, "Cancel"), Qt::LeftButton);
    QVERIFY(QTest::qWaitFor([&] { return !bench.runner.current(); }, 60000));
    QVERIFY2(plainWords(card).contains("Cancelled after"), qPrintable(plainWords(card)));
    QVERIFY(!QFileInfo::exists(bench.path("pruned")));
    const std::int64_t known = bench.session.search()->evaluations();
    QVERIFY(known > 2);
    QTest::mouseClick(button(card, "Prune again…"), Qt::LeftButton);
    writeTo(card, bench.path("pruned"));
    QTest::mouseClick(button(card, "Prune"), Qt::LeftButton);
    QVERIFY(QTest::qWaitFor([&] { return !bench.runner.current(); }, 120000));
    QVERIFY(plainWords(card).contains("Exported and verified."));
    QCOMPARE(bench.session.session().calibrations.size(), 1U);
    QCOMPARE(bench.session.session().searches.size(), 1U);
}

void tst_PruneCard::failureIsToldWithItsRemedy()
{
    FlowBench bench;
    openSample(bench, 2);
    TextSettings text = bench.session.session().calibrationText;
    text.files = {bench.write("short.txt", "Too short.").toStdString()};
    bench.session.setDraftAndTexts(bench.session.draft(), text, {}, ScoreNorm::L2);
    PruneCard card(bench.workbench());
    show(card);
    writeTo(card, bench.path("pruned"));
    QTest::mouseClick(button(card, "Prune"), Qt::LeftButton);
    QVERIFY(QTest::qWaitFor([&] { return !bench.runner.current(); }, 60000));
    auto *verdict = card.findChildren<InlineNote *>().last();
    for (InlineNote *note : card.findChildren<InlineNote *>())
        if (note->isVisible())
            verdict = note;
    QCOMPARE(verdict->kind(), InlineNote::Kind::Problem);
    QVERIFY2(verdict->sentence().contains("short.txt") || verdict->sentence().contains("tokens"), qPrintable(verdict->sentence()));
    QVERIFY(button(card, "Prune again…"));
    QVERIFY(bench.messages.current().empty()); // it is told here alone,
    QVERIFY(bench.messages.rowCount() > 0);    // and in the log
}

QTEST_MAIN(tst_PruneCard)
#include "tst_PruneCard.moc"
