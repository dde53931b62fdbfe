// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/SessionModel.h"

#include "checkpoint/ModelName.h"
#include "foundation/Error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace secateur::ui {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

bool contains(const std::vector<std::int64_t> &list, std::int64_t value)
{
    return std::find(list.begin(), list.end(), value) != list.end();
}

std::int64_t defaultLength(const ModelSpec &spec)
{
    return std::min<std::int64_t>(2048, spec.contextLength); // the authors' calibration
}

} // namespace

SessionModel::SessionModel(QObject *parent) : QObject(parent) {}
SessionModel::~SessionModel() = default;

// ---- the model ---------------------------------------------------------------------------------------------------------------

QString SessionModel::modelName() const
{
    if (!hasModel())
        return {};
    const std::filesystem::path &folder = m_session.model->folder;
    if (m_named.first != folder) // links are followed for a name, which may take a while on a slow disk
        m_named = {folder, QString::fromStdString(secateur::modelName(folder).brief)};
    return m_named.second;
}

QString SessionModel::tokenizerProblem() const
{
    if (!hasModel() || m_session.model->tokenizerSize)
        return {};
    return tr("No tokenizer: %1 You can look at the model, but calibration, search and evaluation need it. %2")
        .arg(QString::fromStdString(m_session.model->tokenizerProblem), QString::fromStdString(m_session.model->tokenizerHint))
        .trimmed();
}

// ---- the current plan --------------------------------------------------------------------------------------------------------

qint64 SessionModel::attentionsToRemove() const
{
    return m_balance ? m_balance->attentionsToRemove : 0;
}

qint64 SessionModel::neuronsKept() const
{
    return m_balance ? m_balance->neuronsKept : neurons();
}

bool SessionModel::isProtected(qint64 layer) const
{
    return contains(draft().search.protectedLayers, layer);
}

bool SessionModel::isForced(qint64 layer) const
{
    return contains(draft().search.forcedLayers, layer);
}

const NeuronScores *SessionModel::scores() const
{
    return hasScores() ? m_session.calibrations[std::size_t(draft().calibration)].get() : nullptr;
}

std::shared_ptr<const RankedScores> SessionModel::rankedScores() const
{
    return hasScores() ? m_ranked[std::size_t(draft().calibration)] : nullptr;
}

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
const EvaluationRecord *SessionModel::evaluationOfPlan(const TextSettings *text) const
{
    const SearchState state = searchState();
    if (state != SearchState::Complete && state != SearchState::NotNeeded)
        return nullptr;
    const std::vector<std::int64_t> order = removalOrder();
    const EvaluationRecord *found = nullptr;
    for (const EvaluationRecord &record : m_session.evaluations)
        if (record.calibration == draft().calibration && record.neuronsKept == neuronsKept() && record.removed == order &&
            (!text || record.text == *text))
            found = &record;
    return found;
}

const EvaluationRecord *SessionModel::planEvaluation() const
{
    return evaluationOfPlan(&m_session.evaluationText);
}

bool SessionModel::isPlanEvaluated() const
{
    return evaluationOfPlan(nullptr) != nullptr;
}

const EvaluationRecord *SessionModel::denseEvaluation() const
{
    const EvaluationRecord *found = nullptr;
    for (const EvaluationRecord &record : m_session.evaluations)
        if (record.planHash.empty() && record.text == m_session.evaluationText)
            found = &record;
    return found;
}

const EvaluationRecord *SessionModel::staleEvaluation() const
{
    const EvaluationRecord *own = planEvaluation(), *found = nullptr;
    for (const EvaluationRecord &record : m_session.evaluations)
        if (!record.planHash.empty() && &record != own && record.text == m_session.evaluationText)
            found = &record;
    return found;
}

// ---- changes -----------------------------------------------------------------------------------------------------------------

void SessionModel::begin(const ModelSummary &summary)
{
    m_session = {};
    m_runningSearch.clear();
    m_ranked.clear();
    m_hashes.clear();
    m_session.model = summary;
    m_session.calibrationText = {.files = {}, .windows = 32, .length = defaultLength(summary.spec), .seed = 0};
    m_session.evaluationText = {.files = {}, .windows = {}, .length = defaultLength(summary.spec), .seed = 0};
    m_isModelThere = true;
    followModel();
    emit modelChanged();
}

