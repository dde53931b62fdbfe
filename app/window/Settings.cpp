// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/Settings.h"

#include <QFileInfo>
#include <QMetaEnum>

namespace secateur::ui {
namespace {

constexpr int kMostRecent = 10;
const QString kRecent = QStringLiteral("recent/opened"), kTexts = QStringLiteral("recent/texts"), kTheme = QStringLiteral("theme"),
              kEngine = QStringLiteral("engine");

} // namespace

Settings::Settings(const QString &file, QObject *parent) : QObject(parent), m_file(file, QSettings::IniFormat) {}

QStringList Settings::existing(const QString &key) const
{
    QStringList paths = m_file.value(key).toStringList();
    paths.removeIf([](const QString &path) { return !QFileInfo::exists(path); });
    return paths;
}

void Settings::add(const QString &key, const QStringList &added)
{
    QStringList paths = m_file.value(key).toStringList();
    for (auto path = added.rbegin(); path != added.rend(); ++path) {
        paths.removeAll(*path);
        paths.prepend(*path);
    }
    m_file.setValue(key, paths.mid(0, kMostRecent));
}

QStringList Settings::recent() const
{
    return m_file.value(kRecent).toStringList();
}

void Settings::addRecent(const QString &path)
{
    add(kRecent, {path});
    emit recentChanged();
}

void Settings::clearRecent()
{
    m_file.remove(kRecent);
    emit recentChanged();
}

QStringList Settings::recentTexts() const
{
    return existing(kTexts);
}

void Settings::addRecentTexts(const QStringList &files)
{
    if (files.isEmpty())
        return;
    add(kTexts, files);
    emit recentTextsChanged();
}

QString Settings::engine() const
{
    return m_file.value(kEngine).toString();
}

void Settings::setEngine(const QString &name)
{
    m_file.setValue(kEngine, name);
    emit engineChanged(name);
}

Theme::Mode Settings::themeMode() const
{
    bool isKnown = false;
    const int mode = QMetaEnum::fromType<Theme::Mode>().keyToValue(m_file.value(kTheme).toByteArray().constData(), &isKnown);
    return isKnown ? Theme::Mode(mode) : Theme::Mode::System;
}

void Settings::setThemeMode(Theme::Mode mode)
{
    m_file.setValue(kTheme, QByteArray(QMetaEnum::fromType<Theme::Mode>().valueToKey(int(mode))));
}

} // namespace secateur::ui
