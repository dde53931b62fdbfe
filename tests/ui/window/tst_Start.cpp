// SPDX-License-Identifier: GPL-3.0-or-later
// The start of the program: how soon its page is there, that it talks to nobody, and what it ends with where it does not start.
#include "WindowBench.h"

#include "panels/start/StartPanel.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QProcess>
#include <QSet>
#include <QSettings>
#include <QTimer>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <limits>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

using namespace secateur::ui;

namespace {

constexpr const char *kFirstPaint = "--first-paint"; ///< what this program is started with to be the one that is measured
constexpr int kPatience = 60'000;                    ///< ms

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// The fields of /proc/PID/stat from the state on, which is field 3 there.
QList<QByteArray> statOf(const QString &pid)
{
    const QByteArray all = contentOf(QStringLiteral("/proc/%1/stat").arg(pid));
    return all.mid(all.lastIndexOf(')') + 2).simplified().split(' ');
}

/// Since the system created this process: loading the libraries counts.
double millisecondsSinceStart()
{
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    const double started = statOf(QStringLiteral("self")).at(22 - 3).toDouble() / double(sysconf(_SC_CLK_TCK));
    return (double(now.tv_sec) + double(now.tv_nsec) / 1e9 - started) * 1e3;
}

/// Ends the program as soon as the start page has been drawn, and says when that was.
class FirstPaint : public QObject {
public:
    using QObject::QObject;

protected:
    bool eventFilter(QObject *watched, QEvent *event) override
    {
        const auto *widget = qobject_cast<QWidget *>(watched);
        for (const QWidget *each = event->type() == QEvent::Paint ? widget : nullptr; each; each = each->parentWidget())
            if (qobject_cast<const StartPanel *>(each)) {
                QTimer::singleShot(0, this, [] { // when all of it is there
                    std::printf("%.0f\n", millisecondsSinceStart());
                    QCoreApplication::quit();
                });
                QCoreApplication::instance()->removeEventFilter(this);
                break;
            }
        return false;
    }
};

/// As app/window/main.cpp does it.
int showUntilFirstPaint(int argc, char **argv)
{
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("secateur"));
    FirstPaint paint;
    application.installEventFilter(&paint);
    SessionBus bus(SessionBus::usualAddress());
    Theme theme(bus);
    MainWindow window(usualLaunch(), theme, bus);
    window.show();
    return QApplication::exec();
}

QProcessEnvironment environmentIn(const QString &folder)
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("XDG_DATA_HOME"), folder);
    return environment;
}

/// Sockets that a process has open.
QSet<QByteArray> socketsOf(qint64 process)
{
    QSet<QByteArray> found;
    const QDir folder(QStringLiteral("/proc/%1/fd").arg(process));
    for (const QString &entry : folder.entryList(QDir::Files | QDir::System | QDir::NoDotAndDotDot)) {
        std::array<char, 64> target{};
        if (readlink(QFile::encodeName(folder.filePath(entry)), target.data(), target.size() - 1) > 0)
            if (const QByteArray name(target.data()); name.startsWith("socket:["))
                found << name.mid(8).chopped(1);
    }
    return found;
}

/// Those of them that reach beyond this machine's processes and kernel: neither AF_UNIX nor AF_NETLINK.
QSet<QByteArray> farSocketsOf(qint64 process)
{
    QSet<QByteArray> found = socketsOf(process);
    const std::pair<const char *, int> tables[] = {{"unix", 6}, {"netlink", 9}}; // with the column of the inode
    for (const auto &[table, column] : tables)
        for (const QByteArray &line : contentOf(QStringLiteral("/proc/%1/net/%2").arg(process).arg(QLatin1String(table))).split('\n'))
            if (const QList<QByteArray> fields = line.simplified().split(' '); fields.size() > column)
                found.remove(fields.at(column));
    return found.isEmpty() ? found : found.intersect(socketsOf(process)); // one that was closed meanwhile was in no table
}

/// The program, watched while it runs.
struct Program {
    QTemporaryDir state;
    QProcess process;
    QSet<QByteArray> far;
    int looks = 0;

    explicit Program(const QStringList &arguments)
    {
        process.setProcessEnvironment(environmentIn(state.path()));
        process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        process.start(QStringLiteral(SECATEUR_WINDOW_PROGRAM), arguments);
        QVERIFY(process.waitForStarted(kPatience));
    }
    ~Program()
    {
        process.kill();
        process.waitForFinished();
    }

    bool isRunning() const { return process.state() == QProcess::Running; }
    bool waitWatching(const std::function<bool()> &isOver)
    {
        return QTest::qWaitFor(
            [&] {
                if (isRunning())
                    far += farSocketsOf(process.processId());
                ++looks;
                return isOver();
            },
            kPatience);
    }
    QSettings settings() const { return QSettings(state.filePath(QStringLiteral("secateur/settings.ini")), QSettings::IniFormat); }
    /// Whether its window waits for people: it has worked, and no more for half a second.
    bool isAtRest()
    {
        const QList<QByteArray> stat = statOf(QString::number(process.processId()));
        const qint64 now = stat.size() > 15 - 3 ? stat.at(14 - 3).toLongLong() + stat.at(15 - 3).toLongLong() : 0;
        if (now != std::exchange(m_worked, now) || now == 0)
            m_since.start();
        return m_since.isValid() && m_since.elapsed() > 500;
    }

private:
    qint64 m_worked = 0;
    QElapsedTimer m_since;
};