void SessionModel::restore(Session session, std::vector<std::shared_ptr<const RankedScores>> ranked)
{
    m_session = std::move(session);
    m_runningSearch.clear();
    m_ranked = std::move(ranked);
    m_hashes.clear();
    m_isModelThere = false;
    followModel();
    emit modelChanged();
}

void SessionModel::setModelThere(bool isThere)
{
    if (isThere == m_isModelThere)
        return;
    m_isModelThere = isThere;
    emit modelPresenceChanged();
}

void SessionModel::setModelFolder(const std::filesystem::path &folder)
{
    if (!m_session.model || m_session.model->folder == folder)
        return;
    m_session.model->folder = folder;
    emit modelMoved();
}

void SessionModel::setDraft(const PlanDraft &draft)
{
    if (draft == m_session.draft)
        return;
    m_session.draft = draft;
    follow();
    emit draftChanged();
}

void SessionModel::setPins(std::vector<PinnedPlan> pins)
{
    if (pins == m_session.pinned)
        return;
    m_session.pinned = std::move(pins);
    emit pinsChanged();
}

void SessionModel::setTexts(const TextSettings &calibration, const TextSettings &evaluation, ScoreNorm norm)
{
    if (calibration == m_session.calibrationText && evaluation == m_session.evaluationText && norm == m_session.norm)
        return;
    m_session.calibrationText = calibration;
    m_session.evaluationText = evaluation;
    m_session.norm = norm;
    emit textsChanged();
}

void SessionModel::followModel()
{
    m_pruningProblem.clear();
    m_denseFigures = {};
    if (hasModel()) {
        m_denseFigures = figuresOf(spec());
        if (const std::string problem = layersProblem(spec()); !problem.empty())
            m_pruningProblem = QString::fromStdString(problem + " " + kOpenOriginal);
    }
    follow();
}

/// Everything that the draft decides, computed once per change.
void SessionModel::follow()
{
    m_balance.reset();
    m_bounds.reset();
    m_neuronsByRule.reset();
    m_balanceProblem.clear();
    m_balanceHint.clear();
    m_planFigures = m_denseFigures;
    if (hasModel() && m_pruningProblem.isEmpty()) {
        BalanceSettings settings = draft().balance;
        try {
            m_bounds = boundsOf(spec(), settings.sparsity, settings.alpha);
            m_balance = secateur::balance(spec(), settings);
            m_planFigures = figuresOf(m_balance->neuronsKept, m_balance->attentionsToRemove);
        } catch (const Error &problem) {
            m_balanceProblem = QString::fromStdString(problem.what());
            m_balanceHint = QString::fromStdString(problem.plainHint());
        }
        try {
            settings.neuronsKept.reset();
            m_neuronsByRule = secateur::balance(spec(), settings).neuronsKept;
        } catch (const Error &) { // there is none: said above where it matters
        }
    } else {
        m_balanceProblem = m_pruningProblem;
    }
    m_searchKey = m_balance ? searchKey(draft(), m_balance->neuronsKept) : std::string();
    m_searchOfOthers.reset();
    followSearches(m_searchKey);
}

/// A search became known, or more of it.
void SessionModel::followSearches(const std::string &changedKey)
{
    if (areAlikeButProtected(m_searchKey, changedKey))
        m_searchOfOthers = searchOfOthers(m_session, draft(), m_balance->neuronsKept);
}

// ---- results -----------------------------------------------------------------------------------------------------------------

qint64 SessionModel::addCalibration(std::shared_ptr<const NeuronScores> scores, std::shared_ptr<const RankedScores> ranked)
{
    for (std::size_t i = 0; i < m_session.calibrations.size(); ++i)
        if (m_session.calibrations[i]->provenance == scores->provenance && m_session.calibrations[i]->norm == scores->norm)
            return qint64(i);
    m_session.calibrations.push_back(std::move(scores));
    m_ranked.push_back(std::move(ranked));
    emit calibrationsChanged();
    return qint64(m_session.calibrations.size()) - 1;
}

