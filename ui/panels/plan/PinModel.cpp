// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/plan/PinModel.h"

#include "commands/PlanEditor.h"
#include "models/ConditionsText.h"
#include "models/SessionModel.h"
#include "session/Measurements.h"
#include "widgets/Quantity.h"

#include <QFont>

#include <algorithm>

namespace secateur::ui {
namespace {

/// Numbers line up at the right.
QVariant alignmentOf(int column)
{
    const Qt::Alignment horizontal = column == PinModel::Name     ? Qt::AlignLeft
                                     : column == PinModel::Search ? Qt::AlignHCenter
                                                                  : Qt::AlignRight;
    return QVariant::fromValue(horizontal | Qt::AlignVCenter);
}

} // namespace

PinModel::PinModel(const SessionModel &session, PlanEditor &editor, QObject *parent)
    : QAbstractTableModel(parent),
      m_session(session),
      m_editor(editor)
{
    connect(&session, &SessionModel::modelChanged, this, [this] {
        beginResetModel();
        m_rows.clear();
        for (const PinnedPlan &pin : m_session.session().pinned)
            m_rows.push_back(rowOf(pin));
        endResetModel();
    });
    connect(&session, &SessionModel::pinsChanged, this, &PinModel::followPins);
    for (const auto signal :
         {&SessionModel::draftChanged, &SessionModel::searchChanged, &SessionModel::evaluationsChanged, &SessionModel::textsChanged})
        connect(&session, signal, this, &PinModel::followResults);
    followPins();
}

PinModel::Row PinModel::rowOf(const PinnedPlan &pin) const
{
    Row row{.pin = pin,
            .sparsity = targetText(pin.draft.balance.sparsity),
            .attentions = {},
            .neurons = {},
            .search = {},
            .perplexity = {},
            .computed = {},
            .problem = {}};
    if (!m_session.hasModel())
        return row;
    const PlanFacts facts = m_session.factsOf(pin.draft);
    if (!facts.balance) {
        row.problem = facts.problem;
        row.search = tr("not feasible");
        return row;
    }
    const std::int64_t N = facts.balance->attentionsToRemove, K = facts.balance->neuronsKept;
    if (pin.draft.balance.neuronsKept || !pin.draft.plan.empty()) // no target is followed
        row.sparsity = tr("%1 reached").arg(percentText(facts.balance->sparsityLayers()));
    row.attentions = exactText(N);

    const ShelfPlan *shelf = shelfPlanOf(m_session.session(), pin.draft);
    const bool isWithoutFfns = shelf && std::int64_t(shelf->plan.layersWithoutFfn().size()) == m_session.layerCount();
    row.neurons = K > 0 || isWithoutFfns ? exactText(K) : tr("differs");
    if (shelf && shelf->plan.method == PlanMethod::Manual)
        row.search = tr("by hand");
    else if (shelf && shelf->plan.method == PlanMethod::Restored)
        row.search = tr("restored");
    else if (shelf && isOfBlocks(shelf->plan.method))
        row.search = tr("by %1").arg(QLatin1String(titleOf(shelf->plan.method)));
    else if (facts.search == SearchState::NotPossible)
        row.search = tr("not calibrated");
    else if (facts.search == SearchState::NotNeeded)
        row.search = tr("not needed");
    else
        row.search = facts.search == SearchState::Complete ? tr("complete") : tr("%1 of %2").arg(facts.removed.size()).arg(N);
    if (const Measurement *record = facts.evaluation) {
        const Measurement *original = originalFor(m_session.session().measurements, *record);
        const QString difference = original ? conditionsDifference(original->computed, record->computed) : QString();
        const QString perplexity = perplexityText(record->result.perplexity);
        row.perplexity =
            difference.isEmpty() ? perplexity : tr("%1 %2", "sign and number").arg(exactnessSign(Exactness::Estimate), perplexity);
        row.computed = difference.isEmpty() ? conditionsDetails(record->computed) : difference;
    }
    return row;
}

/// Tells views of one plan added, removed or renamed as that, so that a selection survives.
void PinModel::followPins()
{
    const std::vector<PinnedPlan> &pins = m_session.session().pinned;
    std::size_t same = 0;
    while (same < std::min(pins.size(), m_rows.size()) && pins[same] == m_rows[same].pin)
        ++same;
    std::size_t end = 0; // equal at the end
    while (end < std::min(pins.size(), m_rows.size()) - same && pins[pins.size() - 1 - end] == m_rows[m_rows.size() - 1 - end].pin)
        ++end;
    const std::size_t gone = m_rows.size() - same - end, come = pins.size() - same - end, changed = std::min(gone, come);
    for (std::size_t i = 0; i < changed; ++i)
        m_rows[same + i] = rowOf(pins[same + i]);
    if (changed > 0)
        emit dataChanged(index(int(same), 0), index(int(same + changed) - 1, kColumns - 1));
    const auto from = std::ptrdiff_t(same + changed);
    if (gone > changed) {
        beginRemoveRows({}, int(from), int(from + std::ptrdiff_t(gone - changed)) - 1);
        m_rows.erase(m_rows.begin() + from, m_rows.begin() + from + std::ptrdiff_t(gone - changed));
        endRemoveRows();
    } else if (come > changed) {
        beginInsertRows({}, int(from), int(from + std::ptrdiff_t(come - changed)) - 1);
        for (std::size_t i = changed; i < come; ++i)
            m_rows.insert(m_rows.begin() + std::ptrdiff_t(same + i), rowOf(pins[same + i]));
        endInsertRows();
    }
}

void PinModel::followResults()
{
    if (m_rows.empty())
        return;
    for (Row &row : m_rows)
        row = rowOf(row.pin);
    emit dataChanged(index(0, 0), index(rowCount() - 1, kColumns - 1));
}

int PinModel::rowInHand() const
{
    const auto found = std::find_if(m_rows.begin(), m_rows.end(), [&](const Row &row) { return row.pin.draft == m_session.draft(); });
    return found == m_rows.end() ? -1 : int(found - m_rows.begin());
}

int PinModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_rows.size());
}

int PinModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(kColumns);
}

QVariant PinModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid())
        return {};
    const Row &row = m_rows[std::size_t(index.row())];
    const bool isInHand = row.pin.draft == m_session.draft();
    const QString name = QString::fromStdString(row.pin.name);
    if (role == Qt::FontRole && isInHand) {
        QFont bold;
        bold.setBold(true);
        return bold;
    }
    if (role == Qt::TextAlignmentRole)
        return alignmentOf(index.column());
    if (role == Qt::ToolTipRole && !row.problem.isEmpty())
        return row.problem;
    if (role == Qt::ToolTipRole && index.column() == Perplexity && !row.computed.isEmpty())
        return row.computed;
    if (role == Qt::AccessibleTextRole && index.column() == Name && isInHand)
        return tr("%1, the current plan").arg(name);
    if (role == Qt::EditRole && index.column() == Name)
        return name;
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case Name:
        return name;
    case Sparsity:
        return row.sparsity;
    case Attentions:
        return row.attentions;
    case Neurons:
        return row.neurons;
    case Search:
        return row.search;
    case Perplexity:
        return row.perplexity.isEmpty() ? QStringLiteral("—") : row.perplexity;
    default:
        return {};
    }
}

bool PinModel::setData(const QModelIndex &index, const QVariant &value, int role)
{
    if (!index.isValid() || role != Qt::EditRole || index.column() != Name || value.toString().trimmed().isEmpty())
        return false;
    m_editor.renamePin(std::size_t(index.row()), value.toString()); // comes back as pinsChanged
    return true;
}

Qt::ItemFlags PinModel::flags(const QModelIndex &index) const
{
    const Qt::ItemFlags flags = QAbstractTableModel::flags(index);
    return index.isValid() && index.column() == Name && m_session.readOnlyReason().isEmpty() ? flags | Qt::ItemIsEditable : flags;
}

QVariant PinModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return alignmentOf(section);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Name:
        return tr("Plan");
    case Sparsity:
        return tr("Sparsity");
    case Attentions:
        return tr("N");
    case Neurons:
        return tr("K");
    case Search:
        return tr("Search");
    case Perplexity:
        return tr("Perplexity");
    default:
        return {};
    }
}

} // namespace secateur::ui
