// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/ViewState.h"

#include "plots/Plot.h"

#include <QDataStream>
#include <QGuiApplication>
#include <QHash>
#include <QIODevice>
#include <QMap>
#include <QMetaEnum>
#include <QMetaProperty>
#include <QScreen>
#include <QSplitter>
#include <QWidget>

#include <algorithm>
#include <functional>
#include <type_traits>

namespace secateur::ui {
namespace {

const QString kFigure = QStringLiteral("figure"), kTable = QStringLiteral("table");
constexpr quint32 kSplittersFormat = 1;

/// "ScoreCurve 0": its class, and which of that class it is, in the order in which they were made.
template <class Widget>
QMap<QString, Widget *> numbered(const QWidget &window)
{
    QMap<QString, Widget *> widgets;
    QHash<QString, int> counts;
    for (Widget *widget : window.findChildren<Widget *>()) {
        const QObject *named = std::is_same_v<Widget, QSplitter> ? static_cast<const QObject *>(widget->parent()) : widget;
        const QString kind = QString::fromLatin1(named->metaObject()->className()).section(QStringLiteral("::"), -1);
        widgets.insert(QStringLiteral("%1 %2").arg(kind).arg(counts[kind]++), widget);
    }
    return widgets;
}

void forEachRemembered(const QWidget &window, const std::function<void(QWidget &, const QMetaProperty &, const std::string &)> &take)
{
    for (QWidget *widget : window.findChildren<QWidget *>()) {
        const QByteArray name = widget->property(kRemembered).toByteArray();
        const int index = name.isEmpty() ? -1 : widget->metaObject()->indexOfProperty(name.constData());
        if (index >= 0 && !widget->objectName().isEmpty())
            take(*widget, widget->metaObject()->property(index),
                 (widget->objectName() + QLatin1Char('.') + QLatin1String(name)).toStdString());
    }
}

QString wordOf(const QMetaProperty &property, const QVariant &value)
{
    return property.isEnumType() ? QString::fromLatin1(property.enumerator().valueToKey(value.toInt())) : value.toString();
}

/// To the place of that frame, or the nearest where all of it is in the space.
void moveInto(const QRect &space, QWidget &window, const QRect &frame)
{
    const QSize size = frame.size().boundedTo(space.size());
    window.resize(window.size() - (frame.size() - size));
    window.move(std::clamp(frame.x(), space.left(), space.right() + 1 - size.width()),
                std::clamp(frame.y(), space.top(), space.bottom() + 1 - size.height()));
}

} // namespace

std::map<std::string, std::string> viewOf(const QWidget &window)
{
    std::map<std::string, std::string> view;
    const QMap<QString, Plot *> plots = numbered<Plot>(window);
    for (auto plot = plots.begin(); plot != plots.end(); ++plot)
        view[plot.key().toStdString()] = (plot.value()->isTableShown() ? kTable : kFigure).toStdString();
    forEachRemembered(window, [&](QWidget &widget, const QMetaProperty &property, const std::string &key) {
        view[key] = wordOf(property, property.read(&widget)).toStdString();
    });
    return view;
}

void applyView(QWidget &window, const std::map<std::string, std::string> &view)
{
    const auto wordAt = [&](const std::string &key) {
        const auto found = view.find(key);
        return found == view.end() ? QString() : QString::fromStdString(found->second);
    };
    const QMap<QString, Plot *> plots = numbered<Plot>(window);
    for (auto plot = plots.begin(); plot != plots.end(); ++plot)
        if (const QString word = wordAt(plot.key().toStdString()); word == kTable || word == kFigure)
            plot.value()->setTableShown(word == kTable);
    forEachRemembered(window, [&](QWidget &widget, const QMetaProperty &property, const std::string &key) {
        const QString word = wordAt(key);
        const bool isKnown = property.isEnumType() ? property.enumerator().keyToValue(word.toLatin1().constData()) >= 0 : !word.isEmpty();
        if (isKnown)
            property.write(&widget, word);
    });
}

QByteArray splittersOf(const QWidget &window)
{
    QMap<QString, QByteArray> states;
    const QMap<QString, QSplitter *> splitters = numbered<QSplitter>(window);
    for (auto splitter = splitters.begin(); splitter != splitters.end(); ++splitter)
        states.insert(splitter.key(), splitter.value()->saveState());
    QByteArray bytes;
    QDataStream stream(&bytes, QIODevice::WriteOnly);
    stream.setVersion(QDataStream::Qt_6_4);
    stream << kSplittersFormat << states;
    return bytes;
}

bool applySplitters(QWidget &window, const QByteArray &state)
{
    QDataStream stream(state);
    stream.setVersion(QDataStream::Qt_6_4);
    quint32 format = 0;
    QMap<QString, QByteArray> states;
    stream >> format;
    if (format != kSplittersFormat)
        return false;
    stream >> states;
    if (stream.status() != QDataStream::Ok)
        return false;
    const QMap<QString, QSplitter *> splitters = numbered<QSplitter>(window);
    for (auto splitter = splitters.begin(); splitter != splitters.end(); ++splitter)
        if (states.contains(splitter.key()))
            splitter.value()->restoreState(states.value(splitter.key()));
    return true;
}

void stepAside(QWidget &window)
{
    constexpr int kAside = 48; // pixels
    const QRect space = window.screen()->availableGeometry(), frame = window.frameGeometry();
    const int right = frame.right() + kAside <= space.right() ? kAside : -kAside; // up, as the docks lie at the bottom
    const int down = frame.top() - kAside >= space.top() ? -kAside : kAside;
    moveInto(space, window, frame.translated(right, down));
}

void bringOnScreen(QWidget &window)
{
    constexpr int kReachable = 40; // of its top edge, to take hold of it
    const QRect frame = window.frameGeometry(), top(frame.topLeft(), QSize(frame.width(), 1));
    const QList<QScreen *> screens = QGuiApplication::screens();
    const bool canBeReached = std::any_of(screens.begin(), screens.end(), [&](const QScreen *screen) {
        const QRect seen = screen->availableGeometry() & top;
        return seen.height() > 0 && seen.width() >= std::min(kReachable, frame.width());
    });
    if (canBeReached || screens.isEmpty())
        return;
    moveInto((window.screen() ? window.screen() : screens.constFirst())->availableGeometry(), window, frame);
}

} // namespace secateur::ui
