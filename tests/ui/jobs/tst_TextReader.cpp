// SPDX-License-Identifier: GPL-3.0-or-later
#include "SampleBench.h"

#include "jobs/TextReader.h"

#include <QSignalSpy>

using namespace secateur;
using namespace secateur::ui;

namespace {

QString write(const SampleBench &bench, const QString &name, const QByteArray &content)
{
    QFile file(bench.path(name));
    if (!file.open(QIODevice::WriteOnly))
        return {};
    file.write(content);
    return file.fileName();
}

} // namespace

class tst_TextReader : public QObject {
    Q_OBJECT

private slots:
    void textsAreToldWithoutAJob();
    void textThatIsTooShortIsRefused();
    void textThatIsNoneIsRefused();
    void onlyTheLastChoiceIsTold();
};

void tst_TextReader::textsAreToldWithoutAJob()
{
    SampleBench bench;
    QVERIFY(bench.open());
    const std::size_t jobs = bench.runner.jobs().size();
    QSignalSpy read(&bench.model, &SessionModel::textRead), refused(&bench.model, &SessionModel::textRefused);
    TextReader reader(bench.model, bench.jobs);
    const Session &session = bench.model.session();
    bench.model.setDraftAndTexts(bench.model.draft(), session.calibrationText, session.evaluationText, ScoreNorm::L1);
    QTRY_COMPARE_WITH_TIMEOUT(read.size(), 2, 20'000);
    QCOMPARE(bench.runner.jobs().size(), jobs);
    QVERIFY(read[0][0].value<TextSettings>() == session.calibrationText);
    QVERIFY(read[1][0].value<TextSettings>() == session.evaluationText);
    QVERIFY2(read[0][1].toStringList().join('\n').contains("4 windows"), qPrintable(read[0][1].toStringList().join('\n')));
    bench.model.setDraftAndTexts(bench.model.draft(), session.calibrationText, session.evaluationText, ScoreNorm::L2); // the same texts
    QTest::qWait(600);
    QCOMPARE(read.size(), 2);
    QVERIFY(refused.isEmpty());
}

void tst_TextReader::textThatIsTooShortIsRefused()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QSignalSpy refused(&bench.model, &SessionModel::textRefused);
    TextReader reader(bench.model, bench.jobs);
    TextSettings text = bench.model.session().calibrationText;
    text.files = {write(bench, "short.txt", "Too short.").toStdString()};
    bench.model.setDraftAndTexts(bench.model.draft(), text, {}, ScoreNorm::L2);
    QTRY_COMPARE_WITH_TIMEOUT(refused.size(), 1, 20'000);
    QVERIFY2(refused[0][1].toString().contains("tokens"), qPrintable(refused[0][1].toString()));
    QVERIFY(!refused[0][2].toString().isEmpty());
    QCOMPARE(refused[0][3].toLongLong(), 0); // not even one window
    text.files = {std::filesystem::path(SECATEUR_SOURCE_DIR) / "resources" / "sample" / "text" / "grimm.txt"};
    text.windows = 1'000'000;
    bench.model.setDraftAndTexts(bench.model.draft(), text, {}, ScoreNorm::L2);
    QTRY_COMPARE_WITH_TIMEOUT(refused.size(), 2, 20'000);
    const qint64 windows = refused[1][3].toLongLong();
    QVERIFY(windows > 0);
    QSignalSpy read(&bench.model, &SessionModel::textRead);
    text.windows = windows; // what was offered is enough
    bench.model.setDraftAndTexts(bench.model.draft(), text, {}, ScoreNorm::L2);
    QTRY_COMPARE_WITH_TIMEOUT(read.size(), 1, 20'000);
    QCOMPARE(read[0][2].value<TextReport>().windows, windows);
}

void tst_TextReader::textThatIsNoneIsRefused()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QSignalSpy refused(&bench.model, &SessionModel::textRefused);
    TextReader reader(bench.model, bench.jobs);
    TextSettings text = bench.model.session().calibrationText;
    text.files = {write(bench, "book.txt", "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n").toStdString()};
    bench.model.setDraftAndTexts(bench.model.draft(), text, {}, ScoreNorm::L2);
    QTRY_COMPARE_WITH_TIMEOUT(refused.size(), 1, 20'000);
    QVERIFY2(refused[0][1].toString().contains("PDF"), qPrintable(refused[0][1].toString()));
}

void tst_TextReader::onlyTheLastChoiceIsTold()
{
    SampleBench bench;
    QVERIFY(bench.open());
    QSignalSpy read(&bench.model, &SessionModel::textRead);
    TextReader reader(bench.model, bench.jobs);
    TextSettings text = bench.model.session().calibrationText;
    for (const std::int64_t windows : {1, 2, 3}) {
        text.windows = windows;
        bench.model.setDraftAndTexts(bench.model.draft(), text, {}, ScoreNorm::L2);
    }
    QTRY_COMPARE_WITH_TIMEOUT(read.size(), 1, 20'000);
    QTest::qWait(600);
    QCOMPARE(read.size(), 1);
    QCOMPARE(read[0][0].value<TextSettings>().windows, std::optional<std::int64_t>(3));
}

QTEST_GUILESS_MAIN(tst_TextReader)
#include "tst_TextReader.moc"
