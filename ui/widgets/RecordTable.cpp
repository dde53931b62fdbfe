// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/RecordTable.h"

#include <QHeaderView>
#include <QResizeEvent>
#include <QScrollBar>
#include <QStyledItemDelegate>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kGap = 16, kAround = 3; ///< between columns; above and below the words of a row

/// Rows with some air.
class RecordDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;
    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        return QStyledItemDelegate::sizeHint(option, index) + QSize(0, 2 * kAround);
    }
};

} // namespace

RecordTable::RecordTable(const QString &name, int mostShown, QWidget *parent) : QTreeView(parent), m_mostShown(mostShown)
{
    setAccessibleName(name);
    setRootIsDecorated(false);
    setUniformRowHeights(true);
    setItemsExpandable(false);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setVerticalScrollMode(ScrollPerPixel);
    setHorizontalScrollMode(ScrollPerPixel);
    setItemDelegate(new RecordDelegate(this));
    header()->setSectionsMovable(false);
    header()->setStretchLastSection(false);
}

void RecordTable::setModel(QAbstractItemModel *model)
{
    QTreeView::setModel(model);
    connect(model, &QAbstractItemModel::modelReset, this, &RecordTable::fit);
    connect(model, &QAbstractItemModel::dataChanged, this, &RecordTable::fit);
    fit();
}

void RecordTable::fit()
{
    for (int column = 0; model() && column < model()->columnCount(); ++column)
        header()->resizeSection(column, std::max(sizeHintForColumn(column), header()->sectionSizeHint(column)) + kGap);
    updateGeometry();
}

void RecordTable::resizeEvent(QResizeEvent *event)
{
    QTreeView::resizeEvent(event);
    if (event->size().width() != event->oldSize().width())
        updateGeometry(); // a scroll bar may come or go
}

QSize RecordTable::sizeHint() const
{
    const int rows = model() ? std::clamp(model()->rowCount(), 2, m_mostShown) : 2;
    const int row = std::max(sizeHintForRow(0), fontMetrics().height() + 2 * kAround);
    const int scrollBar = header()->length() > viewport()->width() ? horizontalScrollBar()->sizeHint().height() : 0;
    return {320, header()->sizeHint().height() + rows * row + scrollBar + 2 * frameWidth()};
}

QSize RecordTable::minimumSizeHint() const
{
    return {160, sizeHint().height()};
}

} // namespace secateur::ui
