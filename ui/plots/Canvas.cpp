// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/Canvas.h"

#include "plots/PlotAccessible.h"

#include <QFocusEvent>
#include <QKeyEvent>
#include <QPainter>
#include <QWheelEvent>

namespace secateur::ui {
namespace {

constexpr int kFrame = 2;          ///< pixels of the line that shows the focus
constexpr int kInset = kFrame + 3; ///< of all that is drawn, so that the line crosses no letters

} // namespace

Canvas::Canvas(QWidget *parent) : QCustomPlot(parent)
{
    installPlotAccessible();
    setFocusPolicy(Qt::StrongFocus);
    setMinimumSize(160, 96);
    setMouseTracking(true);
    plotLayout()->setRowSpacing(0);
    plotLayout()->setMargins(QMargins(kInset, kInset, kInset, kInset));
    removeLayer(layer(QStringLiteral("overlay"))); // every buffered layer is a picture to blend on each repaint
}

void Canvas::keyPressEvent(QKeyEvent *event)
{
    const bool isMenuKey = event->key() == Qt::Key_Menu || (event->key() == Qt::Key_F10 && event->modifiers() == Qt::ShiftModifier);
    if (isMenuKey && contextMenuPolicy() == Qt::CustomContextMenu)
        emit customContextMenuRequested(rect().center());
    else
        QCustomPlot::keyPressEvent(event);
}

void Canvas::wheelEvent(QWheelEvent *event)
{
    event->ignore();
}

void Canvas::focusInEvent(QFocusEvent *event)
{
    m_isFocusShown = event->reason() != Qt::MouseFocusReason && event->reason() != Qt::ActiveWindowFocusReason;
    QCustomPlot::focusInEvent(event);
    update();
}

void Canvas::focusOutEvent(QFocusEvent *event)
{
    m_isFocusShown = false;
    QCustomPlot::focusOutEvent(event);
    update();
}

void Canvas::paintEvent(QPaintEvent *event)
{
    QCustomPlot::paintEvent(event);
    if (!m_isFocusShown)
        return;
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(m_focusColour, kFrame));
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 3, 3);
}

} // namespace secateur::ui
