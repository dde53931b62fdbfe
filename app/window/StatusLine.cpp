// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/StatusLine.h"

#include "engine/ProcessMemory.h"
#include "jobs/JobRunner.h"
#include "jobs/JobTable.h"
#include "jobs/SessionJobs.h"
#include "jobs/SessionKeeper.h"
#include "models/SessionModel.h"
#include "models/TextNames.h"
#include "panels/plan/ShelfWords.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QThread>
#include <QTimer>
#include <algorithm>

#include <chrono>

namespace secateur::ui {
namespace {

constexpr std::chrono::seconds kInterval(2); ///< between two looks at memory and clock
constexpr qint64 kJustNow = 10;              ///< seconds
constexpr qsizetype kLongName = 36;          ///< letters of a file's name, so that there is room for what is said of it

} // namespace

StatusLine::StatusLine(SessionModel &model, SessionJobs &jobs, JobRunner &runner, SessionKeeper &keeper, QWidget *parent)
    : QWidget(parent),
      m_model(model),
      m_jobs(jobs),
      m_runner(runner),
      m_keeper(keeper),
      m_engine(new QLabel(this)),
      m_memory(new QLabel(this)),
      m_calibration(new ElidedLabel(this)),
      m_saved(new ElidedLabel(this))
{
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 2, 12, 2);
    layout->setSpacing(24);
    layout->addWidget(m_engine);
    layout->addWidget(m_memory);
    layout->addWidget(m_calibration);
    layout->addStretch();
    layout->addWidget(m_saved);
    m_engine->setAccessibleName(tr("What computes"));
    m_memory->setAccessibleName(tr("Memory"));
    m_memory->setToolTip(tr("The most that this program has used so far, and what is free now"));
    for (QLabel *label : {m_engine, m_memory, static_cast<QLabel *>(m_calibration), static_cast<QLabel *>(m_saved)}) {
        label->setTextFormat(Qt::PlainText); // names of files
        label->setProperty("muted", true);
    }

    connect(&jobs, &SessionJobs::engineReportChanged, this, &StatusLine::showEngine);
    for (const auto signal : {&SessionModel::modelChanged, &SessionModel::draftChanged, &SessionModel::calibrationsChanged})
        connect(&model, signal, this, &StatusLine::showCalibration); // scores may be those that chose the neurons of an opened plan
    connect(&keeper, &SessionKeeper::stateChanged, this, &StatusLine::showSaved);
    auto *timer = new QTimer(this);
    timer->setInterval(kInterval);
    connect(timer, &QTimer::timeout, this, [this] {
        showMemory();
        showSaved();
    });
    timer->start();
    showEngine();
    showMemory();
    showCalibration();
    showSaved();
}

void StatusLine::showEngine()
{
    const auto &report = m_jobs.engineReport();
    const int threads = report ? report->computed.threads : m_runner.settings().threads;
    const QString cores = tr("%1 of %2 cores").arg(threads).arg(QThread::idealThreadCount());
    m_engine->setText(
        report ? tr("%1, %2, %3")
                     .arg(QString::fromStdString(report->computed.device).toUpper(), QString::fromStdString(report->computed.dtype), cores)
               : cores);
}

void StatusLine::showMemory()
{
    m_peak = std::max(m_peak, peakResidentBytes()); // each job counts its own anew, and may have ended since the last look
    for (const JobInfo &job : m_runner.jobs())
        if (!job.isPeakOfGpu)
            m_peak = std::max(m_peak, job.peakBytes);
    m_memory->setText(tr("memory: peak %1, free %2").arg(bytesText(m_peak), bytesText(availableMemoryBytes())));
}

void StatusLine::showCalibration()
{
    const NeuronScores *scores = m_model.scores();
    if (!scores && m_model.shelfPlan()) {
        if (isSetByHand(*m_model.shelfPlan())) {
            m_calibration->setWhole(tr("widths by hand"));
            return;
        }
        const bool isFoundHere = ui::isFoundHere(*m_model.shelfPlan()); // also where the program keeps its file
        const QString text = isFoundHere ? tr("found by %1", "a method") : tr("from %1", "a file"), name = shelfFileName(m_model);
        m_calibration->setBrief(text.arg(shortened(name, kLongName)), text.arg(name));
        return;
    }
    if (!scores) {
        m_calibration->setWhole(m_model.hasModel() ? tr("not calibrated") : QString());
        return;
    }
    const Provenance &p = scores->provenance;
    const QString text = tr("%1, %2 × %3 tokens"), windows = exactText(p.windows), length = exactText(p.length), name = textFilesName(p);
    m_calibration->setBrief(text.arg(shortened(name, kLongName), windows, length), text.arg(name, windows, length));
}

void StatusLine::showSaved()
{
    if (!m_model.hasModel()) {
        m_saved->setWhole({});
        return;
    }
    const QString name = m_keeper.file().isEmpty() ? tr("unnamed session") : QFileInfo(m_keeper.file()).fileName();
    m_saved->setBrief(savedText(shortened(name, kLongName)), savedText(name));
}

/// What is said of a session of that name.
QString StatusLine::savedText(const QString &name) const
{
    if (!m_model.readOnlyReason().isEmpty())
        return tr("%1, read-only").arg(name);
    if (m_keeper.isBehind())
        return tr("%1, not backed up").arg(name);
    const QDateTime written = m_keeper.lastWritten();
    if (written.isNull())
        return name;
    const qint64 seconds = written.secsTo(QDateTime::currentDateTime());
    const QString when = seconds < kJustNow ? tr("just now") : tr("%1 ago").arg(durationText(double(seconds)));
    if (m_keeper.file().isEmpty())
        return tr("%1, backed up %2").arg(name, when);
    return m_keeper.isSaved() ? tr("%1, saved").arg(name) : tr("%1, unsaved changes (backed up %2)").arg(name, when);
}

} // namespace secateur::ui
