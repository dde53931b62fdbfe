// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/MessageBar.h"

#include "models/MessageLog.h"
#include "panels/MessageRow.h"
#include "theme/PlotStyle.h"

#include <QAccessible>
#include <QApplication>
#include <QEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kDistance = 10, kWidest = 720; ///< pixels to the parent's edges, and of the box

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

void MessageBar::place()
{
    const QWidget *under = parentWidget();
    if (!under || isHidden())
        return;
    const int width = std::min(kWidest, under->width() - 2 * kDistance);
    const int height = m_layout->hasHeightForWidth() ? m_layout->totalHeightForWidth(width) : m_layout->totalSizeHint().height();
    const int left = kDistance, right = under->width() - kDistance - width, bottom = under->height() - kDistance - height;
    const QRect usual((left + right) / 2, bottom, width, height);
    QRect best = usual;
    for (const QPoint corner :
         {usual.topLeft(), QPoint(right, bottom), QPoint(left, bottom), QPoint(right, kDistance), QPoint(left, kDistance)})
        if (const QRect area(corner, usual.size()); !coversMainButton(area)) {
            best = area;
            break;
        }
    setGeometry(best);
    raise();
}

bool MessageBar::coversMainButton(const QRect &area) const
{
    const QWidget *under = parentWidget(), *focus = QApplication::focusWidget();
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
    if (watched == parentWidget() && event->type() == QEvent::Resize)
        place();
    return QWidget::eventFilter(watched, event);
}

void MessageBar::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape && !m_rows.empty())
        m_log.dismiss(m_rows.front()->message().topic);
    else
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
