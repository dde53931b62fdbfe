// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/ScrollToFocus.h"

#include <QApplication>
#include <QFocusEvent>
#include <QScrollArea>

namespace secateur::ui {
namespace {

constexpr int kMargin = 12; ///< of the page around it

} // namespace

ScrollToFocus::ScrollToFocus(QObject *parent) : QObject(parent)
{
    qApp->installEventFilter(this);
}

bool ScrollToFocus::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() != QEvent::FocusIn)
        return false;
    const Qt::FocusReason reason = static_cast<QFocusEvent *>(event)->reason();
    auto *widget = qobject_cast<QWidget *>(watched);
    if (!widget || (reason != Qt::TabFocusReason && reason != Qt::BacktabFocusReason && reason != Qt::ShortcutFocusReason))
        return false; // what was clicked stays under the pointer
    for (QWidget *parent = widget->parentWidget(); parent; parent = parent->parentWidget())
        if (auto *area = qobject_cast<QScrollArea *>(parent))
            area->ensureWidgetVisible(widget, kMargin, kMargin);
    return false;
}

} // namespace secateur::ui
