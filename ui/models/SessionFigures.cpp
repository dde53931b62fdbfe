// SPDX-License-Identifier: GPL-3.0-or-later
// What SessionModel says of the current plan from what it keeps: how far its search is, what it costs, what was measured of it.
#include "models/SessionModel.h"

#include "foundation/Error.h"
#include "session/Measurements.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace secateur::ui {

// ---- its search --------------------------------------------------------------------------------------------------------------

namespace {

/// How far the search of a plan is that says which neurons stay, and is feasible. `removed`: as far as they are known.
SearchState stateOf(const SparsityBalance &balance, const SearchRecord *record, std::size_t removed)
{
    if (balance.attentionsToRemove == 0)
        return SearchState::NotNeeded;
    if (std::int64_t(removed) >= balance.attentionsToRemove)
        return SearchState::Complete;
    return record && record->isBegun() ? SearchState::Unfinished : SearchState::NotBegun;
}

/// The removals that a record knows, at most so many.
std::vector<std::int64_t> removalsOf(const SearchRecord *record, std::int64_t most)
{
    std::vector<std::int64_t> order = record ? record->removalOrder() : std::vector<std::int64_t>();
    if (std::int64_t(order.size()) > most)
        order.resize(std::size_t(most));
    return order;
}

} // namespace

SearchState SessionModel::searchState() const
{
    return hasNeurons() && m_balance ? stateOf(*m_balance, search(), removalOrder().size()) : SearchState::NotPossible;
}

const SearchRecord *SessionModel::search() const
{
    if (m_searchOfOthers)
        return &*m_searchOfOthers;
    const auto found = m_session.searches.find(m_searchKey);
    return m_searchKey.empty() || found == m_session.searches.end() ? nullptr : &found->second;
}

std::vector<std::int64_t> SessionModel::removalOrder() const
{
    return isSettled() ? shelfPlan()->plan.removedAttentions : removalsOf(search(), attentionsToRemove());
}

std::optional<double> SessionModel::searchPerplexity() const
{
    const SearchRecord *record = search();
    if (!record || !m_balance)
        return {};
    double loss = record->initialLoss;
    if (const std::int64_t N = m_balance->attentionsToRemove; N > 0) {
        if (searchState() != SearchState::Complete)
            return {};
        const SearchStep &last = record->steps[std::size_t(N - 1)];
        loss = last.losses[std::size_t(last.removed)];
    }
    return std::isnan(loss) ? std::nullopt : std::optional(std::exp(loss));
}

const SearchRecord *SessionModel::denseImpact() const
{
    return m_session.denseImpact ? &*m_session.denseImpact : nullptr;
}

// ---- figures -----------------------------------------------------------------------------------------------------------------

ModelFigures SessionModel::figuresOf(const ModelSpec &spec) const
{
    const DType dtype = m_session.model->storedDtype;
    const std::int64_t parameters = modelParameters(spec);
    return {.layerParameters = secateur::layerParameters(spec),
            .modelParameters = parameters,
            .bytes = parameters * std::int64_t(bytesPerElement(dtype)),
            .flopPerToken = secateur::flopPerToken(spec),
            .kvBytesPerToken = secateur::kvBytesPerToken(spec, dtype)};
}

ModelFigures SessionModel::figuresOf(std::int64_t kept, std::int64_t removed) const
{
    return hasModel() ? figuresOf(narrowed(kept, removed)) : ModelFigures();
}

/// The model with so many neurons in each layer and without so many attentions.
ModelSpec SessionModel::narrowed(std::int64_t kept, std::int64_t removed) const
{
    std::vector<std::int64_t> widths, layers;
    for (const LayerSpec &layer : spec().layers)
        widths.push_back(std::min(kept, layer.neurons()));
    for (std::int64_t i = 0; i < layerCount() && std::int64_t(layers.size()) < removed; ++i) // any of them: the layers are alike
        if (spec().layers[std::size_t(i)].attention)
            layers.push_back(i);
    return prunedSpec(spec(), widths, layers);
}

/// Of the neurons' source that the draft has: a search on other scores, or of another plan of a file, was never one for this plan.
bool SessionModel::isAnySearchBegun() const
{
    const std::string own = searchKey(draft(), neuronsKept());
    const std::string_view source = std::string_view(own).substr(0, own.find(',') + 1);
    return std::any_of(m_session.searches.begin(), m_session.searches.end(), [&](const auto &entry) {
        return !source.empty() && entry.first.compare(0, source.size(), source) == 0 && entry.second.isBegun();
    });
}

