// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "theme/Theme.h"

#include <QByteArray>
#include <QObject>
#include <QSettings>
#include <QStringList>

namespace secateur::ui {

/// What the window remembers between runs, in one file: recent models, sessions and texts, the program that runs the models, the theme, the layout.
class Settings : public QObject {
    Q_OBJECT
public:
    explicit Settings(const QString &file, QObject *parent = nullptr);

    QStringList recent() const; ///< model folders and session files, newest first; some may be gone
    void addRecent(const QString &path);
    void clearRecent();
    QStringList recentTexts() const;
    void addRecentTexts(const QStringList &files);

    QString engine() const; ///< the program in which people use their models; empty = none was chosen
    void setEngine(const QString &name);

    Theme::Mode themeMode() const;
    void setThemeMode(Theme::Mode mode);

    QByteArray value(const QString &key) const { return m_file.value(key).toByteArray(); } ///< of the layout
    void setValue(const QString &key, const QByteArray &value) { m_file.setValue(key, value); }

signals:
    void recentChanged();
    void recentTextsChanged();
    void engineChanged(const QString &name);

private:
    QStringList existing(const QString &key) const;
    void add(const QString &key, const QStringList &paths);

    QSettings m_file;
};

} // namespace secateur::ui
