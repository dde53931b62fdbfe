// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "pruning/RankedScores.h"
#include "session/JobEvent.h"
#include "session/Session.h"
#include "session/Shelf.h"

#include <QObject>
#include <QString>
#include <QStringList>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace secateur::ui {

/// How far the search of the current plan is.
enum class SearchState {
    NotPossible, ///< no calibration yet, or the balance is infeasible
    NotNeeded,   ///< N = 0
    NotBegun,
    Unfinished, ///< some of the N removals are known
    Complete,
};

/// Where a number comes from; shown by sign and word, never by colour alone.
enum class Exactness {
    Exact,    ///< "=": follows from this plan, or was measured for it
    Estimate, ///< "~"
    Stale,    ///< "!": was measured for another plan
    Unknown,  ///< nothing is shown but a dash
};

/// What a model costs, in the units of the budget bar.
struct ModelFigures {
    std::int64_t layerParameters = 0, modelParameters = 0;
    std::int64_t bytes = 0;           ///< of the weights, as stored
    std::int64_t flopPerToken = 0;    ///< without the products over the context: an estimate
    std::int64_t kvBytesPerToken = 0; ///< in the stored type
};

/// What is known of a plan of the session, whichever it is.
struct PlanFacts {
    std::optional<SparsityBalance> balance; ///< none when it is infeasible; then `problem` says why
    QString problem;
    SearchState search = SearchState::NotPossible;
    std::vector<std::int64_t> removed; ///< layers, as far as they are known: at most N, in order
    Exactness exactness = Exactness::Unknown;
    ModelFigures figures;                    ///< those of the original when it is infeasible
    const Measurement *evaluation = nullptr; ///< on the session's evaluation text, the latest; null when not measured
};

/// The session as the window sees it: the values, what follows from them, and a signal for each kind of change.
///
/// One per window, on the interface's thread. Everything here answers within a frame; what sorts or computes is a job, whose results come
/// in through the functions under "results". The draft is changed by undo commands only (see PlanEditor).
class SessionModel : public QObject {
    Q_OBJECT
public:
    explicit SessionModel(QObject *parent = nullptr);
    ~SessionModel() override;

    const Session &session() const { return m_session; }

    // ---- the model -------------------------------------------------------------------------------------------------------------
    bool hasModel() const { return m_session.model.has_value(); }
    /// False for a session whose model has moved: plots are there, jobs are not possible.
    bool isModelThere() const { return m_isModelThere; }
    const ModelSpec &spec() const { return m_session.model->spec; } ///< needs hasModel()
    qint64 layerCount() const { return hasModel() ? spec().layerCount() : 0; }
    qint64 neurons() const { return hasModel() ? spec().mostNeurons() : 0; } ///< of the widest FFN of the dense model
    QString modelName() const;                                               ///< ModelName::brief
    /// Why the session is for looking at only: a newer version saved it. With the remedy; empty when it can be changed.
    QString readOnlyReason() const;
    /// Why nothing of the session can be changed: no model, or readOnlyReason(). Empty when it can.
    QString changeProblem() const;
    /// Why the current plan cannot be edited: changeProblem() or pruningProblem(). Empty when it can.
    QString editProblem() const;
    /// Why sparsity, alpha, K and the width multiple of the current plan cannot be edited: editProblem(), or it is a plan of the shelf, whose neurons are
    /// chosen. Empty when they can.
    QString widthProblem() const;
    /// The same of N and of protected and forced layers: editProblem(), or they are settled (isSettled).
    QString removalsProblem() const;
    /// Why the model cannot be pruned (layers that differ, an attention that is missing); empty when it can.
    QString pruningProblem() const { return m_pruningProblem; }
    /// Why texts cannot be read with this model, with what can be done all the same and the remedy; empty when they can.
    QString tokenizerProblem() const;

