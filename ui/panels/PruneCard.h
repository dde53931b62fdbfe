// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/SessionJobs.h"
#include "panels/Workbench.h"

#include <QWidget>
#include <optional>
#include <string>
#include <vector>

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QStackedWidget;

namespace secateur::ui {

class ElidedLabel;
class FactList;
class InlineNote;
class JobButton;
class SegmentedControl;

/// All of it on one page, for people who want a smaller model: asks for a target, a text and the program in which the model is used, runs one job
/// that can be cancelled, and shows what came out.
class PruneCard : public QWidget {
    Q_OBJECT
public:
    explicit PruneCard(Workbench workbench, QWidget *parent = nullptr);

    /// Asks again, after a result.
    void ask();

protected:
    void showEvent(QShowEvent *event) override;

signals:
    void lookCloserRequested(); ///< at the plan, in the tabs

private:
    enum Page { Question, Running, Result };
    enum Target { Quarter, ThreeEighths, Half, Other, Fits };

    QWidget *buildQuestion();
    QWidget *buildRunning();
    QWidget *buildResult();
    void chooseText(bool isForEvaluation);
    void dropEvaluation();
    void chooseFolder();
    void followModel();
    void follow();
    void followJob(int number);
    void showResult(const JobInfo &job);

    /// What is asked for; none where no sparsity can reach it.
    std::optional<PruneRequest> request() const;
    std::optional<double> sparsity() const;
    /// Name of an export target and the bytes of the weights in its files; none when the plan is not possible.
    struct Written {
        std::string target;
        std::optional<qint64> bytes;
    };
    Written writtenAt(double sparsity) const;
    QString smallestText() const;
    void suggestFolder(double sparsity);

    Workbench m_workbench;
    QStackedWidget *m_pages;
    ElidedLabel *m_model;
    SegmentedControl *m_target;
    QDoubleSpinBox *m_percent, *m_size;
    double m_sizeUnit = 1e9; ///< bytes
    ElidedLabel *m_text, *m_heldOut;
    ElidedLabel *m_firstLine; ///< of the text to calibrate on
    TextSettings m_readText;
    QPushButton *m_chooseText, *m_chooseHeldOut, *m_noHeldOut;
    QComboBox *m_engine;
    QLineEdit *m_folder;
    QPushButton *m_browse;
    ElidedLabel *m_becomes, *m_how;
    InlineNote *m_problem;
    JobButton *m_prune;
    ElidedLabel *m_running;
    QProgressBar *m_progress;
    QLabel *m_counts;
    QPushButton *m_cancel;
    InlineNote *m_verdict;
    FactList *m_facts;
    ElidedLabel *m_written;
    QPushButton *m_openFolder, *m_closer, *m_again;
    int m_job = 0; ///< the number of the one that was started here
    QString m_command;
    PlanDraft m_draft; ///< of that job
    struct Refusal {
        TextSettings text;
        QString sentence, remedy;
    };
    std::vector<Refusal> m_refused; ///< texts that cannot be used
};

} // namespace secateur::ui
