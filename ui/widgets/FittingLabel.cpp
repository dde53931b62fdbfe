// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/FittingLabel.h"

#include "widgets/Quantity.h"

#include <QEvent>

#include <algorithm>

namespace secateur::ui {

FittingLabel::FittingLabel(QWidget *parent) : QLabel(parent)
{
    setTextFormat(Qt::PlainText);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

void FittingLabel::setTexts(const QStringList &texts)
{
    if (texts == m_texts)
        return;
    m_texts = texts;
    setAccessibleName(spoken(texts.value(0)));
    updateGeometry();
    fit();
}

int FittingLabel::widthOf(const QString &text) const
{
    const QMargins margins = contentsMargins();
    return fontMetrics().horizontalAdvance(text) + margins.left() + margins.right() + 2 * margin();
}

QSize FittingLabel::sizeHint() const
{
    return {widthOf(m_texts.value(0)), fontMetrics().height() + contentsMargins().top() + contentsMargins().bottom()};
}

QSize FittingLabel::minimumSizeHint() const
{
    return {widthOf(m_texts.size() > 1 ? m_texts.last() : QStringLiteral("…")), sizeHint().height()};
}

void FittingLabel::resizeEvent(QResizeEvent *event)
{
    QLabel::resizeEvent(event);
    fit();
}

void FittingLabel::changeEvent(QEvent *event)
{
    QLabel::changeEvent(event);
    if (event->type() == QEvent::FontChange) {
        updateGeometry();
        fit();
    }
}

void FittingLabel::fit()
{
    const auto fitting =
        std::find_if(m_texts.begin(), m_texts.end(), [this](const QString &candidate) { return widthOf(candidate) <= width(); });
    setText(fitting != m_texts.end()
                ? *fitting
                : fontMetrics().elidedText(m_texts.value(m_texts.size() - 1), Qt::ElideMiddle, width() - (widthOf({}))));
    if (toolTip() != m_whole) // it has one that says more
        return;
    m_whole = text() == m_texts.value(0) ? QString() : m_texts.value(0);
    setToolTip(m_whole);
}

} // namespace secateur::ui
