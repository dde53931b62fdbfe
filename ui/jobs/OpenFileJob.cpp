// SPDX-License-Identifier: GPL-3.0-or-later
// What SessionJobs opens beside models: plans, manifests and scores that the command line wrote.
#include "checkpoint/ModelName.h"
#include "commands/PlanEditor.h"
#include "engine/Engine.h"
#include "foundation/Error.h"
#include "foundation/Wording.h"
#include "jobs/FailureWords.h"
#include "jobs/SessionJobs.h"
#include "jobs/SessionTask.h"
#include "models/MessageLog.h"
#include "models/SessionModel.h"
#include "pruning/PlanFile.h"

#include <algorithm>
#include <memory>

namespace secateur::ui {
namespace {

/// Scores of a file, for the session's model.
std::shared_ptr<const NeuronScores> scoresFor(const ModelSummary &model, const std::string &modelHash, const std::filesystem::path &file)
{
    auto scores = std::make_shared<NeuronScores>(loadScores(file));
    const auto fits = [](const std::vector<float> &layer, const LayerSpec &spec) { return std::int64_t(layer.size()) == spec.neurons(); };
    if (scores->provenance.modelHash != modelHash ||
        !std::equal(scores->layers.begin(), scores->layers.end(), model.spec.layers.begin(), model.spec.layers.end(), fits))
        throw Error("The scores in " + inQuotes(file.string()) + " were made from another model (its hash begins with " +
                        scores->provenance.modelHash.substr(0, 12) + ") than the open one, " + modelName(model.folder).brief + " (" +
                        modelHash.substr(0, 12) + ").",
                    "Open the model that they were made from, then the scores.");
    scores->provenance = withTextsIn(scores->provenance, file.parent_path());
    return scores;
}

/// A plan of a file, for the session's model.
ShelfEntry planFor(const ModelSummary &model, const std::string &modelHash, const std::filesystem::path &file)
{
    PruningPlan plan = loadPlan(file, model.spec, modelHash);
    plan.calibration = withTextsIn(plan.calibration, file.parent_path());
    plan.search.provenance = withTextsIn(plan.search.provenance, file.parent_path());
    return shelfEntry(std::move(plan), file);
}

/// Throws Error for a file that is no plan, or no scores, whatever its model is.
void checkAlone(const std::filesystem::path &file, Openable kind)
{
    try {
        if (kind == Openable::Scores)
            loadScores(file);
        else
            loadPlan(file);
    } catch (const NeedsModel &) { // it may be right
    }
}

} // namespace

void SessionJobs::openFile(const std::filesystem::path &file)
{
    m_messages.resolve(QStringLiteral("open"));
    m_filesToOpen.push_back(file);
    openNextFile();
}

/// One after another, and behind a model that is being opened: a newer job of a kind would stop the older one.
void SessionJobs::openNextFile()
{
    if (m_filesToOpen.empty() || m_isLookingAtFile || m_runner.isBusy(JobKind::Open))
        return;
    m_isLookingAtFile = true;
    m_pool.start([this, file = m_filesToOpen.front(), request = m_openRequest, hasModel = m_model.hasModel()] {
        const Openable kind = openableAt(file);
        std::filesystem::path model;
        Message problem = failureOf(QStringLiteral("open"));
        if (kind != Openable::Model && !hasModel)
            try {
                checkAlone(file, kind);
                model = modelNamedIn(file);
            } catch (const std::exception &thrown) {
                describe(problem, thrown);
            }
        QMetaObject::invokeMethod(
            this,
            [this, file, kind, model, problem, request] {
                m_isLookingAtFile = false;
                const bool isWanted = request == m_openRequest && !m_filesToOpen.empty() && m_filesToOpen.front() == file;
                if (isWanted && !m_runner.isBusy(JobKind::Open)) { // else a model was asked for meanwhile
                    m_filesToOpen.pop_front();
                    if (!problem.sentence.isEmpty())
                        m_messages.post(problem);
                    else
                        openAs(kind, file, model);
                }
                openNextFile();
            },
            Qt::QueuedConnection);
    });
}

/// `model`: that of the file, where the session has none.
void SessionJobs::openAs(Openable kind, const std::filesystem::path &file, const std::filesystem::path &model)
{
    if (kind == Openable::Model)
        beginOpening(file, {});
    else if (m_model.hasModel())
        startOpeningFile(file, kind);
    else if (model.empty())
        emit modelNeeded(QString::fromStdString(file.string()));
    else {
        m_filesToOpen.push_front(file); // once its model is there
        beginOpening(model, {});
    }
}

void SessionJobs::openModelFor(const std::filesystem::path &model, const std::filesystem::path &file)
{
    openModel(model);
    m_filesToOpen = {file};
}

/// Into the session, whose model it must fit.
void SessionJobs::startOpeningFile(const std::filesystem::path &file, Openable kind)
{
    const bool isScores = kind == Openable::Scores;
    const QString name = QString::fromStdString(file.filename().string());
    QString problem = m_model.changeProblem();
    if (problem.isEmpty() && !m_model.isModelThere())
        problem =
            tr("'%1' cannot be checked against the model of this session, which is not there. Locate it on the Model page.").arg(name);
    if (!problem.isEmpty()) {
        Message message = failureOf(QStringLiteral("open"));
        message.sentence = problem;
        m_messages.post(message);
        return;
    }
    const std::filesystem::path none;
    start(request::Open{.model = m_model.session().model->folder, .plan = isScores ? none : file, .scores = isScores ? file : none},
          [this, file, name, isScores](const SessionTask &task, JobPort &port) {
              const ModelSummary &summary = *task.session().model;
              const std::string hash = task.engine(port).modelHash(port.context());
              if (isScores) {
                  const std::shared_ptr<const NeuronScores> scores = scoresFor(summary, hash, file);
                  const auto ranked = std::make_shared<const RankedScores>(*scores);
                  task.deliver(port, [this, scores, ranked, file] {
                      useCalibration(m_model.addCalibration(scores, ranked));
                      emit fileOpened(QString::fromStdString(file.string()), Openable::Scores);
                  });
                  return;
              }
              const ShelfEntry entry = planFor(summary, hash, file);
              task.shelve(port, entry);
              task.deliver(port, [this, entry, file, name] {
                  m_editor.useDraft(secateur::draftOf(m_model.session(), entry), tr("Open %1").arg(name));
                  emit fileOpened(QString::fromStdString(file.string()), Openable::Plan);
              });
          });
}

/// A plan of the shelf that these scores chose stays: they only show now.
void SessionJobs::useCalibration(std::int64_t calibration)
{
    if (calibrationOf(m_model.session(), m_model.draft()) != calibration)
        m_editor.useCalibration(calibration);
}

} // namespace secateur::ui
