// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/Labels.h"

#include <QPainter>

namespace secateur::ui {
namespace {

constexpr Qt::TextInteractionFlags kSelectable = Qt::TextSelectableByMouse;

QFont scaled(QFont font, double factor, bool isBold)
{
    QFont result; // nothing but size and weight is set, the rest goes on following the application's font
    if (font.pointSizeF() > 0)
        result.setPointSizeF(font.pointSizeF() * factor);
    else
        result.setPixelSize(qRound(font.pixelSize() * factor));
    result.setBold(isBold);
    return result;
}

} // namespace

QLabel *headingLabel(const QString &text, QWidget *parent)
{
    auto *label = new QLabel(text, parent);
    label->setFont(scaled(label->font(), 1.15, true));
    return label;
}

ElidedLabel *headingName(QWidget *parent)
{
    auto *label = new ElidedLabel(parent);
    label->setFont(scaled(label->font(), 1.15, true));
    return label;
}

QLabel *captionLabel(const QString &text, QWidget *parent)
{
    auto *label = new QLabel(text, parent);
    label->setForegroundRole(QPalette::PlaceholderText);
    label->setWordWrap(true);
    return label;
}

QLabel *bodyLabel(const QString &text, QWidget *parent)
{
    auto *label = new QLabel(text, parent);
    label->setTextInteractionFlags(kSelectable);
    label->setWordWrap(true);
    return label;
}

QLabel *figureLabel(const QString &text, QWidget *parent)
{
    auto *label = new QLabel(text, parent);
    label->setFont(scaled(label->font(), 1.6, true));
    label->setTextInteractionFlags(kSelectable);
    return label;
}

void ElidedLabel::setWhole(const QString &text)
{
    setText(text);
    setToolTip(text);
    setAccessibleName(text);
}

QSize ElidedLabel::minimumSizeHint() const
{
    return {fontMetrics().averageCharWidth() * 8, fontMetrics().height()};
}

void ElidedLabel::paintEvent(QPaintEvent * /*event*/)
{
    QPainter painter(this);
    painter.setPen(palette().color(foregroundRole()));
    const QRect area = contentsRect();
    painter.drawText(area, int(alignment() | Qt::TextSingleLine), fontMetrics().elidedText(text(), Qt::ElideMiddle, area.width()));
}

} // namespace secateur::ui
