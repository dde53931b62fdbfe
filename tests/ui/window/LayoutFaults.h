// SPDX-License-Identifier: GPL-3.0-or-later
// What does not fit in a window, in words: pages that scroll sideways, widgets that stick out of their parents, words that are cut without
// saying so.
#pragma once

#include "widgets/FittingLabel.h"
#include "widgets/Labels.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QCheckBox>
#include <QComboBox>
#include <QDockWidget>
#include <QLabel>
#include <QMainWindow>
#include <QMenu>
#include <QPushButton>
#include <QRadioButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QSplitter>
#include <QStringList>
#include <QTabBar>
#include <QToolButton>

namespace secateur::ui {

/// "QLabel 'Windows' in TextPicker in CalibratePanel", to be found again.
inline QString placeOf(const QWidget *widget)
{
    QString words;
    if (const auto *label = qobject_cast<const QLabel *>(widget))
        words = label->text();
    else if (const auto *button = qobject_cast<const QAbstractButton *>(widget))
        words = button->text();
    if (words.isEmpty())
        words = widget->accessibleName();
    QString place = QStringLiteral("%1 '%2'").arg(QLatin1String(widget->metaObject()->className()), words.left(60));
    int levels = 0;
    for (const QWidget *parent = widget->parentWidget(); parent && levels < 3; parent = parent->parentWidget()) {
        const QString name = QLatin1String(parent->metaObject()->className());
        if (name == u"QWidget" || name == u"QFrame" || name == u"QStackedWidget")
            continue;
        place += QStringLiteral(" in ") + name;
        ++levels;
    }
    return place.remove(QStringLiteral("secateur::ui::"));
}

/// Whether a part of a compound widget of Qt's, which cuts and scrolls as it knows.
inline bool isInner(const QWidget *widget)
{
    for (const QWidget *parent = widget->parentWidget(); parent; parent = parent->parentWidget()) {
        if (qobject_cast<const QScrollArea *>(parent))
            continue;
        if (qobject_cast<const QAbstractScrollArea *>(parent) || qobject_cast<const QTabBar *>(parent) ||
            qobject_cast<const QComboBox *>(parent) || parent->inherits("QAbstractSpinBox") || qobject_cast<const QMenu *>(parent))
            return true;
    }
    return false;
}

/// The width that the words of a widget need; 0 where it may cut them.
inline int neededWidth(const QWidget *widget)
{
    if (qobject_cast<const ElidedLabel *>(widget) || qobject_cast<const FittingLabel *>(widget) ||
        widget->sizePolicy().horizontalPolicy() == QSizePolicy::Ignored || widget->inherits("QDockWidgetTitleButton"))
        return 0;
    if (const auto *label = qobject_cast<const QLabel *>(widget))
        return label->text().isEmpty() ? 0 : label->wordWrap() ? label->minimumSizeHint().width() : label->sizeHint().width();
    if (const auto *button = qobject_cast<const QAbstractButton *>(widget))
        return button->text().isEmpty() || button->inherits("secateur::ui::StepButton") ? button->minimumSizeHint().width()
                                                                                        : button->sizeHint().width();
    if (widget->inherits("QAbstractSpinBox"))
        return widget->minimumSizeHint().width();
    return 0;
}

/// What is wrong below `root` as it is shown now.
inline QStringList layoutFaults(const QWidget &root)
{
    QStringList faults;
    for (const QWidget *widget : root.findChildren<QWidget *>()) {
        if (!widget->isVisibleTo(&root) || widget->visibleRegion().isNull() || widget->isWindow() || isInner(widget))
            continue;
        if (const auto *area = qobject_cast<const QScrollArea *>(widget)) {
            if (area->horizontalScrollBar()->isVisible())
                faults << QStringLiteral("scrolls sideways: ") + placeOf(widget);
            continue;
        }
        const QWidget *parent = widget->parentWidget();
        const bool isContent = parent->parentWidget() && qobject_cast<const QScrollArea *>(parent->parentWidget());
        // What Qt puts beside what it manages: handles, the separator of the docks; and its splitter is a pixel off from right to left.
        const auto *main = qobject_cast<const QMainWindow *>(parent);
        const bool isQts = widget->inherits("QSplitterHandle") || qobject_cast<const QScrollBar *>(widget) ||
                           (main && widget != main->centralWidget() && !widget->inherits("QDockWidget"));
        const int slack = qobject_cast<const QSplitter *>(parent) ? 1 : 0;
        if (!isContent && !isQts && (widget->x() < 0 || widget->geometry().right() >= parent->width() + slack))
            faults << QStringLiteral("sticks out of its parent (%1 to %2 of %3): ")
                              .arg(widget->x())
                              .arg(widget->geometry().right())
                              .arg(parent->width() - 1) +
                          placeOf(widget);
        if (const int needed = neededWidth(widget); needed > widget->width())
            faults << QStringLiteral("is cut (%1 of %2 wide): ").arg(widget->width()).arg(needed) + placeOf(widget);
    }
    faults.removeDuplicates();
    return faults;
}

} // namespace secateur::ui