PlanFacts SessionModel::factsOf(const PlanDraft &draft) const
{
    PlanFacts facts;
    facts.figures = m_denseFigures;
    if (!hasModel())
        return facts;
    std::optional<SearchRecord> record;
    try {
        facts.balance = balanceOf(m_session, draft);
        facts.figures = figuresOf(specOf(m_session, draft));
        record = searchOf(m_session, draft, facts.balance->neuronsKept);
    } catch (const Error &problem) {
        facts.balance.reset();
        facts.problem = QString::fromStdString(problem.what());
        return facts;
    }
    const SearchRecord *known = record ? &*record : nullptr;
    facts.removed = secateur::isSettled(m_session, draft) ? shelfPlanOf(m_session, draft)->plan.removedAttentions
                                                          : removalsOf(known, facts.balance->attentionsToRemove);
    if (draft.hasNeurons())
        facts.search = stateOf(*facts.balance, known, facts.removed.size());
    facts.exactness = exactnessOf(facts.search);
    if (facts.exactness == Exactness::Exact)
        for (const Measurement &measured : m_session.measurements)
            if (isOn(measured, m_session.evaluationText, m_session.readTexts) &&
                isOf(measured, draft, facts.balance->neuronsKept, facts.removed))
                facts.evaluation = &measured; // the latest wins
    return facts;
}

Exactness SessionModel::planExactness() const
{
    return exactnessOf(searchState());
}

Exactness SessionModel::exactnessOf(SearchState state) const
{
    switch (state) {
    case SearchState::NotNeeded:
    case SearchState::Complete:
        return Exactness::Exact;
    case SearchState::NotBegun:
        return isAnySearchBegun() ? Exactness::Stale : Exactness::Unknown;
    case SearchState::Unfinished:
    case SearchState::NotPossible:
        return Exactness::Unknown;
    }
    return Exactness::Unknown;
}

/// Why all of the current plan is settled.
QString SessionModel::settledText() const
{
    if (isSetByHand(*shelfPlan()))
        return tr("exact: set by hand");
    return isFoundHere(*shelfPlan()) ? tr("exact: found by %1").arg(shelfName(*shelfPlan())) : tr("exact: settled by its file");
}

QString SessionModel::planExactnessText() const
{
    switch (searchState()) {
    case SearchState::NotNeeded:
        return isSettled() ? settledText() : tr("exact: no attention is removed");
    case SearchState::Complete:
        return isSettled() ? settledText() : tr("exact");
    case SearchState::Unfinished:
        return tr("%1 of %2 removals searched").arg(removalOrder().size()).arg(attentionsToRemove());
    case SearchState::NotBegun:
        return isAnySearchBegun() ? tr("the search is out of date for this plan") : tr("removals not searched yet");
    case SearchState::NotPossible:
        break;
    }
    if (!hasModel())
        return tr("no model");
    if (!m_balance)
        return tr("not feasible");
    return tr("not calibrated yet");
}

/// The latest of the current plan, on any text or on that one.
const Measurement *SessionModel::evaluationOfPlan(const TextSettings *text) const
{
    const SearchState state = searchState();
    if (state != SearchState::Complete && state != SearchState::NotNeeded)
        return nullptr;
    const std::vector<std::int64_t> order = removalOrder();
    const Measurement *found = nullptr;
    for (const Measurement &record : m_session.measurements)
        if (record.what == Measured::Perplexity && isOf(record, draft(), neuronsKept(), order) &&
            (!text || isOn(record, *text, m_session.readTexts)))
            found = &record;
    return found;
}

const Measurement *SessionModel::planEvaluation() const
{
    return evaluationOfPlan(&m_session.evaluationText);
}

bool SessionModel::isPlanEvaluated() const
{
    return evaluationOfPlan(nullptr) != nullptr;
}

const Measurement *SessionModel::denseEvaluation() const
{
    if (const Measurement *own = planEvaluation())
        return originalFor(m_session.measurements, *own);
    const Measurement *found = nullptr;
    for (const Measurement &record : m_session.measurements)
        if (record.planHash.empty() && isOn(record, m_session.evaluationText, m_session.readTexts))
            found = &record;
    return found;
}

const Measurement *SessionModel::staleEvaluation() const
{
    const Measurement *own = planEvaluation(), *found = nullptr;
    for (const Measurement &record : m_session.measurements)
        if (!record.planHash.empty() && &record != own && isOn(record, m_session.evaluationText, m_session.readTexts))
            found = &record;
    return found;
}

QString exactnessSign(Exactness exactness)
{
    switch (exactness) {
    case Exactness::Exact:
        return QStringLiteral("=");
    case Exactness::Estimate:
        return QStringLiteral("~");
    case Exactness::Stale:
        return QStringLiteral("!");
    case Exactness::Unknown:
        return {};
    }
    return {};
}

QString exactnessWord(Exactness exactness)
{
    switch (exactness) {
    case Exactness::Exact:
        return SessionModel::tr("exact");
    case Exactness::Estimate:
        return SessionModel::tr("estimate");
    case Exactness::Stale:
        return SessionModel::tr("stale");
    case Exactness::Unknown:
        return SessionModel::tr("not known");
    }
    return {};
}

} // namespace secateur::ui
