// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/EmptyState.h"

#include "widgets/Labels.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace secateur::ui {

EmptyState::EmptyState(QWidget *parent) : QWidget(parent), m_title(headingLabel({})), m_text(captionLabel({})), m_button(new QPushButton)
{
    for (QLabel *label : {m_title, m_text}) {
        label->setAlignment(Qt::AlignHCenter);
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText);
    }
    m_button->setProperty("primary", true);

    auto *words = new QWidget;
    words->setMaximumWidth(460);
    auto *column = new QVBoxLayout(words);
    column->setSpacing(10);
    column->addStretch(2);
    column->addWidget(m_title); // not aligned by the layout: a label that wraps would get too little height
    column->addWidget(m_text);
    column->addWidget(m_button, 0, Qt::AlignHCenter);
    column->addStretch(3);
    auto *row = new QHBoxLayout(this);
    row->addStretch(1);
    row->addWidget(words, 100);
    row->addStretch(1);
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
