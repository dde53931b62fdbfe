// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/RestorationForecast.h"
#include "exporting/Export.h"
#include "jobs/GramStore.h"
#include "jobs/JobRequest.h"
#include "jobs/JobRunner.h"
#include "jobs/JobTypes.h"
#include "jobs/PlanHasher.h"
#include "jobs/PlaygroundRun.h"
#include "session/Openable.h"
#include "session/Session.h"
#include "session/Shelf.h"

#include <QObject>
#include <QString>
#include <QThreadPool>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace secateur {
class RankedScores;
class SessionJournal;
} // namespace secateur

namespace secateur::ui {

class MessageLog;
class PlanEditor;
class SessionModel;
class SessionTask;
struct Findings;
struct Message;

/// Whether something can be asked for now; if not, why, in a sentence for a tooltip.
struct Possibility {
    QString reason; ///< empty = possible
    explicit operator bool() const { return reason.isEmpty(); }
};

/// What "measure the curve" is to measure.
struct CurveRequest {
    std::vector<PlanDraft> drafts;
    bool isOrderBorrowed = false; ///< take the removals of the current plan instead of searching each: one evaluation a point
};

/// What "Prune…" is to do with the session's texts: from the model to a verified checkpoint.
struct PruneRequest {
    double sparsity = 0.375; ///< of the decoder layers' parameters; N and K follow by the rule
    ExportSettings exporting;
    std::optional<RestorationSettings> restoration{}; ///< of the plan, before it is evaluated and written
};

/// Cost of a job, said before it starts.
struct JobCost {
    std::int64_t evaluations = 0;     ///< model evaluations of the search that are still to do
    std::optional<double> seconds;    ///< of all of the job, by the rate of earlier jobs of this session, else as forecast
    std::optional<Forecast> forecast; ///< none before the model was opened to compute
    QString problem;                  ///< why the job does not fit into memory; empty when it does
    QString anew{};                   ///< why the search cannot go on from its record, in a few words; empty when it can
};

/// The texts that come with a model: of the bundled sample.
struct SampleTexts {
    TextSettings calibration, evaluation;
};

/// The jobs that a session can ask for: each takes what it needs from the session model by value, runs on the compute thread, and brings its
/// results back into the model (and into the journal as they come). Failures go to the message log. Asking again for what waits or runs already
/// starts nothing, and is answered there too; where another job of the kind would be stopped, or what is known of a search replaced, people are asked
/// there first.
class SessionJobs : public QObject {
    Q_OBJECT
public:
    SessionJobs(SessionModel &model, PlanEditor &editor, JobRunner &runner, MessageLog &messages, QObject *parent = nullptr);
    ~SessionJobs() override;

    /// Where restored plans are kept with their weights, and what restoring needs: the program's own data. Nothing can be restored without.
    void setDataFolder(const std::filesystem::path &folder);
    /// Of plans with weights that sessions without a name refer to (PlanFolder); empty: there is none.
    std::filesystem::path planFolder() const { return m_dataFolder.empty() ? m_dataFolder : m_dataFolder / "plans"; }
    /// Losses and removals are written there as they come, on the compute thread; null = nowhere.
    void setJournal(std::shared_ptr<SessionJournal> journal) { m_journal = std::move(journal); }

    Possibility canCalibrate() const;
    Possibility canMeasureImpact() const;
    Possibility canSearch() const;
    Possibility canEvaluate() const; ///< the current plan
    Possibility canEvaluateDense() const;
    Possibility canExport() const;
    /// Whether the session can be pruned to that sparsity and written so.
    Possibility canPrune(const PruneRequest &request) const;
    Possibility canFindBlocks(const BlockSettings &settings) const;
    Possibility canRestore(const RestorationSettings &settings) const; ///< the current plan
    Possibility canMeasureTasks(const TaskSettings &tasks) const;      ///< of the current plan
    Possibility canMeasureTasksOfDense(const TaskSettings &tasks) const;
    Possibility canMeasureThroughput() const; ///< of the current plan, or of the original where there is none yet
    Possibility canCompare(const ComparisonSettings &settings) const;
    Possibility canWrite(const PlaygroundModels &models, const GenerationSettings &settings) const;
    Possibility canScoreText(const PlaygroundModels &models, const std::string &text) const;

