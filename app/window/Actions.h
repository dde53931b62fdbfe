// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/SessionJobs.h"

#include <QAction>
#include <QList>
#include <QObject>

class QUndoStack;
class QWidget;

namespace secateur::ui {

class JobRunner;
class PlanEditor;
class SessionModel;

/// Every action of the window, with its name, icon and keys. Those of jobs and of the plan act by themselves and know when they are possible (a
/// tooltip says why not); the others are connected by the window.
class Actions : public QObject {
    Q_OBJECT
public:
    /// Property of an action whose text says what it would do right now: its name.
    static constexpr const char *kPlainName = "plainName";
    /// Property of an action: other words by which the command palette finds it.
    static constexpr const char *kKeywords = "keywords";

    Actions(SessionModel &model, PlanEditor &editor, SessionJobs &jobs, JobRunner &runner, QUndoStack &history, QWidget *window);

    QAction *openModel, *openGguf, *openSession, *openFile, *openSample, *saveSession, *saveSessionAs, *savePlan, *saveReport, *saveFigures,
        *quit;
    QAction *undo, *redo, *pin;
    QAction *prune, *calibrate, *measureImpact, *search, *evaluate, *evaluateDense, *goToPlayground, *goToCompare, *goToExport;
    QAction *pauseJob, *cancelJob, *copyCommand;
    QAction *sparsity25, *sparsity37, *sparsity50, *neuronsByRule, *attentionsByRule;
    QAction *present, *spotlight, *largerType, *smallerType, *usualType;
    QAction *guide, *tour, *lessons;
    QAction *palette, *shortcuts, *about;

    /// All of them, and those that were added; for the palette and the overview.
    QList<QAction *> all() const { return m_all; }
    void add(QAction *action);

signals:
    /// Undo or Redo took a step that was made to change the plan: from that one to the current one.
    void planStepped(const secateur::PlanDraft &before);
    /// One that was made to change the choice of a text, or the norm, which belongs to the calibration.
    void calibrationTextStepped();
    void evaluationTextStepped();

private:
    QAction *make(const QString &text, const char *icon, const QKeySequence &keys = {});
    void makeHistory(PlanEditor &editor, QUndoStack &history);
    void follow();
    void setPossible(QAction *action, const Possibility &possibility);

    SessionModel &m_model;
    SessionJobs &m_jobs;
    JobRunner &m_runner;
    QWidget *m_window;
    QList<QAction *> m_all;
};

} // namespace secateur::ui