/// The record of a search that runs; an empty one is begun where there is none.
SearchRecord &SessionModel::recordOf(const std::string &key)
{
    SearchRecord empty;
    empty.initialLoss = kUnknown;
    if (!key.empty())
        return m_session.searches.try_emplace(key, empty).first->second;
    if (!m_session.denseImpact)
        m_session.denseImpact = empty;
    return *m_session.denseImpact;
}

/// The search of another plan can still decide whether this one's figures are unknown or stale.
void SessionModel::tellOfSearch(const std::string &key, Exactness before)
{
    if (key.empty()) {
        emit denseImpactChanged();
        return;
    }
    followSearches(key);
    if (areAlikeButProtected(m_searchKey, key) || planExactness() != before)
        emit searchChanged();
    else
        emit otherSearchChanged();
}

void SessionModel::setSearch(const std::string &key, SearchRecord record)
{
    const Exactness before = planExactness();
    if (key.empty())
        m_session.denseImpact = std::move(record);
    else
        m_session.searches[key] = std::move(record);
    tellOfSearch(key, before);
}

void SessionModel::addCandidate(const std::string &key, const CandidateLoss &heard)
{
    const Exactness before = planExactness();
    SearchRecord &record = recordOf(key);
    if (heard.step < 0) {
        record.initialLoss = heard.loss;
    } else {
        while (qint64(record.steps.size()) <= heard.step)
            record.steps.push_back(SearchStep::begun(layerCount()));
        SearchStep &step = record.steps[std::size_t(heard.step)];
        std::vector<double> &losses = heard.isScreened ? step.screened : step.losses;
        losses.resize(step.losses.size(), std::numeric_limits<double>::quiet_NaN());
        losses[std::size_t(heard.layer)] = heard.loss;
    }
    tellOfSearch(key, before);
}

void SessionModel::addRemoval(const std::string &key, qint64 step, qint64 layer, bool isForced)
{
    const auto found = m_session.searches.find(key);
    if (found == m_session.searches.end() || qint64(found->second.steps.size()) <= step)
        return; // no loss of that step is known: nothing can have been removed
    const Exactness before = planExactness();
    found->second.steps[std::size_t(step)].removed = layer;
    found->second.steps[std::size_t(step)].isForced = isForced;
    tellOfSearch(key, before);
}

void SessionModel::tellTextRead(const TextSettings &text, const TextReport &report)
{
    QStringList lines;
    for (const std::string &line : linesOf(report))
        lines << QString::fromStdString(line);
    emit textRead(text, lines, report);
}

void SessionModel::addEvaluation(const EvaluationRecord &record)
{
    std::erase_if(m_session.evaluations, [&](const EvaluationRecord &old) { // measured again
        return old.planHash == record.planHash && old.text == record.text && old.isOrderBorrowed == record.isOrderBorrowed;
    });
    m_session.evaluations.push_back(record);
    emit evaluationsChanged();
}

void SessionModel::addExport(const ExportRecord &record)
{
    m_session.exports.push_back(record);
    emit exportsChanged();
}

QString SessionModel::planHash() const
{
    const auto found = m_hashes.find(hashKey(draft(), removalOrder()));
    const SearchState state = searchState();
    const bool isSettled = state == SearchState::Complete || state == SearchState::NotNeeded;
    return !isSettled || found == m_hashes.end() ? QString() : found->second;
}

std::string SessionModel::hashKey(const PlanDraft &draft, const std::vector<std::int64_t> &removed) const
{
    std::string key = m_searchKey;
    if (!(draft == m_session.draft)) {
        try {
            key = searchKey(draft, secateur::balance(spec(), draft.balance).neuronsKept);
        } catch (const Error &) {
            return {};
        }
    }
    for (const std::int64_t layer : removed)
        key += "/" + std::to_string(layer);
    return key;
}

void SessionModel::setPlanHash(const PlanDraft &draft, const std::vector<std::int64_t> &removed, const QString &hash)
{
    const QString before = planHash();
    if (const std::string key = hashKey(draft, removed); !key.empty())
        m_hashes[key] = hash;
    if (planHash() != before)
        emit planHashChanged();
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