    /// Opens a model folder (or the folder of a file in it) and begins a session, with the texts if there are any. Where that would stop a job
    /// of the session in hand, people are asked first.
    void openModel(const std::filesystem::path &folder, const std::optional<SampleTexts> &texts = {});
    /// Opens a file that is no session: a plan, a manifest or scores come into the session in hand, whose model they must fit, and into use, which can be
    /// undone; anything else is taken for a model. Without a model that of a manifest is opened first, or modelNeeded() asks for it, and the latest such file
    /// waits: each model that is opened is tried, until it fits. Files are opened one after another, and behind a model that is being opened; a model that is
    /// asked for later ends that, and so does one that cannot be opened.
    void openFile(const std::filesystem::path &file);
    /// Opens a model, and then that file into its session.
    void openModelFor(const std::filesystem::path &model, const std::filesystem::path &file);
    /// Opens the model of a session that was restored, to be able to compute again. It may have moved: then only plots are there, until it is opened
    /// where it is now. Not that of a session that is open read-only.
    void reopenModel(const std::filesystem::path &now = {});
    void calibrate();
    void measureImpact();
    void search(); ///< goes on where the record of the current plan stops
    /// The current plan, after searching what is missing, and the original if that was not measured on this text yet.
    void evaluate();
    void evaluateDense();
    void measureCurve(const CurveRequest &request);
    void exportPlan(ExportSettings settings);
    /// All of it in one job: calibrates and searches what is missing, evaluates where a text was chosen for it, exports and verifies. The current plan
    /// becomes the one that is asked for; a later change of it does not change the job. Returns the job's number; 0 when it is not possible.
    int prune(const PruneRequest &request);
    /// A plan by a method that removes whole blocks, on the calibration text, of which it takes as many windows as the authors do. It comes onto the shelf and
    /// into use, which can be undone.
    void findBlocks(const BlockSettings &settings);
    /// Makes up for what the current plan loses, after searching what is missing. The restored plan comes onto the shelf; the current one stays.
    void restore(const RestorationSettings &settings);
    /// A plan with such widths, a neuron count for each layer that has an FFN, without the attentions that the current plan removes as far as that is
    /// known: neurons by the scores in use, else by the latest. It is a plan by hand, on the shelf and in use, which can be undone.
    void setWidths(const std::vector<std::int64_t> &widths, const QString &what);
    /// Why that cannot be; empty when it can.
    QString widthsProblem() const;
    /// Accuracies of the current plan, after searching what is missing, and of the original where that was not measured in these tasks yet.
    void measureTasks(const TaskSettings &tasks);
    void measureTasksOfDense(const TaskSettings &tasks);
    /// Tokens a second of the original and of the current plan where there is one, after searching what is missing.
    void measureThroughput(const ThroughputSettings &settings);
    /// The table of methods and sizes: what the session does not know of it yet. Plans come onto the shelf, measurements into the session; the current plan
    /// stays. Goes on where it stopped, as what was found is known.
    void compare(const ComparisonSettings &settings);
    /// Continues a prompt by several models beside each other, after what is missing of their searches. Where nothing is, this need not wait for its turn behind
    /// a job that computes (JobInfo::waitsFor). Returns the job's number; 0 when nothing was started.
    int write(const PlaygroundModels &models, const GenerationSettings &settings);
    /// The loss of every token of a text, likewise; of a text that is longer than the model's context, of what fits.
    int scoreText(const PlaygroundModels &models, const std::string &text);
    /// Writes the current plan as a file for the command line. Needs a plan whose search is complete or begun.
    void savePlan(const std::filesystem::path &file);

    JobCost calibrationCost() const;
    /// What the search of a draft still has to do.
    JobCost searchCost(const PlanDraft &draft) const;
    /// What the impact of each attention on the original still asks for.
    JobCost impactCost() const;
    /// Of evaluate(): what is missing of the search, the original where it was not measured on the text yet, the plan.
    JobCost evaluationCost() const;
    JobCost originalEvaluationCost() const;
    /// Whether the original was measured on the evaluation text as it would be computed now; then evaluate() does not do so again.
    bool isOriginalMeasured() const;
    JobCost curveCost(const CurveRequest &request) const;
    JobCost pruneCost(const PruneRequest &request) const;
    JobCost blocksCost(const BlockSettings &settings) const;
    /// Of restore(), the search that is missing included.
    JobCost restorationCost(const RestorationSettings &settings) const;
    /// Of measureTasks(): by an earlier measurement of the session, else no seconds: how long the items are is known once they are read.
    JobCost tasksCost(const TaskSettings &tasks) const;
    JobCost comparisonCost(const ComparisonSettings &settings) const;
    /// Of write() and scoreText(): what is missing of the searches; how long a text is in tokens is known once it is read.
    JobCost playgroundCost(const PlaygroundModels &models) const;
    /// The current plan with that sparsity, N and K by the rule, on the calibration of the session's text; -1 where there is none yet.
    PlanDraft draftOf(const PruneRequest &request) const;
    /// What the engine computes with; none before a model was opened.
    const std::optional<EngineReport> &engineReport() const { return m_report; }
    /// What one pass over a window takes: the least that any job does.
    JobCost onePassCost() const;
    /// Bytes that the weights take in memory once loaded; 0 without a model.
    std::int64_t memoryNeeded() const;
    std::int64_t memoryFree() const;
    /// Bytes that reading a text may take, as in a job.
    std::int64_t textMemory() const;

