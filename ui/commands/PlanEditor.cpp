// SPDX-License-Identifier: GPL-3.0-or-later
#include "commands/PlanEditor.h"

#include "models/SessionModel.h"
#include "models/TextNames.h"

#include <QLocale>
#include <QScopedValueRollback>
#include <QUndoStack>

#include <algorithm>
#include <utility>

namespace secateur::ui {
namespace {

/// What jobs read.
struct Texts {
    TextSettings calibration, evaluation;
    ScoreNorm norm = ScoreNorm::L2;
    bool operator==(const Texts &) const = default;
};

/// What a step of the history can change beside pins. Both parts go together: which scores are in use follows from the calibration's settings.
struct State {
    PlanDraft draft;
    Texts texts;
    bool operator==(const State &) const = default;
};

State stateOf(const SessionModel &model)
{
    const Session &session = model.session();
    return {session.draft, {session.calibrationText, session.evaluationText, session.norm}};
}

/// A step of the history.
class Step : public QUndoCommand {
public:
    Step(PlanEditor::Part part, const QString &what) : QUndoCommand(what), m_part(part) {}
    PlanEditor::Part part() const { return m_part; }

private:
    PlanEditor::Part m_part;
};

/// What a step belongs to: a drag, or the changes of one number of a text, as an arrow key that is held makes them. By default to nothing.
struct Series {
    enum class Number { None, Windows, Length, Seed };
    int drag = 0; ///< counted from 1
    Number number = Number::None;
    bool isNone() const { return *this == Series(); }
    bool operator==(const Series &) const = default;
};

/// One change of the current plan, of the texts, or of both. Changes of one series that follow each other merge into one.
class EditState : public Step {
public:
    EditState(SessionModel &model, std::shared_ptr<bool> isApplying, PlanEditor::Part part, State after, const QString &what, Series series)
        : Step(part, what),
          m_model(model),
          m_isApplying(std::move(isApplying)),
          m_before(stateOf(model)),
          m_after(std::move(after)),
          m_series(series)
    {
    }
    void undo() override { apply(m_after, m_before); }
    void redo() override { apply(m_before, m_after); }
    int id() const override { return m_series.isNone() ? -1 : 1; }
    bool mergeWith(const QUndoCommand *other) override
    {
        const auto *next = static_cast<const EditState *>(other);
        if (next->part() != part() || !(next->m_series == m_series))
            return false;
        m_after = next->m_after;
        setText(next->text());
        setObsolete(m_after == m_before); // back to where it began
        return true;
    }

private:
    /// What the step did not change stays as it is.
    void apply(const State &from, const State &to)
    {
        const QScopedValueRollback applying(*m_isApplying, true);
        const State now = stateOf(m_model);
        const Texts &texts = from.texts == to.texts ? now.texts : to.texts;
        m_model.setDraftAndTexts(from.draft == to.draft ? now.draft : to.draft, texts.calibration, texts.evaluation, texts.norm);
    }

    SessionModel &m_model;
    std::shared_ptr<bool> m_isApplying;
    State m_before, m_after;
    Series m_series;
};

class EditPins : public Step {
public:
    EditPins(SessionModel &model, std::shared_ptr<bool> isApplying, std::vector<PinnedPlan> after, const QString &what)
        : Step(PlanEditor::Part::Pins, what),
          m_model(model),
          m_isApplying(std::move(isApplying)),
          m_before(model.session().pinned),
          m_after(std::move(after))
    {
    }
    void undo() override { apply(m_before); }
    void redo() override { apply(m_after); }

private:
    void apply(const std::vector<PinnedPlan> &pins)
    {
        const QScopedValueRollback applying(*m_isApplying, true);
        m_model.setPins(pins);
    }

    SessionModel &m_model;
    std::shared_ptr<bool> m_isApplying;
    std::vector<PinnedPlan> m_before, m_after;
};

class EditTasks : public Step {
public:
    EditTasks(SessionModel &model, std::shared_ptr<bool> isApplying, TaskSettings after, const QString &what, bool isOfLimit)
        : Step(PlanEditor::Part::Tasks, what),
          m_model(model),
          m_isApplying(std::move(isApplying)),
          m_before(model.session().tasks),
          m_after(std::move(after)),
          m_isOfLimit(isOfLimit)
    {
    }
    void undo() override { apply(m_before); }
    void redo() override { apply(m_after); }
    int id() const override { return m_isOfLimit ? 2 : -1; }
    /// Changes of the limit one after the other, as an arrow key that is held makes them, are one.
    bool mergeWith(const QUndoCommand *other) override
    {
        const auto *next = static_cast<const EditTasks *>(other);
        m_after = next->m_after;
        setText(next->text());
        setObsolete(m_after == m_before);
        return true;
    }

private:
    void apply(const TaskSettings &tasks)
    {
        const QScopedValueRollback applying(*m_isApplying, true);
        m_model.setTasks(tasks);
    }

