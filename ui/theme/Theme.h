// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDBusMessage>
#include <QFont>
#include <QObject>
#include <QPalette>
#include <QString>

namespace secateur::ui {

class SessionBus;

/// Gives the application its palette and style sheet: light, dark, or what the desktop wants (asked of the desktop portal, followed live;
/// without a portal the platform's own palette decides, and nothing waits for either), each with high contrast where people or the desktop ask for it.
///
/// Widgets need not know it: they get QEvent::PaletteChange. One per application, made after QApplication and before widgets.
class Theme : public QObject {
    Q_OBJECT
public:
    enum class Mode { System, Light, Dark };
    Q_ENUM(Mode)

    /// The bus, which outlives it, is that of the desktop.
    explicit Theme(SessionBus &bus);
    ~Theme() override; ///< gives the usual size back

    Mode mode() const { return m_mode; }
    void setMode(Mode mode);
    bool isDark() const { return m_isDark; }
    /// Whether people want high contrast here; where the desktop wants it, it is so anyway.
    bool wantsHighContrast() const { return m_wantsHighContrast; }
    void setHighContrast(bool isWanted);
    bool isHighContrast() const { return m_isHighContrast; }

    /// How large letters are for the usual, and lines of plots that mean something: both 1 at first. Widgets get QEvent::FontChange or StyleChange.
    struct Size {
        double type = 1, stroke = 1;
        bool operator==(const Size &) const = default;
    };
    const Size &size() const { return m_size; }
    void setSize(const Size &size);
    /// The font at a type of 1: that which the application had when this was made.
    const QFont &usualFont() const { return m_usualFont; }

    static QPalette palette(bool isDark, bool isHighContrast = false);

signals:
    void changed(bool isDark); ///< another look, of either kind
    void sizeChanged();

private slots:
    void settingChanged(const QDBusMessage &message); ///< of the portal: space, key, value

private:
    void apply();
    void dress();
    void followSystem();
    void ask(const QString &key);
    void hear(const QString &key, const QVariant &value);

    SessionBus &m_bus;
    const QFont m_usualFont;
    Size m_size;
    Mode m_mode = Mode::System;
    bool m_isDark = false, m_isHighContrast = false, m_isApplied = false;
    bool m_wantsHighContrast = false;
    bool m_isSystemDark = false, m_isSystemHighContrast = false;
};

} // namespace secateur::ui
