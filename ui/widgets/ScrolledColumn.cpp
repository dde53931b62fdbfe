// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/ScrolledColumn.h"

#include <QEvent>
#include <QScrollBar>

namespace secateur::ui {

ScrolledColumn::ScrolledColumn(QWidget *content, QWidget *parent) : QScrollArea(parent)
{
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::NoFocus); // Tab goes through what is in it
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setWidget(content);
}

QSize ScrolledColumn::sizeHint() const
{
    return widget()->sizeHint() + QSize(verticalScrollBar()->sizeHint().width(), 0);
}

QSize ScrolledColumn::minimumSizeHint() const
{
    constexpr int kLines = 4;
    return {widget()->minimumSizeHint().width() + verticalScrollBar()->sizeHint().width(), kLines * fontMetrics().height()};
}

bool ScrolledColumn::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == widget() && event->type() == QEvent::LayoutRequest)
        updateGeometry(); // it may need more room
    return QScrollArea::eventFilter(watched, event);
}

} // namespace secateur::ui
