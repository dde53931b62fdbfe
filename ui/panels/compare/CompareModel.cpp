// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/compare/CompareModel.h"

#include "models/SessionModel.h"
#include "session/SessionStore.h"

#include <QFont>

#include <utility>

namespace secateur::ui {
namespace {

using Kind = CompareColumn::Kind;

int alignmentOf(const CompareColumn &column)
{
    return int(Qt::AlignVCenter | (column.isText() ? Qt::AlignLeft : Qt::AlignRight));
}

} // namespace

CompareModel::CompareModel(SessionModel &session, QObject *parent) : QAbstractTableModel(parent), m_session(session)
{
    connect(&session, &SessionModel::notesChanged, this, [this] {
        if (rowCount() > 0)
            emit dataChanged(index(0, columnCount() - 1), index(rowCount() - 1, columnCount() - 1));
    });
}

void CompareModel::setRows(CompareRows rows)
{
    beginResetModel();
    m_rows = std::move(rows);
    m_columns = m_rows.rows.empty() ? std::vector<CompareColumn>() : compareColumns(m_rows);
    endResetModel();
}

QString CompareModel::separated(QChar separator) const
{
    return secateur::ui::separated(
        m_rows, [this](std::size_t row) { return noteOf(int(row)); }, separator);
}

QString CompareModel::noteOf(int row) const
{
    const std::string &hash = m_rows.rows[std::size_t(row)].plan.row.planHash;
    if (!m_rows.isOfOthers(std::size_t(row)))
        return hasNotes(row) ? m_session.noteOf(hash) : QString();
    const std::map<std::string, std::string> &view = m_rows.sessionOf(std::size_t(row)).view;
    const auto found = view.find(kNoteOfView + hash);
    return found == view.end() ? QString() : QString::fromStdString(found->second);
}

/// A plan whose search is not finished has no hash yet to keep a note by.
bool CompareModel::hasNotes(int row) const
{
    const ComparisonRow &values = m_rows.rows[std::size_t(row)].plan.row;
    return !m_rows.isOfOthers(std::size_t(row)) && (!values.method || !values.planHash.empty());
}

int CompareModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_rows.rows.size());
}

int CompareModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_columns.size());
}

QVariant CompareModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const CompareColumn &column = m_columns[std::size_t(index.column())];
    const auto row = std::size_t(index.row());
    const PlanTableRow &plan = m_rows.rows[row].plan;
    switch (role) {
    case Qt::DisplayRole:
        return column.kind == Kind::Note ? noteOf(index.row()) : cellText(m_rows, row, column);
    case Qt::EditRole:
        return column.kind == Kind::Note ? QVariant(noteOf(index.row())) : QVariant();
    case kSortRole:
        return column.kind == Kind::Note ? QVariant(noteOf(index.row())) : cellValue(m_rows, row, column);
    case kFilterRole:
        return planName(m_rows.rows[row]) + u'\n' + methodName(plan.row);
    case Qt::TextAlignmentRole:
        return alignmentOf(column);
    case Qt::FontRole: {
        QFont font;
        font.setBold(plan.isCurrent);
        return font;
    }
    case Qt::ToolTipRole:
        if (column.kind == Kind::Note && !hasNotes(index.row()))
            return m_rows.isOfOthers(row) ? tr("A note of the other session: it is changed there.")
                                          : tr("Search this plan first: a note belongs to a finished plan.");
        return cellDetails(m_rows, row, column);
    default:
        return {};
    }
}

bool CompareModel::setData(const QModelIndex &index, const QVariant &value, int role)
{
    if (role != Qt::EditRole || !flags(index).testFlag(Qt::ItemIsEditable))
        return false;
    m_session.setNote(m_rows.rows[std::size_t(index.row())].plan.row.planHash, value.toString().trimmed()); // comes back as notesChanged
    return true;
}

Qt::ItemFlags CompareModel::flags(const QModelIndex &index) const
{
    const Qt::ItemFlags flags = QAbstractTableModel::flags(index);
    const bool isNote = index.isValid() && m_columns[std::size_t(index.column())].kind == Kind::Note;
    return isNote && hasNotes(index.row()) && m_session.readOnlyReason().isEmpty() ? flags | Qt::ItemIsEditable : flags;
}

QVariant CompareModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount())
        return {};
    const CompareColumn &column = m_columns[std::size_t(section)];
    switch (role) {
    case Qt::DisplayRole:
        return headingOf(m_rows, column);
    case Qt::ToolTipRole:
        return explanationOf(m_rows, column);
    case Qt::TextAlignmentRole:
        return alignmentOf(column);
    default:
        return {};
    }
}

} // namespace secateur::ui