    // ---- the current plan ------------------------------------------------------------------------------------------------------
    const PlanDraft &draft() const { return m_session.draft; }
    /// None when the draft is infeasible; then balanceProblem() says why.
    const std::optional<SparsityBalance> &balance() const { return m_balance; }
    const std::optional<BalanceBounds> &bounds() const { return m_bounds; } ///< none without a model that can be pruned
    QString balanceProblem() const { return m_balanceProblem; }
    QString balanceHint() const { return m_balanceHint; }
    qint64 attentionsToRemove() const; ///< N; 0 when infeasible
    qint64 neuronsKept() const;        ///< K; all when infeasible
    /// K that the balance gives without one by hand; none when infeasible.
    std::optional<qint64> neuronsByRule() const { return m_neuronsByRule; }
    bool isProtected(qint64 layer) const;
    bool isForced(qint64 layer) const;

    /// Whether it is settled which neurons stay, but for K: there are scores in use, or it is a plan of the shelf.
    bool hasNeurons() const { return draft().hasNeurons(); }
    /// The plan of the shelf that it varies; null where it is made from scores.
    const ShelfPlan *shelfPlan() const;
    bool isSettled() const; ///< a plan of the shelf that cannot be searched (isSearchable): nothing of it can be varied
    /// What it leaves of the model; of attentions that are not known yet, any. The model itself when it is infeasible.
    const ModelSpec &planSpec() const { return m_planSpec; } ///< needs hasModel()

    bool hasScores() const { return m_calibration >= 0; }     ///< those that chose its neurons: in use, or of a plan of the shelf the same
    const NeuronScores *scores() const;                       ///< null without
    std::shared_ptr<const RankedScores> rankedScores() const; ///< null without

    // ---- its search ------------------------------------------------------------------------------------------------------------
    SearchState searchState() const;
    /// Of this draft and K, whatever its length; null when there is none. Where another search says more that differs in the protected layers only, what
    /// that says.
    const SearchRecord *search() const;
    /// Layers that the plan removes, as far as they are known: at most N, in order.
    std::vector<std::int64_t> removalOrder() const;
    /// Search perplexity after the plan's removals; before any with N = 0. None while not known.
    std::optional<double> searchPerplexity() const;
    /// Whether a job works on it now.
    bool isSearchRunning() const { return !m_runningSearch.empty() && m_runningSearch == m_searchKey; }
    const SearchRecord *denseImpact() const;

    // ---- jobs of other methods and comparisons ---------------------------------------------------------------------------------
    /// The choice of blocks that a job works on now, as far as it is; none while no job does.
    const std::optional<BlockRecord> &blocksInProgress() const { return m_blocksInProgress; }
    /// The restoration that a job works on now, as far as it is; none while no job does.
    const std::optional<RestorationRecord> &restorationInProgress() const { return m_restorationInProgress; }
    /// The last score of the tasks that a job works on now; none while no job does.
    const std::optional<TaskScored> &taskInProgress() const { return m_taskInProgress; }
    /// Rows of the comparison that runs now or ran last in this session, in the order in which they came.
    const std::vector<ComparisonRow> &comparedRows() const { return m_comparedRows; }

    // ---- figures ---------------------------------------------------------------------------------------------------------------
    ModelFigures denseFigures() const { return m_denseFigures; }
    ModelFigures planFigures() const { return m_planFigures; }
    /// Of any plan of the session. Takes longer than those of the current one.
    PlanFacts factsOf(const PlanDraft &draft) const;
    /// Of the plan with so many neurons in each layer and without so many attentions.
    ModelFigures figuresOf(std::int64_t neuronsKept, std::int64_t attentionsRemoved) const;
    /// Whether the plan is settled: Exact when width and removals are known, Stale when there are searches but none of this plan, Unknown before:
    /// what is not known yet is no estimate.
    Exactness planExactness() const;
    QString planExactnessText() const; ///< the reason in words: "exact", "removal order not searched yet", ...

