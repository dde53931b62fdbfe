// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/calibrate/CalibrationTable.h"

#include "models/ConditionsText.h"
#include "models/TextNames.h"
#include "session/Session.h"
#include "widgets/Quantity.h"

#include <QFont>

namespace secateur::ui {
namespace {

bool isNumber(int column)
{
    return column == CalibrationTable::kWindows || column == CalibrationTable::kTokens;
}

} // namespace

QString normText(ScoreNorm norm)
{
    return norm == ScoreNorm::L2 ? QStringLiteral("L2") : QStringLiteral("L1");
}

QString calibrationCutText(const Provenance &provenance)
{
    const QString cut = CalibrationTable::tr("%1 × %2 tokens").arg(exactText(provenance.windows), exactText(provenance.length));
    return provenance.seed == 0 ? cut : CalibrationTable::tr("%1, seed %2").arg(cut).arg(provenance.seed);
}

QString calibrationName(const NeuronScores &scores)
{
    const QString name =
        CalibrationTable::tr("%1, %2", "text and windows").arg(textFilesName(scores.provenance), calibrationCutText(scores.provenance));
    return scores.norm == ScoreNorm::L2 ? name : CalibrationTable::tr("%1, %2", "scores and norm").arg(name, normText(scores.norm));
}

CalibrationTable::CalibrationTable(const SessionModel &session, QObject *parent) : QAbstractTableModel(parent), m_session(session)
{
    connect(&session, &SessionModel::modelChanged, this, &CalibrationTable::reset);
    connect(&session, &SessionModel::calibrationsChanged, this, &CalibrationTable::reset);
    connect(&session, &SessionModel::draftChanged, this, &CalibrationTable::follow);
    reset();
}

void CalibrationTable::reset()
{
    beginResetModel();
    m_rows = int(m_session.session().calibrations.size());
    endResetModel();
}

/// Another one may be in use.
void CalibrationTable::follow()
{
    if (m_rows > 0)
        emit dataChanged(index(0, 0), index(m_rows - 1, kColumns - 1));
}

int CalibrationTable::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : m_rows;
}

int CalibrationTable::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : kColumns;
}

QVariant CalibrationTable::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= m_rows)
        return {};
    const NeuronScores &scores = *m_session.session().calibrations[std::size_t(index.row())];
    const Provenance &p = scores.provenance;
    const bool isInUse = m_session.draft().calibration == index.row();
    if (role == Qt::FontRole) {
        QFont font;
        font.setBold(isInUse);
        return font;
    }
    if (role == Qt::TextAlignmentRole)
        return int(Qt::AlignVCenter | (isNumber(index.column()) ? Qt::AlignRight : Qt::AlignLeft));
    if (role == Qt::ToolTipRole && index.column() == kText) {
        QStringList files;
        for (const std::string &file : p.textFiles)
            files << QString::fromStdString(file);
        return files.join(QLatin1Char('\n'));
    }
    if (role == Qt::ToolTipRole && index.column() == kDevice)
        return conditionsDetails(p.computed);
    if (role == Qt::ToolTipRole && index.column() == kHash)
        return QString::fromStdString(p.tokenHash);
    if (role != Qt::DisplayRole)
        return {};
    switch (Column(index.column())) {
    case kText:
        return isInUse ? tr("%1 (in use)").arg(textFilesName(p)) : textFilesName(p);
    case kWindows:
        return p.seed == 0 ? tr("%1 × %2").arg(exactText(p.windows), exactText(p.length))
                           : tr("%1 × %2, seed %3").arg(exactText(p.windows), exactText(p.length)).arg(p.seed);
    case kTokens:
        return exactText(p.windows * p.length);
    case kNorm:
        return normText(scores.norm);
    case kDevice:
        return conditionsText(p.computed);
    case kHash:
        return QString::fromStdString(p.tokenHash.substr(0, 12));
    case kColumns:
        break;
    }
    return {};
}

QVariant CalibrationTable::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation == Qt::Horizontal && role == Qt::TextAlignmentRole)
        return int(Qt::AlignVCenter | (isNumber(section) ? Qt::AlignRight : Qt::AlignLeft));
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (Column(section)) {
    case kText:
        return tr("Text");
    case kWindows:
        return tr("Windows");
    case kTokens:
        return tr("Tokens");
    case kNorm:
        return tr("Norm");
    case kDevice:
        return tr("Computed on");
    case kHash:
        return tr("Token hash");
    case kColumns:
        break;
    }
    return {};
}

} // namespace secateur::ui
