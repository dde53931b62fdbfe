// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"
#include "text/TokenWindows.h"

#include <QObject>
#include <QString>
#include <vector>

class QFormLayout;
class QPushButton;
class QWidget;

namespace secateur::ui {

class ElidedLabel;

/// The two texts of a pruning as rows of a form: which they are, what they begin with, and buttons that choose others. How they are cut into windows is
/// set in the tabs.
class PruneTexts : public QObject {
    Q_OBJECT
public:
    /// The rows go to the end of the form.
    PruneTexts(Workbench workbench, QFormLayout &form, QWidget *parent);

    /// Texts that come with the program, for one click; empty = there are none.
    void setSampleTexts(const QString &calibration, const QString &evaluation);
    /// Shows the texts of the session.
    void follow();
    /// Why one of them cannot be used, and what to do about it; both empty when they can, as far as they were read.
    struct Refusal {
        QString sentence, remedy;
    };
    Refusal refusal() const;

signals:
    void changed(); ///< what is known of a text

private:
    enum class Use { Calibration, Evaluation };
    void choose(Use use);
    void setFiles(Use use, const QStringList &files);

    Workbench m_workbench;
    QWidget *m_window;
    ElidedLabel *m_calibration, *m_firstLine, *m_evaluation;
    QPushButton *m_sampleCalibration, *m_sampleEvaluation, *m_none;
    QString m_samples[2];
    TextSettings m_readText; ///< whose first line is shown
    struct Refused {
        TextSettings text;
        Refusal refusal;
    };
    std::vector<Refused> m_refused;
};

} // namespace secateur::ui
