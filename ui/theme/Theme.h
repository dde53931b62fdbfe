// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDBusMessage>
#include <QObject>
#include <QPalette>
#include <QString>

namespace secateur::ui {

/// Gives the application its palette and style sheet: light, dark, or what the desktop wants (asked of the desktop portal, followed live;
/// without a portal the platform's own palette decides).
///
/// Widgets need not know it: they get QEvent::PaletteChange. One per application, made after QApplication and before widgets.
class Theme : public QObject {
    Q_OBJECT
public:
    enum class Mode { System, Light, Dark };
    Q_ENUM(Mode)

    explicit Theme(QObject *parent = nullptr);

    Mode mode() const { return m_mode; }
    void setMode(Mode mode);
    bool isDark() const { return m_isDark; }

    static QPalette palette(bool isDark);

signals:
    void changed(bool isDark);

private slots:
    void settingChanged(const QDBusMessage &message); ///< of the portal: space, key, value

private:
    void apply();
    void followSystem();
    void hear(const QVariant &scheme);

    Mode m_mode = Mode::System;
    bool m_isDark = false, m_isApplied = false;
    bool m_isSystemDark = false;
};

} // namespace secateur::ui
