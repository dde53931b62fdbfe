// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/search/RemovalOrderModel.h"

#include <QListView>

namespace secateur::ui {

/// The removal order as a row of chips: one a step, walked with the arrow keys, chosen by click. The chip of the selected layer is underlined, that of
/// the hovered one framed.
class RemovalChips : public QListView {
    Q_OBJECT
public:
    explicit RemovalChips(QWidget *parent = nullptr);

    /// `shown`: chips that the replay has revealed; -1 = all.
    void showRemovals(std::vector<Removal> removals, qint64 shown);
    void setStep(qint64 step); ///< -1 or a step that is not finished: none is marked
    void setSelectedLayer(qint64 layer);
    void setHoveredLayer(qint64 layer);

signals:
    void stepChosen(qint64 step); ///< by a gesture
    void layerClicked(qint64 layer);
    void layerHovered(qint64 layer); ///< -1: none

protected:
    void currentChanged(const QModelIndex &current, const QModelIndex &previous) override;
    void changeEvent(QEvent *event) override;
    bool viewportEvent(QEvent *event) override;

private:
    class Delegate;

    void fitHeight();

    RemovalOrderModel *m_order;
    Delegate *m_delegate;
    bool m_isSetting = false;
};

} // namespace secateur::ui
