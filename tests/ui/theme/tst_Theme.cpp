// SPDX-License-Identifier: GPL-3.0-or-later
#include "theme/Icons.h"
#include "theme/PlotStyle.h"
#include "theme/SessionBus.h"
#include "theme/Theme.h"

#include <QApplication>
#include <QCheckBox>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusVariant>
#include <QDialogButtonBox>
#include <QElapsedTimer>
#include <QFile>
#include <QLineEdit>
#include <QListView>
#include <QProcess>
#include <QProxyStyle>
#include <QPushButton>
#include <QRegularExpression>
#include <QSignalSpy>
#include <QStandardItemModel>
#include <QStandardPaths>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QTreeView>

#include <algorithm>
#include <memory>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace secateur::ui;

namespace {

const QString kSpace = QStringLiteral("org.freedesktop.appearance"), kKey = QStringLiteral("color-scheme"),
              kContrast = QStringLiteral("contrast");
const QString kPath = QStringLiteral("/org/freedesktop/portal/desktop");

/// Stands in for the desktop portal, on a connection of its own.
class Portal : public QObject {
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.portal.Settings")
public:
    uint scheme = 1;   ///< 1: prefers dark, 2: prefers light, 0: nothing
    uint contrast = 0; ///< 1: prefers more

    void announce(const QDBusConnection &bus, uint value)
    {
        scheme = value;
        announce(bus, kKey, value);
    }

    static void announce(const QDBusConnection &bus, const QString &key, uint value)
    {
        QDBusMessage signal =
            QDBusMessage::createSignal(kPath, QStringLiteral("org.freedesktop.portal.Settings"), QStringLiteral("SettingChanged"));
        signal << kSpace << key << QVariant::fromValue(QDBusVariant(value));
        bus.send(signal);
    }

public slots:
    QDBusVariant Read(const QString &space, const QString &key) const
    {
        const uint value = space != kSpace ? 0U : key == kKey ? scheme : key == kContrast ? contrast : 0U;
        return QDBusVariant(QVariant::fromValue(QDBusVariant(value))); // wrapped twice, as real portals do
    }
};

/// A bus that takes connections and never answers.
class MuteBus {
public:
    MuteBus() : m_socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        const QByteArray path = QFile::encodeName(m_folder.filePath(QStringLiteral("bus")));
        std::copy_n(path.constData(), std::min<std::size_t>(std::size_t(path.size()), sizeof where.sun_path - 1), where.sun_path);
        m_isListening = ::bind(m_socket, reinterpret_cast<const sockaddr *>(&where), sizeof where) == 0 && ::listen(m_socket, 8) == 0;
    }
    ~MuteBus() { ::close(m_socket); }
    MuteBus(const MuteBus &) = delete;
    MuteBus &operator=(const MuteBus &) = delete;

    bool isListening() const { return m_isListening; }
    QString address() const { return QStringLiteral("unix:path=") + m_folder.filePath(QStringLiteral("bus")); }
    /// Whether somebody has come.
    bool isAsked() const
    {
        pollfd now{.fd = m_socket, .events = POLLIN, .revents = 0};
        return ::poll(&now, 1, 0) == 1;
    }

private:
    QTemporaryDir m_folder;
    int m_socket = -1;
    bool m_isListening = false;
};

class RestoredPalette {
public:
    ~RestoredPalette() { QApplication::setPalette(m_before); }

private:
    QPalette m_before = QApplication::palette();
};

} // namespace

