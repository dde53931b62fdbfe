// SPDX-License-Identifier: GPL-3.0-or-later
// What SessionJobs does where people set the widths of layers: sorting scores and hashing a plan take too long for the interface's thread.
#include "commands/PlanEditor.h"
#include "jobs/FailureWords.h"
#include "jobs/SessionJobs.h"
#include "models/MessageLog.h"
#include "models/SessionModel.h"
#include "session/SessionStore.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <memory>
#include <utility>

namespace secateur::ui {
namespace {

/// The scores by which neurons are chosen: those in use, else those of the calibration's settings, else the latest. Null: there are none.
std::shared_ptr<const NeuronScores> scoresToUse(const SessionModel &model)
{
    const Session &session = model.session();
    if (session.calibrations.empty())
        return nullptr;
    std::int64_t index = calibrationOf(session, session.draft);
    if (index < 0)
        index = calibrationFor(session, session.calibrationText, session.norm);
    return session.calibrations[index >= 0 ? std::size_t(index) : session.calibrations.size() - 1];
}

/// A plan by hand. A layer that is as wide as in `before` keeps the neurons that it has there.
PruningPlan planByHand(const ModelSpec &dense, const NeuronScores &scores, const PruningPlan *before,
                       const std::vector<std::int64_t> &widths, const std::vector<std::int64_t> &removed)
{
    PruningPlan plan;
    plan.method = PlanMethod::Manual;
    plan.calibration.modelHash = scores.provenance.modelHash;
    plan.removedAttentions = removed;
    plan.search.initialLoss = std::numeric_limits<double>::quiet_NaN(); // what goes is said here: none was begun
    for (std::int64_t layer = 0; layer < dense.layerCount(); ++layer) {
        const std::int64_t neurons = dense.layers[std::size_t(layer)].neurons();
        const std::int64_t width = neurons == 0 ? 0 : std::clamp<std::int64_t>(widths.at(std::size_t(layer)), 1, neurons);
        const std::vector<std::int64_t> *same = before ? &before->keptNeurons.at(std::size_t(layer)) : nullptr;
        plan.keptNeurons.push_back(same && std::int64_t(same->size()) == width ? *same : scores.best(layer, width));
    }
    countParts(plan);
    const ModelSpec after = prunedSpec(dense, plan.widths(), plan.removedAttentions);
    plan.balance.denseLayerParameters = layerParameters(dense);
    plan.balance.denseModelParameters = modelParameters(dense);
    plan.balance.layerParameters = layerParameters(after);
    plan.balance.modelParameters = modelParameters(after);
    return plan;
}

} // namespace

QString SessionJobs::widthsProblem() const
{
    const QString problem = m_model.changeProblem();
    if (!problem.isEmpty())
        return problem;
    const std::shared_ptr<const NeuronScores> scores = scoresToUse(m_model);
    if (!scores)
        return tr("Calibrate first: the neurons of a layer are chosen by their scores.");
    const bool isOfModel = std::int64_t(scores->layers.size()) == m_model.layerCount();
    return isOfModel ? QString() : tr("The scores of this session are of another model. Calibrate again.");
}

void SessionJobs::setWidths(const std::vector<std::int64_t> &widths, const QString &what)
{
    if (!widthsProblem().isEmpty() || std::int64_t(widths.size()) != m_model.layerCount())
        return;
    m_messages.resolve(QStringLiteral("widths"));
    const ShelfPlan *shelf = m_model.shelfPlan();
    const auto before = shelf ? std::make_shared<const PruningPlan>(shelf->plan) : nullptr;
    m_pool.start([this, widths, what, before, scores = scoresToUse(m_model), dense = m_model.spec(), removed = m_model.removalOrder(),
                  journal = m_journal, asked = ++m_widthsAsked, generation = m_generation] {
        Message problem = failureOf(QStringLiteral("widths"));
        std::optional<ShelfEntry> entry;
        try {
            entry = shelfEntry(planByHand(dense, *scores, before.get(), widths, removed), {});
            if (journal)
                journal->add(PlanOpened{*entry});
        } catch (const std::exception &thrown) { // of the journal: the plan is there all the same
            describe(problem, thrown);
        }
        QMetaObject::invokeMethod(
            this,
            [this, entry, what, problem, asked, generation] {
                if (asked != m_widthsAsked || generation != m_generation)
                    return; // other widths were asked for, or another session has begun
                if (!problem.sentence.isEmpty())
                    m_messages.post(problem);
                if (!entry)
                    return;
                m_model.apply(PlanOpened{*entry});
                m_editor.useDraft(secateur::draftOf(m_model.session(), *entry), what);
            },
            Qt::QueuedConnection);
    });
}

} // namespace secateur::ui