    /// Evaluation of the current plan (of the dense model) on the session's evaluation text; null when not measured. The latest wins, of the dense
    /// model the latest that was computed as the plan's was.
    const Measurement *planEvaluation() const;
    const Measurement *denseEvaluation() const;
    bool isPlanEvaluated() const; ///< the current one, on any text
    /// The latest of another plan on that text, to be shown as stale; null when there is none.
    const Measurement *staleEvaluation() const;
    /// SHA-256 of the current plan; empty until a job has computed it (see SessionJobs).
    QString planHash() const;

    /// roughWindows() of a text, by the sizes that its files had when it was asked for first since the texts were changed: a disk may take long
    /// to tell.
    std::int64_t roughWindows(const TextSettings &text) const;

    // ---- changes ---------------------------------------------------------------------------------------------------------------
    /// A new session of a model that was opened.
    void begin(const ModelSummary &summary) { apply(Opened{summary}); }
    /// A session that was loaded. Ranked scores belong to its calibrations, in order. Where the scores in use are of other settings than are set, those of
    /// the calibration follow the scores, from which everything else in it was made.
    void restore(Session session, std::vector<std::shared_ptr<const RankedScores>> ranked);
    void setModelThere(bool isThere);                         ///< whether the model of a restored session could be opened
    void setModelFolder(const std::filesystem::path &folder); ///< where the model of a restored session was found
    /// Plan and texts at once, by undo commands, and with a sample: the scores in use are those that the calibration's settings ask for, or none
    /// (see PlanEditor).
    void setDraftAndTexts(const PlanDraft &draft, const TextSettings &calibration, const TextSettings &evaluation, ScoreNorm norm);
    void setPins(std::vector<PinnedPlan> pins); ///< by undo commands only
    void setTasks(const TaskSettings &tasks);   ///< by undo commands only
    /// How the window shows the session, to be kept with it. Changes nothing that anybody follows; notes on plans stay.
    void setView(std::map<std::string, std::string> view);
    /// What people noted of the plan of that hash, or of the original for an empty one; empty: nothing. Kept with the view.
    QString noteOf(const std::string &planHash) const;
    void setNote(const std::string &planHash, const QString &note);

    // ---- results ---------------------------------------------------------------------------------------------------------------
    /// Takes what a job tells into the session, and tells those who follow. Scores should come with their ranking: to sort them takes long. An event that
    /// does not follow what is known changes nothing (resultRefused).
    void apply(const JobEvent &event);
    /// Returns the calibration's index; an equal one that is there already (isSameCalibration) is reused. Does not touch the draft.
    qint64 addCalibration(std::shared_ptr<const NeuronScores> scores, std::shared_ptr<const RankedScores> ranked);
    void setSearch(const std::string &key, const SearchRecord &record) { apply(SearchKnown{key, record}); }
    void addCandidate(const std::string &key, const CandidateLoss &heard) { apply(LossKnown{key, heard}); }
    void addRemoval(const std::string &key, qint64 step, qint64 layer, bool isForced)
    {
        apply(AttentionRemoved{key, step, layer, isForced});
    }
    void addMeasurement(const Measurement &record) { apply(MeasurementMade{record}); }
    void addExport(const ExportRecord &record) { apply(Exported{record}); }
    /// The search that a job works on now; empty: none.
    void setRunningSearch(const std::string &key) { m_runningSearch = key; }
    void endBlocks();       ///< no job chooses blocks any more
    void endRestoration();  ///< no job restores any more
    void endTasks();        ///< no job scores items any more
    void beginComparison(); ///< without rows
    void setPlanHash(const PlanDraft &draft, const std::vector<std::int64_t> &removed, const QString &hash);

