// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"
#include "session/Session.h"
#include "widgets/Card.h"

class QCheckBox;
class QLabel;
class QPushButton;

namespace secateur::ui {

class CopyButton;
class InlineNote;
class JobButton;
class RestorationResult;
class RestoreSettings;
struct Possibility;

/// Restoring the current plan: what it does and costs, the job, and what it gained. Off until people switch it on. Of a restored plan it shows the record,
/// and of a plain one that was restored the gain, with the way there. Figures are never those of another plan.
class RestoreCard : public Card {
    Q_OBJECT
    Q_PROPERTY(QString asked READ asked WRITE setAsked)
public:
    explicit RestoreCard(Workbench workbench, QWidget *parent = nullptr);

    /// What is asked for, as words that a session keeps with its view.
    QString asked() const;
    /// So again; words that are none change nothing.
    void setAsked(const QString &words);
    void follow();

protected:
    void showEvent(QShowEvent *event) override;

private:
    void layOut();
    void connectModels();
    void followResult();
    void followAsked();
    void press();
    void showRestored();
    int runningJob() const; ///< 0: none
    /// The newest plan of the shelf that was restored from the current one; null: none.
    const ShelfPlan *restoredFromCurrent(std::string *key = nullptr) const;
    bool isAnotherRestored() const; ///< of another size or other settings of 2SSP
    Possibility possibility() const;
    QString costText() const;
    QString progressText() const;

    Workbench m_workbench;
    QLabel *m_label; ///< that it is no plain 2SSP
    QCheckBox *m_on;
    RestoreSettings *m_settings;
    QWidget *m_asked; ///< what is asked for, while it is on
    JobButton *m_start;
    CopyButton *m_copyCommand;
    QLabel *m_progress;
    InlineNote *m_state; ///< what is known of the current plan
    QPushButton *m_show;
    RestorationResult *m_result;
};

} // namespace secateur::ui
