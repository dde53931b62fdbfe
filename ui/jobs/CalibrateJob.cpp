// SPDX-License-Identifier: GPL-3.0-or-later
// The job of SessionJobs that makes scores, and how they come into use.
#include "commands/PlanEditor.h"
#include "engine/Engine.h"
#include "jobs/SessionJobs.h"
#include "jobs/SessionTask.h"
#include "models/MessageLog.h"
#include "models/SessionModel.h"

#include <algorithm>
#include <utility>

namespace secateur::ui {

void SessionJobs::calibrate()
{
    if (!canCalibrate())
        return;
    const JobCost cost = calibrationCost();
    const request::Calibrate asked = calibrateRequest();
    start(
        asked,
        [this, cost, asked, store = m_grams](const SessionTask &task, JobPort &port) {
            port.context().expect({{"calibrate", cost.seconds.value_or(0)}});
            const std::filesystem::path grams = asked.keepsGrams ? store.begin() : std::filesystem::path();
            const auto scores = task.engine(port).score(asked.text, asked.norm, port.context(), grams);
            if (asked.keepsGrams)
                store.keep(grams, scores->provenance);
            const double seconds = port.context().phaseSeconds();
            const auto ranked = std::make_shared<const RankedScores>(*scores);
            const auto index = std::make_shared<std::int64_t>(-1);
            task.deliverAndWait(port, [this, scores, ranked, index] {
                *index = keepCalibration(scores, ranked);
                if (*index != calibrationOf(m_model.session(), m_model.draft()))
                    tellUnused(*index);
            });
            task.noteCalibration(*index, seconds);
        },
        [this, length = asked.text.length](const JobInfo &job) {
            keepCalibrationRate(job, length);
            lookForGrams();
        },
        cost);
}

std::int64_t SessionJobs::keepCalibration(const std::shared_ptr<const NeuronScores> &scores,
                                          const std::shared_ptr<const RankedScores> &ranked)
{
    const std::int64_t index = m_model.addCalibration(scores, ranked);
    const Session &session = m_model.session();
    if (isOf(*scores, session.calibrationText, session.norm, session.readTexts)) // else the settings were changed meanwhile
        useCalibration(index);
    emit calibrated(index);
    return index;
}

void SessionJobs::tellUnused(std::int64_t calibration)
{
    m_unused = calibration;
    m_messages.post(
        {.severity = Message::Severity::Info,
         .sentence = tr("The calibration has finished. Its scores are in the list, not in use, because the settings were changed."),
         .hint = {},
         .topic = QStringLiteral("calibrated"),
         .actionText = tr("Use them"),
         .action = [this, calibration] { m_editor.useCalibration(calibration); },
         .time = {}});
}

/// Once they are in use, nothing is to be told any more.
void SessionJobs::resolveUnused()
{
    if (m_unused == calibrationOf(m_model.session(), m_model.draft()))
        m_messages.resolve(QStringLiteral("calibrated"));
}

/// Seconds of one window, with the reading of the text and of the weights, for the cost of the next calibration.
void SessionJobs::keepCalibrationRate(const JobInfo &job, std::int64_t length)
{
    const std::int64_t windows = job.progress.done / std::max<std::int64_t>(1, m_model.layerCount()); // each goes through every layer
    if (job.state == JobInfo::State::Done && job.progress.phase == "calibrate" && windows > 0 && job.seconds > 0)
        m_calibrationRate = {.seconds = job.seconds / double(windows), .length = length};
}

} // namespace secateur::ui
