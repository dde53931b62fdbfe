// SPDX-License-Identifier: GPL-3.0-or-later
#include "theme/Theme.h"

#include "theme/PlotStyle.h"
#include "theme/SessionBus.h"
#include "theme/StyleSheet.h"

#include <QApplication>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusVariant>
#include <QEvent>
#include <QStyleFactory>

namespace secateur::ui {
namespace {

// The desktop portal's settings (flatpak.github.io/xdg-desktop-portal: org.freedesktop.portal.Settings).
const QString kService = QStringLiteral("org.freedesktop.portal.Desktop"), kPath = QStringLiteral("/org/freedesktop/portal/desktop"),
              kInterface = QStringLiteral("org.freedesktop.portal.Settings"), kSpace = QStringLiteral("org.freedesktop.appearance"),
              kScheme = QStringLiteral("color-scheme"), kContrast = QStringLiteral("contrast");
constexpr uint kPrefersDark = 1, kPrefersContrast = 1;

/// The value may be wrapped more than once (Read() wraps it in a variant of its own).
uint numberIn(QVariant value)
{
    while (value.canConvert<QDBusVariant>())
        value = value.value<QDBusVariant>().variant();
    return value.toUInt();
}

} // namespace

Theme::Theme(SessionBus &bus) : m_bus(bus), m_usualFont(QApplication::font())
{
    const QPalette platform = QApplication::palette();
    m_isSystemDark = platform.color(QPalette::Window).lightness() < platform.color(QPalette::WindowText).lightness();
    QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
    apply();
    m_bus.whenConnected(*this, [this] { followSystem(); });
}

Theme::~Theme()
{
    if (m_size == Size())
        return;
    PlotStyle::setStroke(1);
    QApplication::setFont(m_usualFont);
}

void Theme::followSystem()
{
    // From any sender: the portal may start later, and start again.
    m_bus.hear(kPath, kInterface, QStringLiteral("SettingChanged"), this, SLOT(settingChanged(QDBusMessage)));
    ask(kScheme);
    ask(kContrast);
}

void Theme::ask(const QString &key)
{
    QDBusMessage question = QDBusMessage::createMethodCall(kService, kPath, kInterface, QStringLiteral("Read"));
    question << kSpace << key;
    auto *answer = new QDBusPendingCallWatcher(m_bus.call(question), this);
    connect(answer, &QDBusPendingCallWatcher::finished, this, [this, key](QDBusPendingCallWatcher *watcher) {
        const QDBusPendingReply<QDBusVariant> reply = *watcher;
        watcher->deleteLater();
        if (reply.isError()) // no portal, or one that does not know: the platform's palette has decided
            return;
        hear(key, QVariant::fromValue(reply.value()));
    });
}

void Theme::settingChanged(const QDBusMessage &message)
{
    const QVariantList arguments = message.arguments();
    if (arguments.size() == 3 && arguments[0].toString() == kSpace)
        hear(arguments[1].toString(), arguments[2]);
}

void Theme::hear(const QString &key, const QVariant &value)
{
    if (key == kScheme)
        m_isSystemDark = numberIn(value) == kPrefersDark;
    else if (key == kContrast)
        m_isSystemHighContrast = numberIn(value) == kPrefersContrast;
    apply();
}

void Theme::setMode(Mode mode)
{
    m_mode = mode;
    apply();
}

void Theme::setHighContrast(bool isWanted)
{
    m_wantsHighContrast = isWanted;
    apply();
}

void Theme::apply()
{
    const bool isDark = m_mode == Mode::Dark || (m_mode == Mode::System && m_isSystemDark);
    const bool isHighContrast = m_wantsHighContrast || m_isSystemHighContrast;
    if (m_isApplied && isDark == m_isDark && isHighContrast == m_isHighContrast)
        return;
    m_isApplied = true;
    m_isDark = isDark;
    m_isHighContrast = isHighContrast;
    dress();
    emit changed(isDark);
}

void Theme::setSize(const Size &size)
{
    if (size == m_size)
        return;
    const bool isOtherType = size.type != m_size.type;
    m_size = size;
    PlotStyle::setStroke(size.stroke);
    if (isOtherType) {
        qApp->setStyleSheet(QString()); // widgets under a sheet keep the font that they have
        QFont font = m_usualFont;       // as it was at 1, to the bit
        if (size.type != 1 && font.pointSizeF() > 0)
            font.setPointSizeF(font.pointSizeF() * size.type);
        else if (size.type != 1)
            font.setPixelSize(qRound(font.pixelSize() * size.type));
        QApplication::setFont(font);
        QCoreApplication::sendPostedEvents(nullptr, QEvent::ApplicationFontChange); // or windows hear of it when the sheet is on again
    }
    dress();
    emit sizeChanged();
}

void Theme::dress()
{
    // A sheet that takes the place of another is applied to each widget once for itself and once more for every widget around it, which takes four times as
    // long as to take the one off and to put the other on.
    qApp->setStyleSheet(QString());
    QApplication::setPalette(palette(m_isDark, m_isHighContrast));
    qApp->setStyleSheet(styleSheet(PlotStyle::of(m_isDark, m_isHighContrast)));
}

QPalette Theme::palette(bool isDark, bool isHighContrast)
{
    const PlotStyle style = PlotStyle::of(isDark, isHighContrast);
    QPalette palette;
    for (const QPalette::ColorRole role : {QPalette::Window, QPalette::Base, QPalette::Button})
        palette.setColor(role, style.surface);
    for (const QPalette::ColorRole role : {QPalette::AlternateBase, QPalette::ToolTipBase})
        palette.setColor(role, style.raised);
    for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::ToolTipText})
        palette.setColor(role, style.text);
    palette.setColor(QPalette::PlaceholderText, style.mutedText);
    palette.setColor(QPalette::Highlight, style.accent);
    palette.setColor(QPalette::HighlightedText, style.onAccent);
    palette.setColor(QPalette::Link, style.readable(style.accent));
    palette.setColor(QPalette::LinkVisited, style.readable(style.extra));
    palette.setColor(QPalette::BrightText, style.readable(style.warning));
    palette.setColor(QPalette::Light, isDark ? style.surface.lighter(140) : QColor(Qt::white));
    palette.setColor(QPalette::Midlight, style.raised);
    palette.setColor(QPalette::Mid, style.line);
    palette.setColor(QPalette::Dark, style.outline);
    palette.setColor(QPalette::Shadow, isDark ? QColor(Qt::black) : style.outline);
    for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, style.disabled);
    palette.setColor(QPalette::Disabled, QPalette::Highlight, style.outline);
    palette.setColor(QPalette::Disabled, QPalette::HighlightedText, style.surface);
    return palette;
}

} // namespace secateur::ui
