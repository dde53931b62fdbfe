// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plots/Plot.h"

#include <QAbstractTableModel>
#include <QTableView>

namespace secateur::ui {

/// The numbers of a plot, read only. Qt::DisplayRole is for people, kValueRole the value itself, by which rows are sorted.
class PlotTableModel : public QAbstractTableModel {
    Q_OBJECT
public:
    static constexpr int kValueRole = Qt::UserRole;

    using QAbstractTableModel::QAbstractTableModel;

    /// Keeps selection and scroll position where only values changed.
    void setTable(PlotTable table);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    PlotTable m_table;
};

/// Shows a PlotTable: sorted by a click on a header (a third click brings back the order of the plot), Ctrl+C copies the selected cells.
class PlotTableView : public QTableView {
    Q_OBJECT
public:
    explicit PlotTableView(QWidget *parent = nullptr);

    void setTable(PlotTable table);
    void copySelection() const;

private:
    PlotTableModel *m_model;
};

} // namespace secateur::ui
