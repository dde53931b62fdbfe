// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/JobTable.h"

#include "widgets/Quantity.h"

#include <QLocale>

#include <cmath>

namespace secateur::ui {
namespace {

/// "Calibrating"; a phase that people do not know by a verb is called what it is.
QString phaseText(const std::string &phase)
{
    if (phase == "load")
        return JobTable::tr("Loading");
    if (phase == "calibrate")
        return JobTable::tr("Calibrating");
    if (phase == "search")
        return JobTable::tr("Searching");
    if (phase == "restore")
        return JobTable::tr("Restoring");
    if (phase == "evaluate")
        return JobTable::tr("Evaluating");
    if (phase == "generate")
        return JobTable::tr("Writing");
    if (phase == "export")
        return JobTable::tr("Exporting");
    return phase == "verify" ? JobTable::tr("Verifying") : QString::fromStdString(phase);
}

enum Column { Number, Title, State, Counts, Time, kColumns };

/// How the numbers under "Progress" are estimated; empty where none is.
QString countsDetails(const JobInfo &job)
{
    if (job.state == JobInfo::State::Done)
        return job.forecast ? QString(outcomeText(job) + QLatin1Char('\n') + estimateText()) : QString();
    return job.isOver() || job.state == JobInfo::State::Waiting ? QString() : progressDetails(job.progress);
}

} // namespace

JobTable::JobTable(const JobRunner &runner, QObject *parent)
    : QAbstractTableModel(parent),
      m_runner(runner),
      m_rows(int(runner.jobs().size()))
{
    connect(&runner, &JobRunner::jobAdded, this, [this](int number) {
        if (number <= m_rows)
            return; // came along with a later one
        beginInsertRows({}, 0, number - m_rows - 1);
        m_rows = number;
        endInsertRows();
    });
    connect(&runner, &JobRunner::jobChanged, this, [this](int number) {
        if (const int row = m_rows - number; row >= 0)
            emit dataChanged(index(row, 0), index(row, kColumns - 1));
    });
}

int JobTable::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : m_rows;
}

int JobTable::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(kColumns);
}

int JobTable::jobNumber(int row) const
{
    return m_rows - row;
}

QVariant JobTable::data(const QModelIndex &index, int role) const
{
    const JobInfo *job = index.isValid() ? m_runner.job(jobNumber(index.row())) : nullptr;
    if (!job)
        return {};
    if (role == Qt::AccessibleTextRole && index.column() == Counts)
        return spoken(data(index, Qt::DisplayRole).toString());
    if (role == Qt::ToolTipRole) {
        if (const QString details = index.column() == Counts ? countsDetails(*job) : QString(); !details.isEmpty())
            return details;
        return job->state == JobInfo::State::Failed || job->isHeld() ? QString(job->sentence + QLatin1Char('\n') + job->hint).trimmed()
                                                                     : job->command;
    }
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case Number:
        return job->number;
    case Title:
        return job->title;
    case State:
        return job->waitsFor != 0 ? tr("Waits for no. %1").arg(job->waitsFor) : jobStateText(job->state);
    case Counts:
        if (job->state == JobInfo::State::Done)
            return outcomeText(*job);
        return job->isOver() || job->state == JobInfo::State::Waiting ? job->sentence : progressText(job->progress);
    case Time:
        return job->seconds > 0 ? durationText(job->seconds) : QString();
    default:
        return {};
    }
}

QVariant JobTable::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Number:
        return tr("No.");
    case Title:
        return tr("Job");
    case State:
        return tr("State");
    case Counts:
        return tr("Progress");
    case Time:
        return tr("Time");
    default:
        return {};
    }
}

QString jobStateText(JobInfo::State state)
{
    switch (state) {
    case JobInfo::State::Waiting:
        return JobTable::tr("Waiting");
    case JobInfo::State::Running:
        return JobTable::tr("Running");
    case JobInfo::State::Paused:
        return JobTable::tr("Paused");
    case JobInfo::State::Cancelling:
        return JobTable::tr("Cancelling");
    case JobInfo::State::Done:
        return JobTable::tr("Done");
    case JobInfo::State::Cancelled:
        return JobTable::tr("Cancelled");
    case JobInfo::State::Failed:
        return JobTable::tr("Failed");
    }
    return {};
}

