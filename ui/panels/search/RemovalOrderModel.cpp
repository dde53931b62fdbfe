// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/search/RemovalOrderModel.h"

#include "widgets/Quantity.h"

#include <QLocale>

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

QString clarityText(const Removal &removal)
{
    if (removal.isForced)
        return RemovalOrderModel::tr("set to go first");
    if (!removal.gap)
        return RemovalOrderModel::tr("no other candidate");
    const QString gap = QLocale().toString(100 * *removal.gap, 'g', 2);
    return removal.isNearTie() ? RemovalOrderModel::tr("near tie, %1 %").arg(gap) : RemovalOrderModel::tr("gap %1 %").arg(gap);
}

} // namespace

std::vector<Removal> removalsOf(const SearchRecord &record, std::int64_t count)
{
    std::vector<Removal> removals;
    for (std::int64_t i = 0; i < std::min(count, std::int64_t(record.steps.size())); ++i) {
        const SearchStep &step = record.steps[std::size_t(i)];
        if (step.removed < 0)
            break;
        Removal removal;
        removal.layer = step.removed;
        removal.perplexity = std::exp(step.losses[std::size_t(step.removed)]);
        removal.isForced = step.isForced;
        if (const std::optional<CandidateFacts> facts = candidateFacts(record, i, step.removed); facts && facts->runnerUp >= 0) {
            removal.runnerUp = facts->runnerUp;
            removal.gap = facts->gap;
        }
        removals.push_back(removal);
    }
    return removals;
}

void RemovalOrderModel::setRemovals(std::vector<Removal> removals)
{
    if (removals == m_removals)
        return;
    const bool goesOn = removals.size() > m_removals.size() && std::equal(m_removals.begin(), m_removals.end(), removals.begin());
    if (goesOn) {
        beginInsertRows({}, int(m_removals.size()), int(removals.size()) - 1);
        m_removals = std::move(removals);
        endInsertRows();
    } else {
        beginResetModel();
        m_removals = std::move(removals);
        endResetModel();
    }
}

int RemovalOrderModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_removals.size());
}

QVariant RemovalOrderModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Removal &removal = m_removals[std::size_t(index.row())];
    const QString perplexity = perplexityText(removal.perplexity);
    switch (role) {
    case Qt::DisplayRole:
        return tr("%1. layer %2\nperplexity %3\n%4").arg(index.row() + 1).arg(removal.layer).arg(perplexity, clarityText(removal));
    case Qt::AccessibleTextRole:
        return tr("Removal %1: layer %2, search perplexity %3, %4")
            .arg(index.row() + 1)
            .arg(removal.layer)
            .arg(perplexity, clarityText(removal));
    case Qt::ToolTipRole:
        if (removal.runnerUp < 0 || removal.isForced)
            return {};
        return tr("Runner-up: layer %1, whose removal gives a search perplexity %2 % higher")
            .arg(removal.runnerUp)
            .arg(QLocale().toString(100 * *removal.gap, 'g', 2));
    case IsNearTieRole:
        return removal.isNearTie();
    case LayerRole:
        return removal.layer;
    default:
        return {};
    }
}

} // namespace secateur::ui
