// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/PlaygroundRun.h"
#include "plots/Plot.h"

#include <QAbstractTableModel>
#include <QStringList>
#include <memory>

namespace secateur::ui {

/// The tokens of a text that was scored, with what the original and one plan make of each: the table twin of the coloured text.
class TokenTable : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { kPlace, kToken, kDifference, kOriginal, kPlan, kOriginalProbability, kPlanProbability, kColumns };
    static constexpr int kSortRole = Qt::UserRole; ///< a number to sort by

    using QAbstractTableModel::QAbstractTableModel;

    /// `plan`: index of the model that is held against the first one; 0: there is none. Null: nothing was scored.
    void show(std::shared_ptr<const ScoredRun> run, std::size_t plan, const QStringList &names);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

    /// Of all models, in the order of the text; for files and the clipboard. The columns of a plan name its hash.
    PlotTable table() const;

private:
    std::shared_ptr<const ScoredRun> m_run;
    std::size_t m_plan = 0;
    QStringList m_names;
};

/// A token as it can be read in a row: line breaks and outer spaces have signs.
QString visibleToken(const std::string &piece);
/// How much more surprised a model is by a token than the first one, nats; NaN of the first token.
double lossDifference(const ScoredText &scored, std::size_t model, std::size_t token);

} // namespace secateur::ui