    /// A command line that does what the job of that kind would do now. Empty where there is nothing to do yet.
    QString commandOf(JobKind kind) const;
    QString exportCommand(const ExportSettings &settings) const;
    QString pruneCommand(const PruneRequest &request) const;
    QString blocksCommand(const BlockSettings &settings) const;
    QString restorationCommand(const RestorationSettings &settings) const;
    QString tasksCommand(const TaskSettings &tasks) const;
    QString throughputCommand(const ThroughputSettings &settings) const;
    QString comparisonCommand(const ComparisonSettings &settings) const;
    QString writingCommand(const PlaygroundModels &models, const GenerationSettings &settings) const;
    QString textScoringCommand(const PlaygroundModels &models, const std::string &text) const;

    /// Whether calibrating keeps what restoring needs. Not a part of the session: it changes no result.
    bool keepsGrams() const { return m_keepsGrams; }
    void setKeepsGrams(bool keeps);
    std::int64_t gramBytes() const;                                  ///< that a calibration of this model would keep; 0 without a model
    std::int64_t keptGramBytes() const { return m_keptGrams.bytes; } ///< of all models, as far as the disk was looked at
    bool areGramsKept() const;                                       ///< of the calibration that the current plan was made from
    Possibility canDeleteGrams() const;
    void deleteGrams(); ///< of all models

signals:
    void gramsChanged(); ///< what is kept for restoring, or whether it will be
    /// What a playground job finds, in order; nothing of it is kept with the session.
    void writingBegan(const secateur::ui::PlaygroundRun &run);
    void tokenWritten(const secateur::WrittenToken &token); ///< by models of the run that began last
    void textsWritten(const std::vector<secateur::Generation> &texts);
    void textScored(const secateur::ui::ScoredRun &run);
    /// A model was opened and its session began.
    void modelOpened();
    void fileOpened(const QString &file, secateur::Openable kind); ///< by openFile(): a plan or scores
    void modelNeeded(const QString &file);                         ///< openFile() has no model that the file could be for
    void exported(const QString &folder, bool isVerified);
    /// Scores came from a job; the session may have had them already.
    void calibrated(qint64 calibration);
    void engineReportChanged();

private:
    using Work = std::function<void(const SessionTask &, JobPort &)>;
    using Ended = std::function<void(const JobInfo &)>;
    enum class Consent { Ask, Given };
    /// Starts a job of this session: `work` gets a copy of the session. It is called again when the job goes on after its GPU gave out. Failures are posted
    /// under the kind's name. Where one with that request waits or runs, that goes on; where one with another request of the kind does, or what is known
    /// of a search would be replaced, nothing starts before people were asked. Models are opened in any case. Returns the job's number; 0 when nothing runs that was asked for.
    int start(const JobRequest &request, Work work, Ended done = {}, const JobCost &cost = {}, Consent consent = Consent::Ask);
    bool asksFirst(const JobRequest &wanted, std::function<void()> startWanted);
    void ask(Message question, const JobInfo *about, std::function<void()> agreed);
    void stopFor(const std::filesystem::path &model, std::function<void()> opening);
    void startOpening(const std::filesystem::path &model, const std::optional<SampleTexts> &texts, int request);
    void openWaiting();
    void followOpened(const std::filesystem::path &file, Openable kind);
    void beginOpening(const std::filesystem::path &path, const std::optional<SampleTexts> &texts);
    void openNextFile();
    void openAs(Openable kind, const std::filesystem::path &file, const std::filesystem::path &model);
    void startOpeningFile(const std::filesystem::path &file, Openable kind);
    void useCalibration(std::int64_t calibration);
    void cancelJobsOfSession();
    int runningRequest(const JobRequest &request) const;
    const JobInfo *underWay(JobKind kind) const;
    void goOnWith(int number, const QString &hint = {});
    void followMove(const EngineReport &report, const ForecastBasis &basis);
    std::function<void(const JobInfo &)> whenFinished(const QString &topic, std::function<void(const JobInfo &)> done = {});
    QString titleOf(const JobRequest &request) const;
    QString lineOf(const JobRequest &request) const; ///< its command line
    Possibility possibilityOf(const JobRequest &request) const;
    request::Calibrate calibrateRequest() const;
    request::Impact impactRequest() const;
    request::Search searchRequest(const PlanDraft &draft) const;
    request::Evaluate evaluateRequest(const std::optional<PlanDraft> &draft) const;
    request::Curve curveRequest(const CurveRequest &curve) const;
    request::Prune pruneRequest(const PruneRequest &prune) const;
    request::FindBlocks blocksRequest(const BlockSettings &settings) const;
    request::Restore restoreRequest(const RestorationSettings &settings) const;
    double restorationSeconds(const PlanDraft &draft, const RestorationSettings &settings) const; ///< without the search; 0: not known
    RestorationText sizeOf(const RestorationSettings &settings) const;
    void addRestoring(std::vector<ExpectedPhase> &phases, const PlanDraft &draft, const RestorationSettings &settings) const;
    std::vector<ExpectedPhase> restorationPhases(const RestorationSettings &settings) const;
    void lookForGrams();
    void tellRestored(const ShelfEntry &entry);
    request::MeasureTasks tasksRequest(const std::optional<PlanDraft> &draft, const TaskSettings &tasks) const;
    request::MeasureThroughput throughputRequest(const ThroughputSettings &settings) const;
    request::Generate writingRequest(const PlaygroundModels &models, const GenerationSettings &settings) const;
    request::ScoreText textScoringRequest(const PlaygroundModels &models, const std::string &text) const;
    std::optional<TextSettings> searchTextOf(const PlaygroundModels &models) const;
    /// The model of a job that can be served between two units of another one; empty: it waits for its turn.
    std::filesystem::path servedModel(const JobRequest &request) const;
    std::optional<TextSettings> searchTextOf(const PlanDraft &draft) const;
    void startTasks(const request::MeasureTasks &asked);
    double secondsOf(double flop) const; ///< 0: not known
    void keepEngine(const EngineReport &report, const ForecastBasis &basis);
    std::vector<ExpectedPhase> phasesOf(const PruneRequest &request) const;
    double evaluationSeconds() const;
    double workShare() const; ///< of the current plan, in the original's work for a token
    /// Writes a plan as a checkpoint and brings the record into the session, whose evaluations go into the manifest.
    void exportTo(const SessionTask &task, JobPort &port, const PruningPlan &plan, const ExportSettings &settings);
    ForecastBasis basisNow() const;
    JobCost costOf(const JobSize &job) const;
    JobCost costOf(const JobAmount &amount) const;
    EngineSettings commandSettings() const; ///< as a command line names them
    /// Brings scores into the session and, if its settings still ask for them, into use. Returns the number of the calibration.
    std::int64_t keepCalibration(const std::shared_ptr<const NeuronScores> &scores, const std::shared_ptr<const RankedScores> &ranked);
    void tellUnused(std::int64_t calibration);
    void resolveUnused();
    void resolveFailures();
    void keepRate(const JobInfo &job, std::int64_t windows);
    void keepCalibrationRate(const JobInfo &job, std::int64_t length);

