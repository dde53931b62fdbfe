// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/shell/MessageBar.h"

#include <QApplication>
#include <QCursor>
#include <QEvent>
#include <QLayout>
#include <QPushButton>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kDistance = 10, kWidest = 560; ///< pixels to the page's edges, and of the box

} // namespace

MessageBar::MessageBar(Workbench workbench, QWidget *parent) : MessageRows(workbench, Kind::Passing, parent)
{
    connect(this, &MessageRows::rowsChanged, this, &MessageBar::place);
    if (parent)
        parent->installEventFilter(this);
    place();
}

void MessageBar::setPage(QWidget &page)
{
    m_page = &page;
    page.installEventFilter(this);
    place();
}

void MessageBar::place()
{
    const QWidget *under = parentWidget();
    if (!under || isHidden())
        return;
    const QRect page = m_page ? QRect(m_page->mapTo(under, QPoint()), m_page->size()) : under->rect();
    const QRect area = page.adjusted(kDistance, kDistance, -kDistance, -kDistance);
    const int width = std::min(kWidest, area.width());
    const int height = layout()->hasHeightForWidth() ? layout()->totalHeightForWidth(width) : layout()->totalSizeHint().height();
    const int right = area.right() + 1 - width, bottom = area.bottom() + 1 - height;
    const QPoint usual(right, bottom);
    QRect best(usual, QSize(width, height));
    for (const QPoint corner : {usual, QPoint(area.left(), bottom), QPoint(right, area.top()), area.topLeft()})
        if (const QRect candidate(corner, best.size()); !coversWhatIsUsed(candidate)) {
            best = candidate;
            break;
        }
    setGeometry(best);
    raise();
}

bool MessageBar::coversWhatIsUsed(const QRect &area) const
{
    const QWidget *under = parentWidget(), *focus = QApplication::focusWidget();
    if (!underMouse() && area.contains(under->mapFromGlobal(QCursor::pos())))
        return true; // the next click is meant for what is there
    const auto isCovered = [&](const QWidget *widget) { return area.intersects(QRect(widget->mapTo(under, QPoint()), widget->size())); };
    if (focus && under->isAncestorOf(focus) && !isAncestorOf(focus) && focus->width() < under->width() / 2 && isCovered(focus))
        return true;
    const QList<QPushButton *> buttons = under->findChildren<QPushButton *>();
    return std::any_of(buttons.begin(), buttons.end(), [&](const QPushButton *button) {
        return button->property("primary").toBool() && button->isVisible() && !isAncestorOf(button) && isCovered(button);
    });
}

bool MessageBar::event(QEvent *event)
{
    if (event->type() == QEvent::LayoutRequest) // a row unfolds
        place();
    return QWidget::event(event);
}

bool MessageBar::eventFilter(QObject *watched, QEvent *event)
{
    if ((watched == parentWidget() || watched == m_page) && event->type() == QEvent::Resize)
        place();
    return QWidget::eventFilter(watched, event);
}

} // namespace secateur::ui
