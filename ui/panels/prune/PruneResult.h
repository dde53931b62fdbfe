// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/JobRunner.h"
#include "panels/parts/Workbench.h"
#include "session/Session.h"
#include "widgets/FactList.h"

#include <QString>
#include <QWidget>

class QPushButton;

namespace secateur::ui {

class ElidedLabel;
class InlineNote;
class SessionModel;

/// The last page of "Prune…": what came out of the job, or why nothing did.
class PruneResult : public QWidget {
    Q_OBJECT
public:
    explicit PruneResult(Workbench workbench, QWidget *parent = nullptr);

    /// `draft` and `command`: what the job was asked for.
    void tell(const JobInfo &job, const PlanDraft &draft, const QString &command);

signals:
    void lookCloserRequested(); ///< at the plan, in the tabs
    void againRequested();

private:
    void tellFailure(const JobInfo &job);
    FactList::Facts factsOf(const ExportRecord &record, PlanDraft draft, double seconds) const;
    const PruningPlan *restoredPlan(const ExportRecord &record) const; ///< that was written; null where it is a plain one
    QString plainPerplexityOf(const PruningPlan &restored) const;      ///< before it was restored; empty where it was not measured
    void addRestored(FactList::Facts &facts, const PruningPlan &plan) const;
    QString perplexityOf(const ExportRecord &record) const; ///< empty where it was not measured
    QString removedBy(const PlanDraft &draft, const SparsityBalance &balance) const;

    const SessionModel &m_session;
    MessageLog &m_messages;
    QString m_command;
    InlineNote *m_verdict;
    ElidedLabel *m_folder;
    FactList *m_facts;
    QPushButton *m_openFolder, *m_closer;
};

} // namespace secateur::ui
