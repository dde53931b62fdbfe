// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QString>
#include <QWidget>

class QLabel;
class QPushButton;

namespace secateur::ui {

class FactLines;
class FormulaCard;

/// What there is to know of the layer that is hovered or selected, what can be done about its attention, and the balance rule explained
/// with the numbers of the current plan.
class InspectorPanel : public QWidget {
    Q_OBJECT
public:
    explicit InspectorPanel(Workbench workbench, QWidget *parent = nullptr);

    QSize sizeHint() const override { return {260, 500}; }

protected:
    void showEvent(QShowEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void makeParts();
    void follow();
    void followLayer();
    void followButtons();
    void followRefit();
    void fitWidth();
    qint64 layer() const;
    QString impactName() const;
    QString impactText() const;
    QString runnerUpText() const;

    Workbench m_workbench;
    QWidget *m_content;
    QLabel *m_title, *m_hint;
    FactLines *m_facts;
    QPushButton *m_protect, *m_force, *m_setWidth;
    QLabel *m_refitTitle, *m_refitText; ///< of a restored plan: what the refit did in the layer
    FormulaCard *m_refit;
    QLabel *m_explained, *m_explanation; ///< what it tells of, and what
    FormulaCard *m_depth, *m_width;
};

} // namespace secateur::ui
