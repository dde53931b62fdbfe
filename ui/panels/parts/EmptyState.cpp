// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/parts/EmptyState.h"

#include "theme/Icons.h"
#include "widgets/Enabling.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QHBoxLayout>
#include <QIcon>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QVBoxLayout>

namespace secateur::ui {
namespace {

constexpr int kMarkSize = 36; ///< pixels of the icon
constexpr int kWidest = 460;  ///< pixels of the words

} // namespace

/// The icon, drawn anew so that it follows light and dark.
class EmptyState::Mark : public QWidget {
public:
    Mark() { setFixedSize(kMarkSize, kMarkSize); }
    void setIcon(const QIcon &icon)
    {
        m_icon = icon;
        update();
    }

protected:
    void paintEvent(QPaintEvent * /*event*/) override
    {
        QPainter painter(this);
        painter.setOpacity(0.6);
        m_icon.paint(&painter, rect());
    }

private:
    QIcon m_icon;
};

EmptyState::EmptyState(QWidget *parent)
    : QWidget(parent),
      m_mark(new Mark),
      m_title(headingLabel({})),
      m_text(captionLabel({})),
      m_button(new QPushButton),
      m_other(new QPushButton)
{
    for (QLabel *label : {m_title, m_text}) {
        label->setAlignment(Qt::AlignHCenter);
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText);
    }
    constexpr int kLines = 3; // room for as many always, so that the button is at one height on all pages
    m_text->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
    m_text->setMinimumHeight(kLines * m_text->fontMetrics().lineSpacing());
    m_button->setProperty("primary", true);

    auto *words = new QWidget;
    words->setMaximumWidth(kWidest);
    auto *column = new QVBoxLayout(words);
    column->setSpacing(10);
    column->addStretch(2);
    column->addWidget(m_mark, 0, Qt::AlignHCenter);
    column->addWidget(m_title); // not aligned by the layout: a label that wraps would get too little height
    column->addWidget(m_text);
    column->addWidget(m_button, 0, Qt::AlignHCenter);
    column->addWidget(m_other, 0, Qt::AlignHCenter);
    column->addStretch(3);
    auto *row = new QHBoxLayout(this);
    row->addStretch(1);
    row->addWidget(words, 100);
    row->addStretch(1);
    connect(m_button, &QPushButton::clicked, this, [this] {
        if (m_isNoModel)
            emit openRequested();
        else
            emit actionRequested();
    });
    connect(m_other, &QPushButton::clicked, this, &EmptyState::otherRequested);
}

void EmptyState::say(const QString &title, const QString &text, const QString &action, const QString &iconName, const QString &other)
{
    m_isNoModel = false;
    m_mark->setIcon(icon(iconName));
    m_title->setText(title);
    m_text->setText(text);
    m_button->setText(action);
    m_button->setAccessibleName(spoken(action));
    refuseAction({});
    m_button->setVisible(!action.isEmpty());
    constexpr int kFrame = 40; // of a button, and some air
    m_other->setText(m_other->fontMetrics().elidedText(other, Qt::ElideMiddle, kWidest - kFrame));
    m_other->setAccessibleName(other);
    refuseOther({});
    m_other->setVisible(!other.isEmpty());
}

void EmptyState::explain(const QString &toolTip)
{
    m_button->setToolTip(toolTip);
}

void EmptyState::refuseAction(const QString &problem)
{
    enableUnless(problem, *m_button, {});
}

void EmptyState::refuseOther(const QString &problem)
{
    const QString whole = m_other->accessibleName();
    enableUnless(problem, *m_other, m_other->text() == whole ? QString() : whole);
}

void EmptyState::sayNoModel()
{
    say(tr("No model is open"),
        tr("Open a model to begin, or drop its folder on the window: the one with config.json and .safetensors files."), tr("Open model…"),
        QStringLiteral("open"));
    m_isNoModel = true;
}

} // namespace secateur::ui
