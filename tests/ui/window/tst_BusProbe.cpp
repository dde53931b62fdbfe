// SPDX-License-Identifier: GPL-3.0-or-later
// A session bus that never answers is told from one that does, from one that hangs up, and from none.
#include "window/BusProbe.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QtTest>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

using namespace secateur::ui;
using namespace std::chrono_literals;

namespace {

enum class Manner { Answers, AnswersHalf, HangsUp, IsMute, IsFull };

/// Listens at a name; an abstract one begins with a zero byte.
class Bus {
public:
    Bus(const std::string &name, Manner manner) : m_manner(manner), m_socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        const bool isFull = manner == Manner::IsFull;
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        std::copy(name.begin(), name.end(), where.sun_path);
        const auto size = socklen_t(offsetof(sockaddr_un, sun_path) + name.size() + (name.front() == '\0' ? 0 : 1));
        const auto *address = reinterpret_cast<const sockaddr *>(&where);
        isListening = ::bind(m_socket, address, size) == 0 && ::listen(m_socket, isFull ? 0 : 8) == 0;
        if (isFull) { // takes one connection
            m_other = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
            isListening = isListening && ::connect(m_other, address, size) == 0;
        } else {
            m_thread = std::thread([this] { serve(); });
        }
    }
    ~Bus()
    {
        ::shutdown(m_socket, SHUT_RDWR); // ends an accept
        if (m_thread.joinable())
            m_thread.join();
        for (const int each : {m_socket, m_other})
            if (each >= 0)
                ::close(each);
    }

    Bus(const Bus &) = delete;
    Bus &operator=(const Bus &) = delete;

    bool isListening = false;
    std::string heard; ///< to be read when the bus is gone; see `end`

    void end() { m_thread.join(); }

private:
    void serve()
    {
        m_other = ::accept(m_socket, nullptr, nullptr);
        if (m_other < 0 || m_manner == Manner::IsMute)
            return;
        std::array<char, 128> said{};
        while (heard.find("\r\n") == std::string::npos) {
            const ssize_t count = ::recv(m_other, said.data(), said.size(), 0);
            if (count <= 0)
                return;
            heard.append(said.data(), std::size_t(count));
        }
        const std::string answer = m_manner == Manner::Answers ? "OK 1234deadbeef\r\n" : m_manner == Manner::AnswersHalf ? "OK 1234" : "";
        [[maybe_unused]] const ssize_t sent = ::send(m_other, answer.data(), answer.size(), MSG_NOSIGNAL);
        if (m_manner == Manner::HangsUp)
            ::shutdown(m_other, SHUT_RDWR);
    }

    Manner m_manner;
    int m_socket, m_other = -1;
    std::thread m_thread;
};

} // namespace

class tst_BusProbe : public QObject {
    Q_OBJECT

private slots:
    void muteBusesAreFound_data();
    void muteBusesAreFound();
    void greetingIsThatOfTheProtocol();
    void addressesThatAreNoSocketAreNotMute();
    void muteSessionBusIsLeft();

private:
    std::string path(const char *name) const { return m_folder.filePath(QLatin1String(name)).toStdString(); }

    QTemporaryDir m_folder;
};

void tst_BusProbe::muteBusesAreFound_data()
{
    QTest::addColumn<int>("manner");
    QTest::addColumn<bool>("isAbstract");
    QTest::addColumn<bool>("isFound");
    QTest::newRow("answers") << int(Manner::Answers) << false << false;
    QTest::newRow("answers, abstract") << int(Manner::Answers) << true << false;
    QTest::newRow("hangs up") << int(Manner::HangsUp) << false << false;
    QTest::newRow("mute") << int(Manner::IsMute) << false << true;
    QTest::newRow("mute, abstract") << int(Manner::IsMute) << true << true;
    QTest::newRow("half a line") << int(Manner::AnswersHalf) << false << true;
    QTest::newRow("takes no more") << int(Manner::IsFull) << false << true;
}

void tst_BusProbe::muteBusesAreFound()
{
    QFETCH(int, manner);
    QFETCH(bool, isAbstract);
    QFETCH(bool, isFound);
    const std::string name = path("a bus");
    const Bus bus(isAbstract ? std::string(1, '\0') + name : name, Manner(manner));
    QVERIFY(bus.isListening);
    const std::string escaped = path("a%20bus"), key = isAbstract ? "abstract=" : "path=";
    QElapsedTimer time;
    time.start();
    QCOMPARE(isMute("unix:path=" + path("none") + ";unix:guid=12," + key + escaped, isFound ? 200ms : 30s), isFound);
    QVERIFY(time.elapsed() < 20'000);
    if (!isAbstract)
        ::unlink(name.c_str());
}

void tst_BusProbe::greetingIsThatOfTheProtocol()
{
    const std::string name = path("greeted");
    Bus bus(name, Manner::Answers);
    QVERIFY(bus.isListening);
    QVERIFY(!isMute("unix:path=" + name, 30s));
    bus.end();
    const QByteArray user = QByteArray::number(uint(::getuid())).toHex();
    QCOMPARE(QByteArray::fromStdString(bus.heard), QByteArray(1, '\0') + "AUTH EXTERNAL " + user + "\r\n");
}

void tst_BusProbe::addressesThatAreNoSocketAreNotMute()
{
    const std::string addresses[] = {"",
                                     ";",
                                     "unix:",
                                     "unix:path=",
                                     "unix:path=" + path("none"),
                                     "tcp:host=localhost,port=1",
                                     "disabled:",
                                     "nonsense",
                                     "unix:path=" + std::string(300, 'x'),
                                     "unix:path=%"};
    for (const std::string &address : addresses)
        QVERIFY2(!isMute(address, 30s), address.c_str());
}

void tst_BusProbe::muteSessionBusIsLeft()
{
    const std::string name = path("bus"); // where desktops put it
    qunsetenv("DBUS_SESSION_BUS_ADDRESS");
    qputenv("XDG_RUNTIME_DIR", QFile::encodeName(m_folder.path()));
    {
        const Bus bus(name, Manner::Answers);
        QVERIFY(bus.isListening);
        QVERIFY(!leaveMuteSessionBus());
        QVERIFY(!qEnvironmentVariableIsSet("DBUS_SESSION_BUS_ADDRESS"));
    }
    ::unlink(name.c_str());
    const Bus bus(name, Manner::IsMute);
    QVERIFY(bus.isListening);
    QVERIFY(leaveMuteSessionBus());
    QCOMPARE(qgetenv("DBUS_SESSION_BUS_ADDRESS"), QByteArray("disabled:"));
}

QTEST_GUILESS_MAIN(tst_BusProbe)
#include "tst_BusProbe.moc"
