// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/Actions.h"

#include "commands/PlanEditor.h"
#include "jobs/JobRunner.h"
#include "models/SessionModel.h"
#include "theme/Icons.h"
#include "widgets/Enabling.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QUndoCommand>
#include <QUndoStack>
#include <QWidget>

namespace secateur::ui {

Actions::Actions(SessionModel &model, PlanEditor &editor, SessionJobs &jobs, JobRunner &runner, QUndoStack &history, QWidget *window)
    : QObject(window),
      m_model(model),
      m_jobs(jobs),
      m_runner(runner),
      m_window(window)
{
    openModel = make(tr("&Open model folder…"), "folder", QKeySequence::Open);
    openGguf = make(tr("Open &GGUF file…"), "folder");
    openSession = make(tr("Open se&ssion…"), "open", QKeySequence(tr("Ctrl+Shift+O")));
    openFile = make(tr("Open p&lan or scores…"), "open");
    openFile->setProperty(kKeywords, tr("open file, manifest"));
    openSample = make(tr("Open the &bundled sample"), "sample");
    saveSession = make(tr("&Save session"), "save", QKeySequence::Save);
    saveSessionAs = make(tr("Save session &as…"), "save", QKeySequence(tr("Ctrl+Shift+S")));
    savePlan = make(tr("Export &plan (.json)…"), "export");
    saveReport = make(tr("Save &report…"), "save");
    saveReport->setProperty(kKeywords, tr("html, summary"));
    saveFigures = make(tr("Save all &figures…"), "save");
    saveFigures->setProperty(kKeywords, tr("plots, png, svg, pdf, csv"));
    quit = make(tr("&Quit"), "", QKeySequence(tr("Ctrl+Q")));

    makeHistory(editor, history);
    pin = make(tr("P&in the current plan"), "pin", QKeySequence(tr("Ctrl+D")));

    prune = make(tr("&Prune…"), "play", QKeySequence(tr("Ctrl+P")));
    calibrate = make(tr("&Calibrate"), "calibrate", QKeySequence(tr("Ctrl+K")));
    measureImpact = make(tr("&Impact of each attention on the original"), "search", QKeySequence(tr("Ctrl+I")));
    search = make(tr("&Search for attentions to remove"), "search", QKeySequence(tr("Ctrl+R")));
    evaluate = make(tr("&Evaluate the plan"), "evaluate", QKeySequence(tr("Ctrl+E")));
    evaluateDense = make(tr("Evaluate the &original"), "evaluate");
    goToPlayground = make(tr("Try it in the play&ground…"), "playground", QKeySequence(tr("Ctrl+Shift+G")));
    goToPlayground->setProperty(kKeywords, tr("generate, write, chat, score text, tokens"));
    goToCompare = make(tr("Co&mpare plans…"), "compare", QKeySequence(tr("Ctrl+Shift+M")));
    goToExport = make(tr("E&xport…"), "export", QKeySequence(tr("Ctrl+Shift+E")));
    pauseJob = make(tr("&Pause the job"), "pause", QKeySequence(tr("Ctrl+,")));
    cancelJob = make(tr("&Cancel the job"), "cancel", QKeySequence(tr("Ctrl+.")));
    copyCommand = make(tr("Copy as co&mmand"), "terminal", QKeySequence(tr("Ctrl+Shift+C")));

    sparsity25 = make(tr("Sparsity &25 %"), "");
    sparsity37 = make(tr("Sparsity &37.5 %"), "");
    sparsity50 = make(tr("Sparsity &50 %"), "");
    neuronsByRule = make(tr("Reset &K"), "");
    attentionsByRule = make(tr("Reset &N"), "");

    present = make(tr("&Present"), "play");
    present->setShortcuts({QKeySequence(tr("F5")), QKeySequence(tr("F11"))});
    present->setCheckable(true);
    present->setProperty(kKeywords, tr("full screen, projector, presentation"));
    spotlight = make(tr("Ring around the &pointer"), "", QKeySequence(tr("Ctrl+L")));
    spotlight->setCheckable(true);
    spotlight->setProperty(kKeywords, tr("spotlight, laser"));
    largerType = make(tr("&Larger letters"), "");
    largerType->setShortcuts({QKeySequence(tr("Ctrl++")), QKeySequence(tr("Ctrl+="))});
    smallerType = make(tr("S&maller letters"), "", QKeySequence(tr("Ctrl+-")));
    usualType = make(tr("&Usual letters"), "", QKeySequence(tr("Ctrl+0")));
    for (QAction *action : {largerType, smallerType, usualType})
        action->setProperty(kKeywords, tr("font, type, zoom, scale"));

    guide = make(tr("User &guide"), "info", QKeySequence(tr("F1")));
    guide->setProperty(kKeywords, tr("help, manual"));
    tour = make(tr("&Tour"), "play");
    lessons = make(tr("&Lesson sheets"), "open");
    lessons->setProperty(kKeywords, tr("course, teach, exercises"));
    palette = make(tr("&Command palette…"), "palette", QKeySequence(tr("Ctrl+Shift+P")));
    shortcuts = make(tr("&Keyboard shortcuts"), "info", QKeySequence(tr("Ctrl+/")));
    about = make(tr("&About Secateur"), "info");

    connect(pin, &QAction::triggered, &editor, [&editor] { editor.pin({}); });
    connect(calibrate, &QAction::triggered, &jobs, &SessionJobs::calibrate);
    connect(measureImpact, &QAction::triggered, &jobs, &SessionJobs::measureImpact);
    connect(search, &QAction::triggered, &jobs, &SessionJobs::search);
    connect(evaluate, &QAction::triggered, &jobs, &SessionJobs::evaluate);
    connect(evaluateDense, &QAction::triggered, &jobs, &SessionJobs::evaluateDense);
    for (QAction *action : {pauseJob, cancelJob}) // from every window of the program
        action->setShortcutContext(Qt::ApplicationShortcut);
    connect(cancelJob, &QAction::triggered, &runner, [&runner] {
        if (const JobInfo *job = runner.current())
            runner.cancel(job->number);
    });
    connect(pauseJob, &QAction::triggered, &runner, [&runner] {
        if (const JobInfo *job = runner.current())
            runner.setPaused(job->number, job->state != JobInfo::State::Paused);
    });
    connect(copyCommand, &QAction::triggered, this, [this] {
        const JobKind kind = m_model.hasNeurons() && !m_model.isSettled() ? JobKind::Search : JobKind::Open;
        if (const QString command = m_jobs.commandOf(kind); !command.isEmpty())
            QGuiApplication::clipboard()->setText(command);
    });
    connect(sparsity25, &QAction::triggered, &editor, [&editor] { editor.setSparsity(0.25); });
    connect(sparsity37, &QAction::triggered, &editor, [&editor] { editor.setSparsity(0.375); });
    connect(sparsity50, &QAction::triggered, &editor, [&editor] { editor.setSparsity(0.5); });
    connect(neuronsByRule, &QAction::triggered, &editor, [&editor] { editor.setNeuronsKept({}); });
    connect(attentionsByRule, &QAction::triggered, &editor, [&editor] { editor.setAttentionsToRemove({}); });

    for (const auto signal : {&SessionModel::modelChanged, &SessionModel::modelPresenceChanged, &SessionModel::textsChanged,
                              &SessionModel::draftChanged, &SessionModel::searchChanged, &SessionModel::exportsChanged})
        connect(&model, signal, this, &Actions::follow);
    connect(&runner, &JobRunner::jobAdded, this, &Actions::follow);
    connect(&runner, &JobRunner::jobFinished, this, &Actions::follow);
    follow();
}

/// Not those of the stack itself: an undone step must not come between the moves of a drag.
void Actions::makeHistory(PlanEditor &editor, QUndoStack &history)
{
    undo = make(tr("Undo"), "undo", QKeySequence::Undo);
    redo = make(tr("Redo"), "redo", QKeySequence::Redo);
    undo->setProperty(kPlainName, tr("Undo"));
    redo->setProperty(kPlainName, tr("Redo"));
    const auto step = [this, &editor, &history](int index, void (QUndoStack::*go)()) {
        const QUndoCommand *command = history.command(index);
        if (!command || editor.isDragging())
            return;
        const PlanEditor::Part part = PlanEditor::partOf(*command);
        const PlanDraft before = m_model.draft();
        (history.*go)();
        switch (part) {
        case PlanEditor::Part::Plan:
            return emit planStepped(before);
        case PlanEditor::Part::CalibrationText:
            return emit calibrationTextStepped();
        case PlanEditor::Part::EvaluationText:
            return emit evaluationTextStepped();
        case PlanEditor::Part::Pins:
        case PlanEditor::Part::Tasks:
            return;
        }
    };
    connect(undo, &QAction::triggered, this, [step, &history] { step(history.index() - 1, &QUndoStack::undo); });
    connect(redo, &QAction::triggered, this, [step, &history] { step(history.index(), &QUndoStack::redo); });
    const auto followHistory = [this, &history] {
        undo->setText(history.canUndo() ? tr("Undo %1").arg(history.undoText()) : tr("Undo"));
        redo->setText(history.canRedo() ? tr("Redo %1").arg(history.redoText()) : tr("Redo"));
        setPossible(undo, {history.canUndo() ? QString() : tr("Nothing to undo: nothing was changed yet.")});
        setPossible(redo, {history.canRedo() ? QString() : tr("Nothing to redo: no change was undone.")});
    };
    connect(&history, &QUndoStack::indexChanged, this, followHistory);
    followHistory();
}

QAction *Actions::make(const QString &text, const char *iconName, const QKeySequence &keys)
{
    auto *action = new QAction(text, this);
    if (*iconName)
        action->setIcon(icon(QLatin1String(iconName)));
    action->setShortcut(keys);
    add(action);
    return action;
}

void Actions::add(QAction *action)
{
    m_all.append(action);
    m_window->addAction(action); // its keys work even when no menu shows it
}

void Actions::setPossible(QAction *action, const Possibility &possibility)
{
    enableUnless(possibility.reason, *action, QString(action->text()).remove(QLatin1Char('&')));
}

void Actions::follow()
{
    const Possibility own{m_model.changeProblem()}, width{m_model.widthProblem()}, removals{m_model.removalsProblem()},
        plan = m_model.isSettled() ? own : Possibility{m_model.editProblem()};
    for (QAction *action : {saveSession, saveSessionAs, saveReport, copyCommand})
        setPossible(action, own);
    for (QAction *action : {sparsity25, sparsity37, sparsity50})
        setPossible(action, width);
    setPossible(pin, plan);
    const BalanceSettings &balance = m_model.draft().balance;
    const QString noN = m_model.shelfPlan() ? tr("N is the plan's own already.") : tr("N follows the balance rule already.");
    setPossible(neuronsByRule, width && !balance.neuronsKept ? Possibility{tr("K follows the balance rule already.")} : width);
    setPossible(attentionsByRule, removals && !balance.attentionsToRemove ? Possibility{noN} : removals);
    setPossible(savePlan, !plan                   ? plan
                          : !m_model.hasNeurons() ? Possibility{tr("Calibrate first: no neurons are chosen yet.")}
                                                  : Possibility{m_model.balanceProblem()});
    setPossible(calibrate, m_jobs.canCalibrate());
    setPossible(measureImpact, m_jobs.canMeasureImpact());
    setPossible(search, m_jobs.canSearch());
    setPossible(evaluate, m_jobs.canEvaluate());
    setPossible(evaluateDense, m_jobs.canEvaluateDense());
    setPossible(saveFigures, m_model.hasModel() ? Possibility() : own);
    for (QAction *action : {goToPlayground, goToCompare}) // also of a session that is for looking at only
        setPossible(action, m_model.hasModel() ? Possibility() : own);
    setPossible(goToExport, m_model.session().exports.empty() ? m_jobs.canExport() : own);
    const bool isMissing = own && !m_model.isModelThere();
    setPossible(prune, isMissing ? Possibility{tr("The model of this session is not there: locate it on the Model page.")} : plan);
    const Possibility job{m_runner.current() ? QString() : tr("No job is running.")};
    setPossible(pauseJob, job);
    setPossible(cancelJob, job);
}

} // namespace secateur::ui
