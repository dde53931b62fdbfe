// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/shell/MessageRows.h"

#include "models/MessageLog.h"
#include "panels/shell/MessageRow.h"
#include "theme/PlotStyle.h"

#include <QAccessible>
#include <QBoxLayout>
#include <QKeyEvent>
#include <QPainter>
#include <QPushButton>

#include <algorithm>

namespace secateur::ui {

MessageRows::MessageRows(Workbench workbench, Kind kind, QWidget *parent)
    : QWidget(parent),
      m_log(workbench.messages),
      m_kind(kind),
      m_layout(new QBoxLayout(kind == Kind::Staying ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom, this)),
      m_more(new QPushButton)
{
    setAccessibleName(kind == Kind::Staying ? tr("Problems") : tr("Messages"));
    m_layout->setContentsMargins(1, 1, 1, 1);
    m_layout->setSpacing(0);
    m_layout->addWidget(m_more, 0, Qt::AlignLeft);
    m_more->setFlat(true);
    connect(m_more, &QPushButton::clicked, this, &MessageRows::logRequested);
    connect(&m_log, &MessageLog::currentChanged, this, &MessageRows::follow);
    follow();
}

void MessageRows::follow()
{
    std::vector<Message> current = m_log.current();
    std::erase_if(current, [this](const Message &message) { return message.stays() != (m_kind == Kind::Staying); });
    const std::size_t shown = std::min(current.size(), m_kind == Kind::Staying ? 1 : kMostPassing);
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
        m_layout->insertWidget(int(i), row, 1);
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
    emit rowsChanged();
}

bool MessageRows::dismissNewest()
{
    if (m_rows.empty())
        return false;
    m_log.dismiss(m_rows.front()->message().topic);
    return true;
}

void MessageRows::keyPressEvent(QKeyEvent *event)
{
    if (event->key() != Qt::Key_Escape || !dismissNewest())
        QWidget::keyPressEvent(event);
}

void MessageRows::paintEvent(QPaintEvent * /*event*/)
{
    const PlotStyle style = PlotStyle::of(palette());
    QPainter painter(this);
    painter.fillRect(rect(), style.raised);
    painter.setPen(style.outline);
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

} // namespace secateur::ui
