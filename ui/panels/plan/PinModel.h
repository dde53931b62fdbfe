// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/Session.h"

#include <QAbstractTableModel>
#include <vector>

namespace secateur::ui {

class PlanEditor;
class SessionModel;

/// The pinned plans as a table: name (editable, through the undo stack), sparsity, N, K, how far the search is, perplexity. The plan that
/// equals the current one stands in bold.
class PinModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Name, Sparsity, Attentions, Neurons, Search, Perplexity, kColumns };

    PinModel(const SessionModel &session, PlanEditor &editor, QObject *parent = nullptr);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    bool setData(const QModelIndex &index, const QVariant &value, int role = Qt::EditRole) override;
    Qt::ItemFlags flags(const QModelIndex &index) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

    /// The row of the current plan; -1 when it is not pinned.
    int rowInHand() const;

private:
    /// A pin with what follows from it, in words.
    struct Row {
        PinnedPlan pin;
        QString sparsity, attentions, neurons, search, perplexity, computed, problem; ///< computed: how the perplexity was
    };

    Row rowOf(const PinnedPlan &pin) const;
    void followPins();
    void followResults();

    const SessionModel &m_session;
    PlanEditor &m_editor;
    std::vector<Row> m_rows;
};

} // namespace secateur::ui
