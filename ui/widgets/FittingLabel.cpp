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
    const int least = m_texts.size() > 1 ? widthOf(m_texts.last()) : std::max(widthOf(QStringLiteral("…")), m_leastWidth);
    return {std::min(least, sizeHint().width()), sizeHint().height()};
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

/// A change of style may give it another font without a word.
void FittingLabel::paintEvent(QPaintEvent *event)
{
    if (text() != fitting())
        fit();
    QLabel::paintEvent(event);
}

QString FittingLabel::fitting() const
{
    const auto found =
        std::find_if(m_texts.begin(), m_texts.end(), [this](const QString &candidate) { return widthOf(candidate) <= width(); });
    return found != m_texts.end() ? *found
                                  : fontMetrics().elidedText(m_texts.value(m_texts.size() - 1), Qt::ElideMiddle, width() - widthOf({}));
}

void FittingLabel::fit()
{
    setText(fitting());
    if (toolTip() != m_whole) // it has one that says more
        return;
    m_whole = text() == m_texts.value(0) ? QString() : m_texts.value(0);
    setToolTip(m_whole);
}

} // namespace secateur::ui
