// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/Card.h"

#include "theme/PlotStyle.h"
#include "widgets/Labels.h"

#include <QPainter>
#include <QVBoxLayout>

namespace secateur::ui {
namespace {

constexpr double kRadius = 6;
constexpr int kMark = 16; ///< diameter of the ring that shows the choice

void drawSurface(QPainter &painter, const QRect &rect, const QColor &fill, const QColor &line, double width)
{
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(line, width));
    painter.setBrush(fill);
    const double inset = width / 2;
    painter.drawRoundedRect(QRectF(rect).adjusted(inset, inset, -inset, -inset), kRadius, kRadius);
}

} // namespace

Card::Card(QWidget *parent) : QWidget(parent) {}

void Card::paintEvent(QPaintEvent * /*event*/)
{
    const PlotStyle style = PlotStyle::of(palette());
    QPainter painter(this);
    drawSurface(painter, rect(), style.raised, style.line, 1);
}

ChoiceCard::ChoiceCard(const QString &title, QWidget *parent)
    : QAbstractButton(parent),
      m_title(headingLabel(title)),
      m_problem(bodyLabel({}))
{
    setCheckable(true);
    setText(title);
    setAccessibleName(title);
    setFocusPolicy(Qt::StrongFocus);
    setCursor(Qt::PointingHandCursor);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(kMark + 24, 12, 14, 12);
    layout->setSpacing(3);
    layout->addWidget(m_title);
    layout->addWidget(m_problem);
    m_problem->hide();
    for (QLabel *label : {m_title, m_problem})
        label->setTextInteractionFlags(Qt::NoTextInteraction); // clicks are the card's
}

void ChoiceCard::addLine(const QString &caption, const QString &text)
{
    auto *line = captionLabel(tr("%1: %2").arg(caption, text), this);
    auto *lines = static_cast<QVBoxLayout *>(layout());
    lines->insertWidget(lines->indexOf(m_problem), line);
    setAccessibleDescription(accessibleDescription() + line->text() + QStringLiteral(". "));
}

void ChoiceCard::setProblem(const QString &reason)
{
    m_problem->setText(tr("Not possible: %1").arg(reason));
    m_problem->setVisible(!reason.isEmpty());
    setEnabled(reason.isEmpty());
    setToolTip(reason);
}

QSize ChoiceCard::sizeHint() const
{
    return layout()->sizeHint();
}

void ChoiceCard::paintEvent(QPaintEvent * /*event*/)
{
    const PlotStyle style = PlotStyle::of(palette());
    QPainter painter(this);
    const bool isChosen = isChecked();
    drawSurface(painter, rect(), isChosen ? style.selected : style.raised, isChosen || hasFocus() ? style.accent : style.line,
                isChosen && hasFocus() ? 2 : 1);
    const QRectF mark(14, 12 + (m_title->height() - kMark) / 2.0, kMark, kMark);
    painter.setPen(QPen(isChosen ? style.accent : style.outline, 1.5));
    painter.setBrush(Qt::NoBrush);
    painter.drawEllipse(mark.adjusted(1, 1, -1, -1));
    if (isChosen) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(style.accent);
        painter.drawEllipse(mark.adjusted(4.5, 4.5, -4.5, -4.5));
    }
}

} // namespace secateur::ui
