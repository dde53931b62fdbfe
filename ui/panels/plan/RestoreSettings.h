// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"
#include "pruning/RestorationRecord.h"

#include <QString>
#include <QWidget>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

class QCheckBox;
class QLabel;
class QPushButton;

namespace secateur::ui {

class ElidedLabel;
class InlineNote;
class SegmentedControl;

/// What restoring is asked for: its steps, by themselves or one by one, and a second text that they must not make worse.
class RestoreSettings : public QWidget {
    Q_OBJECT
public:
    explicit RestoreSettings(Workbench workbench, QWidget *parent = nullptr);

    RestorationSettings value() const;
    /// What is chosen, as JSON that a session keeps with its view.
    nlohmann::json chosen() const;
    /// So again. Throws what reading JSON throws, and then nothing has changed.
    void choose(const nlohmann::json &chosen);
    /// Why it cannot be followed; empty when it can.
    QString problem() const;
    /// What can be chosen for the current plan.
    void follow();

signals:
    void changed(); ///< by a gesture

private:
    struct Step {
        RestorationStep step;
        QCheckBox *box;
        QLabel *note; ///< what it does, and why it cannot be chosen
    };

    void layOut();
    QWidget *layOutText();
    bool isAuto() const;
    std::vector<RestorationStep> autoSteps() const;
    QString stepProblem(RestorationStep step) const;
    QString stepSentence(RestorationStep step) const;
    void chooseText();
    void setText(const QStringList &files);
    void followTargets();

    Workbench m_workbench;
    SegmentedControl *m_how;
    std::vector<Step> m_steps;
    std::vector<RestorationStep> m_chosen; ///< one by one
    QCheckBox *m_widths;                   ///< of Auto: R3 too
    QCheckBox *m_gate;
    ElidedLabel *m_text;
    QPushButton *m_choose, *m_none;
    InlineNote *m_warning;
    std::optional<TextSettings> m_second;
    QString m_oneWidth; ///< the targets that hold one width for all layers
    bool m_holdsAnyWidths = true;
};

} // namespace secateur::ui
