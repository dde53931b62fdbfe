// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/JobRunner.h"

#include <QAbstractTableModel>
#include <QStringList>
#include <optional>

namespace secateur::ui {

/// The jobs of a runner as a table: number, title, state, progress, time. Newest first.
class JobTable : public QAbstractTableModel {
    Q_OBJECT
public:
    explicit JobTable(const JobRunner &runner, QObject *parent = nullptr);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    int jobNumber(int row) const;

private:
    const JobRunner &m_runner;
    int m_rows = 0; ///< jobs that the views know
};

/// "Running", "Cancelling", ... for people.
QString jobStateText(JobInfo::State state);
/// Where to resume a job that is paused, or held because its GPU gave out; empty when it is neither.
QString pausedText(const JobInfo &job);
/// "1.70 GB of memory at most; forecast ~1.80 GB, ~2 min 10 s" of a job that is done. Empty where there was no forecast.
QString outcomeText(const JobInfo &job);
/// "70 of 114 evaluations · 1.4 per second · ~30 s left", of a job of several phases "Searching (2 of 4): ..." and what is left of all of it. Empty while
/// the work to do is not known.
QString progressText(const Progress &progress);
/// The same for a tooltip: how the time left is estimated, if there is one, follows on a line of its own.
QString progressDetails(const Progress &progress);
/// How the time left is estimated.
QString timeLeftFormula();
/// How times and memory of jobs are estimated before they run, for tooltips.
QString estimateText();
/// The same for less and less room, longest first: step, layer and time left are the last to go.
QStringList progressTexts(const Progress &progress);
/// Of the whole job where its phases are known, else of the phase; none while the work to do is not known.
std::optional<double> shareDone(const Progress &progress);
/// "4.5 s", "45 s", "2 min 10 s", "3 h 5 min".
QString durationText(double seconds);

} // namespace secateur::ui
