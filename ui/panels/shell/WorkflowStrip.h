// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QWidget>
#include <array>
#include <utility>

class QDoubleSpinBox;
class QLabel;

namespace secateur::ui {

class FittingLabel;
class RuleSpinBox;
class StepButton;

/// The way through the program, Load > Calibrate > Plan > Evaluate > Export, and beside it the current plan: its name, sparsity, N and K,
/// and whether it is settled.
class WorkflowStrip : public QWidget {
    Q_OBJECT
public:
    enum class Step { Load, Calibrate, Plan, Evaluate, Export };
    Q_ENUM(Step)

    explicit WorkflowStrip(Workbench workbench, QWidget *parent = nullptr);

    /// Where people are; changes nothing else.
    void setCurrent(Step step);
    Step current() const { return m_current; }

signals:
    /// A step that is possible was chosen.
    void stepClicked(Step step);

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    static constexpr int kSteps = 5;

    bool isDone(Step step) const;
    QString problemOf(Step step) const;
    void makeFields();
    void followSteps();
    void followPlan();
    void followExactness();
    bool isReachedByHand() const;
    double shownSparsity() const;
    qint64 shownAttentions() const;
    std::pair<qint64, qint64> attentionsRange() const;

    Workbench m_workbench;
    Step m_current = Step::Load;
    std::array<StepButton *, kSteps> m_buttons{};
    FittingLabel *m_name, *m_exactness;
    QDoubleSpinBox *m_sparsity;
    RuleSpinBox *m_attentions, *m_neurons;
};

} // namespace secateur::ui
