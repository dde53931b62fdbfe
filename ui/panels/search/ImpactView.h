// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QString>
#include <QTimer>
#include <QWidget>

class QLabel;
class QStackedLayout;

namespace secateur::ui {

class CandidateBars;
class EmptyState;
class JobButton;

/// What each attention means to the original model: nothing narrowed, one attention left out at a time. Needs no calibration.
class ImpactView : public QWidget {
    Q_OBJECT
public:
    explicit ImpactView(Workbench workbench, QWidget *parent = nullptr);

protected:
    void showEvent(QShowEvent *event) override;

private:
    void connectModels();
    void followSoon();
    void follow();
    void followHeader();
    QString statusText() const;

    Workbench m_workbench;
    QLabel *m_status;
    JobButton *m_measure;
    QStackedLayout *m_pages;
    EmptyState *m_empty;
    CandidateBars *m_bars;
    QTimer m_soon; ///< many losses of one turn of the event loop become one update
};

} // namespace secateur::ui
