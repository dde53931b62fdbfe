// SPDX-License-Identifier: GPL-3.0-or-later
#include "SessionFixtures.h"
#include "foundation/Failures.h"
#include "session/Measurements.h"
#include "session/SessionJson.h"

#include <QtTest>

using namespace secateur;
using namespace secateur::test;

namespace {

Measurement of(const std::string &planHash, double loss, const std::string &dtype = "float32", const std::string &content = "held-out")
{
    Measurement measurement = evaluationOf(planHash, loss);
    measurement.computed.dtype = dtype;
    measurement.result.tokenHash = content;
    return measurement;
}

} // namespace

class tst_Measurements : public QObject {
    Q_OBJECT

private slots:
    void theyAreKeptWithHowTheyWereComputed()
    {
        const Measurement measured = of("p1", 2);
        const nlohmann::json json = toJson(measured);
        QVERIFY(json.at("what") == "perplexity");
        QVERIFY(measurementFromJson(json).computed == measured.computed);
        nlohmann::json other = json;
        other["what"] = "taste";
        QVERIFY_THROWS_EXCEPTION(Flaw, measurementFromJson(other));
    }

    void thoseOfBeforeAreRead()
    {
        nlohmann::json before = toJson(of("p1", 2));
        before.erase("what");
        before.erase("computed");
        const Measurement read = measurementFromJson(before);
        QVERIFY(read.what == Measured::Perplexity);
        QVERIFY(!read.computed.isKnown());
        QCOMPARE(read.result.loss, 2.0);
        QVERIFY(!toJson(read).contains("computed")); // what is unknown stays unknown
    }

    /// A measurement belongs to what is in a text, not to its path.
    void aTextThatWasReadIsKnownByItsContent()
    {
        const Measurement measured = of("p1", 2);
        std::vector<ReadText> read;
        TextSettings moved = measured.text;
        moved.files = {"/elsewhere/oz.txt"};
        QVERIFY(isOn(measured, measured.text, read)); // nothing was read: the settings tell
        QVERIFY(!isOn(measured, moved, read));
        QVERIFY(noteContent(read, moved, "held-out"));
        QVERIFY(isOn(measured, moved, read));
        QVERIFY(!noteContent(read, moved, "held-out"));
        QVERIFY(noteContent(read, measured.text, "another")); // the file was changed
        QVERIFY(!isOn(measured, measured.text, read));
        QCOMPARE(contentOf(read, measured.text), std::string("another"));
    }

    void onlyTheSameIsReplaced()
    {
        std::vector<Measurement> all;
        addMeasurement(all, of("p1", 2));
        Measurement moved = of("p1", 2.5);
        moved.text.files = {"/elsewhere/oz.txt"};
        addMeasurement(all, moved); // the same tokens
        QCOMPARE(all.size(), 1U);
        QCOMPARE(all[0].result.loss, 2.5);
        addMeasurement(all, of("p1", 3, "bfloat16"));
        addMeasurement(all, of("p1", 3, "float32", "another"));
        addMeasurement(all, of("p2", 3));
        Measurement unknown = of("p1", 2);
        unknown.computed = {};
        addMeasurement(all, unknown);
        addMeasurement(all, unknown);
        QCOMPARE(all.size(), 5U);
    }

