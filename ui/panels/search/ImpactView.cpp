// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/search/ImpactView.h"

#include "jobs/JobTable.h"
#include "models/SelectionModel.h"
#include "models/SessionModel.h"
#include "panels/parts/BusyReason.h"
#include "panels/parts/EmptyState.h"
#include "panels/parts/FigureSources.h"
#include "panels/parts/JobButton.h"
#include "panels/parts/JobCostText.h"
#include "panels/parts/PlotMessages.h"
#include "plots/SearchPlots.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QStackedLayout>
#include <QVBoxLayout>

#include <cmath>

namespace secateur::ui {

ImpactView::ImpactView(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_status(bodyLabel({})),
      m_measure(new JobButton),
      m_pages(new QStackedLayout),
      m_empty(new EmptyState),
      m_bars(new CandidateBars)
{
    m_measure->setPrimary(true);
    m_bars->setMinimumHeight(150);
    m_pages->addWidget(m_empty);
    m_pages->addWidget(m_bars);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    auto *row = new QHBoxLayout; // one row, so that the plot stays where it is when the button goes
    row->addWidget(m_measure, 1);
    row->addWidget(m_status, 1);
    m_status->setMinimumHeight(m_measure->sizeHint().height());
    column->addLayout(row);
    column->addLayout(m_pages, 1);
    connect(m_measure, &JobButton::clicked, &m_workbench.jobs, &SessionJobs::measureImpact);
    connect(m_bars, &CandidateBars::layerClicked, &m_workbench.selection, &SelectionModel::setSelectedLayer);
    connect(m_bars, &CandidateBars::layerHovered, &m_workbench.selection, &SelectionModel::setHoveredLayer);
    postSavings(*m_bars, m_workbench.messages);
    connectModels();
    follow();
}

void ImpactView::connectModels()
{
    m_soon.setSingleShot(true);
    m_soon.setInterval(0);
    connect(&m_soon, &QTimer::timeout, this, &ImpactView::follow);
    for (const auto changed :
         {&SessionModel::modelChanged, &SessionModel::modelPresenceChanged, &SessionModel::textsChanged, &SessionModel::denseImpactChanged})
        connect(&m_workbench.session, changed, this, &ImpactView::followSoon);
    for (const auto changed : {&JobRunner::jobAdded, &JobRunner::jobChanged, &JobRunner::jobFinished})
        connect(&m_workbench.runner, changed, this, [this] {
            if (isVisible())
                followHeader();
        });
    const SelectionModel &selection = m_workbench.selection;
    connect(&selection, &SelectionModel::selectedLayerChanged, m_bars, &CandidateBars::setSelectedLayer);
    connect(&selection, &SelectionModel::hoveredLayerChanged, m_bars, &CandidateBars::setHoveredLayer);
    m_bars->setSelectedLayer(selection.selectedLayer());
}

void ImpactView::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    follow();
}

void ImpactView::followSoon()
{
    if (isVisible() && !m_soon.isActive())
        m_soon.start();
}

void ImpactView::follow()
{
    followHeader();
    const SessionModel &session = m_workbench.session;
    const SearchRecord *record = session.denseImpact();
    if (record && !record->steps.empty() && record->isBegun()) {
        m_pages->setCurrentWidget(m_bars);
        SearchRecord shown = *record;
        shown.steps.front().removed = -1; // the search of one step chose a layer, but nothing is removed here
        m_bars->showStep(shown, 0, session.layerCount());
        m_bars->setSource(sourceOfOriginal(session));
        m_bars->setTitle(tr("Change of the loss when one attention is left out of the original (nats)"));
        return;
    }
    m_pages->setCurrentWidget(m_empty);
    m_empty->say(tr("Not measured yet"),
                 tr("How much does each attention matter? Each is switched off alone in the original model, and the change of the loss is "
                    "shown. This needs a calibration text but no calibration."),
                 {}, QStringLiteral("search"));
}

void ImpactView::followHeader()
{
    const SessionModel &session = m_workbench.session;
    const SearchRecord *record = session.denseImpact();
    const qint64 known = record ? record->evaluations() : 0;
    m_status->setText(statusText());
    m_status->setVisible(known > 0);
    m_measure->setOffered(session.hasModel() && known < session.layerCount(), *m_bars);

    const JobInfo *job = m_workbench.runner.current();
    if (m_workbench.runner.isBusy(JobKind::Impact)) {
        const bool isRunning = job && job->kind == JobKind::Impact;
        const QString paused = isRunning ? pausedText(*job) : QString();
        const QString progress = isRunning ? progressDetails(job->progress) : tr("Waiting for another job.");
        m_measure->offer(tr("Measuring"), {!paused.isEmpty() ? paused : progress.isEmpty() ? jobStateText(job->state) : progress}, {});
        return;
    }
    m_measure->offer(tr("Measure"), m_workbench.jobs.canMeasureImpact(), jobCostText(m_workbench.jobs.impactCost()));
}

QString ImpactView::statusText() const
{
    const SessionModel &session = m_workbench.session;
    const SearchRecord *record = session.denseImpact();
    if (!record || record->steps.empty())
        return {};
    const std::vector<double> &losses = record->steps.front().losses;
    qint64 least = -1, most = -1, known = 0;
    for (qint64 layer = 0; layer < qint64(losses.size()); ++layer) {
        const double loss = losses[std::size_t(layer)];
        if (!std::isfinite(loss))
            continue;
        ++known;
        least = least < 0 || loss < losses[std::size_t(least)] ? layer : least;
        most = most < 0 || loss > losses[std::size_t(most)] ? layer : most;
    }
    if (known < session.layerCount())
        return tr("<b>Original model</b>: %1 of %2 attentions measured").arg(known).arg(session.layerCount());
    const double before = std::exp(record->initialLoss);
    const auto change = [&](qint64 layer) { return changeText(before, std::exp(losses[std::size_t(layer)])); };
    return tr("<b>Original model</b>, perplexity %1. Least important: layer %2 (perplexity %3). Most important: layer %4 (%5).")
        .arg(perplexityText(before))
        .arg(least)
        .arg(change(least))
        .arg(most)
        .arg(change(most));
}

} // namespace secateur::ui
