// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/SegmentedControl.h"

#include "theme/PlotStyle.h"

#include <QAbstractButton>
#include <QButtonGroup>
#include <QHBoxLayout>
#include <QPainter>

namespace secateur::ui {
namespace {

/// One choice: the chosen one is filled, the one with the focus has a second outline.
class Segment : public QAbstractButton {
public:
    explicit Segment(const QString &text)
    {
        setText(text);
        setAccessibleName(text);
        setCheckable(true);
        setFocusPolicy(Qt::StrongFocus);
        setAttribute(Qt::WA_Hover);
        setSizePolicy(QSizePolicy::Minimum, QSizePolicy::Fixed);
    }

    QSize sizeHint() const override { return {fontMetrics().horizontalAdvance(text()) + 28, fontMetrics().height() + 12}; }

protected:
    void paintEvent(QPaintEvent * /*event*/) override
    {
        const PlotStyle style = PlotStyle::of(palette());
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const QColor fill = isChecked() ? style.accent : (underMouse() && isEnabled() ? style.selected : style.raised);
        painter.setPen(QPen(hasFocus() && !isChecked() ? style.accent : (isChecked() ? style.accent : style.outline), hasFocus() ? 2 : 1));
        painter.setBrush(isEnabled() ? fill : style.raised);
        painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 5, 5);
        const QColor words = isChecked() ? style.onAccent : style.text;
        if (hasFocus() && isChecked()) {
            painter.setPen(QPen(words, 1));
            painter.drawRoundedRect(QRectF(rect()).adjusted(3, 3, -3, -3), 3, 3);
        }
        painter.setPen(isEnabled() ? words : palette().color(QPalette::Disabled, QPalette::WindowText));
        painter.drawText(rect(), Qt::AlignCenter, text());
    }
};

} // namespace

SegmentedControl::SegmentedControl(const QString &name, QWidget *parent)
    : QWidget(parent),
      m_group(new QButtonGroup(this)),
      m_row(new QHBoxLayout(this))
{
    setAccessibleName(name);
    m_row->setContentsMargins(0, 0, 0, 0);
    m_row->setSpacing(6);
    connect(m_group, &QButtonGroup::idClicked, this, &SegmentedControl::chosen);
}

void SegmentedControl::addChoice(const QString &text, const QString &toolTip)
{
    auto *segment = new Segment(text);
    segment->setToolTip(toolTip);
    m_row->addWidget(segment);
    m_group->addButton(segment, int(m_group->buttons().size()));
}

int SegmentedControl::current() const
{
    return m_group->checkedId();
}

void SegmentedControl::setCurrent(int index)
{
    if (index == current())
        return;
    if (QAbstractButton *button = m_group->button(index)) {
        button->setChecked(true);
    } else if (QAbstractButton *checked = m_group->checkedButton()) {
        m_group->setExclusive(false); // an exclusive group keeps one
        checked->setChecked(false);
        m_group->setExclusive(true);
    }
}

} // namespace secateur::ui
