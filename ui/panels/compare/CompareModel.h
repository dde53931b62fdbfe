// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/compare/CompareColumns.h"

#include <QAbstractTableModel>
#include <vector>

namespace secateur::ui {

class SessionModel;

/// The plans that are compared, as a table whose columns depend on what was measured. Sort by kSortRole (numbers as numbers). Notes of the session in hand
/// can be edited and are kept with it.
class CompareModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum {
        kSortRole = Qt::UserRole,
        kFilterRole
    }; ///< kFilterRole, of any column: name and method of the row, in which people look for words

    explicit CompareModel(SessionModel &session, QObject *parent = nullptr);

    void setRows(CompareRows rows);
    const CompareRows &rows() const { return m_rows; }
    const std::vector<CompareColumn> &columns() const { return m_columns; }
    QString keyOf(int column) const { return secateur::ui::keyOf(m_rows, m_columns[std::size_t(column)]); }
    /// All rows in the C locale, with a line of names.
    QString separated(QChar separator) const;
    QString noteOf(int row) const;

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    bool setData(const QModelIndex &index, const QVariant &value, int role = Qt::EditRole) override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    bool hasNotes(int row) const; ///< that can be edited

    SessionModel &m_session;
    CompareRows m_rows;
    std::vector<CompareColumn> m_columns;
};

} // namespace secateur::ui
