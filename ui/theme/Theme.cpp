// SPDX-License-Identifier: GPL-3.0-or-later
#include "theme/Theme.h"

#include "theme/PlotStyle.h"
#include "theme/StyleSheet.h"

#include <QApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusVariant>
#include <QStyleFactory>

namespace secateur::ui {
namespace {

// The desktop portal's settings (flatpak.github.io/xdg-desktop-portal: org.freedesktop.portal.Settings).
const QString kService = QStringLiteral("org.freedesktop.portal.Desktop"), kPath = QStringLiteral("/org/freedesktop/portal/desktop"),
              kInterface = QStringLiteral("org.freedesktop.portal.Settings"), kSpace = QStringLiteral("org.freedesktop.appearance"),
              kKey = QStringLiteral("color-scheme");
constexpr uint kPrefersDark = 1;

/// The value may be wrapped more than once (Read() wraps it in a variant of its own).
uint schemeIn(QVariant value)
{
    while (value.canConvert<QDBusVariant>())
        value = value.value<QDBusVariant>().variant();
    return value.toUInt();
}

} // namespace

Theme::Theme(QObject *parent) : QObject(parent)
{
    const QPalette platform = QApplication::palette();
    m_isSystemDark = platform.color(QPalette::Window).lightness() < platform.color(QPalette::WindowText).lightness();
    QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    followSystem();
    apply();
}

void Theme::followSystem()
{
    QDBusConnection bus = QDBusConnection::sessionBus();
    if (!bus.isConnected())
        return;
    // From any sender: the portal may start later, and start again.
    bus.connect(QString(), kPath, kInterface, QStringLiteral("SettingChanged"), this, SLOT(settingChanged(QDBusMessage)));
    QDBusMessage question = QDBusMessage::createMethodCall(kService, kPath, kInterface, QStringLiteral("Read"));
    question << kSpace << kKey;
    auto *answer = new QDBusPendingCallWatcher(bus.asyncCall(question), this);
    connect(answer, &QDBusPendingCallWatcher::finished, this, [this](QDBusPendingCallWatcher *watcher) {
        const QDBusPendingReply<QDBusVariant> reply = *watcher;
        watcher->deleteLater();
        if (reply.isError()) // no portal, or one that does not know: the platform's palette has decided
            return;
        hear(QVariant::fromValue(reply.value()));
    });
}

void Theme::settingChanged(const QDBusMessage &message)
{
    const QVariantList arguments = message.arguments();
    if (arguments.size() == 3 && arguments[0].toString() == kSpace && arguments[1].toString() == kKey)
        hear(arguments[2]);
}

void Theme::hear(const QVariant &scheme)
{
    m_isSystemDark = schemeIn(scheme) == kPrefersDark;
    apply();
}

void Theme::setMode(Mode mode)
{
    m_mode = mode;
    apply();
}

void Theme::apply()
{
    const bool isDark = m_mode == Mode::Dark || (m_mode == Mode::System && m_isSystemDark);
    if (m_isApplied && isDark == m_isDark)
        return;
    m_isApplied = true;
    m_isDark = isDark;
    const QPalette colours = palette(isDark);
    QApplication::setPalette(colours);
    qApp->setStyleSheet(styleSheet(PlotStyle::of(colours)));
    emit changed(isDark);
}

QPalette Theme::palette(bool isDark)
{
    QPalette seed; // decides only whether the style below is the dark one
    seed.setColor(QPalette::Window, isDark ? Qt::black : Qt::white);
    seed.setColor(QPalette::WindowText, isDark ? Qt::white : Qt::black);
    const PlotStyle style = PlotStyle::of(seed);
    const QColor disabled = isDark ? QColor(0x78828a) : QColor(0x8d969e);
    QPalette palette;
    for (const QPalette::ColorRole role : {QPalette::Window, QPalette::Base, QPalette::Button})
        palette.setColor(role, style.surface);
    for (const QPalette::ColorRole role : {QPalette::AlternateBase, QPalette::ToolTipBase})
        palette.setColor(role, style.raised);
    for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::ToolTipText})
        palette.setColor(role, style.text);
    palette.setColor(QPalette::PlaceholderText, style.mutedText);
    palette.setColor(QPalette::Highlight, style.accent);
    palette.setColor(QPalette::HighlightedText, isDark ? QColor(0x101315) : QColor(Qt::white));
    palette.setColor(QPalette::Link, style.readable(style.accent));
    palette.setColor(QPalette::LinkVisited, style.readable(style.extra));
    palette.setColor(QPalette::BrightText, style.warning);
    palette.setColor(QPalette::Light, isDark ? style.surface.lighter(140) : QColor(Qt::white));
    palette.setColor(QPalette::Midlight, style.raised);
    palette.setColor(QPalette::Mid, style.line);
    palette.setColor(QPalette::Dark, style.outline);
    palette.setColor(QPalette::Shadow, isDark ? QColor(Qt::black) : style.outline);
    for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, disabled);
    palette.setColor(QPalette::Disabled, QPalette::Highlight, style.line);
    return palette;
}

} // namespace secateur::ui
