// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/layers/LayerFacts.h"

#include <QAbstractTableModel>
#include <vector>

namespace secateur::ui {

/// The layers of the model as a table: number, attention, FFN. In words for screen readers, as `facts` for the painter of the map.
class LayerModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Layer, Attention, Ffn, kColumns };
    enum { ShortTextRole = Qt::UserRole }; ///< of a heading, where the room is small

    LayerModel(const SessionModel &session, const SelectionModel &selection, QObject *parent = nullptr);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

    const LayerFacts &facts(int row) const { return m_facts[std::size_t(row)]; }
    qint64 widestFfn() const { return m_widestFfn; } ///< neurons
    bool isCompared(int row) const;                  ///< with others, by their scores: with no scores in use none is

private:
    void restart();
    void follow();
    std::vector<LayerFacts> allFacts() const;
    QString keptText() const;
    QString toolTip(int row) const;

    const SessionModel &m_session;
    const SelectionModel &m_selection;
    std::vector<LayerFacts> m_facts;
    qint64 m_widestFfn = 0;
    bool m_hasScores = false;
    bool m_hasNeurons = false; ///< of the current plan, when the rows were last told of
};

} // namespace secateur::ui
