// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"
#include "panels/plan/CurveData.h"

#include <QWidget>

#include <string>

class QComboBox;
class QLabel;
class QLayout;
class QPushButton;
class QStackedLayout;

namespace secateur::ui {

class BalanceSlider;
class Card;
class CopyButton;
class CurveCard;
class EmptyState;
class InlineNote;
class JobButton;
class MethodCard;
class RestoreCard;
class SegmentedControl;
class TargetControls;

/// How much goes, and how it splits into width and depth; and what was measured of that.
class BalancePanel : public QWidget {
    Q_OBJECT
public:
    explicit BalancePanel(Workbench workbench, QWidget *parent = nullptr);

signals:
    void openRequested();

protected:
    void showEvent(QShowEvent *event) override;

private:
    QWidget *makeContent();
    QWidget *makeProblem();
    QLayout *makeAxis();
    QLayout *makeMeasuring();
    void connectSlider();
    void connectCurve();
    void connectModels();

    void follow();
    void followMethod();
    void followSlider();
    void followSentence();
    void followCurve();
    void followMeasuring();
    void takeNearest();
    void takePoint(qint64 index);
    void setCurveCardShown(bool isShown);

    Workbench m_workbench;
    QStackedLayout *m_pages;
    EmptyState *m_empty;
    MethodCard *m_method;
    std::string m_shownPlan; ///< of the shelf, whose method is shown
    InlineNote *m_shelf;     ///< what a plan of the shelf is
    TargetControls *m_target;
    BalanceSlider *m_slider;
    QLabel *m_sentence;
    Card *m_problem;
    InlineNote *m_problemNote;
    QPushButton *m_nearest;
    RestoreCard *m_restore;
    QComboBox *m_axis;
    SegmentedControl *m_scale;
    PerplexityCurve *m_curve;
    JobButton *m_measure;
    QPushButton *m_measureCurve;
    CopyButton *m_copyCommand;
    CurveCard *m_curveCard;
    CurveData m_shown;
    std::vector<CurveLine> m_lines; ///< of its points
    bool m_areLinesKnown = false;
};

} // namespace secateur::ui
