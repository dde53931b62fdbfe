// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/EmptyState.h"

#include "widgets/Labels.h"

#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace secateur::ui {

EmptyState::EmptyState(QWidget *parent) : QWidget(parent), m_title(headingLabel({})), m_text(captionLabel({})), m_button(new QPushButton)
{
    for (QLabel *label : {m_title, m_text}) {
        label->setAlignment(Qt::AlignHCenter);
        label->setWordWrap(true);
        label->setMinimumWidth(260);
        label->setMaximumWidth(460);
        label->setTextFormat(Qt::PlainText);
    }
    m_button->setProperty("primary", true);

    auto *column = new QVBoxLayout(this);
    column->setSpacing(10);
    column->addStretch(2);
    column->addWidget(m_title); // no alignment here: with one, a label that wraps gets too little height
    column->addWidget(m_text);
    column->addWidget(m_button, 0, Qt::AlignHCenter);
    column->addStretch(3);
    connect(m_button, &QPushButton::clicked, this, &EmptyState::actionRequested);
}

void EmptyState::say(const QString &title, const QString &text, const QString &action)
{
    m_title->setText(title);
    m_text->setText(text);
    m_button->setText(action);
    m_button->setVisible(!action.isEmpty());
}

} // namespace secateur::ui
