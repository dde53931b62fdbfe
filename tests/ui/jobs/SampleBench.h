// SPDX-License-Identifier: GPL-3.0-or-later
// The window's models and jobs on the bundled sample, computed for real on one thread with few and short windows.
#pragma once

#include "SampleSession.h"
#include "commands/PlanEditor.h"
#include "jobs/JobRunner.h"
#include "jobs/SessionJobs.h"
#include "models/MessageLog.h"
#include "models/SessionModel.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <QUndoStack>

#include <memory>
#include <utility>
#include <vector>

namespace secateur::ui {

struct SampleBench {
    QTemporaryDir folder;
    SessionModel model;
    QUndoStack history;
    PlanEditor editor{model, history};
    MessageLog messages;
    JobRunner runner;
    SessionJobs jobs{model, editor, runner, messages};

    explicit SampleBench(const MemoryLimits &memory = {}, std::shared_ptr<Ranks> ranks = {}) : runner(settings(memory, std::move(ranks))) {}

    static EngineSettings settings(const MemoryLimits &memory, std::shared_ptr<Ranks> ranks)
    {
        EngineSettings settings;
        settings.device = "cpu";
        settings.threads = 1;
        settings.memory = memory;
        settings.ranks = std::move(ranks);
        return settings;
    }

    static SampleTexts texts()
    {
        return {.calibration = {.files = {sampleFolder() / "text" / "grimm.txt"}, .windows = 4, .length = 128, .seed = 0},
                .evaluation = {.files = {sampleFolder() / "text" / "oz.txt"}, .windows = 3, .length = 128, .seed = 0}};
    }

    QString path(const QString &name) const { return folder.filePath(name); }

    /// Waits until all jobs are over; whether the last one is done.
    bool finish()
    {
        return QTest::qWaitFor([this] { return !runner.current(); }, 60'000) && !runner.jobs().empty() &&
               runner.jobs().back().state == JobInfo::State::Done;
    }
    bool open()
    {
        jobs.openModel(sampleFolder() / "model", texts());
        return finish();
    }
    bool calibrate()
    {
        jobs.calibrate();
        return finish();
    }
    bool search()
    {
        jobs.search();
        return finish();
    }
    bool evaluate()
    {
        jobs.evaluate();
        return finish();
    }
    /// The message of a topic that is shown; an empty one where there is none.
    Message message(const QString &topic) const
    {
        for (const Message &shown : messages.current())
            if (shown.topic == topic)
                return shown;
        return {};
    }
    /// The perplexities that the session knows, in their order.
    std::vector<Measurement> perplexities() const
    {
        std::vector<Measurement> all = model.session().measurements;
        std::erase_if(all, [](const Measurement &measured) { return measured.what != Measured::Perplexity; });
        return all;
    }
    std::string planHash() const { return planOf(model.session(), model.draft()).hash(); }
};

/// A search of 75 losses after the first, which takes about a second: long enough to be killed in its middle.
inline void makeLongSearch(PlanEditor &editor)
{
    editor.setAttentionsToRemove(10);
    editor.setNeuronsKept(150);
    editor.setSearchWindows(4);
}

} // namespace secateur::ui
