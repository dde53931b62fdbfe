// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/shell/MessageBar.h"

#include "models/MessageLog.h"
#include "panels/shell/MessageRow.h"
#include "theme/PlotStyle.h"

#include <QAccessible>
#include <QApplication>
#include <QCursor>
#include <QEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kDistance = 10, kWidest = 560; ///< pixels to the page's edges, and of the box

} // namespace

MessageBar::MessageBar(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_log(workbench.messages),
      m_layout(new QVBoxLayout(this)),
      m_more(new QPushButton)
{
    setAccessibleName(tr("Messages"));
    m_layout->setContentsMargins(1, 1, 1, 1);
    m_layout->setSpacing(0);
    m_layout->addWidget(m_more, 0, Qt::AlignLeft);
    m_more->setFlat(true);
    connect(m_more, &QPushButton::clicked, this, &MessageBar::logRequested);
    connect(&m_log, &MessageLog::currentChanged, this, &MessageBar::follow);
    if (parent)
        parent->installEventFilter(this);
    follow();
}

void MessageBar::follow()
{
    const std::vector<Message> current = m_log.current();
    const std::size_t shown = std::min(current.size(), kMostRows);
    std::vector<MessageRow *> before = std::move(m_rows);
    m_rows.clear();
    for (std::size_t i = 0; i < shown; ++i) {
        const Message &message = current[current.size() - 1 - i];
        const auto kept = std::find_if(before.begin(), before.end(), [&](MessageRow *row) { return row && row->isOf(message); });
        if (kept != before.end()) {
            m_rows.push_back(*kept);
            *kept = nullptr;
            continue;
        }
        auto *row = new MessageRow(message, m_patience, this);
        m_layout->insertWidget(int(i), row);
        row->show();
        connect(row, &MessageRow::dismissed, this, [this, topic = message.topic] { m_log.dismiss(topic); });
        QAccessibleEvent alert(row, QAccessible::Alert);
        QAccessible::updateAccessibility(&alert);
        m_rows.push_back(row);
    }
    for (MessageRow *row : before)
        if (row) {
            row->hide();
            row->deleteLater(); // it may be the one whose button was pressed
        }
    m_more->setText(tr("and %1 more in the log").arg(current.size() - shown));
    m_more->setVisible(current.size() > shown);
    setVisible(shown > 0);
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
    const int height = m_layout->hasHeightForWidth() ? m_layout->totalHeightForWidth(width) : m_layout->totalSizeHint().height();
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

bool MessageBar::dismissNewest()
{
    if (m_rows.empty())
        return false;
    m_log.dismiss(m_rows.front()->message().topic);
    return true;
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

void MessageBar::keyPressEvent(QKeyEvent *event)
{
    if (event->key() != Qt::Key_Escape || !dismissNewest())
        QWidget::keyPressEvent(event);
}

void MessageBar::paintEvent(QPaintEvent * /*event*/)
{
    const PlotStyle style = PlotStyle::of(palette());
    QPainter painter(this);
    painter.fillRect(rect(), style.raised);
    painter.setPen(style.outline);
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

} // namespace secateur::ui
