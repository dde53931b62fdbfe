// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/search/RemovalChips.h"

#include "theme/PlotStyle.h"

#include <QEvent>
#include <QPainter>
#include <QScopedValueRollback>
#include <QScrollBar>
#include <QStyledItemDelegate>

#include <algorithm>
#include <vector>

namespace secateur::ui {
namespace {

constexpr int kPadding = 9;

} // namespace

/// Draws one removal: a card with three lines, the first in full contrast.
class RemovalChips::Delegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    qint64 selectedLayer = -1, hoveredLayer = -1;

    /// Measured once: at each step of a replay the list lays out all its chips.
    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const auto row = std::size_t(index.row());
        if (row >= m_sizes.size())
            m_sizes.resize(row + 1);
        if (!m_sizes[row].isValid())
            m_sizes[row] = measure(option, index);
        return m_sizes[row];
    }

    /// For other removals, or letters of another size.
    void forgetSizes() { m_sizes.clear(); }

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const PlotStyle style = PlotStyle::of(option.palette);
        const bool isCurrent = option.state & QStyle::State_Selected;
        const bool isFocused = isCurrent && (option.state & QStyle::State_HasFocus);
        QRect card = option.rect; // as high as the row
        card.setHeight(sizeHint(option, index).height());
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(QPen(isCurrent ? style.accent : style.outline, isFocused ? 2.5 : (isCurrent ? 1.5 : 1)));
        painter->setBrush(isCurrent ? style.selected : style.raised);
        painter->drawRoundedRect(QRectF(card).adjusted(1.5, 1.5, -1.5, -1.5), 5, 5);
        drawLinks(*painter, card, index.data(RemovalOrderModel::LayerRole).toLongLong(), style);
        painter->setFont(option.font);
        QRect line = card.adjusted(kPadding, kPadding - 2, -kPadding, 0);
        line.setHeight(option.fontMetrics.height());
        const QStringList texts = index.data().toString().split(u'\n');
        for (int i = 0; i < texts.size(); ++i) {
            const bool isWarning = i == 2 && index.data(RemovalOrderModel::IsNearTieRole).toBool();
            painter->setPen(isWarning ? style.readable(style.warning) : (i == 0 ? style.text : style.mutedText));
            painter->drawText(line, Qt::AlignLeft | Qt::AlignVCenter, texts[i]);
            line.translate(0, line.height());
        }
        painter->restore();
    }

private:
    static QSize measure(const QStyleOptionViewItem &option, const QModelIndex &index)
    {
        int width = option.fontMetrics.horizontalAdvance(tr("near tie, 0.76 %")), lines = 0;
        for (const QString &line : index.data().toString().split(u'\n')) {
            width = std::max(width, option.fontMetrics.horizontalAdvance(line));
            ++lines;
        }
        return {width + 2 * kPadding, lines * option.fontMetrics.height() + 2 * kPadding - 4};
    }

    void drawLinks(QPainter &painter, const QRect &card, qint64 layer, const PlotStyle &style) const
    {
        if (layer == hoveredLayer) {
            painter.setPen(QPen(style.text, 1.5));
            painter.setBrush(Qt::NoBrush);
            painter.drawRoundedRect(QRectF(card).adjusted(3.5, 3.5, -3.5, -3.5), 3, 3);
        }
        if (layer == selectedLayer)
            painter.fillRect(QRect(card.left() + kPadding, card.bottom() - 6, card.width() - 2 * kPadding, 3), style.accent);
    }

    mutable std::vector<QSize> m_sizes; ///< of rows; not valid where none was asked for yet
};

RemovalChips::RemovalChips(QWidget *parent) : QListView(parent), m_order(new RemovalOrderModel(this)), m_delegate(new Delegate(this))
{
    setModel(m_order);
    setItemDelegate(m_delegate);
    setMouseTracking(true);
    setAccessibleName(tr("Removal order"));
    setFlow(QListView::LeftToRight);
    setWrapping(false);
    setSpacing(3);
    setProperty("frameless", true); // the chips are the frames
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    const auto layerOf = [](const QModelIndex &index) { return index.data(RemovalOrderModel::LayerRole).toLongLong(); };
    connect(this, &QListView::clicked, this, [this, layerOf](const QModelIndex &index) {
        emit stepChosen(index.row());
        emit layerClicked(layerOf(index));
    });
    connect(this, &QListView::entered, this, [this, layerOf](const QModelIndex &index) { emit layerHovered(layerOf(index)); });
    connect(this, &QListView::viewportEntered, this, [this] { emit layerHovered(-1); });
    connect(m_order, &QAbstractItemModel::modelAboutToBeReset, this, [this] { m_delegate->forgetSizes(); });
    fitHeight();
}

void RemovalChips::showRemovals(std::vector<Removal> removals, qint64 shown)
{
    const QScopedValueRollback guard(m_isSetting, true);
    m_order->setRemovals(std::move(removals));
    for (int row = 0; row < m_order->rowCount(); ++row)
        if (const bool isLater = shown >= 0 && row >= shown; isLater != isRowHidden(row)) // each call has the list lay out all of them
            setRowHidden(row, isLater);
}

void RemovalChips::setStep(qint64 step)
{
    const QScopedValueRollback guard(m_isSetting, true);
    const QModelIndex index = step < 0 ? QModelIndex() : m_order->index(int(step), 0);
    if (index != currentIndex() || !index.isValid())
        setCurrentIndex(index);
    if (!index.isValid())
        clearSelection();
}

void RemovalChips::setSelectedLayer(qint64 layer)
{
    m_delegate->selectedLayer = layer;
    viewport()->update();
}

void RemovalChips::setHoveredLayer(qint64 layer)
{
    m_delegate->hoveredLayer = layer;
    viewport()->update();
}

bool RemovalChips::viewportEvent(QEvent *event)
{
    if (event->type() == QEvent::Leave)
        emit layerHovered(-1);
    return QListView::viewportEvent(event);
}

void RemovalChips::currentChanged(const QModelIndex &current, const QModelIndex &previous)
{
    QListView::currentChanged(current, previous);
    if (!m_isSetting && current.isValid())
        emit stepChosen(current.row());
}

void RemovalChips::changeEvent(QEvent *event)
{
    QListView::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        fitHeight();
}

/// Three lines, the card's padding, and the scroll bar that a long order needs.
void RemovalChips::fitHeight()
{
    m_delegate->forgetSizes();
    setFixedHeight(3 * fontMetrics().height() + 2 * kPadding + 2 * spacing() + horizontalScrollBar()->sizeHint().height());
}

} // namespace secateur::ui
