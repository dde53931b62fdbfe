// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/SessionJobs.h"
#include "panels/parts/Workbench.h"
#include "panels/prune/PruneSizes.h"

#include <QWidget>
#include <optional>

class QCheckBox;
class QFormLayout;
class QLabel;

namespace secateur::ui {

class CopyButton;
class ElidedLabel;
class EngineBox;
class ExportFolder;
class FittingLabel;
class InlineNote;
class JobButton;
class NumberBox;
class PruneTexts;
class SegmentedControl;

/// The first page of "Prune…": how much to remove, the texts, the program in which the model is used, the folder; and what will come out.
class PruneQuestion : public QWidget {
    Q_OBJECT
public:
    explicit PruneQuestion(Workbench workbench, QWidget *parent = nullptr);

    PruneTexts &texts() const { return *m_texts; }
    /// The folder that was asked for has been made: another is suggested.
    void forgetFolder();
    void focusButton();

signals:
    void pruneRequested(const secateur::ui::PruneRequest &request);

protected:
    void showEvent(QShowEvent *event) override;

private:
    enum Target { Quarter, ThreeEighths, Half, Other, Fits };

    QWidget *buildForm();
    void buildTarget(QFormLayout &form);
    void followModel();
    void follow();
    std::optional<double> sparsity() const;
    /// What is asked for; none where no sparsity can reach it.
    std::optional<PruneRequest> request() const;
    /// Shows what a request would write. Why that is not possible, for the button.
    QString showOutcome(const PruneRequest &request);
    /// Says what is wrong below the buttons, for which the window grows where it can.
    void tell(const QString &sentence, const QString &remedy);
    void makeRoom();

    Workbench m_workbench;
    PruneSizes m_sizes;
    ElidedLabel *m_model;
    SegmentedControl *m_target;
    NumberBox *m_percent, *m_size;
    double m_sizeUnit = 1e9; ///< bytes
    PruneTexts *m_texts = nullptr;
    EngineBox *m_engine;
    QCheckBox *m_restore; ///< off: plain 2SSP
    ExportFolder *m_folder;
    FittingLabel *m_share; ///< what the number before it is
    QLabel *m_becomes;
    QLabel *m_how;
    QLabel *m_takesOver; ///< of the current plan
    InlineNote *m_problem;
    QString m_paused; ///< what is said of the job in hand if it is paused
    QWidget *m_room;  ///< of the problem, below the buttons: only grows, so that no button moves while a folder is typed
    JobButton *m_prune;
    CopyButton *m_copy;
};

} // namespace secateur::ui
