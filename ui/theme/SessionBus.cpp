// SPDX-License-Identifier: GPL-3.0-or-later
#include "theme/SessionBus.h"

#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QUrl>

#include <atomic>

namespace secateur::ui {
namespace {

// The bus's own object (dbus.freedesktop.org/doc/dbus-specification.html, "Message Bus Messages").
const QString kBus = QStringLiteral("org.freedesktop.DBus"), kBusPath = QStringLiteral("/org/freedesktop/DBus");

QDBusMessage toBus(const QString &method)
{
    return QDBusMessage::createMethodCall(kBus, kBusPath, kBus, method);
}

QString newName()
{
    static std::atomic<int> count = 0;
    return QStringLiteral("secateur-session-%1").arg(++count);
}

} // namespace

/// As to a peer: then Qt leaves the greeting, for which it would wait, to us.
SessionBus::SessionBus(const QString &address)
    : m_name(newName()),
      m_bus(address.isEmpty() ? QDBusConnection(m_name) : QDBusConnection::connectToPeer(address, m_name))
{
    if (!m_bus.isConnected())
        return;
    auto *answer = new QDBusPendingCallWatcher(m_bus.asyncCall(toBus(QStringLiteral("Hello"))), this);
    connect(answer, &QDBusPendingCallWatcher::finished, this, [this](QDBusPendingCallWatcher *watcher) {
        const QDBusPendingReply<QString> reply = *watcher;
        watcher->deleteLater();
        if (reply.isError())
            return;
        m_isConnected = true;
        emit connected();
    });
}

SessionBus::~SessionBus()
{
    QDBusConnection::disconnectFromPeer(m_name);
}

void SessionBus::whenConnected(QObject &receiver, const std::function<void()> &function)
{
    if (m_isConnected)
        function();
    else
        connect(this, &SessionBus::connected, &receiver, function);
}

QString SessionBus::usualAddress()
{
    const QString told = qEnvironmentVariable("DBUS_SESSION_BUS_ADDRESS"), folder = qEnvironmentVariable("XDG_RUNTIME_DIR");
    if (!told.isEmpty() || folder.isEmpty())
        return told;
    return QStringLiteral("unix:path=") + QString::fromLatin1(QUrl::toPercentEncoding(folder, "/", "~")) + QStringLiteral("/bus");
}

void SessionBus::hear(const QString &path, const QString &interface, const QString &member, QObject *receiver, const char *slot)
{
    QDBusMessage match = toBus(QStringLiteral("AddMatch")); // Qt does not ask a peer for signals
    match << QStringLiteral("type='signal',path='%1',interface='%2',member='%3'").arg(path, interface, member);
    m_bus.asyncCall(match);
    m_bus.connect(QString(), path, interface, member, receiver, slot);
}

} // namespace secateur::ui
