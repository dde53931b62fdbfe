// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/SessionModel.h"

#include <QAbstractTableModel>

namespace secateur::ui {

/// The checkpoints that a session wrote, in the order of their making. Row = index of the record.
class ExportTable : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { kFolder, kFormat, kVerified, kParameters, kBytes, kColumns };

    explicit ExportTable(const SessionModel &session, QObject *parent = nullptr);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

    const ExportRecord &record(int row) const { return m_session.session().exports[std::size_t(row)]; }

private:
    void reset();

    const SessionModel &m_session;
    int m_rows = 0;
};

/// "Compared on 64 tokens: ..." - what the verification of an export found.
QString verificationText(const Verification &verification);

} // namespace secateur::ui
