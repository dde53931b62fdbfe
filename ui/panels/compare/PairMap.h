// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/compare/PlanPair.h"

#include <QAbstractTableModel>
#include <QTableView>

namespace secateur::ui {

class SelectionModel;

/// The layers of two plans as a table, in words: the parts of the one, those of the other, and how they differ.
class PairMapModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Layer, FirstAttention, FirstFfn, SecondAttention, SecondFfn, Difference, kColumns };

    using QAbstractTableModel::QAbstractTableModel;

    void setPair(const PlanPair &pair, const QString &firstName, const QString &secondName);
    const PlanPair &pair() const { return m_pair; }

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    PlanPair m_pair;
    QString m_names[2];
};

/// Both maps beside each other, drawn as the map of the window is; layers that are hovered or chosen in one view light up in all.
class PairMap : public QTableView {
    Q_OBJECT
public:
    PairMap(PairMapModel &model, SelectionModel &selection, QWidget *parent = nullptr);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void changeEvent(QEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void currentChanged(const QModelIndex &current, const QModelIndex &previous) override;
    bool viewportEvent(QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;

private:
    class Painter;

    int headingWidth(int column) const;
    void fitRows();
    void fitColumns();
    void followSelected(qint64 layer);

    SelectionModel &m_selection;
    Painter *m_painter;
};

/// "0.812", "0.812; attention in one of them alone", "the same": how two plans differ in a layer. The number is the Jaccard index of the neurons kept.
QString differenceText(const LayerDifference &layer);

} // namespace secateur::ui
