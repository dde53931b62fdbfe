// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDBusConnection>
#include <QDBusPendingCall>
#include <QObject>
#include <QString>
#include <functional>

class QDBusMessage;

namespace secateur::ui {

/// The desktop's session bus, for which nobody waits. QDBusConnection::sessionBus() waits for the first answer, and a bus may take the connection
/// and never give one; this asks for it like for any other, and says when it has come. Without a bus it never does. One serves the program.
class SessionBus : public QObject {
    Q_OBJECT
public:
    /// Without an address it is never connected.
    explicit SessionBus(const QString &address);
    ~SessionBus() override;

    /// DBUS_SESSION_BUS_ADDRESS, or where desktops put it otherwise. Empty when it is nowhere.
    static QString usualAddress();
    bool isConnected() const { return m_isConnected; }
    /// Has the function called once it is connected, now if it is; not when the receiver is gone by then.
    void whenConnected(QObject &receiver, const std::function<void()> &function);

    // Once it is connected.
    QDBusPendingCall call(const QDBusMessage &message) const { return m_bus.asyncCall(message); }
    /// Has the slot called with every such signal, from any sender.
    void hear(const QString &path, const QString &interface, const QString &member, QObject *receiver, const char *slot);

signals:
    void connected();

private:
    QString m_name; ///< of the connection, in this process
    QDBusConnection m_bus;
    bool m_isConnected = false;
};

} // namespace secateur::ui
