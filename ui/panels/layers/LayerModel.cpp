// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/layers/LayerModel.h"

#include "models/SelectionModel.h"
#include "models/SessionModel.h"
#include "widgets/Quantity.h"

#include <algorithm>

namespace secateur::ui {
namespace {

bool hasSameAttention(const LayerFacts &one, const LayerFacts &other)
{
    return one.hasAttention == other.hasAttention && one.removal == other.removal && one.isProtected == other.isProtected &&
           one.isForced == other.isForced;
}

} // namespace

LayerModel::LayerModel(const SessionModel &session, const SelectionModel &selection, QObject *parent)
    : QAbstractTableModel(parent),
      m_session(session),
      m_selection(selection)
{
    connect(&session, &SessionModel::modelChanged, this, &LayerModel::restart);
    connect(&session, &SessionModel::draftChanged, this, &LayerModel::follow);
    connect(&session, &SessionModel::searchChanged, this, &LayerModel::follow);
    connect(&session, &SessionModel::calibrationsChanged, this, &LayerModel::follow);
    connect(&selection, &SelectionModel::stepChanged, this, &LayerModel::follow);
    connect(&selection, &SelectionModel::comparedLayersChanged, this, [this] {
        if (rowCount() > 0)
            emit dataChanged(index(0, Layer), index(rowCount() - 1, Layer));
    });
    restart();
}

void LayerModel::restart()
{
    beginResetModel();
    m_facts = allFacts();
    m_hasScores = m_session.hasScores();
    m_hasNeurons = m_session.hasNeurons();
    m_widestFfn = 0;
    for (const LayerFacts &facts : m_facts)
        m_widestFfn = std::max(m_widestFfn, facts.neurons);
    endResetModel();
}

std::vector<LayerFacts> LayerModel::allFacts() const
{
    std::vector<LayerFacts> all(std::size_t(m_session.layerCount()));
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = layerFacts(m_session, m_selection, qint64(i));
    return all;
}

void LayerModel::follow()
{
    std::vector<LayerFacts> now = allFacts();
    const bool isOtherUse = m_hasScores != m_session.hasScores() || m_hasNeurons != m_session.hasNeurons();
    if (now == m_facts && !isOtherUse) // a search tells of every loss; only removals show here
        return;
    m_hasScores = m_session.hasScores();
    m_hasNeurons = m_session.hasNeurons();
    const bool isOnlyFfn = std::equal(now.begin(), now.end(), m_facts.begin(), m_facts.end(), hasSameAttention);
    m_facts = std::move(now);
    // The caption of the FFNs changes with them; headerDataChanged would make a view lay out all rows.
    emit dataChanged(index(0, isOtherUse ? Layer : isOnlyFfn ? Ffn : Attention), index(rowCount() - 1, Ffn));
}

bool LayerModel::isCompared(int row) const
{
    return m_hasScores && m_selection.isCompared(row);
}

int LayerModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_facts.size());
}

int LayerModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(kColumns);
}

QVariant LayerModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid())
        return {};
    if (role == Qt::ToolTipRole)
        return toolTip(index.row());
    if (role != Qt::DisplayRole)
        return {};
    const LayerFacts &facts = m_facts[std::size_t(index.row())];
    switch (index.column()) {
    case Layer:
        return isCompared(index.row()) ? QVariant(tr("%1, compared").arg(index.row())) : QVariant(index.row());
    case Attention:
        return attentionText(facts);
    case Ffn:
        return ffnText(facts);
    default:
        return {};
    }
}

QVariant LayerModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || (role != Qt::DisplayRole && role != ShortTextRole))
        return {};
    switch (section) {
    case Layer:
        return tr("layer");
    case Attention:
        return tr("attention");
    case Ffn: {
        if (m_facts.empty())
            return tr("FFN");
        if (!m_hasNeurons)
            return tr("FFN: %1 neurons").arg(exactText(m_widestFfn));
        const QString text = role == ShortTextRole ? tr("FFN: %1 of %2") : tr("FFN: %1 of %2 kept");
        return text.arg(keptText(), exactText(m_widestFfn));
    }
    default:
        return {};
    }
}

/// "193", or "0 to 24" where the layers differ; 0: an FFN was removed.
QString LayerModel::keptText() const
{
    qint64 least = m_widestFfn, most = 0;
    for (const LayerFacts &facts : m_facts)
        if (facts.hasFfn) {
            least = std::min(least, facts.kept);
            most = std::max(most, facts.kept);
        }
    return least < most ? tr("%1 to %2").arg(exactText(least), exactText(most)) : exactText(most);
}

QString LayerModel::toolTip(int row) const
{
    const LayerFacts &facts = m_facts[std::size_t(row)];
    QStringList lines{tr("Layer %1").arg(row), tr("Attention: %1").arg(attentionText(facts))};
    const SearchRecord *search = m_session.search();
    if (facts.isRemoved() && facts.isOrdered && search)
        if (const auto step = candidateFacts(*search, facts.removal, row))
            lines << tr("Its removal (step %1) changed the search loss by %2 nats (search perplexity %3)")
                         .arg(facts.removal + 1)
                         .arg(signedText(step->change, 4), changeText(1, 1 + step->perplexityChange()));
    if (facts.hasFfn && !facts.isFfnRemoved())
        lines << tr("FFN: %1 of %2 neurons kept (%3)")
                     .arg(exactText(facts.kept), exactText(facts.neurons), percentText(double(facts.kept) / double(facts.neurons)));
    else
        lines << tr("FFN: %1").arg(ffnText(facts));
    if (isCompared(row))
        lines << tr("Compared on the page Importance");
    if (facts.shareKept)
        lines << tr("Score kept: %1").arg(percentText(*facts.shareKept, 2));
    return lines.join(QLatin1Char('\n'));
}

} // namespace secateur::ui
