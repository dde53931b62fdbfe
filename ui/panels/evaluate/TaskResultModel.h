// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "foundation/ComputeConditions.h"
#include "tasks/Task.h"

#include <QAbstractTableModel>
#include <optional>
#include <vector>

namespace secateur::ui {

class SessionModel;

/// What the current plan and the original reach in tasks, beside each other: a row for each that was measured of either. The same task that was asked
/// otherwise, such as of fewer items, is a row of its own.
class TaskResultModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { kTask, kAsked, kPlanAcc, kOriginalAcc, kPlanNorm, kOriginalNorm, kItems, kSkipped, kColumns };

    explicit TaskResultModel(const SessionModel &session, QObject *parent = nullptr);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

    /// How all of them were asked: "first 200 items, no BOS token"; empty where they were asked in several ways, and without any.
    QString howAsked() const;
    /// All rows in the C locale, tab-separated, with a line of names: one for the plan and one for the original.
    QString separated() const;

private:
    /// One of them: of the plan, of the original, or of both.
    struct Row {
        TaskResults asked; ///< how: without results and their hash
        std::optional<TaskResult> plan, original;
        ComputeConditions ofPlan, ofOriginal; ///< how that was computed
        const TaskResult &any() const { return plan ? *plan : *original; }
        QString difference() const; ///< why the two cannot quite be compared; empty: they can
        bool operator==(const Row &) const = default;
    };

    void follow();
    std::vector<Row> rows() const;
    QString text(const Row &row, Column column) const;

    const SessionModel &m_session;
    std::vector<Row> m_rows;
};

/// "64.3 ± 1.4 %".
QString accuracyText(double share, const std::optional<double> &error);

} // namespace secateur::ui
