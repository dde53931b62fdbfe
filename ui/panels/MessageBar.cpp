// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/MessageBar.h"

#include "models/MessageLog.h"
#include "panels/MessageRow.h"

#include <QAccessible>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>

namespace secateur::ui {

MessageBar::MessageBar(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_log(workbench.messages),
      m_layout(new QVBoxLayout(this)),
      m_more(new QPushButton)
{
    setAccessibleName(tr("Messages"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Minimum);
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(0);
    m_layout->addWidget(m_more, 0, Qt::AlignLeft);
    m_more->setFlat(true);
    connect(m_more, &QPushButton::clicked, this, &MessageBar::logRequested);
    connect(&m_log, &MessageLog::currentChanged, this, &MessageBar::follow);
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
}

} // namespace secateur::ui
