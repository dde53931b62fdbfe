// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/export/ExportTable.h"

#include "widgets/Quantity.h"

#include <QLocale>

namespace secateur::ui {
namespace {

bool isNumber(int column)
{
    return column == ExportTable::kParameters || column == ExportTable::kBytes;
}

} // namespace

QString verificationText(const Verification &v)
{
    const QString agreement =
        v.sameArgmax >= 1 ? ExportTable::tr("the most likely token is the same everywhere")
                          : ExportTable::tr("the most likely token is the same at %1 of the positions").arg(percentText(v.sameArgmax));
    const bool isExact = v.isPassed && v.largestDifference == 0;
    QString text = isExact ? ExportTable::tr("Compared on %1 tokens: it computes exactly the same.").arg(exactText(v.tokens))
                           : ExportTable::tr("Compared on %1 tokens: logits differ by at most %2 (allowed: %3), and %4.")
                                 .arg(exactText(v.tokens), QLocale().toString(v.largestDifference, 'g', 2),
                                      QLocale().toString(v.tolerance, 'g', 2), agreement);
    if (v.ids > 0 && v.idsDiffering == 0)
        text += ExportTable::tr(" The tokenizer gives the same %1 ids.").arg(exactText(v.ids));
    else if (v.ids > 0)
        text += ExportTable::tr(" The tokenizer gives other ids for %1 of %2 tokens: %3.")
                    .arg(exactText(v.idsDiffering), exactText(v.ids), QString::fromStdString(v.idsNote));
    return text;
}

ExportTable::ExportTable(const SessionModel &session, QObject *parent) : QAbstractTableModel(parent), m_session(session)
{
    for (const auto signal : {&SessionModel::modelChanged, &SessionModel::exportsChanged})
        connect(&session, signal, this, &ExportTable::reset);
    reset();
}

void ExportTable::reset()
{
    beginResetModel();
    m_rows = int(m_session.session().exports.size());
    endResetModel();
}

int ExportTable::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : m_rows;
}

int ExportTable::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : kColumns;
}

QVariant ExportTable::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= m_rows)
        return {};
    const ExportRecord &r = record(index.row());
    if (role == Qt::TextAlignmentRole)
        return int(Qt::AlignVCenter | (isNumber(index.column()) ? Qt::AlignRight : Qt::AlignLeft));
    if (role == Qt::ToolTipRole)
        return index.column() == kVerified ? verificationText(r.verification) : QString::fromStdString(r.folder.string());
    if (role != Qt::DisplayRole)
        return {};
    switch (Column(index.column())) {
    case kFolder:
        return QString::fromStdString(r.folder.filename().string());
    case kFormat:
        return QString::fromStdString(r.format);
    case kParameters:
        return exactText(r.parameters);
    case kBytes:
        return bytesText(r.bytes);
    case kVerified:
        return r.verification.isPassed ? tr("= verified") : tr("! not verified");
    case kColumns:
        break;
    }
    return {};
}

QVariant ExportTable::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation == Qt::Horizontal && role == Qt::TextAlignmentRole)
        return int(Qt::AlignVCenter | (isNumber(section) ? Qt::AlignRight : Qt::AlignLeft));
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (Column(section)) {
    case kFolder:
        return tr("Folder");
    case kFormat:
        return tr("Target");
    case kParameters:
        return tr("Parameters");
    case kBytes:
        return tr("Size");
    case kVerified:
        return tr("Verification");
    case kColumns:
        break;
    }
    return {};
}

} // namespace secateur::ui
