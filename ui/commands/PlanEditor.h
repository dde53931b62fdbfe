// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/Session.h"

#include <QObject>
#include <QString>
#include <memory>
#include <optional>
#include <vector>

class QUndoCommand;
class QUndoStack;

namespace secateur::ui {

class SessionModel;

/// Turns gestures into undo commands: the only way in which the current plan, the pinned plans and the choice of texts change.
///
/// Between beginDrag() and endDrag() all edits become one step of the history. An edit that changes nothing leaves no step. Values out of
/// range are clamped (sparsity to 0.1 ... 99.9 %, N to the feasible range where that is known, K to 1 ... all). An edit that is asked for
/// while a step is done or undone is refused with a warning: it would come from a view that takes the model's change for a gesture. In a session
/// that is open read-only (SessionModel::readOnlyReason) every edit is refused, and of a plan of the shelf those of what its file settled
/// (SessionModel::widthProblem, removalsProblem).
class PlanEditor : public QObject {
    Q_OBJECT
public:
    PlanEditor(SessionModel &model, QUndoStack &history, QObject *parent = nullptr);

    /// What a step of the history was made to change. With a plan may go the settings of its calibration, and with a text the scores in use.
    enum class Part { Plan, CalibrationText, EvaluationText, Pins, Tasks };
    static Part partOf(const QUndoCommand &step); ///< the norm belongs to the calibration

    void beginDrag();
    void endDrag();
    bool isDragging() const { return m_drag > 0 && m_isDragging; }

    /// Also gives N and K back to the rule: a new target is a new question.
    void setSparsity(double sparsity);
    void setAlpha(double alpha);
    void setAttentionsToRemove(std::optional<std::int64_t> attentions); ///< none = the rule; K follows again
    void setNeuronsKept(std::optional<std::int64_t> neurons);           ///< none = the balance
    void setWidthMultiple(std::int64_t multiple);
    void setSearchWindows(std::int64_t windows);
    void toggleProtected(std::int64_t layer); ///< takes the layer out of the forced ones
    void toggleForced(std::int64_t layer);    ///< appended: forced layers go first, in this order
    /// Takes the scores of a calibration into use, instead of a plan of the shelf too, and its settings with them. Always a step of its own: it
    /// comes from a job, not from a drag.
    void useCalibration(std::int64_t calibration);
    /// Takes a whole draft (a pinned plan, one that was opened, a point of the curve), with the settings of its calibration. `what` names the
    /// step in the history.
    void useDraft(const PlanDraft &draft, const QString &what);

    /// The texts that jobs read and the norm of the scores. Other settings of the calibration have the scores of an earlier calibration with just
    /// these settings, or none. Steps of one number (windows, length, seed) one after the other are one.
    void setTexts(const TextSettings &calibration, const TextSettings &evaluation, ScoreNorm norm);

    /// The tasks that are asked. Changes of their limit one after the other are one step.
    void setTasks(const TaskSettings &tasks);

    void pin(const QString &name); ///< the current plan; an empty name gives "Plan A", "Plan B", ...
    void renamePin(std::size_t index, const QString &name);
    void removePin(std::size_t index);

signals:
    void dragEnded();
    void pinned(const QString &name);    ///< by pin()
    void refused(const QString &reason); ///< an edit, as the session is open read-only or the file of the plan settled it

private:
    void edit(const PlanDraft &after, const QString &what);
    void editPins(std::vector<PinnedPlan> after, const QString &what);
    bool refuseIfNotAllowed();
    bool refuseIfSettled(const QString &problem);

    SessionModel &m_model;
    QUndoStack &m_history;
    int m_drag = 0;
    bool m_isDragging = false;
    std::shared_ptr<bool> m_isApplying; ///< a step is being done or undone; shared with the steps
};

} // namespace secateur::ui