/// A session bus that takes connections, and that is all.
class MuteBus {
public:
    explicit MuteBus(const QString &path) : m_path(path), m_socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        const QByteArray name = QFile::encodeName(path);
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        if (std::size_t(name.size()) >= sizeof where.sun_path)
            return;
        std::copy(name.begin(), name.end(), where.sun_path);
        isListening = ::bind(m_socket, reinterpret_cast<const sockaddr *>(&where), sizeof where) == 0 && ::listen(m_socket, 64) == 0;
    }
    ~MuteBus() { ::close(m_socket); }
    MuteBus(const MuteBus &) = delete;
    MuteBus &operator=(const MuteBus &) = delete;

    bool isListening = false;
    QString address() const { return QStringLiteral("unix:path=") + m_path; }

private:
    QString m_path;
    int m_socket;
};

/// How the program ends that needs no window.
struct Ending {
    int exitCode = -1;
    QByteArray output, errors;

    Ending(const QStringList &arguments, const QProcessEnvironment &environment)
    {
        QProcess process;
        process.setProcessEnvironment(environment);
        process.start(QStringLiteral(SECATEUR_WINDOW_PROGRAM), arguments);
        if (process.waitForFinished(kPatience) && process.exitStatus() == QProcess::NormalExit)
            exitCode = process.exitCode();
        process.kill();
        process.waitForFinished();
        output = process.readAllStandardOutput();
        errors = process.readAllStandardError();
    }
};

QProcessEnvironment withoutDisplay(const QString &folder)
{
    QProcessEnvironment environment = environmentIn(folder);
    for (const char *name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"})
        environment.remove(QLatin1String(name));
    return environment;
}

} // namespace

class tst_Start : public QObject {
    Q_OBJECT

private slots:
    void init() { failOnOwnWarnings(); }

    void pageIsThereWithinTwoSeconds_data();
    void pageIsThereWithinTwoSeconds();
    void internetSocketsAreSeen();
    void startingUsesNoNetwork();
    void openingAModelUsesNoNetwork();
    void wrongUsageEndsWithTwo_data();
    void wrongUsageEndsWithTwo();
    void helpAndVersionNeedNoDisplay();
    void windowNeedsADisplay();
    void muteSessionBusIsLeftAtTheStart();
};

void tst_Start::pageIsThereWithinTwoSeconds_data()
{
    QTest::addColumn<bool>("isBusMute");
    QTest::newRow("as it is here") << false;
    QTest::newRow("with a session bus that never answers") << true;
}

/// The best of three starts: the first may have to fetch the libraries from the disk.
void tst_Start::pageIsThereWithinTwoSeconds()
{
    QFETCH(bool, isBusMute);
#ifdef __SANITIZE_ADDRESS__
    QSKIP("Times under the sanitizers say nothing.");
#endif
    const QTemporaryDir folder;
    const MuteBus bus(folder.filePath(QStringLiteral("bus")));
    QVERIFY(bus.isListening);
    double best = std::numeric_limits<double>::infinity();
    for (int start = 1; start <= 3; ++start) {
        const QTemporaryDir state;
        QProcess process;
        QProcessEnvironment environment = environmentIn(state.path());
        if (isBusMute)
            environment.insert(QStringLiteral("DBUS_SESSION_BUS_ADDRESS"), bus.address());
        process.setProcessEnvironment(environment);
        process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        process.start(QCoreApplication::applicationFilePath(), {QLatin1String(kFirstPaint)});
        QVERIFY(process.waitForFinished(kPatience));
        QCOMPARE(process.exitCode(), 0);
        const double time = process.readAllStandardOutput().trimmed().toDouble();
        QVERIFY(time > 0);
        qInfo("start page drawn %.0f ms after the process began", time);
        best = std::min(best, time);
    }
    QVERIFY(best < 2000);
}

/// What the next two tests look for is found where it is.
void tst_Start::internetSocketsAreSeen()
{
    if (contentOf(QStringLiteral("/proc/self/net/unix")).isEmpty())
        QSKIP("This system does not tell which sockets a process has.");
    const qint64 self = QCoreApplication::applicationPid();
    std::array<int, 2> pair{};
    QCOMPARE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
    const qsizetype before = socketsOf(self).size();
    QVERIFY(before >= 2);
    QCOMPARE(farSocketsOf(self), QSet<QByteArray>());
    const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
    QVERIFY(socket >= 0);
    QCOMPARE(farSocketsOf(self).size(), 1);
    for (const int each : {socket, pair[0], pair[1]})
        ::close(each);
    QCOMPARE(socketsOf(self).size(), before - 2);
}

