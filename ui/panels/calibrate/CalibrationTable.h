// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/SessionModel.h"

#include <QAbstractTableModel>

namespace secateur::ui {

/// The calibrations of a session: text, windows, norm, device; the one in use is marked. Row = index of the calibration.
class CalibrationTable : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { kText, kNorm, kDevice, kHash, kWindows, kTokens, kColumns };

    explicit CalibrationTable(const SessionModel &session, QObject *parent = nullptr);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    void reset();
    void follow();

    const SessionModel &m_session;
    int m_rows = 0;
};

/// "L2" or "L1".
QString normText(ScoreNorm norm);
/// "32 × 512 tokens", with the seed where the documents were shuffled.
QString calibrationCutText(const Provenance &provenance);
/// "grimm.txt, 32 × 512 tokens, seed 7, L1": what tells the scores of a session from each other. L2, the usual norm, is not named.
QString calibrationName(const NeuronScores &scores);

} // namespace secateur::ui
