// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/SessionModel.h"

#include "checkpoint/ModelName.h"
#include "foundation/Error.h"
#include "session/Measurements.h"

#include <algorithm>
#include <limits>

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

QString SessionModel::readOnlyReason() const
{
    if (!m_session.newerFormat)
        return {};
    return tr("This session was saved by a newer Secateur (format %1), so it is open read-only: what this version does not know is "
              "missing. Update the program to change or save it.")
        .arg(*m_session.newerFormat);
}

QString SessionModel::changeProblem() const
{
    return hasModel() ? readOnlyReason() : tr("Open a model first.");
}

QString SessionModel::editProblem() const
{
    const QString problem = changeProblem();
    return problem.isEmpty() ? m_pruningProblem : problem;
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

std::int64_t SessionModel::roughWindows(const TextSettings &text) const
{
    const auto known = std::find_if(m_roughWindows.begin(), m_roughWindows.end(), [&](const auto &one) { return one.first == text; });
    return known != m_roughWindows.end() ? known->second : m_roughWindows.emplace_back(text, secateur::roughWindows(text)).second;
}

// ---- changes -----------------------------------------------------------------------------------------------------------------

void SessionModel::begin(const ModelSummary &summary)
{
    m_session = {};
    m_runningSearch.clear();
    m_ranked.clear();
    m_hashes.clear();
    m_roughWindows.clear();
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
    if (const NeuronScores *used = scores(); used && !isOf(*used, m_session.calibrationText, m_session.norm, m_session.readTexts)) {
        m_session.calibrationText =
            textSettingsOf(used->provenance); // sessions of before kept scores in use when the settings were changed
        m_session.norm = used->norm;
    }
    m_runningSearch.clear();
    m_ranked = std::move(ranked);
    m_hashes.clear();
    m_roughWindows.clear();
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

void SessionModel::setPins(std::vector<PinnedPlan> pins)
{
    if (pins == m_session.pinned)
        return;
    m_session.pinned = std::move(pins);
    emit pinsChanged();
}

void SessionModel::setDraftAndTexts(const PlanDraft &draft, const TextSettings &calibration, const TextSettings &evaluation, ScoreNorm norm)
{
    const bool isOtherDraft = !(draft == m_session.draft);
    const bool areOtherTexts =
        !(calibration == m_session.calibrationText) || !(evaluation == m_session.evaluationText) || norm != m_session.norm;
    m_session.draft = draft; // nobody is told before all is in place
    m_session.calibrationText = calibration;
    m_session.evaluationText = evaluation;
    m_session.norm = norm;
    if (isOtherDraft)
        follow();
    if (areOtherTexts) {
        m_roughWindows.clear();
        emit textsChanged();
    }
    if (isOtherDraft)
        emit draftChanged();
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
        if (isSameCalibration(*m_session.calibrations[i], *scores))
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
    const auto wereOn = [&] {
        std::vector<bool> all;
        for (const Measurement &m : m_session.measurements)
            all.push_back(isOn(m, text, m_session.readTexts));
        return all;
    };
    const std::vector<bool> before = wereOn();
    noteContent(m_session.readTexts, text, report.tokenHash);
    emit textRead(text, lines, report);
    if (wereOn() != before)
        emit evaluationsChanged();
}

void SessionModel::addMeasurement(const Measurement &record)
{
    secateur::addMeasurement(m_session.measurements, record);
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

} // namespace secateur::ui
