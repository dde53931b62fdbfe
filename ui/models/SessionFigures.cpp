// SPDX-License-Identifier: GPL-3.0-or-later
// What SessionModel says of the current plan from what it keeps: how far its search is, what it costs, what was measured of it.
#include "models/SessionModel.h"

#include "session/Measurements.h"

#include <algorithm>
#include <cmath>

namespace secateur::ui {

// ---- its search --------------------------------------------------------------------------------------------------------------

SearchState SessionModel::searchState() const
{
    if (!hasScores() || !m_balance)
        return SearchState::NotPossible;
    if (m_balance->attentionsToRemove == 0)
        return SearchState::NotNeeded;
    const SearchRecord *record = search();
    if (!record || !record->isBegun())
        return SearchState::NotBegun;
    const auto found = std::int64_t(record->removalOrder().size());
    return found >= m_balance->attentionsToRemove ? SearchState::Complete : SearchState::Unfinished;
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
    const SearchRecord *record = search();
    std::vector<std::int64_t> order = record ? record->removalOrder() : std::vector<std::int64_t>();
    if (std::int64_t(order.size()) > attentionsToRemove())
        order.resize(std::size_t(attentionsToRemove()));
    return order;
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
    if (!hasModel())
        return {};
    std::vector<std::int64_t> widths, layers;
    for (const LayerSpec &layer : spec().layers)
        widths.push_back(std::min(kept, layer.neurons()));
    for (std::int64_t i = 0; i < layerCount() && std::int64_t(layers.size()) < removed; ++i) // any of them: the layers are alike
        if (spec().layers[std::size_t(i)].attention)
            layers.push_back(i);
    return figuresOf(prunedSpec(spec(), widths, layers));
}

bool SessionModel::isAnySearchBegun() const
{
    return std::any_of(m_session.searches.begin(), m_session.searches.end(), [](const auto &entry) { return entry.second.isBegun(); });
}

Exactness SessionModel::planExactness() const
{
    switch (searchState()) {
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

QString SessionModel::planExactnessText() const
{
    switch (searchState()) {
    case SearchState::NotNeeded:
        return tr("exact: no attention is removed");
    case SearchState::Complete:
        return tr("exact");
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
        if (record.calibration == draft().calibration && record.neuronsKept == neuronsKept() && record.removed == order &&
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
