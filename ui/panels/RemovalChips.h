// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/RemovalOrderModel.h"

#include <QListView>

namespace secateur::ui {

/// The removal order as a row of chips: one a step, walked with the arrow keys, chosen by click.
class RemovalChips : public QListView {
    Q_OBJECT
public:
    explicit RemovalChips(QWidget *parent = nullptr);

    /// `shown`: chips that the replay has revealed; -1 = all.
    void showRemovals(std::vector<Removal> removals, qint64 shown);
    void setStep(qint64 step); ///< -1 or a step that is not finished: none is marked

signals:
    void stepChosen(qint64 step); ///< by a gesture

protected:
    void currentChanged(const QModelIndex &current, const QModelIndex &previous) override;
    void changeEvent(QEvent *event) override;

private:
    void fitHeight();

    RemovalOrderModel *m_order;
    bool m_isSetting = false;
};

} // namespace secateur::ui
