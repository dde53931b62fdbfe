// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/SessionModel.h"

#include "checkpoint/ModelName.h"
#include "foundation/Error.h"
#include "foundation/Failures.h"
#include "session/Measurements.h"
#include "session/PlanFolder.h"

#include <algorithm>
#include <variant>

namespace secateur::ui {
namespace {

bool contains(const std::vector<std::int64_t> &list, std::int64_t value)
{
    return std::find(list.begin(), list.end(), value) != list.end();
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

QString SessionModel::widthProblem() const
{
    const QString problem = editProblem();
    const ShelfPlan *shelf = problem.isEmpty() ? shelfPlan() : nullptr;
    if (!shelf)
        return problem;
    if (isOfBlocks(shelf->plan.method))
        return tr("This plan was found by %1: which neurons stay is settled. Calibrate to choose others.")
            .arg(QLatin1String(titleOf(shelf->plan.method)));
    if (shelf->plan.method == PlanMethod::Restored)
        return tr("This plan was restored for exactly what it keeps. Go back to 2SSP, change it there, and restore it again.");
    if (shelf->plan.method == PlanMethod::Manual && shelf->file.empty())
        return tr("The widths of this plan were set by hand. Change them on the map, or go back to 2SSP.");
    return tr("This plan's neurons come from '%1' and are fixed. Calibrate to choose others.").arg(shelfName(*shelf));
}

QString SessionModel::removalsProblem() const
{
    const QString problem = editProblem();
    if (!problem.isEmpty() || !isSettled())
        return problem;
    if (isOfBlocks(shelfPlan()->plan.method))
        return tr("This plan was found by %1: what it removes is settled.").arg(QLatin1String(titleOf(shelfPlan()->plan.method)));
    if (shelfPlan()->plan.method == PlanMethod::Restored)
        return tr("This plan was restored for exactly what it removes. Go back to 2SSP, change it there, and restore it again.");
    return shelfPlan()->plan.method == PlanMethod::Manual
               ? tr("This plan was written by hand: what it removes is settled.")
               : tr("This plan changes weights for exactly what it keeps: what it removes is settled.");
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

const ShelfPlan *SessionModel::shelfPlan() const
{
    return shelfPlanOf(m_session, draft());
}

bool SessionModel::isSettled() const
{
    return secateur::isSettled(m_session, draft());
}

const NeuronScores *SessionModel::scores() const
{
    return hasScores() ? m_session.calibrations[std::size_t(m_calibration)].get() : nullptr;
}

std::shared_ptr<const RankedScores> SessionModel::rankedScores() const
{
    return hasScores() ? m_ranked[std::size_t(m_calibration)] : nullptr;
}

std::int64_t SessionModel::roughWindows(const TextSettings &text) const
{
    const auto known = std::find_if(m_roughWindows.begin(), m_roughWindows.end(), [&](const auto &one) { return one.first == text; });
    return known != m_roughWindows.end() ? known->second : m_roughWindows.emplace_back(text, secateur::roughWindows(text)).second;
}

// ---- changes -----------------------------------------------------------------------------------------------------------------

void SessionModel::restore(Session session, std::vector<std::shared_ptr<const RankedScores>> ranked)
{
    m_session = std::move(session);
    if (const NeuronScores *used = draft().calibration >= 0 ? m_session.calibrations[std::size_t(draft().calibration)].get() : nullptr;
        used && !isOf(*used, m_session.calibrationText, m_session.norm, m_session.readTexts)) {
        m_session.calibrationText =
            textSettingsOf(used->provenance); // sessions of before kept scores in use when the settings were changed
        m_session.norm = used->norm;
    }
    followSession(std::move(ranked), false);
}

/// Another session was put in place.
void SessionModel::followSession(std::vector<std::shared_ptr<const RankedScores>> ranked, bool isModelThere)
{
    m_runningSearch.clear();
    m_blocksInProgress.reset();
    m_restorationInProgress.reset();
    m_taskInProgress.reset();
    m_comparedRows.clear();
    m_ranked = std::move(ranked);
    m_hashes.clear();
    m_roughWindows.clear();
    m_isModelThere = isModelThere;
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

void SessionModel::setTasks(const TaskSettings &tasks)
{
    if (tasks == m_session.tasks)
        return;
    m_session.tasks = tasks;
    emit tasksChanged();
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

/// K without one by hand; none when infeasible, which is said where it matters, and of a plan of the shelf, which no rule is asked about.
std::optional<qint64> SessionModel::neuronsOfRule() const
{
    BalanceSettings settings = draft().balance;
    settings.neuronsKept.reset();
    try {
        return shelfPlan() ? std::nullopt : std::optional<qint64>(secateur::balance(spec(), settings).neuronsKept);
    } catch (const Error &) {
        return {};
    }
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
    m_planSpec = hasModel() ? spec() : ModelSpec();
    if (hasModel() && (m_pruningProblem.isEmpty() || isSettled())) { // who writes a plan by hand needs no rule
        try {
            m_bounds = boundsOf(m_session, draft());
            m_balance = balanceOf(m_session, draft());
            m_planSpec = isSettled() ? specOf(m_session, draft()) : narrowed(m_balance->neuronsKept, m_balance->attentionsToRemove);
            m_planFigures = figuresOf(m_planSpec);
        } catch (const Error &problem) {
            m_balanceProblem = QString::fromStdString(problem.what());
            m_balanceHint = QString::fromStdString(problem.plainHint());
        }
        m_neuronsByRule = neuronsOfRule();
    } else {
        m_balanceProblem = m_pruningProblem;
    }
    m_searchKey = m_balance ? searchKey(draft(), m_balance->neuronsKept) : std::string();
    m_searchOfOthers.reset();
    followSearches(m_searchKey);
    followScores();
}

/// Which scores chose the neurons of the current plan: those of a plan of the shelf may come later.
void SessionModel::followScores()
{
    m_calibration = calibrationOf(m_session, draft());
}

/// A search became known, or more of it.
void SessionModel::followSearches(const std::string &changedKey)
{
    if (areAlikeButProtected(m_searchKey, changedKey))
        m_searchOfOthers = searchOfOthers(m_session, draft(), m_balance->neuronsKept);
}

// ---- results -----------------------------------------------------------------------------------------------------------------

void SessionModel::apply(const JobEvent &event)
{
    if (const auto *text = std::get_if<TextRead>(&event))
        return takeText(*text);
    const Exactness before = planExactness();
    const std::size_t calibrations = m_session.calibrations.size();
    try {
        applyEvent(m_session, event);
    } catch (const Flaw &problem) {
        return emit resultRefused(QString::fromUtf8(problem.what()));
    }
    if (std::holds_alternative<Opened>(event)) {
        followSession({}, true);
    } else if (const auto *scored = std::get_if<Scored>(&event)) {
        if (m_session.calibrations.size() == calibrations)
            return;
        m_ranked.push_back(scored->ranked ? scored->ranked : std::make_shared<const RankedScores>(*scored->scores));
        followScores();
        emit calibrationsChanged();
    } else if (const auto *opened = std::get_if<PlanOpened>(&event)) {
        const ShelfEntry &entry = opened->entry;
        emit plansChanged();
        if (entry.search.isBegun())
            tellOfSearch(searchKey(entry.draft, entry.plan->plan.balance.neuronsKept), before);
    } else if (const auto *search = std::get_if<SearchKnown>(&event)) {
        tellOfSearch(search->key, before);
    } else if (const auto *loss = std::get_if<LossKnown>(&event)) {
        tellOfSearch(loss->key, before);
    } else if (const auto *removal = std::get_if<AttentionRemoved>(&event)) {
        tellOfSearch(removal->key, before);
    } else if (const auto *blocks = std::get_if<BlocksKnown>(&event)) {
        m_blocksInProgress = blocks->record;
        emit blocksInProgressChanged();
    } else if (const auto *restoration = std::get_if<RestorationKnown>(&event)) {
        m_restorationInProgress = restoration->progress.record;
        emit restorationInProgressChanged();
    } else if (const auto *item = std::get_if<TaskScored>(&event)) {
        m_taskInProgress = *item;
        emit taskInProgressChanged();
    } else if (const auto *compared = std::get_if<RowCompared>(&event)) {
        takeRow(compared->row);
    } else if (std::holds_alternative<MeasurementMade>(event)) {
        emit evaluationsChanged();
    } else if (std::holds_alternative<Exported>(event)) {
        emit exportsChanged();
    }
}

/// In place of what was known of that row before.
void SessionModel::takeRow(const ComparisonRow &row)
{
    const auto before = std::find_if(m_comparedRows.begin(), m_comparedRows.end(), [&](const ComparisonRow &other) {
        return other.method == row.method && other.sparsity == row.sparsity && other.restored == row.restored &&
               other.isGated == row.isGated;
    });
    if (before == m_comparedRows.end())
        m_comparedRows.push_back(row);
    else
        *before = row;
    emit comparedRowsChanged();
}

void SessionModel::endBlocks()
{
    if (!m_blocksInProgress)
        return;
    m_blocksInProgress.reset();
    emit blocksInProgressChanged();
}

void SessionModel::endRestoration()
{
    if (!m_restorationInProgress)
        return;
    m_restorationInProgress.reset();
    emit restorationInProgressChanged();
}

void SessionModel::endTasks()
{
    if (!m_taskInProgress)
        return;
    m_taskInProgress.reset();
    emit taskInProgressChanged();
}

void SessionModel::beginComparison()
{
    m_comparedRows.clear();
    emit comparedRowsChanged();
}

qint64 SessionModel::addCalibration(std::shared_ptr<const NeuronScores> scores, std::shared_ptr<const RankedScores> ranked)
{
    apply(Scored{scores, std::move(ranked)});
    const auto &all = m_session.calibrations;
    return qint64(std::find_if(all.begin(), all.end(), [&](const auto &known) { return isSameCalibration(*known, *scores); }) -
                  all.begin());
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

void SessionModel::takeText(const TextRead &event)
{
    QStringList lines;
    for (const std::string &line : linesOf(event.report))
        lines << QString::fromStdString(line);
    const auto wereOn = [&] {
        std::vector<bool> all;
        for (const Measurement &m : m_session.measurements)
            all.push_back(isOn(m, event.text, m_session.readTexts));
        return all;
    };
    const std::vector<bool> before = wereOn();
    applyEvent(m_session, event);
    emit textRead(event.text, lines, event.report);
    if (wereOn() != before)
        emit evaluationsChanged();
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
            key = searchKey(draft, balanceOf(m_session, draft).neuronsKept);
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

bool isFoundHere(const ShelfPlan &shelf)
{
    return shelf.file.empty() || isFoundPlanFile(shelf.file);
}

bool isSetByHand(const ShelfPlan &shelf)
{
    return shelf.plan.method == PlanMethod::Manual && isFoundHere(shelf);
}

QString shelfName(const ShelfPlan &shelf)
{
    return isFoundHere(shelf) ? QString::fromLatin1(titleOf(shelf.plan.method)) : QString::fromStdString(shelf.file.filename().string());
}

} // namespace secateur::ui
