// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/export/ExportTargetModel.h"

#include "exporting/ExportSize.h"
#include "models/SessionModel.h"
#include "widgets/Quantity.h"

#include <QGuiApplication>
#include <QPalette>

#include <algorithm>
#include <utility>

namespace secateur::ui {
namespace {

int alignmentOf(int column)
{
    const bool isNumber = column == ExportTargetModel::kSize || column == ExportTargetModel::kSaves;
    return int(Qt::AlignVCenter | (isNumber                                    ? Qt::AlignRight
                                   : column == ExportTargetModel::kRecommended ? Qt::AlignHCenter
                                                                               : Qt::AlignLeft));
}

} // namespace

std::vector<std::int64_t> layersToRemove(std::vector<std::int64_t> known, std::int64_t wanted, std::int64_t layers)
{
    for (std::int64_t layer = layers - 1; layer >= 0 && std::int64_t(known.size()) < wanted; --layer)
        if (std::find(known.begin(), known.end(), layer) == known.end())
            known.push_back(layer);
    known.resize(std::min(known.size(), std::size_t(wanted)));
    return known;
}

ExportTargetModel::ExportTargetModel(const SessionModel &session, QObject *parent) : QAbstractTableModel(parent), m_session(session)
{
    for (const auto signal : {&SessionModel::modelChanged, &SessionModel::draftChanged, &SessionModel::searchChanged})
        connect(&session, signal, this, &ExportTargetModel::follow);
}

void ExportTargetModel::follow()
{
    m_rows.reset();
    emit dataChanged(index(0, 0), index(rowCount() - 1, kColumns - 1));
}

void ExportTargetModel::setType(std::optional<DType> type)
{
    if (std::exchange(m_type, type) != type)
        follow();
}

void ExportTargetModel::setEngine(int engine)
{
    if (std::exchange(m_engine, engine) != engine)
        follow();
}

const ExportTargetModel::Rows &ExportTargetModel::rows() const
{
    if (!m_rows)
        m_rows = makeRows();
    return *m_rows;
}

ExportTargetModel::Rows ExportTargetModel::makeRows() const
{
    const auto &targets = exportTargets();
    Rows rows{.problems = std::vector<QString>(targets.size()),
              .parameters = std::vector<qint64>(targets.size(), -1),
              .recommended = 0,
              .isForEngine = true};
    if (!m_session.hasModel())
        return rows;
    const bool isRuleWanted = !m_session.isSettled() && !m_session.pruningProblem().isEmpty();
    const QString planProblem = isRuleWanted ? m_session.pruningProblem() : m_session.balanceProblem();
    std::vector<std::int64_t> widths;
    for (const LayerSpec &layer : m_session.planSpec().layers)
        widths.push_back(layer.neurons());
    const std::vector<std::int64_t> removed =
        layersToRemove(m_session.removalOrder(), m_session.attentionsToRemove(), m_session.layerCount());
    const ModelSpec pruned = prunedSpec(m_session.spec(), widths, removed);

    rows.recommended = -1;
    int first = -1; // that can hold the plan, wherever it loads
    const std::string best =
        !planProblem.isEmpty() ? std::string() : recommendedTarget(exportEngines()[std::size_t(m_engine)], m_session.spec(), pruned);
    for (std::size_t row = 0; row < targets.size(); ++row) {
        const std::string &name = targets[row].name;
        rows.problems[row] = planProblem.isEmpty() ? QString::fromStdString(exportProblem(name, m_session.spec(), pruned)) : planProblem;
        if (!rows.problems[row].isEmpty())
            continue;
        rows.parameters[row] = modelParameters(exportedSpec(name, m_session.spec(), pruned));
        if (first < 0)
            first = int(row);
        if (name == best)
            rows.recommended = int(row);
    }
    rows.isForEngine = rows.recommended >= 0;
    if (!rows.isForEngine)
        rows.recommended = first;
    return rows;
}

QString ExportTargetModel::problem(int row) const
{
    return rows().problems[std::size_t(row)];
}

int ExportTargetModel::recommended() const
{
    return rows().recommended;
}

qint64 ExportTargetModel::parameters(int row) const
{
    return rows().parameters[std::size_t(row)];
}

qint64 ExportTargetModel::bytes(int row) const
{
    const qint64 count = parameters(row);
    if (count < 0)
        return -1;
    const DType stored = m_session.session().model->storedDtype;
    const ShelfPlan *shelf = m_session.shelfPlan();
    return count * qint64(bytesPerElement(m_type.value_or(stored))) +
           (shelf && !m_type ? bytesOfEdits(shelf->plan.edits, stored) : 0); // a type that is asked for is that of changed weights too
}

int ExportTargetModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(exportTargets().size());
}

int ExportTargetModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(kColumns);
}

QVariant ExportTargetModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid())
        return {};
    const ExportTarget &target = exportTargets()[std::size_t(index.row())];
    const QString why = problem(index.row());
    const bool isRecommended = m_session.hasModel() && index.row() == recommended();
    switch (role) {
    case Qt::DisplayRole:
        switch (Column(index.column())) {
        case kTarget:
            return QString::fromStdString(target.name);
        case kRecommended:
            return isRecommended ? QStringLiteral("✓") : QString();
        case kSize: {
            const qint64 size = bytes(index.row());
            return size < 0 ? QStringLiteral("–") : bytesText(size);
        }
        case kSaves: {
            const qint64 count = parameters(index.row());
            return count < 0 ? QStringLiteral("–") : changeText(double(m_session.denseFigures().modelParameters), double(count));
        }
        case kLoads:
            return why.isEmpty() ? QString::fromStdString(target.loads) : tr("not possible: %1").arg(why);
        case kColumns:
            break;
        }
        return {};
    case Qt::AccessibleTextRole:
        return index.column() != kRecommended ? data(index, Qt::DisplayRole) : isRecommended ? tr("recommended") : QString();
    case Qt::ToolTipRole:
    case Qt::AccessibleDescriptionRole:
        if (isRecommended && index.column() == kRecommended && !rows().isForEngine)
            return tr("No target that %1 loads as it is can hold this plan. This one can.")
                .arg(QString::fromStdString(exportEngines()[std::size_t(m_engine)].name));
        return why.isEmpty() ? tr("Loads in: %1. Stores: %2. Saves: %3.")
                                   .arg(QString::fromStdString(target.loads), QString::fromStdString(target.stores),
                                        QString::fromStdString(target.saves))
                             : why;
    case Qt::TextAlignmentRole:
        return alignmentOf(index.column());
    case Qt::ForegroundRole:
        return why.isEmpty() ? QVariant() : QGuiApplication::palette().brush(QPalette::Disabled, QPalette::WindowText);
    default:
        return {};
    }
}

QVariant ExportTargetModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return alignmentOf(section);
    if (role == Qt::ToolTipRole && section == kSaves)
        return tr("Size compared with the original");
    if (role != Qt::DisplayRole)
        return {};
    switch (Column(section)) {
    case kTarget:
        return tr("Target");
    case kRecommended:
        return tr("Recommended");
    case kSize:
        return tr("Size");
    case kSaves:
        return tr("Change");
    case kLoads:
        return tr("Loads in");
    case kColumns:
        break;
    }
    return {};
}

} // namespace secateur::ui
