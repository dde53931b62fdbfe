// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/PlotTableView.h"

#include "plots/TableTexts.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QSortFilterProxyModel>

#include <set>

namespace secateur::ui {

void PlotTableModel::setTable(PlotTable table)
{
    if (table.headers == m_table.headers && table.units == m_table.units && table.rows.size() == m_table.rows.size()) {
        m_table = std::move(table);
        if (!m_table.rows.empty() && !m_table.headers.isEmpty())
            emit dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
        return;
    }
    beginResetModel();
    m_table = std::move(table);
    endResetModel();
}

int PlotTableModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_table.rows.size());
}

int PlotTableModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_table.headers.size());
}

QVariant PlotTableModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const auto &row = m_table.rows[std::size_t(index.row())];
    const QVariant value = std::size_t(index.column()) < row.size() ? row[std::size_t(index.column())] : QVariant();
    switch (role) {
    case Qt::DisplayRole:
        return displayText(value);
    case Qt::TextAlignmentRole:
        return int((value.typeId() == QMetaType::QString ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    case kValueRole:
        return value;
    default:
        return {};
    }
}

QVariant PlotTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole || section < 0 || section >= m_table.headers.size())
        return {};
    const QString unit = m_table.units.value(section);
    return unit.isEmpty() || unit == u"1" // which files need, and readers do not
               ? m_table.headers[section]
               : tr("%1 (%2)").arg(m_table.headers[section], unit);
}

PlotTableView::PlotTableView(QWidget *parent) : QTableView(parent), m_model(new PlotTableModel(this))
{
    auto *sorted = new QSortFilterProxyModel(this);
    sorted->setSortRole(PlotTableModel::kValueRole);
    sorted->setSourceModel(m_model);
    setModel(sorted);
    setSortingEnabled(true);
    horizontalHeader()->setSortIndicatorClearable(true);
    horizontalHeader()->setSortIndicator(-1, Qt::AscendingOrder);
    horizontalHeader()->setHighlightSections(false);
    verticalHeader()->hide();
    setShowGrid(false);
    setAlternatingRowColors(true);
    setWordWrap(false);

    auto *copy = new QAction(tr("Copy"), this);
    copy->setShortcut(QKeySequence::Copy);
    copy->setShortcutContext(Qt::WidgetShortcut);
    connect(copy, &QAction::triggered, this, &PlotTableView::copySelection);
    addAction(copy);
    setContextMenuPolicy(Qt::ActionsContextMenu);
}

void PlotTableView::setTable(PlotTable table)
{
    m_model->setTable(std::move(table));
}

void PlotTableView::copySelection() const
{
    const QModelIndexList selected = selectionModel()->selectedIndexes();
    if (selected.isEmpty())
        return;
    std::set<int> rows, columns;
    for (const QModelIndex &index : selected) {
        rows.insert(index.row());
        columns.insert(index.column());
    }
    PlotTable part;
    for (const int column : columns)
        part.headers << model()->headerData(column, Qt::Horizontal).toString();
    for (const int row : rows) {
        auto &cells = part.rows.emplace_back();
        for (const int column : columns) {
            const QModelIndex index = model()->index(row, column);
            cells.push_back(selectionModel()->isSelected(index) ? index.data(PlotTableModel::kValueRole) : QVariant());
        }
    }
    QString text = tabSeparated(part);
    if (rows.size() == 1 && columns.size() == 1)
        text = text.section(u'\n', 1, 1); // one cell is wanted as a value, without its header
    QGuiApplication::clipboard()->setText(text);
}

} // namespace secateur::ui
