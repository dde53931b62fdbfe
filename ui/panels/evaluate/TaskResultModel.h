// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tasks/Task.h"

#include <QAbstractTableModel>
#include <optional>
#include <vector>

namespace secateur::ui {

class SessionModel;

/// What the current plan and the original reach in the tasks that were measured last, beside each other.
class TaskResultModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { kTask, kPlanAcc, kOriginalAcc, kPlanNorm, kOriginalNorm, kItems, kSkipped, kColumns };

    explicit TaskResultModel(const SessionModel &session, QObject *parent = nullptr);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

    /// How the items were asked: "the first 200 items of each, without BOS"; empty when nothing was measured.
    QString howAsked() const;
    /// All rows in the C locale, tab-separated, with a line of names.
    QString separated() const;

private:
    /// A task: of the plan, of the original, or of both.
    struct Row {
        std::optional<TaskResult> plan, original;
        const TaskResult &any() const { return plan ? *plan : *original; }
    };

    void follow();
    QString text(const Row &row, Column column) const;

    const SessionModel &m_session;
    std::vector<Row> m_rows;
    std::optional<TaskResults> m_asked; ///< of the measurement shown
};

/// "64.3 ± 1.4 %".
QString accuracyText(double share, const std::optional<double> &error);

} // namespace secateur::ui
