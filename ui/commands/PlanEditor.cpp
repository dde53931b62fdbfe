// SPDX-License-Identifier: GPL-3.0-or-later
#include "commands/PlanEditor.h"

#include "models/SessionModel.h"

#include <QLocale>
#include <QScopedValueRollback>
#include <QUndoStack>

#include <algorithm>

namespace secateur::ui {
namespace {

/// One change of the plan in hand. Changes of one drag merge into one.
class EditDraft : public QUndoCommand {
public:
    EditDraft(SessionModel &model, std::shared_ptr<bool> isApplying, PlanDraft after, const QString &what, int drag)
        : QUndoCommand(what),
          m_model(model),
          m_isApplying(std::move(isApplying)),
          m_before(model.draft()),
          m_after(std::move(after)),
          m_drag(drag)
    {
    }
    void undo() override { apply(m_before); }
    void redo() override { apply(m_after); }
    int id() const override { return m_drag > 0 ? 1 : -1; }
    bool mergeWith(const QUndoCommand *other) override
    {
        const auto *next = static_cast<const EditDraft *>(other);
        if (next->m_drag != m_drag)
            return false;
        m_after = next->m_after;
        setText(next->text());
        setObsolete(m_after == m_before); // dragged back to where it began
        return true;
    }

private:
    void apply(const PlanDraft &draft)
    {
        const QScopedValueRollback applying(*m_isApplying, true);
        m_model.setDraft(draft);
    }

    SessionModel &m_model;
    std::shared_ptr<bool> m_isApplying;
    PlanDraft m_before, m_after;
    int m_drag;
};

class EditPins : public QUndoCommand {
public:
    EditPins(SessionModel &model, std::shared_ptr<bool> isApplying, std::vector<PinnedPlan> after, const QString &what)
        : QUndoCommand(what),
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

void PlanEditor::edit(const PlanDraft &after, const QString &what)
{
    if (m_model.hasModel() && !(after == m_model.draft()) && isAllowed())
        m_history.push(new EditDraft(m_model, m_isApplying, after, what, m_isDragging ? m_drag : 0));
}

void PlanEditor::editPins(std::vector<PinnedPlan> after, const QString &what)
{
    if (m_model.hasModel() && isAllowed())
        m_history.push(new EditPins(m_model, m_isApplying, std::move(after), what));
}

bool PlanEditor::isAllowed() const
{
    if (*m_isApplying)
        qWarning("The plan was to be edited while a step of the history is done or undone.");
    return !*m_isApplying;
}

void PlanEditor::setSparsity(double sparsity)
{
    PlanDraft after = m_model.draft();
    after.balance.sparsity = std::clamp(sparsity, 0.001, 0.999);
    after.balance.attentionsToRemove.reset();
    after.balance.neuronsKept.reset();
    edit(after, tr("Sparsity %1").arg(percent(after.balance.sparsity)));
}

void PlanEditor::setAlpha(double alpha)
{
    PlanDraft after = m_model.draft();
    after.balance.alpha = std::clamp(alpha, 0.01, 1000.0);
    after.balance.attentionsToRemove.reset();
    after.balance.neuronsKept.reset();
    edit(after, tr("Alpha %1").arg(QLocale().toString(after.balance.alpha)));
}

void PlanEditor::setAttentionsToRemove(std::optional<std::int64_t> attentions)
{
    PlanDraft after = m_model.draft();
    after.balance.neuronsKept.reset();
    after.balance.attentionsToRemove = attentions;
    if (attentions && m_model.bounds() && m_model.bounds()->leastAttentions <= m_model.bounds()->mostAttentions)
        after.balance.attentionsToRemove = std::clamp(*attentions, m_model.bounds()->leastAttentions, m_model.bounds()->mostAttentions);
    else if (attentions)
        after.balance.attentionsToRemove = std::clamp<std::int64_t>(*attentions, 0, m_model.layerCount());
    edit(after, attentions ? tr("N = %1").arg(number(*after.balance.attentionsToRemove)) : tr("N by the rule"));
}

void PlanEditor::setNeuronsKept(std::optional<std::int64_t> neurons)
{
    PlanDraft after = m_model.draft();
    after.balance.neuronsKept = neurons;
    if (neurons)
        after.balance.neuronsKept = std::clamp<std::int64_t>(*neurons, 1, m_model.neurons());
    edit(after, neurons ? tr("K = %1").arg(number(*after.balance.neuronsKept)) : tr("K by the rule"));
}

void PlanEditor::setWidthMultiple(std::int64_t multiple)
{
    PlanDraft after = m_model.draft();
    after.balance.widthMultiple = std::max<std::int64_t>(1, multiple);
    after.balance.neuronsKept.reset();
    edit(after, tr("K a multiple of %1").arg(number(after.balance.widthMultiple)));
}

void PlanEditor::setSearchWindows(std::int64_t windows)
{
    PlanDraft after = m_model.draft();
    after.search.windows = std::max<std::int64_t>(1, windows);
    edit(after, after.search.windows == 1 ? tr("1 search window") : tr("%1 search windows").arg(number(after.search.windows)));
}

void PlanEditor::toggleProtected(std::int64_t layer)
{
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
    PlanDraft after = m_model.draft();
    std::erase(after.search.protectedLayers, layer);
    if (std::erase(after.search.forcedLayers, layer) == 0) {
        after.search.forcedLayers.push_back(layer);
        edit(after, tr("Force layer %1").arg(layer));
    } else {
        edit(after, tr("Do not force layer %1").arg(layer));
    }
}

void PlanEditor::useCalibration(std::int64_t calibration)
{
    const QScopedValueRollback pausedDrag(m_isDragging, false);
    PlanDraft after = m_model.draft();
    after.calibration = calibration;
    edit(after, tr("Calibration %1").arg(calibration + 1));
}

void PlanEditor::useDraft(const PlanDraft &draft, const QString &what)
{
    edit(draft, what);
}

void PlanEditor::pin(const QString &name)
{
    std::vector<PinnedPlan> after = m_model.session().pinned;
    const auto isTaken = [&](const QString &candidate) {
        return std::any_of(after.begin(), after.end(), [&](const PinnedPlan &pin) { return pin.name == candidate.toStdString(); });
    };
    QString chosen = name.trimmed();
    for (int i = 0; chosen.isEmpty() || (name.trimmed().isEmpty() && isTaken(chosen)); ++i)
        chosen = i < 26 ? tr("Plan %1").arg(QChar(u'A' + i)) : tr("Plan %1").arg(i + 1);
    after.push_back({.name = chosen.toStdString(), .draft = m_model.draft()});
    editPins(std::move(after), tr("Pin %1").arg(chosen));
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