    SessionModel &m_model;
    PlanEditor &m_editor;
    JobRunner &m_runner;
    MessageLog &m_messages;
    std::shared_ptr<SessionJournal> m_journal;
    std::filesystem::path m_dataFolder;
    GramStore m_grams;
    GramStore::Kept m_keptGrams; ///< as of the last look
    bool m_keepsGrams = false;
    int m_widthsAsked = 0; ///< by setWidths(): only the last one counts
    std::optional<EngineReport> m_report;
    std::optional<ForecastBasis> m_basis;         ///< of the open model
    bool m_hasLoaded = false;                     ///< since then: a job was started, which loads its weights
    std::optional<double> m_secondsPerEvaluation; ///< of one window, in the last search
    struct CalibrationRate {
        double seconds; ///< of one window
        std::int64_t length;
    };
    std::optional<CalibrationRate> m_calibrationRate; ///< of the last calibration
    std::optional<std::int64_t> m_unused;             ///< the calibration of which a message says that it is not in use
    int m_generation = 0;                             ///< of the session
    std::shared_ptr<Findings> m_findings;             ///< of its jobs
    int m_openRequest = 0;                            ///< of a model
    std::deque<std::filesystem::path> m_filesToOpen;  ///< in order; the first is looked at when nothing is being opened
    bool m_isLookingAtFile = false;                   ///< in the pool
    std::filesystem::path m_waiting;                  ///< a file that is opened once its model is, however that is opened; empty: none
    std::map<int, JobRequest> m_requests;             ///< by the job's number
    int m_answered = 0;                               ///< the job that the answer to what was asked again is about
    std::set<QString> m_failures;                     ///< topics of the jobs that failed with the texts and the plan as they are
    QThreadPool m_pool;                               ///< for what reads or writes files without Torch; one thread
    PlanHasher m_hasher;
};

} // namespace secateur::ui