class TestTheme : public QObject {
    Q_OBJECT

private slots:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin does not support )"))); }

    /// Of what is there as well, with a sheet; and it goes back to the bit.
    void sizeOfTypeChangesLive()
    {
        const RestoredPalette restored;
        const QFont usual = QApplication::font();
        QPushButton button(QStringLiteral("Words"));
        {
            SessionBus bus{QString()};
            Theme theme(bus);
            button.show();
            QVERIFY(QTest::qWaitForWindowExposed(&button));
            const QSize size = button.sizeHint();
            QSignalSpy changed(&theme, &Theme::sizeChanged);
            theme.setSize({.type = 1.5, .stroke = 2});
            QCOMPARE(changed.count(), 1);
            QCOMPARE(QApplication::font().pointSizeF(), 1.5 * usual.pointSizeF());
            QCOMPARE(button.font().pointSizeF(), 1.5 * usual.pointSizeF());
            QVERIFY(button.sizeHint().height() > size.height());
            const PlotStyle style = PlotStyle::of(QApplication::palette());
            QCOMPARE(style.font.pointSizeF(), 0.9 * 1.5 * usual.pointSizeF());
            QCOMPARE(style.pen(Qt::red, 1.5, Qt::DashLine).widthF(), 3.0);
            QCOMPARE(style.pen(Qt::red, 1.5, Qt::DashLine).style(), Qt::DashLine);
            theme.setMode(Theme::Mode::Dark); // another look, the same size
            QCOMPARE(button.font().pointSizeF(), 1.5 * usual.pointSizeF());
            theme.setSize({});
            QCOMPARE(QApplication::font(), usual);
            QCOMPARE(button.sizeHint(), size);
            QCOMPARE(PlotStyle::of(QApplication::palette()).pen(Qt::red, 1.5).widthF(), 1.5);
            theme.setSize({.type = 2, .stroke = 1});
        }
        QCOMPARE(QApplication::font(), usual); // whoever comes after begins as usual
    }

    void choosesLightAndDark()
    {
        const RestoredPalette restored;
        SessionBus bus(SessionBus::usualAddress());
        Theme theme(bus);
        QSignalSpy changed(&theme, &Theme::changed);
        theme.setMode(Theme::Mode::Dark);
        QVERIFY(theme.isDark());
        QCOMPARE(QApplication::palette().color(QPalette::Window), PlotStyle::of(Theme::palette(true)).surface);
        QVERIFY(!qApp->styleSheet().isEmpty());
        QVERIFY(!qApp->styleSheet().contains(u'@')); // every colour of the sheet has a value
        theme.setMode(Theme::Mode::Light);
        QVERIFY(!theme.isDark());
        QCOMPARE(QApplication::palette().color(QPalette::Window), QColor(Qt::white));
        QVERIFY(changed.count() >= 1);
        QCOMPARE(changed.last().front().toBool(), false);
    }

    void highContrastIsALookOfItsOwn()
    {
        const RestoredPalette restored;
        SessionBus bus(SessionBus::usualAddress());
        Theme theme(bus);
        theme.setMode(Theme::Mode::Light);
        QSignalSpy changed(&theme, &Theme::changed);
        theme.setHighContrast(true);
        QCOMPARE(changed.count(), 1);
        QVERIFY(theme.isHighContrast() && !theme.isDark());
        QCOMPARE(QApplication::palette().color(QPalette::WindowText), QColor(Qt::black));
        QVERIFY(PlotStyle::of(QApplication::palette()).isHighContrast);
        QVERIFY(!qApp->styleSheet().contains(u'@'));
        theme.setMode(Theme::Mode::Dark);
        QCOMPARE(QApplication::palette().color(QPalette::Window), QColor(Qt::black));
        theme.setHighContrast(false);
        QVERIFY(!PlotStyle::of(QApplication::palette()).isHighContrast);
    }

    /// Also a box that is ticked already.
    void focusOfABoxIsSeen()
    {
        (void)icon(QStringLiteral("open")); // registers the tick
        const RestoredPalette restored;
        SessionBus bus(SessionBus::usualAddress());
        Theme theme(bus);
        theme.setMode(Theme::Mode::Light);
        QWidget window;
        auto *box = new QCheckBox(QStringLiteral("Tick"), &window);
        auto *other = new QLineEdit(&window);
        other->move(0, 60);
        box->setChecked(true);
        window.show();
        QVERIFY(QTest::qWaitForWindowActive(&window));
        other->setFocus();
        const QImage without = box->grab().toImage();
        box->setFocus(Qt::TabFocusReason);
        QVERIFY(box->grab().toImage() != without);
    }

    /// A desktop may want icons there: its own, which are dark in the dark look as well.
    void buttonsOfDialogsHaveNoIcons()
    {
        class WithIcons : public QProxyStyle {
        public:
            using QProxyStyle::QProxyStyle;
            int styleHint(StyleHint hint, const QStyleOption *option, const QWidget *widget, QStyleHintReturn *data) const override
            {
                return hint == SH_DialogButtonBox_ButtonsHaveIcons ? 1 : QProxyStyle::styleHint(hint, option, widget, data);
            }
        };
        const RestoredPalette restored;
        SessionBus bus{QString()};
        Theme theme(bus);
        QApplication::setStyle(new WithIcons(QStringLiteral("Fusion")));
        const QDialogButtonBox box(QDialogButtonBox::Close);
        QVERIFY(box.button(QDialogButtonBox::Close)->icon().isNull());
        QApplication::setStyle(QStringLiteral("Fusion"));
    }

    void widgetsHearOfAChange()
    {
        const RestoredPalette restored;
        SessionBus bus(SessionBus::usualAddress());
        Theme theme(bus);
        theme.setMode(Theme::Mode::Light);
        QWidget window;
        auto *edit = new QLineEdit(&window);
        window.show();
        const QColor before = window.grab().toImage().pixelColor(window.rect().bottomRight());
        theme.setMode(Theme::Mode::Dark);
        QCOMPARE(edit->palette().color(QPalette::Text), PlotStyle::of(Theme::palette(true)).text);
        QVERIFY(window.grab().toImage().pixelColor(window.rect().bottomRight()) != before);
    }

    void withoutAPortalThePlatformsPaletteDecides()
    {
        const RestoredPalette restored;
        SessionBus bus(SessionBus::usualAddress());
        QApplication::setPalette(Theme::palette(true));
        Theme dark(bus);
        QVERIFY(dark.isDark());
        QApplication::setPalette(Theme::palette(false));
        Theme light(bus);
        QVERIFY(!light.isDark());
    }

    void primaryButtonsStandOut()
    {
        const RestoredPalette restored;
        SessionBus bus(SessionBus::usualAddress());
        Theme theme(bus);
        theme.setMode(Theme::Mode::Light);
        QPushButton button(QStringLiteral("Go"));
        button.setProperty("primary", true);
        button.resize(120, 36);
        const QImage image = button.grab().toImage();
        QCOMPARE(image.pixelColor(10, image.height() / 2), PlotStyle::of(Theme::palette(false)).accent);
    }

    void theSelectedRowIsSeen_data()
    {
        QTest::addColumn<bool>("isDark");
        QTest::addColumn<QAbstractItemView *>("view");
        for (const bool isDark : {false, true}) {
            const char *theme = isDark ? "dark" : "light";
            QTest::addRow("list, %s", theme) << isDark << static_cast<QAbstractItemView *>(new QListView);
            QTest::addRow("table, %s", theme) << isDark << static_cast<QAbstractItemView *>(new QTableView);
            QTest::addRow("tree, %s", theme) << isDark << static_cast<QAbstractItemView *>(new QTreeView);
        }
    }

    void theSelectedRowIsSeen()
    {
        QFETCH(bool, isDark);
        QFETCH(QAbstractItemView *, view);
        const std::unique_ptr<QAbstractItemView> owner(view);
        const RestoredPalette restored;
        SessionBus bus(SessionBus::usualAddress());
        Theme theme(bus);
        theme.setMode(isDark ? Theme::Mode::Dark : Theme::Mode::Light);
        QStandardItemModel model;
        for (const char *name : {"first", "second"})
            model.appendRow(new QStandardItem(QString::fromLatin1(name)));
        view->setModel(&model);
        view->resize(300, 200);
        view->setCurrentIndex(model.index(1, 0));
        const QImage image = view->grab().toImage();
        const auto colourOf = [&](int row) {
            const QRect area = view->visualRect(model.index(row, 0));
            return image.pixelColor(view->viewport()->mapTo(view, QPoint(area.right() - 6, area.center().y())));
        };
        QCOMPARE(colourOf(0), PlotStyle::of(Theme::palette(isDark)).surface);
        QCOMPARE(colourOf(1), PlotStyle::of(Theme::palette(isDark)).selected);
    }

    void asksThePortalAndFollowsIt()
    {
        const RestoredPalette restored;
        if (m_bus.state() != QProcess::Running)
            QSKIP("There is no dbus-daemon.");
        QDBusConnection desktop =
            QDBusConnection::connectToBus(QString::fromLocal8Bit(qgetenv("DBUS_SESSION_BUS_ADDRESS")), QStringLiteral("desktop"));
        QVERIFY(desktop.isConnected());
        Portal portal;
        QVERIFY(desktop.registerObject(kPath, &portal, QDBusConnection::ExportAllSlots));
        QVERIFY(desktop.registerService(QStringLiteral("org.freedesktop.portal.Desktop")));
        QApplication::setPalette(Theme::palette(false));

        SessionBus bus(SessionBus::usualAddress());
        Theme theme(bus);
        QVERIFY(!theme.isDark()); // nothing waits for the answer
        QTRY_VERIFY(theme.isDark());
        portal.announce(desktop, 2);
        QTRY_VERIFY(!theme.isDark());
        theme.setMode(Theme::Mode::Light);
        portal.announce(desktop, 1);
        QSignalSpy changed(&theme, &Theme::changed);
        QVERIFY(!changed.wait(200)); // a choice by hand stays
        theme.setMode(Theme::Mode::System);
        QVERIFY(theme.isDark()); // what the desktop said meanwhile was heard
        QVERIFY(!theme.isHighContrast());
        Portal::announce(desktop, kContrast, 1);
        QTRY_VERIFY(theme.isHighContrast());
        QVERIFY(theme.isDark());
        Portal::announce(desktop, kContrast, 0);
        QTRY_VERIFY(!theme.isHighContrast());
        portal.contrast = 1;
        Theme later(bus); // asks at its start, of a bus that is connected
        QTRY_VERIFY(later.isHighContrast());
        desktop.unregisterService(QStringLiteral("org.freedesktop.portal.Desktop"));
        QDBusConnection::disconnectFromBus(QStringLiteral("desktop"));
    }

    void aBusThatNeverAnswersIsNotWaitedFor()
    {
        const RestoredPalette restored;
        const MuteBus mute;
        QVERIFY(mute.isListening());
        const QByteArray usual = qgetenv("DBUS_SESSION_BUS_ADDRESS");
        qputenv("DBUS_SESSION_BUS_ADDRESS", mute.address().toLocal8Bit());
        QElapsedTimer timer;
        timer.start();
        {
            SessionBus bus(SessionBus::usualAddress());
            Theme theme(bus);
            theme.setMode(Theme::Mode::Dark);
            QVERIFY(theme.isDark());
            QTRY_VERIFY(mute.isAsked());
            QVERIFY(!bus.isConnected());
        }
        qputenv("DBUS_SESSION_BUS_ADDRESS", usual);
        QVERIFY2(timer.elapsed() < 2000, qPrintable(QString::number(timer.elapsed())));
    }

    void theBusIsWhereTheDesktopSays()
    {
        const QByteArray usual = qgetenv("DBUS_SESSION_BUS_ADDRESS"), folder = qgetenv("XDG_RUNTIME_DIR");
        qputenv("DBUS_SESSION_BUS_ADDRESS", "unix:abstract=elsewhere");
        QCOMPARE(SessionBus::usualAddress(), QStringLiteral("unix:abstract=elsewhere"));
        qunsetenv("DBUS_SESSION_BUS_ADDRESS");
        qputenv("XDG_RUNTIME_DIR", "/run/user/a b~");
        QCOMPARE(SessionBus::usualAddress(), QStringLiteral("unix:path=/run/user/a%20b%7E/bus"));
        qunsetenv("XDG_RUNTIME_DIR");
        QVERIFY(SessionBus::usualAddress().isEmpty());
        QVERIFY(!SessionBus(SessionBus::usualAddress()).isConnected()); // nowhere
        qputenv("DBUS_SESSION_BUS_ADDRESS", usual);
        if (!folder.isNull())
            qputenv("XDG_RUNTIME_DIR", folder);
    }

public:
    /// A bus of the test's own, before anything connects to the session's.
    void startBus()
    {
        const QString program = QStandardPaths::findExecutable(QStringLiteral("dbus-daemon"));
        qputenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
        if (program.isEmpty())
            return;
        m_bus.start(program, {QStringLiteral("--session"), QStringLiteral("--nofork"), QStringLiteral("--print-address")});
        if (m_bus.waitForStarted() && m_bus.waitForReadyRead())
            qputenv("DBUS_SESSION_BUS_ADDRESS", m_bus.readLine().trimmed());
    }

    ~TestTheme() override
    {
        m_bus.terminate();
        m_bus.waitForFinished();
    }

private:
    QProcess m_bus;
};

int main(int argc, char *argv[])
{
    TestTheme test;
    test.startBus();
    QApplication application(argc, argv);
    return QTest::qExec(&test, argc, argv);
}

#include "tst_Theme.moc"
