// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QWidget>

class QStackedLayout;

namespace secateur::ui {

class CopyButton;
class EmptyState;
class SegmentedControl;

/// Stage 2: the search of the current plan, or the impact of each attention on the original model.
class AttentionPanel : public QWidget {
    Q_OBJECT
    Q_PROPERTY(View view READ view WRITE setView)
public:
    enum class View { Search, Impact };
    Q_ENUM(View)

    explicit AttentionPanel(Workbench workbench, QWidget *parent = nullptr);

    View view() const;
    void setView(View view);

signals:
    void calibrateRequested();
    void openRequested();

private:
    void startOver();
    void followCalibration();
    void followCopy();

    Workbench m_workbench;
    QStackedLayout *m_pages; ///< without a model, and with one
    EmptyState *m_empty;
    SegmentedControl *m_choice;
    CopyButton *m_copySearch, *m_copyImpact;
    QStackedLayout *m_views;
    bool m_wasCalibrated = false;
};

} // namespace secateur::ui
