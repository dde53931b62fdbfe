// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "exporting/Export.h"
#include "models/SessionModel.h"

#include <QAbstractTableModel>
#include <QString>
#include <optional>
#include <vector>

namespace secateur::ui {

/// Layers that a plan removes: those that are known, and until its search others that stand for those that will go. `wanted`: how many.
std::vector<std::int64_t> layersToRemove(std::vector<std::int64_t> known, std::int64_t wanted, std::int64_t layers);

/// The export targets as a table, in the order of exportTargets(): where each loads, and its size and what it saves for the current plan, or why it cannot
/// hold that.
class ExportTargetModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { kTarget, kRecommended, kSize, kSaves, kLoads, kColumns };

    explicit ExportTargetModel(const SessionModel &session, QObject *parent = nullptr);

    /// The type of the weights that would be written; none = as stored.
    void setType(std::optional<DType> type);
    /// Index in exportEngines() of the program that people use.
    void setEngine(int engine);

    /// Why a target cannot hold the current plan; empty when it can, or without a model.
    QString problem(int row) const;
    /// The row for the engine, as recommendedTarget() says, and where none of the engine's can hold the plan the first that can; -1 when there is none,
    /// 0 without a model.
    int recommended() const;
    /// Parameters of the files that a target writes; -1 when there is no plan. Before the search any N attentions stand for those that will go.
    qint64 parameters(int row) const;
    /// Of the weights among those files; -1 when there is no plan.
    qint64 bytes(int row) const;

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    /// What follows from the current plan.
    struct Rows {
        std::vector<QString> problems;
        std::vector<qint64> parameters; ///< -1 where there is a problem
        int recommended = 0;
        bool isForEngine = true; ///< it loads there
    };

    void follow();
    const Rows &rows() const; ///< made when they are asked for first
    Rows makeRows() const;

    const SessionModel &m_session;
    std::optional<DType> m_type;
    int m_engine = 0;
    mutable std::optional<Rows> m_rows;
};

} // namespace secateur::ui
