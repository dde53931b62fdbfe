// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/SessionModel.h"

#include <QAbstractTableModel>
#include <optional>
#include <vector>

namespace secateur::ui {

/// All perplexities measured in a session. A row is a record; the current plan is marked. Sort by kSortRole (numbers as numbers).
class EvaluationModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { kPlan, kText, kOrder, kPerplexity, kAgainstOriginal, kLoss, kWindows, kTokens, kComputed, kColumns };
    enum { kSortRole = Qt::UserRole, kReasonRole }; ///< kReasonRole: why the row's plan cannot be taken into hand; empty = it can

    explicit EvaluationModel(const SessionModel &session, QObject *parent = nullptr);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

    const Measurement &record(int row) const { return m_session.session().measurements[m_rows[std::size_t(row)].record]; }
    /// Whether the record is of the current plan, on whatever text.
    bool isOfPlan(int row) const { return m_rows[std::size_t(row)].isOfPlan; }
    /// Perplexity over that of the original on the same tokens; none when that was not measured.
    std::optional<double> againstOriginal(int row) const { return m_rows[std::size_t(row)].againstOriginal; }
    /// Whether the rows were computed in different ways, so that it must be seen which was computed how.
    bool isMixed() const { return m_isMixed; }
    /// All rows in the C locale, with a line of names.
    QString separated(QChar separator) const;

private:
    /// What follows from a record, computed once: it is asked for by every cell that is drawn, measured or sorted.
    struct Row {
        std::size_t record = 0; ///< place in the session's measurements
        double sparsity = 0;    ///< share of the layers' parameters that its plan removes
        std::optional<double> againstOriginal;
        QString difference{}; ///< conditionsDifference() of the original and the record
        bool isOfPlan = false;
    };

    void reset();
    void follow();
    QVariant value(int row, Column column) const;
    QString text(int row, Column column) const;
    bool isOfCurrent(const Measurement &record) const;

    const SessionModel &m_session;
    std::vector<Row> m_rows;
    bool m_isMixed = false;
};

/// What the model that was measured costs.
ModelFigures figuresOf(const SessionModel &session, const Measurement &record);
/// "original", or "37.6 %, N = 3, K = 193": what a record measured.
QString planText(const SessionModel &session, const Measurement &record);
/// Why a perplexity that was measured with the removal order of another K is an estimate of the plan's own.
QString borrowedOrderText();

} // namespace secateur::ui