    SessionModel &m_model;
    std::shared_ptr<bool> m_isApplying;
    TaskSettings m_before, m_after;
    bool m_isOfLimit;
};

/// What a change of a text is called, and which of its numbers it is, if it is one and nothing else.
std::pair<QString, Series::Number> changeOf(const TextSettings &before, const TextSettings &after, const QString &name)
{
    using Number = Series::Number;
    const QLocale locale;
    TextSettings same = before;
    same.files = after.files;
    if (same == after)
        return {after.files.empty() ? PlanEditor::tr("%1: none").arg(name) : PlanEditor::tr("%1: %2").arg(name, textFilesName(after)),
                Number::None};
    same = before;
    same.windows = after.windows;
    if (same == after)
        return {!after.windows        ? PlanEditor::tr("%1: all windows").arg(name)
                : *after.windows == 1 ? PlanEditor::tr("%1: 1 window").arg(name)
                                      : PlanEditor::tr("%1: %2 windows").arg(name, locale.toString(qlonglong(*after.windows))),
                before.windows && after.windows ? Number::Windows : Number::None};
    same = before;
    same.length = after.length;
    if (same == after)
        return {PlanEditor::tr("%1: windows of %2 tokens").arg(name, locale.toString(qlonglong(after.length))), Number::Length};
    same = before;
    same.seed = after.seed;
    if (same == after)
        return {after.seed == 0 ? PlanEditor::tr("%1: documents in their order").arg(name)
                                : PlanEditor::tr("%1: documents shuffled, seed %2").arg(name, locale.toString(qulonglong(after.seed))),
                Number::Seed};
    return {PlanEditor::tr("%1: other settings").arg(name), Number::None};
}

QString percent(double share)
{
    return PlanEditor::tr("%1 %").arg(QLocale().toString(100 * share, 'g', 4));
}

QString number(std::int64_t value)
{
    return QLocale().toString(qlonglong(value));
}

} // namespace

PlanEditor::PlanEditor(SessionModel &model, QUndoStack &history, QObject *parent)
    : QObject(parent),
      m_model(model),
      m_history(history),
      m_isApplying(std::make_shared<bool>(false))
{
}

PlanEditor::Part PlanEditor::partOf(const QUndoCommand &step)
{
    return dynamic_cast<const Step &>(step).part();
}

void PlanEditor::beginDrag()
{
    ++m_drag;
    m_isDragging = true;
}

void PlanEditor::endDrag()
{
    m_isDragging = false;
    emit dragEnded();
}

/// Where the draft takes other scores or another plan of the shelf, the settings of the calibration become those that these were made from.
void PlanEditor::edit(const PlanDraft &after, const QString &what)
{
    if (!m_model.hasModel() || after == m_model.draft() || refuseIfNotAllowed())
        return;
    State state = stateOf(m_model);
    state.draft = after;
    const auto &all = m_model.session().calibrations;
    if (after.calibration != m_model.draft().calibration && after.calibration >= 0 && after.calibration < std::int64_t(all.size())) {
        const NeuronScores &scores = *all[std::size_t(after.calibration)];
        if (!isOf(scores, state.texts.calibration, state.texts.norm, m_model.session().readTexts)) {
            state.texts.calibration = textSettingsOf(scores.provenance);
            state.texts.norm = scores.norm;
        }
    } else if (const ShelfPlan *shelf = after.plan != m_model.draft().plan ? shelfPlanOf(m_model.session(), after) : nullptr;
               shelf && isSearchable(shelf->plan)) {
        state.texts.calibration = searchTextOf(shelf->plan);
        state.texts.norm = shelf->plan.norm;
    }
    m_history.push(new EditState(m_model, m_isApplying, Part::Plan, std::move(state), what, {.drag = m_isDragging ? m_drag : 0}));
}

void PlanEditor::editPins(std::vector<PinnedPlan> after, const QString &what)
{
    if (m_model.hasModel() && !refuseIfNotAllowed())
        m_history.push(new EditPins(m_model, m_isApplying, std::move(after), what));
}

/// Whether an edit cannot be made now, of which it tells.
bool PlanEditor::refuseIfNotAllowed()
{
    if (*m_isApplying)
        qWarning("The plan was to be edited while a step of the history is done or undone.");
    const QString readOnly = m_model.readOnlyReason();
    if (!readOnly.isEmpty())
        emit refused(readOnly);
    return *m_isApplying || !readOnly.isEmpty();
}

/// Whether something of the plan cannot be edited, as its file settled it, of which it tells. What else forbids edits is edit()'s to say.
bool PlanEditor::refuseIfSettled(const QString &problem)
{
    const bool isRefused = m_model.shelfPlan() && m_model.editProblem().isEmpty() && !problem.isEmpty();
    if (isRefused)
        emit refused(problem);
    return isRefused;
}

void PlanEditor::setSparsity(double sparsity)
{
    if (refuseIfSettled(m_model.widthProblem()))
        return;
    PlanDraft after = m_model.draft();
    after.balance.sparsity = std::clamp(sparsity, 0.001, 0.999);
    after.balance.attentionsToRemove.reset();
    after.balance.neuronsKept.reset();
    edit(after, tr("Sparsity %1").arg(percent(after.balance.sparsity)));
}

void PlanEditor::setAlpha(double alpha)
{
    if (refuseIfSettled(m_model.widthProblem()))
        return;
    PlanDraft after = m_model.draft();
    after.balance.alpha = std::clamp(alpha, 0.01, 1000.0);
    after.balance.attentionsToRemove.reset();
    after.balance.neuronsKept.reset();
    edit(after, tr("Alpha %1").arg(QLocale().toString(after.balance.alpha)));
}

void PlanEditor::setAttentionsToRemove(std::optional<std::int64_t> attentions)
{
    if (refuseIfSettled(m_model.removalsProblem()))
        return;
    PlanDraft after = m_model.draft();
    if (after.plan.empty()) // else K is the plan's
        after.balance.neuronsKept.reset();
    after.balance.attentionsToRemove = attentions;
    if (attentions && m_model.bounds() && m_model.bounds()->leastAttentions <= m_model.bounds()->mostAttentions)
        after.balance.attentionsToRemove = std::clamp(*attentions, m_model.bounds()->leastAttentions, m_model.bounds()->mostAttentions);
    else if (attentions)
        after.balance.attentionsToRemove = std::clamp<std::int64_t>(*attentions, 0, m_model.layerCount());
    edit(after, attentions ? tr("Set N to %1").arg(number(*after.balance.attentionsToRemove)) : tr("Reset N"));
}

void PlanEditor::setNeuronsKept(std::optional<std::int64_t> neurons)
{
    if (refuseIfSettled(m_model.widthProblem()))
        return;
    PlanDraft after = m_model.draft();
    after.balance.neuronsKept = neurons ? std::optional(std::clamp<std::int64_t>(*neurons, 1, m_model.neurons())) : std::nullopt;
    edit(after, neurons ? tr("Set K to %1").arg(number(*after.balance.neuronsKept)) : tr("Reset K"));
}

void PlanEditor::setWidthMultiple(std::int64_t multiple)
{
    if (refuseIfSettled(m_model.widthProblem()))
        return;
    PlanDraft after = m_model.draft();
    after.balance.widthMultiple = std::max<std::int64_t>(1, multiple);
    after.balance.neuronsKept.reset();
    edit(after, tr("K a multiple of %1").arg(number(after.balance.widthMultiple)));
}

void PlanEditor::setSearchWindows(std::int64_t windows)
{
    if (refuseIfSettled(m_model.removalsProblem()))
        return;
    PlanDraft after = m_model.draft();
    after.search.windows = std::max<std::int64_t>(1, windows);
    edit(after, after.search.windows == 1 ? tr("1 search window") : tr("%1 search windows").arg(number(after.search.windows)));
}

void PlanEditor::toggleProtected(std::int64_t layer)
{
    if (refuseIfSettled(m_model.removalsProblem()))
        return;
    PlanDraft after = m_model.draft();
    std::erase(after.search.forcedLayers, layer);
    if (std::erase(after.search.protectedLayers, layer) == 0) {
        after.search.protectedLayers.push_back(layer);
        std::sort(after.search.protectedLayers.begin(), after.search.protectedLayers.end()); // a set: the order decides nothing
        edit(after, tr("Protect layer %1").arg(layer));
    } else {
        edit(after, tr("Unprotect layer %1").arg(layer));
    }
}

void PlanEditor::toggleForced(std::int64_t layer)
{
    if (refuseIfSettled(m_model.removalsProblem()))
        return;
    PlanDraft after = m_model.draft();
    std::erase(after.search.protectedLayers, layer);
    if (std::erase(after.search.forcedLayers, layer) == 0) {
        after.search.forcedLayers.push_back(layer);
        edit(after, tr("Remove layer %1 first").arg(layer));
    } else {
        edit(after, tr("Do not remove layer %1 first").arg(layer));
    }
}

void PlanEditor::useCalibration(std::int64_t calibration)
{
    const QScopedValueRollback pausedDrag(m_isDragging, false);
    PlanDraft after = m_model.draft();
    after.calibration = calibration;
    after.plan.clear();
    edit(after, tr("Calibration %1").arg(calibration + 1));
}

void PlanEditor::useDraft(const PlanDraft &draft, const QString &what)
{
    edit(draft, what);
}

/// Where the settings of the calibration change, the scores that they ask for come into use: of an earlier calibration, or none. A plan of the shelf stays.
void PlanEditor::setTexts(const TextSettings &calibration, const TextSettings &evaluation, ScoreNorm norm)
{
    State after = stateOf(m_model);
    const Texts before = std::exchange(after.texts, {calibration, evaluation, norm});
    if (!m_model.hasModel() || after.texts == before || refuseIfNotAllowed())
        return;
    const bool isOfCalibration = !(before.calibration == calibration) || before.norm != norm;
    if (isOfCalibration && after.draft.plan.empty()) // else its neurons are chosen
        after.draft.calibration = calibrationFor(m_model.session(), calibration, norm);
    std::pair<QString, Series::Number> change{tr("Scores by another norm"), Series::Number::None};
    if (!isOfCalibration)
        change = changeOf(before.evaluation, evaluation, tr("Evaluation text"));
    else if (before.norm == norm && before.evaluation == evaluation)
        change = changeOf(before.calibration, calibration, tr("Calibration text"));
    m_history.push(new EditState(m_model, m_isApplying, isOfCalibration ? Part::CalibrationText : Part::EvaluationText, std::move(after),
                                 change.first, {.drag = 0, .number = change.second}));
}

void PlanEditor::setTasks(const TaskSettings &tasks)
{
    const TaskSettings &before = m_model.session().tasks;
    if (!m_model.hasModel() || tasks == before || refuseIfNotAllowed())
        return;
    TaskSettings same = before;
    same.limit = tasks.limit;
    const bool isOfLimit = same == tasks;
    const QString what = !isOfLimit     ? (tasks.paths == before.paths ? tr("Tasks: other settings") : tr("Tasks: other files"))
                         : !tasks.limit ? tr("Tasks: all items")
                                        : tr("Tasks: %1 items of each").arg(number(*tasks.limit));
    m_history.push(new EditTasks(m_model, m_isApplying, tasks, what, isOfLimit));
}

void PlanEditor::pin(const QString &name)
{
    if (!m_model.hasModel() || refuseIfNotAllowed())
        return;
    std::vector<PinnedPlan> after = m_model.session().pinned;
    const auto isTaken = [&](const QString &pin) { return std::ranges::count(after, pin.toStdString(), &PinnedPlan::name) > 0; };
    QString chosen = name.trimmed();
    for (int i = 0; chosen.isEmpty() || (name.trimmed().isEmpty() && isTaken(chosen)); ++i)
        chosen = i < 26 ? tr("Plan %1").arg(QChar(u'A' + i)) : tr("Plan %1").arg(i + 1);
    after.push_back({.name = chosen.toStdString(), .draft = m_model.draft()});
    editPins(std::move(after), tr("Pin %1").arg(chosen));
    emit pinned(chosen);
}

void PlanEditor::renamePin(std::size_t index, const QString &name)
{
    std::vector<PinnedPlan> after = m_model.session().pinned;
    const std::string chosen = name.trimmed().toStdString();
    if (index >= after.size() || chosen.empty() || after[index].name == chosen)
        return;
    after[index].name = chosen;
    editPins(std::move(after), tr("Rename to %1").arg(name.trimmed()));
}

void PlanEditor::removePin(std::size_t index)
{
    std::vector<PinnedPlan> after = m_model.session().pinned;
    if (index >= after.size())
        return;
    const QString name = QString::fromStdString(after[index].name);
    after.erase(after.begin() + std::ptrdiff_t(index));
    editPins(std::move(after), tr("Unpin %1").arg(name));
}

} // namespace secateur::ui