void tst_Start::startingUsesNoNetwork()
{
    if (contentOf(QStringLiteral("/proc/self/net/unix")).isEmpty())
        QSKIP("This system does not tell which sockets a process has.");
    Program program({});
    QVERIFY(program.waitWatching([&] { return program.isAtRest() || !program.isRunning(); }));
    QVERIFY(program.isRunning());
    program.process.terminate();
    QVERIFY(program.waitWatching([&] { return !program.isRunning(); }));
    QCOMPARE(program.process.exitStatus(), QProcess::NormalExit);
    QVERIFY(program.settings().contains(QStringLiteral("geometry"))); // it was up: its window was closed
    QVERIFY(program.looks > 10);
    QCOMPARE(program.far, QSet<QByteArray>());
}

void tst_Start::openingAModelUsesNoNetwork()
{
    if (contentOf(QStringLiteral("/proc/self/net/unix")).isEmpty())
        QSKIP("This system does not tell which sockets a process has.");
    Program program({QStringLiteral("--sample")});
    const auto isOpened = [&] { return !program.settings().value(QStringLiteral("recent/opened")).toStringList().isEmpty(); };
    QVERIFY(program.waitWatching([&] { return isOpened() || !program.isRunning(); }));
    QVERIFY(program.isRunning());
    QVERIFY(program.waitWatching([&] { return program.isAtRest() || !program.isRunning(); }));
    QVERIFY(program.looks > 10);
    QCOMPARE(program.far, QSet<QByteArray>());
}

void tst_Start::wrongUsageEndsWithTwo_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("what");
    const auto row = [](const QStringList &arguments, const char *what) {
        QTest::newRow(qPrintable(arguments.join(u' '))) << arguments << QByteArray(what);
    };
    row({"--threads", "-3"}, "The number of threads is out of range.");
    row({"--threads", "1025"}, "The number of threads is out of range.");
    row({"--threads", "x"}, "'x' is not a number of threads.");
    row({"--device", "foo"}, "There is no device 'foo'.");
    row({"--device", "cuda:"}, "There is no device 'cuda:'.");
    row({"--dtype", "foo"}, "The weight type 'foo' is not supported.");
    row({"--host-memory", "x"}, "'x' is not an amount of memory");
    row({"--device", "cpu", "--device-memory", "8GiB"}, "--device-memory has no effect here");
    row({"--device", "cpu", "--device", "cuda"}, "The option --device is given twice.");
    row({"--sample", "--sample"}, "The option --sample is given twice.");
    row({"a", "b"}, "One path can be opened, and 2 are given.");
    row({"--sample", "a"}, "The sample or a path can be opened, not both");
    row({"--colour"}, "Unknown option 'colour'.");
}

void tst_Start::wrongUsageEndsWithTwo()
{
    QFETCH(QStringList, arguments);
    QFETCH(QByteArray, what);
    const QTemporaryDir state;
    for (const QProcessEnvironment &environment : {environmentIn(state.path()), withoutDisplay(state.path())}) {
        const Ending ending(arguments, environment);
        QCOMPARE(ending.exitCode, 2);
        QVERIFY2(ending.errors.contains(what), ending.errors.constData());
    }
}

void tst_Start::helpAndVersionNeedNoDisplay()
{
    const QTemporaryDir state;
    const Ending help({QStringLiteral("--help")}, withoutDisplay(state.path()));
    QCOMPARE(help.exitCode, 0);
    QVERIFY2(help.output.contains("--host-memory"), help.output.constData());
    const Ending version({QStringLiteral("--version")}, withoutDisplay(state.path()));
    QCOMPARE(version.exitCode, 0);
    QVERIFY2(version.output.startsWith("secateur "), version.output.constData());
}

void tst_Start::windowNeedsADisplay()
{
    const QTemporaryDir state;
    const Ending ending({QStringLiteral("--sample")}, withoutDisplay(state.path()));
    QCOMPARE(ending.exitCode, 1);
    QCOMPARE(ending.errors.trimmed(), QByteArray("There is no display. Set DISPLAY or WAYLAND_DISPLAY, or use secateur-cli."));
    // Qt's own option for a platform that needs none
    QCOMPARE(Ending({"-platform", "offscreen", "--threads", "x"}, withoutDisplay(state.path())).exitCode, 2);
}

void tst_Start::muteSessionBusIsLeftAtTheStart()
{
    const QTemporaryDir state;
    const MuteBus bus(state.filePath(QStringLiteral("bus")));
    QVERIFY(bus.isListening);
    QProcessEnvironment environment = environmentIn(state.path());
    environment.insert(QStringLiteral("DBUS_SESSION_BUS_ADDRESS"), bus.address());
    const Ending ending({QStringLiteral("--threads"), QStringLiteral("x")}, environment); // ends before there is a window
    QCOMPARE(ending.exitCode, 2);
    QVERIFY2(ending.errors.contains("The session bus does not answer"), ending.errors.constData());
}

int main(int argc, char **argv)
{
    if (argc > 1 && std::strcmp(argv[1], kFirstPaint) == 0)
        return showUntilFirstPaint(argc, argv);
    QCoreApplication application(argc, argv); // no display of its own
    tst_Start test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_Start.moc"
