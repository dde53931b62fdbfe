// SPDX-License-Identifier: GPL-3.0-or-later
// What the desktop is told of jobs that end: when, in which words, and that nothing happens where there is no desktop.
#include "window/DesktopNotices.h"

#include "commands/PlanEditor.h"
#include "foundation/Error.h"
#include "models/SessionModel.h"
#include "theme/SessionBus.h"

#include <QDBusConnection>
#include <QProcess>
#include <QStandardPaths>
#include <QTest>
#include <QUndoStack>
#include <QWidget>

#include <algorithm>
#include <memory>

using namespace secateur;
using namespace secateur::ui;

namespace {

JobInfo longJob(JobInfo::State state)
{
    JobInfo job;
    job.kind = JobKind::Calibrate;
    job.title = QStringLiteral("Calibrate on grimm.txt");
    job.state = state;
    job.seconds = 130;
    job.sentence = QStringLiteral("The disk is full.");
    return job;
}

} // namespace

/// What answers for the desktop.
class FakeDesktop : public QObject {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.Notifications")
public:
    QStringList told, actions;
    QList<uint> replaced;

public slots:
    uint Notify(const QString &, uint replaces, const QString &, const QString &title, const QString &body, const QStringList &offered,
                const QVariantMap &, int)
    {
        told << title + QLatin1Char('|') + body;
        replaced << replaces;
        actions = offered;
        return 7;
    }

signals:
    void ActionInvoked(uint number, const QString &action);
};

class tst_DesktopNotices : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support|QStandardPaths: XDG_RUNTIME_DIR).*")));
    }

    void onlyLongJobsAreToldAndOnlyToThoseWhoLookElsewhere();
    void wordsAreThoseOfTheJob();
    void withoutABusNothingHappens();
    void desktopIsToldAndAClickBringsTheWindow();
};

void tst_DesktopNotices::onlyLongJobsAreToldAndOnlyToThoseWhoLookElsewhere()
{
    const SessionModel session;
    QVERIFY(noticeOf(longJob(JobInfo::State::Done), session, false));
    QVERIFY(noticeOf(longJob(JobInfo::State::Failed), session, false));
    QVERIFY(!noticeOf(longJob(JobInfo::State::Cancelled), session, false)); // whoever cancelled it knows
    JobInfo paused = longJob(JobInfo::State::Paused);
    QVERIFY(!noticeOf(paused, session, false)); // and whoever paused it
    paused.failedDevice = QStringLiteral("cuda:0");
    QVERIFY(noticeOf(paused, session, false)); // but for the GPU
    QVERIFY(!noticeOf(longJob(JobInfo::State::Done), session, true));
    JobInfo shortJob = longJob(JobInfo::State::Done);
    shortJob.seconds = 9.9;
    QVERIFY(!noticeOf(shortJob, session, false));
}

void tst_DesktopNotices::wordsAreThoseOfTheJob()
{
    const SessionModel session;
    const auto done = noticeOf(longJob(JobInfo::State::Done), session, false);
    QCOMPARE(done->title, QStringLiteral("Calibration finished"));
    QCOMPARE(done->body, QStringLiteral("Calibrate on grimm.txt, in 2 min 10 s"));
    const auto failed = noticeOf(longJob(JobInfo::State::Failed), session, false);
    QCOMPARE(failed->title, QStringLiteral("Calibrate on grimm.txt: failed"));
    QCOMPARE(failed->body, QStringLiteral("The disk is full."));
    JobInfo held = longJob(JobInfo::State::Paused);
    held.failedDevice = QStringLiteral("cuda:0");
    held.sentence = QStringLiteral("The device cuda:0 failed: device lost.");
    const auto paused = noticeOf(held, session, false);
    QCOMPARE(paused->title, QStringLiteral("Calibrate on grimm.txt: paused"));
    QCOMPARE(paused->body, held.sentence);
}

void tst_DesktopNotices::withoutABusNothingHappens()
{
    const SessionModel session;
    JobRunner runner(EngineSettings{.device = "cpu", .dtype = "auto", .threads = 1});
    QWidget window;
    SessionBus nowhere(QStringLiteral("unix:path=/nonexistent"));
    const DesktopNotices notices(session, runner, window, nowhere);
    const int number = runner.start(JobKind::Calibrate, QStringLiteral("Calibrate"), {}, [](JobPort &) {});
    QTRY_COMPARE(runner.job(number)->state, JobInfo::State::Done);
    emit runner.jobFinished(number);
}

void tst_DesktopNotices::desktopIsToldAndAClickBringsTheWindow()
{
    const QString daemon = QStandardPaths::findExecutable(QStringLiteral("dbus-daemon"));
    if (daemon.isEmpty())
        QSKIP("dbus-daemon is not installed.");
    QProcess bus;
    bus.start(daemon, {QStringLiteral("--session"), QStringLiteral("--nofork"), QStringLiteral("--print-address")});
    if (!bus.waitForStarted() || !bus.waitForReadyRead(10'000))
        QSKIP("dbus-daemon does not start here.");
    const QString address = QString::fromUtf8(bus.readLine()).trimmed();
    FakeDesktop desktop;
    {
        QDBusConnection theirs = QDBusConnection::connectToBus(address, QStringLiteral("desktop"));
        QVERIFY(theirs.registerObject(QStringLiteral("/org/freedesktop/Notifications"), &desktop,
                                      QDBusConnection::ExportAllSlots | QDBusConnection::ExportAllSignals));
        QVERIFY(theirs.registerService(QStringLiteral("org.freedesktop.Notifications")));
        const SessionModel session;
        JobRunner runner(EngineSettings{.device = "cpu", .dtype = "auto", .threads = 1});
        QWidget window; // not shown: people are elsewhere
        SessionBus ours(address);
        QTRY_VERIFY(ours.isConnected());
        DesktopNotices notices(session, runner, window, ours); // as one that others have used
        notices.tell({QStringLiteral("Search finished: N = 4"), QStringLiteral("model: <K> & more")});
        QTRY_COMPARE(desktop.told, QStringList(QStringLiteral("Search finished: N = 4|model: &lt;K&gt; &amp; more")));
        QCOMPARE(desktop.replaced, QList<uint>{0});
        QCOMPARE(desktop.actions.value(0), QStringLiteral("default"));
        emit desktop.ActionInvoked(99, QStringLiteral("default")); // of another program
        QTest::qWait(100);                                         // time for what must not happen
        QVERIFY(!window.isVisible());
        QTRY_VERIFY((emit desktop.ActionInvoked(7, QStringLiteral("default")), window.isVisible())); // once its number has come
        notices.tell({QStringLiteral("Evaluation finished"), {}});
        QTRY_COMPARE(desktop.told.size(), 2);
        QCOMPARE(desktop.replaced.at(1), 7U); // in place of the one before
    }
    QDBusConnection::disconnectFromBus(QStringLiteral("desktop"));
    bus.terminate();
    bus.waitForFinished();
}

QTEST_MAIN(tst_DesktopNotices)
#include "tst_DesktopNotices.moc"
