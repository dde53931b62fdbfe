// SPDX-License-Identifier: GPL-3.0-or-later
// How people go through the tokens of a TokenView.
#include "widgets/TokenView.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QToolTip>

#include <algorithm>
#include <utility>

namespace secateur::ui {

void TokenView::keyPressEvent(QKeyEvent *event)
{
    if (event->matches(QKeySequence::Copy))
        return QGuiApplication::clipboard()->setText(text());
    const int forward = runsRightToLeft() ? Qt::Key_Left : Qt::Key_Right, back = forward == Qt::Key_Left ? Qt::Key_Right : Qt::Key_Left;
    const int key = event->key();
    const bool isStep = key == Qt::Key_Left || key == Qt::Key_Right || key == Qt::Key_Up || key == Qt::Key_Down || key == Qt::Key_Home ||
                        key == Qt::Key_End;
    if (!isStep || event->modifiers() != Qt::NoModifier || m_tokens.empty())
        return QAbstractScrollArea::keyPressEvent(event);
    if (m_current < 0 || key == Qt::Key_Home)
        setCurrent(0);
    else if (key == Qt::Key_End)
        setCurrent(count() - 1);
    else if (key == forward)
        setCurrent(std::min(m_current + 1, count() - 1));
    else if (key == back)
        setCurrent(std::max(m_current - 1, 0));
    else
        stepLine(key == Qt::Key_Down ? 1 : -1);
}

void TokenView::mouseMoveEvent(QMouseEvent *event)
{
    const int token = tokenAt(event->position().toPoint());
    if (std::exchange(m_pointed, token) != token)
        emit pointedAt(token);
}

void TokenView::mousePressEvent(QMouseEvent *event)
{
    if (event->button() == Qt::LeftButton)
        setCurrent(tokenAt(event->position().toPoint()));
    else
        QAbstractScrollArea::mousePressEvent(event);
}

void TokenView::mouseReleaseEvent(QMouseEvent *event)
{
    if (event->button() != Qt::LeftButton) // its press was taken here
        QAbstractScrollArea::mouseReleaseEvent(event);
}

bool TokenView::viewportEvent(QEvent *event)
{
    if (event->type() == QEvent::ToolTip && m_describe) {
        const auto *help = static_cast<QHelpEvent *>(event);
        if (const int token = tokenAt(help->pos()); token >= 0)
            QToolTip::showText(help->globalPos(), m_describe(token), viewport(), rectOf(token));
        else
            QToolTip::hideText();
        return true;
    }
    if (event->type() == QEvent::Leave && std::exchange(m_pointed, -1) >= 0)
        emit pointedAt(-1);
    return QAbstractScrollArea::viewportEvent(event);
}

void TokenView::focusInEvent(QFocusEvent *event)
{
    QAbstractScrollArea::focusInEvent(event);
    viewport()->update();
}

void TokenView::focusOutEvent(QFocusEvent *event)
{
    QAbstractScrollArea::focusOutEvent(event);
    viewport()->update();
}

} // namespace secateur::ui
