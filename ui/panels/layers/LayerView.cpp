// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/layers/LayerView.h"

#include "models/SelectionModel.h"
#include "panels/layers/LayerModel.h"
#include "panels/layers/LayerPainter.h"

#include <QAccessible>
#include <QContextMenuEvent>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>

#include <algorithm>

namespace secateur::ui {
namespace {

/// Captions over the columns, without a bar behind them.
class Captions : public QHeaderView {
public:
    explicit Captions(QWidget *parent) : QHeaderView(Qt::Horizontal, parent)
    {
        setSectionsClickable(false);
        setHighlightSections(false);
        setMinimumSectionSize(10);
        setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    }

    QSize sizeHint() const override { return {0, QFontMetrics(PlotStyle::of(palette()).font).height() + 6}; }

protected:
    void paintSection(QPainter *painter, const QRect &area, int section) const override
    {
        const PlotStyle style = PlotStyle::of(palette());
        painter->fillRect(area, style.surface);
        if (section == LayerModel::Layer) // its numbers need no caption; screen readers have it
            return;
        painter->setFont(style.font);
        painter->setPen(style.mutedText);
        const QFontMetrics metrics(style.font);
        QString caption = model()->headerData(section, Qt::Horizontal).toString();
        if (metrics.horizontalAdvance(caption) > area.width())
            caption = model()->headerData(section, Qt::Horizontal, LayerModel::ShortTextRole).toString();
        painter->drawText(area, Qt::AlignLeft | Qt::AlignVCenter, metrics.elidedText(caption, Qt::ElideRight, area.width()));
    }
};

} // namespace

LayerView::LayerView(LayerModel &model, SelectionModel &selection, QWidget *parent) : QTableView(parent), m_selection(selection)
{
    auto *painter = new LayerPainter(model, selection, this);
    painter->setPalette(palette());
    setItemDelegate(painter);
    setHorizontalHeader(new Captions(this));
    setModel(&model);
    setAccessibleName(tr("Map: layers of the model"));
    setFrameShape(QFrame::NoFrame);
    setShowGrid(false);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setEditTriggers(NoEditTriggers);
    setTabKeyNavigation(false);
    setMouseTracking(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollMode(ScrollPerPixel);
    verticalHeader()->hide();
    verticalHeader()->setMinimumSectionSize(kLeastRow);
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    horizontalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    horizontalHeader()->setStretchLastSection(true);

    connect(this, &QAbstractItemView::entered, &selection, [this](const QModelIndex &index) { m_selection.setHoveredLayer(index.row()); });
    connect(this, &QAbstractItemView::viewportEntered, &selection, [this] { m_selection.setHoveredLayer(-1); });
    connect(&selection, &SelectionModel::hoveredLayerChanged, this, [this](qint64 layer) {
        updateRow(m_shownHover);
        updateRow(layer);
        m_shownHover = layer;
    });
    connect(&selection, &SelectionModel::selectedLayerChanged, this, &LayerView::followSelected);
    connect(&model, &QAbstractItemModel::modelReset, this, [this] {
        fitRows();
        fitColumns();
        followSelected(m_selection.selectedLayer());
    });
    fitColumns();
}

void LayerView::fitRows()
{
    if (!model() || model()->rowCount() == 0)
        return;
    const int room = height() - horizontalHeader()->sizeHint().height() - 2;
    verticalHeader()->setDefaultSectionSize(std::clamp(room / model()->rowCount(), kLeastRow, kLargestRow));
}

void LayerView::fitColumns()
{
    const QFontMetrics metrics(PlotStyle::of(palette()).font);
    setColumnWidth(LayerModel::Layer, metrics.horizontalAdvance(QStringLiteral("888")) + 12);
    setColumnWidth(LayerModel::Attention, std::max(metrics.horizontalAdvance(tr("attention")), 44) + LayerPainter::kSign + 2);
}

QRect LayerView::rowRect(int row) const
{
    return {0, rowViewportPosition(row), viewport()->width(), rowHeight(row)};
}

void LayerView::updateRow(qint64 layer)
{
    if (layer >= 0 && layer < model()->rowCount())
        viewport()->update(rowRect(int(layer)));
}

void LayerView::followSelected(qint64 layer)
{
    const QModelIndex index = layer >= 0 && layer < model()->rowCount() ? model()->index(int(layer), 0) : QModelIndex();
    if (index.row() != currentIndex().row())
        selectionModel()->setCurrentIndex(index, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    if (index.isValid())
        scrollTo(index);
    viewport()->update();
}

void LayerView::currentChanged(const QModelIndex &current, const QModelIndex &previous)
{
    QTableView::currentChanged(current, previous);
    if (current.isValid())
        m_selection.setSelectedLayer(current.row());
}

QModelIndex LayerView::moveCursor(CursorAction action, Qt::KeyboardModifiers modifiers)
{
    // Home and End go to the first and the last layer, not to the ends of a row.
    if ((action == MoveHome || action == MoveEnd) && model()->rowCount() > 0)
        return model()->index(action == MoveHome ? 0 : model()->rowCount() - 1, std::max(0, currentIndex().column()));
    return QTableView::moveCursor(action, modifiers);
}

/// Draws the changed columns alone (the base class draws everything): the FFNs follow every move of K.
void LayerView::dataChanged(const QModelIndex &topLeft, const QModelIndex &bottomRight, const QList<int> & /*roles*/)
{
    const int left = columnViewportPosition(topLeft.column());
    const int right = columnViewportPosition(bottomRight.column()) + columnWidth(bottomRight.column());
    viewport()->update(left, 0, right - left, viewport()->height());
    horizontalHeader()->viewport()->update();
    if (QAccessible::isActive()) {
        QAccessibleTableModelChangeEvent change(this, QAccessibleTableModelChangeEvent::DataChanged);
        change.setFirstRow(topLeft.row());
        change.setFirstColumn(topLeft.column());
        change.setLastRow(bottomRight.row());
        change.setLastColumn(bottomRight.column());
        QAccessible::updateAccessibility(&change);
    }
}

void LayerView::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape)
        event->ignore(); // the window's; a table would take it for the beginning of a word to search for
    else if (event->key() == Qt::Key_Space && event->modifiers() == Qt::NoModifier && currentIndex().isValid())
        emit compareRequested(currentIndex().row());
    else
        QTableView::keyPressEvent(event);
}

void LayerView::mousePressEvent(QMouseEvent *event)
{
    const QModelIndex index = indexAt(event->position().toPoint());
    if (event->button() == Qt::LeftButton && event->modifiers() == Qt::ControlModifier && index.isValid())
        emit compareRequested(index.row());
    else
        QTableView::mousePressEvent(event);
}

void LayerView::mouseMoveEvent(QMouseEvent *event)
{
    if (event->buttons() != Qt::LeftButton || event->modifiers() != Qt::ControlModifier) // which would drag a selection
        QTableView::mouseMoveEvent(event);
}

void LayerView::resizeEvent(QResizeEvent *event)
{
    fitRows();
    QTableView::resizeEvent(event);
}

void LayerView::paintEvent(QPaintEvent *event)
{
    QTableView::paintEvent(event);
    if (!hasFocus() || !currentIndex().isValid())
        return;
    QPainter painter(viewport());
    painter.setPen(QPen(PlotStyle::of(palette()).accent, 1));
    painter.drawRect(rowRect(currentIndex().row()).adjusted(0, 0, -1, -1));
}

void LayerView::changeEvent(QEvent *event)
{
    QTableView::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) {
        if (auto *painter = qobject_cast<LayerPainter *>(itemDelegate()))
            painter->setPalette(palette());
        fitColumns();
    }
}

void LayerView::contextMenuEvent(QContextMenuEvent *event)
{
    const bool isByKey = event->reason() == QContextMenuEvent::Keyboard;
    const QModelIndex index = isByKey ? currentIndex() : indexAt(event->pos());
    if (!index.isValid())
        return;
    if (!isByKey)
        setCurrentIndex(index);
    emit menuRequested(index.row(), isByKey ? viewport()->mapToGlobal(rowRect(index.row()).center()) : event->globalPos());
    event->accept();
}

bool LayerView::viewportEvent(QEvent *event)
{
    if (event->type() == QEvent::Leave)
        m_selection.setHoveredLayer(-1);
    return QTableView::viewportEvent(event);
}

} // namespace secateur::ui