QString pausedText(const JobInfo &job)
{
    if (job.isHeld())
        return JobTable::tr("'%1' is on hold: continue or cancel it in the job bar.").arg(job.title);
    if (job.state == JobInfo::State::Paused)
        return JobTable::tr("'%1' is paused: resume or cancel it in the job bar.").arg(job.title);
    return {};
}

QString outcomeText(const JobInfo &job)
{
    if (job.state != JobInfo::State::Done || !job.forecast)
        return {};
    const auto size = [](std::int64_t bytes) { return QLocale().formattedDataSize(bytes, 2, QLocale::DataSizeSIFormat); };
    return JobTable::tr("%1 of memory at most; forecast %2, %3")
        .arg(size(job.peakBytes), estimated(size(job.forecast->memoryBytes())), estimated(durationText(job.forecast->seconds)));
}

QStringList progressTexts(const Progress &progress)
{
    if (progress.total <= 0)
        return {};
    const QLocale locale;
    const QString done = locale.toString(qlonglong(progress.done)), total = locale.toString(qlonglong(progress.total));
    const QString counts = JobTable::tr("%1 of %2 %3").arg(done, total, QString::fromStdString(progress.unit));
    QString rate, left, step;
    if (progress.seconds > 1 && progress.done > 0) {
        const double perSecond = double(progress.done) / progress.seconds;
        rate = JobTable::tr("%1 per second").arg(locale.toString(perSecond, 'f', perSecond < 10 ? 1 : 0));
    }
    if (progress.step >= 0 && progress.layer >= 0)
        step = JobTable::tr("step %1 of %2, layer %3").arg(progress.step + 1).arg(progress.steps).arg(progress.layer);
    if (const std::optional<double> eta = progress.whole ? progress.wholeEta : progress.eta)
        left = JobTable::tr("%1 left").arg(estimated(durationText(*eta)));
    const auto joined = [](QStringList parts) {
        parts.removeAll(QString());
        return parts.join(QStringLiteral(" · "));
    };
    QString all = joined({step, counts, rate, left});
    if (progress.parts > 1 && progress.part > 0)
        all = JobTable::tr("%1 (%2 of %3): %4").arg(phaseText(progress.phase)).arg(progress.part).arg(progress.parts).arg(all);
    const QString fewest = step.isEmpty() ? JobTable::tr("%1 of %2").arg(done, total) : step;
    QStringList texts = {all, joined({step, counts, left}), joined({fewest, left})};
    texts.removeDuplicates();
    return texts;
}

QString progressText(const Progress &progress)
{
    return progressTexts(progress).value(0);
}

QString progressDetails(const Progress &progress)
{
    const QString text = progressText(progress);
    const bool isTimeKnown = progress.whole ? progress.wholeEta.has_value() : progress.eta.has_value();
    return isTimeKnown && !text.isEmpty() ? text + QLatin1Char('\n') + timeLeftFormula() : text;
}

QString timeLeftFormula()
{
    return JobTable::tr("The time left is estimated: the time so far ÷ what is done × what is to do.");
}

QString estimateText()
{
    return JobTable::tr(
        "Estimates. Time: multiplications and additions of all passes ÷ the rate measured on this machine; after a calibration, its "
        "windows "
        "× the time that one of that length took; after a search, its evaluations × the time that one took; after an evaluation, what "
        "that took. Memory: the program + the weights + the states between layers + the largest layer's work.");
}

std::optional<double> shareDone(const Progress &progress)
{
    if (progress.whole)
        return progress.whole;
    return progress.total > 0 ? std::optional(double(progress.done) / double(progress.total)) : std::nullopt;
}

QString durationText(double seconds)
{
    const QLocale locale;
    if (seconds < 9.95)
        return JobTable::tr("%1 s").arg(locale.toString(seconds, 'f', 1));
    const auto whole = qint64(std::llround(seconds));
    if (whole < 60)
        return JobTable::tr("%1 s").arg(whole);
    if (whole < 3600)
        return JobTable::tr("%1 min %2 s").arg(whole / 60).arg(whole % 60);
    return JobTable::tr("%1 h %2 min").arg(whole / 3600).arg(whole % 3600 / 60);
}

} // namespace secateur::ui
