// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/layers/LayerFacts.h"
#include "pruning/PruningPlan.h"

#include <QAbstractListModel>
#include <QString>
#include <optional>
#include <vector>

namespace secateur::ui {

/// One removal of a search, with how clear it was.
struct Removal {
    qint64 layer = -1;
    double perplexity = 0; ///< on the search windows, with this attention removed too
    bool isForced = false;
    qint64 runnerUp = -1;      ///< the layer that would have gone instead; -1: there was no other candidate
    std::optional<double> gap; ///< by how much the runner-up's perplexity is higher, as a share; none without one
    bool operator==(const Removal &) const = default;

    /// Another calibration text could well have decided otherwise.
    bool isNearTie() const { return gap && *gap < CandidateFacts::kNearTie && !isForced; }
};

/// The finished removals of a record, at most `count`, in order.
std::vector<Removal> removalsOf(const SearchRecord &record, std::int64_t count);

/// The removal order as a list: one row a step, the text of a chip.
class RemovalOrderModel : public QAbstractListModel {
    Q_OBJECT
public:
    enum Role { IsNearTieRole = Qt::UserRole, LayerRole };

    using QAbstractListModel::QAbstractListModel;

    /// Only inserts rows where the new list goes on from the old one, so that a selection survives.
    void setRemovals(std::vector<Removal> removals);

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;

private:
    std::vector<Removal> m_removals;
};

} // namespace secateur::ui
