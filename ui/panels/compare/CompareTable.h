// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/RecordTable.h"

#include <QSet>
#include <QString>
#include <QStringList>
#include <vector>

class QAbstractItemDelegate;
class QMenu;
class QSortFilterProxyModel;

namespace secateur::ui {

class CompareModel;

/// The table of plans: sorts, shows the rows with the words that are looked for, and hides columns (context menu of the headings).
class CompareTable : public RecordTable {
    Q_OBJECT
    Q_PROPERTY(QString hiddenColumns READ hiddenColumns WRITE setHiddenColumns) ///< their keys, a line each: what a session remembers
public:
    explicit CompareTable(CompareModel &model, QWidget *parent = nullptr);

    /// Rows whose name and method have each of these words.
    void setFilter(const QString &words);
    QString hiddenColumns() const;
    void setHiddenColumns(const QString &keys);
    /// Fills a menu with a check mark a column.
    void fillColumnMenu(QMenu &menu);

    /// Of the model's rows, from top to bottom as they are shown.
    std::vector<std::size_t> selectedRows() const;
    void select(const std::vector<std::size_t> &rows);
    /// Rows of the model that are shown.
    int shownRows() const;

signals:
    void selectedRowsChanged(); ///< also because rows came or went

private:
    void showColumns();
    void setColumnShown(const QString &key, bool isShown);

    CompareModel &m_model;
    QSortFilterProxyModel *m_sorted;
    QAbstractItemDelegate *m_noteEditor;
    QSet<QString> m_hidden; ///< keys of columns, of those too that are not there now
    QString m_sortKey;      ///< of the column that it is sorted by; empty: none
};

} // namespace secateur::ui