    /// What is not of one kind is never taken for the other, and speed is that of a machine.
    void kindsAreKeptApart()
    {
        std::vector<Measurement> all;
        addMeasurement(all, of("p1", 2));
        for (const Measurement &other : otherMeasurements("p1"))
            addMeasurement(all, other);
        QCOMPARE(all.size(), 4U);
        for (const Measurement &again : otherMeasurements("p1"))
            addMeasurement(all, again);
        QCOMPARE(all.size(), 4U); // they took the places of those
        Measurement tasks = otherMeasurements("p1")[0], speed = otherMeasurements("p1")[1];
        QVERIFY(!isOn(tasks, tasks.text, {}));
        QVERIFY(!originalFor({of("", 1)}, tasks));
        tasks.tasks->hash = "asked otherwise";
        speed.computed.host = "another";
        addMeasurement(all, tasks);
        addMeasurement(all, speed);
        QCOMPARE(all.size(), 6U);

        Session session = fullSession();
        session.measurements = all;
        const ComputeConditions now = speed.computed;
        QVERIFY(taskMeasurementOf(session, "asked", "p1", now));
        QVERIFY(!taskMeasurementOf(session, "asked", {}, now));
        QVERIFY(!taskMeasurementOf(session, "never asked", "p1", now));
        ThroughputSettings settings;
        settings.promptLengths = {512};
        settings.batchSizes = {4};
        QCOMPARE(throughputMeasurementOf(session, settings, "p1", now)->computed.host, std::string("another"));
        settings.promptLengths = {512, 2048}; // one is missing
        QVERIFY(!throughputMeasurementOf(session, settings, "p1", now));
    }

    void theOriginalIsTheOneThatWasComputedAlike()
    {
        std::vector<Measurement> all = {of("", 1), of("", 1.5, "bfloat16"), of("", 1.25, "float32", "another")};
        QCOMPARE(originalFor(all, of("p1", 2))->result.loss, 1.0);
        QCOMPARE(originalFor(all, of("p1", 2, "bfloat16"))->result.loss, 1.5);
        const Measurement half = of("p1", 2, "float16");
        QCOMPARE(originalFor(all, half)->result.loss, 1.5); // the latest, which is told
        QVERIFY(!areComputedAlike(*originalFor(all, half), half));
        QVERIFY(!originalFor(all, of("p1", 2, "float32", "a third")));
    }

    void onlyWhatWouldBeComputedAlikeNeedNotBeMeasuredAgain()
    {
        Session session = fullSession(); // the original and "p1"
        const ComputeConditions now = provenanceOf("").computed;
        QVERIFY(isMeasured(session, Measured::Perplexity, {}, now));
        QVERIFY(isMeasured(session, Measured::Perplexity, "p1", now));
        QVERIFY(!isMeasured(session, Measured::Perplexity, "p2", now));
        ComputeConditions other = now;
        other.threads = 7;
        QVERIFY(!isMeasured(session, Measured::Perplexity, {}, other));
        noteContent(session.readTexts, session.evaluationText, "another");
        QVERIFY(!isMeasured(session, Measured::Perplexity, {}, now));
    }

    void scoresAreFoundByTheContentOfTheirText()
    {
        Session session = fullSession();
        const NeuronScores &scores = *session.calibrations[0];
        TextSettings moved = textSettingsOf(scores.provenance);
        moved.files = {"/elsewhere/grimm.txt"};
        moved.windows.reset(); // all of it, however many those are
        QCOMPARE(calibrationFor(session, moved, scores.norm), -1);
        noteContent(session.readTexts, moved, scores.provenance.tokenHash);
        QCOMPARE(calibrationFor(session, moved, scores.norm), 0);
        noteContent(session.readTexts, moved, "another");
        QCOMPARE(calibrationFor(session, moved, scores.norm), -1);
    }

    void aCalibrationServesOnlyForWhatWasComputedAlike()
    {
        const NeuronScores scores = *fullSession().calibrations[0];
        NeuronScores other = scores;
        other.provenance.computed.host = "another"; // decides nothing
        QVERIFY(isSameCalibration(scores, other));
        other.provenance.computed.dtype = "bfloat16";
        QVERIFY(!isSameCalibration(scores, other));
        other = scores;
        other.provenance.computed.instructions.clear(); // of before: nobody knows
        QVERIFY(!isSameCalibration(scores, other));
        QVERIFY(isSameCalibration(other, other));
        other = scores;
        other.provenance.tokenHash = "another";
        QVERIFY(!isSameCalibration(scores, other));
    }
};

QTEST_GUILESS_MAIN(tst_Measurements)
#include "tst_Measurements.moc"
