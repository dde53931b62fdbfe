// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/parts/JobButton.h"

#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace secateur::ui {

JobButton::JobButton(QWidget *parent) : QWidget(parent), m_button(new QPushButton), m_note(captionLabel({}))
{
    m_note->setTextFormat(Qt::PlainText);
    m_note->setMinimumWidth(fontMetrics().averageCharWidth() * 18);

    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(10);
    row->addWidget(m_button);
    row->addWidget(m_note, 1);
    connect(m_button, &QPushButton::clicked, this, &JobButton::clicked);
}

void JobButton::offer(const QString &action, const Possibility &possibility, const QString &cost)
{
    const QString whole = possibility ? cost : possibility.reason, note = whole.section(QLatin1Char('\n'), 0, 0);
    m_button->setText(action);
    const bool hadFocus = m_button->hasFocus() || hasFocus();
    if (hadFocus && !possibility)
        setFocus(); // a disabled button would pass it on, and the next key would change what it lands on
    m_button->setEnabled(bool(possibility));
    if (hadFocus && possibility)
        m_button->setFocus();
    m_button->setToolTip(whole);
    m_note->setToolTip(whole);
    m_button->setAccessibleName(action);
    m_button->setAccessibleDescription(spoken(possibility ? note : whole)); // how a cost is estimated is not said each time
    m_note->setText(possibility || m_isReasonShown ? note : QString());
    m_note->setAccessibleName(spoken(m_note->text()));
    m_note->setAccessibleDescription(spoken(whole));
}

void JobButton::setOffered(bool isOffered, QWidget &next)
{
    if (!isOffered && (hasFocus() || m_button->hasFocus()))
        next.setFocus();
    setVisible(isOffered);
}

void JobButton::setNoteElsewhere(bool isElsewhere)
{
    m_note->setVisible(!isElsewhere);
}

void JobButton::setPrimary(bool isPrimary)
{
    m_button->setProperty("primary", isPrimary);
}

QString JobButton::note() const
{
    return m_note->text();
}

} // namespace secateur::ui