    /// This text was read: what it turned out to be, for people. Its content is known from here on, so that other measurements may be those of
    /// the text.
    void tellTextRead(const TextSettings &text, const TextReport &report) { apply(TextRead{text, report}); }
    /// A text was chosen that cannot be used as it is. `windows`: how many it gives where it is only too short; else 0.
    void tellTextRefused(const TextSettings &text, const QString &sentence, const QString &hint, qint64 windows = 0)
    {
        emit textRefused(text, sentence, hint, windows);
    }

signals:
    void modelChanged();         ///< another session: everything changed
    void modelPresenceChanged(); ///< isModelThere()
    void modelMoved();           ///< its folder
    void textsChanged();
    void tasksChanged(); ///< Session::tasks
    /// What a text turned out to be that was read, for people; nothing keeps it. `lines` are those of linesOf().
    void textRead(const secateur::TextSettings &text, const QStringList &lines, const secateur::TextReport &report);
    void textRefused(const secateur::TextSettings &text, const QString &sentence, const QString &hint, qint64 windows);
    void resultRefused(const QString &why); ///< by apply(); a part of a sentence
    void calibrationsChanged();             ///< one was added
    void plansChanged();                    ///< one came onto the shelf
    void draftChanged();                    ///< the draft and all that follows from it
    void searchChanged();                   ///< losses or removals of the search of the current plan, its presence, or planExactness()
    void otherSearchChanged();              ///< the search of another plan, which this one shows nothing of
    void denseImpactChanged();
    void evaluationsChanged(); ///< the measurements, or which of them are of the texts
    void exportsChanged();
    void pinsChanged();
    void notesChanged(); ///< setNote()
    void planHashChanged();
    void blocksInProgressChanged();
    void restorationInProgressChanged();
    void taskInProgressChanged();
    void comparedRowsChanged();

private:
    void follow();
    void followModel();
    void followSession(std::vector<std::shared_ptr<const RankedScores>> ranked, bool isModelThere);
    void takeText(const TextRead &event);
    void takeRow(const ComparisonRow &row);
    void followSearches(const std::string &changedKey);
    void followScores();
    std::optional<qint64> neuronsOfRule() const;
    Exactness exactnessOf(SearchState state) const;
    QString settledText() const;
    ModelFigures figuresOf(const ModelSpec &spec) const;
    ModelSpec narrowed(std::int64_t kept, std::int64_t removed) const;
    void tellOfSearch(const std::string &key, Exactness before);
    bool isAnySearchBegun() const;
    const Measurement *evaluationOfPlan(const TextSettings *text) const;
    std::string hashKey(const PlanDraft &draft, const std::vector<std::int64_t> &removed) const;

    Session m_session;
    std::vector<std::shared_ptr<const RankedScores>> m_ranked;
    bool m_isModelThere = false;
    QString m_pruningProblem;
    std::optional<SparsityBalance> m_balance;
    std::optional<BalanceBounds> m_bounds;
    std::optional<qint64> m_neuronsByRule;
    QString m_balanceProblem, m_balanceHint;
    ModelFigures m_denseFigures, m_planFigures;
    ModelSpec m_planSpec;
    std::int64_t m_calibration = -1; ///< calibrationOf() the current plan
    std::string m_searchKey, m_runningSearch;
    std::optional<SearchRecord> m_searchOfOthers; ///< searchOfOthers() for the current plan
    std::optional<BlockRecord> m_blocksInProgress;
    std::optional<RestorationRecord> m_restorationInProgress;
    std::optional<TaskScored> m_taskInProgress;
    std::vector<ComparisonRow> m_comparedRows;
    std::map<std::string, QString> m_hashes;                   ///< plan hashes by key and removals
    mutable std::pair<std::filesystem::path, QString> m_named; ///< the last folder that was named
    mutable std::vector<std::pair<TextSettings, std::int64_t>> m_roughWindows;
};

/// Whether a plan of the shelf came from this session: it has no file, or one that the program keeps for it.
bool isFoundHere(const ShelfPlan &shelf);
/// Whether its widths were set by hand in this session: no method found it.
bool isSetByHand(const ShelfPlan &shelf);
/// What the window calls a plan of the shelf: its file's name or, of one that was found in this session, its method's.
QString shelfName(const ShelfPlan &shelf);
/// Sign and word of an exactness: "=", "~", "!", "" and "exact", "estimate", "stale", "not known".
QString exactnessSign(Exactness exactness);
QString exactnessWord(Exactness exactness);

} // namespace secateur::ui
