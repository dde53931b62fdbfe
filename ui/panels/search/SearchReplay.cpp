// SPDX-License-Identifier: GPL-3.0-or-later
// The replay of SearchView: what is held back, and what people predict.
#include "models/SelectionModel.h"
#include "models/SessionModel.h"
#include "panels/search/PredictionRow.h"
#include "panels/search/SearchView.h"
#include "panels/search/TransportBar.h"

#include <QKeyEvent>
#include <QStackedLayout>

namespace secateur::ui {

/// Only where people predict.
void SearchView::followPrediction(const Shown &shown, qint64 step)
{
    const bool isWanted = m_transport->depth() == ReplayDepth::Predict && shown.begun > 0;
    m_prediction->setVisible(isWanted);
    if (!isWanted)
        return;
    const SelectionModel &selection = m_workbench.selection;
    if (isAsking())
        m_prediction->ask(step, m_workbench.session.layerCount(), selection.selectedLayer());
    else if (selection.step() < 0 || !m_isReplaying)
        m_prediction->tell(tr("Press Play or Home: before each decision you are asked which one you would remove."));
    else
        m_prediction->tell(outcomeText(*shown.record, step, m_predictions.at(step)));
    m_prediction->setScore(m_predictions, *shown.record);
}

bool SearchView::isAsking() const
{
    return m_isReplaying && m_candidates >= 0 && m_transport->depth() == ReplayDepth::Predict;
}

/// Before the decision of a step: notes the answer, if it could be one, and reveals what went.
void SearchView::predict(qint64 layer)
{
    const qint64 step = m_workbench.selection.step();
    const Shown now = isAsking() ? shown() : Shown();
    if (!now.record || step < 0 || step >= qint64(now.record->steps.size()) || layer < 0 || layer >= m_workbench.session.layerCount())
        return;
    if (!now.record->steps[std::size_t(step)].isKnown(layer)) {
        m_prediction->refuse(tr("Layer %1 is no candidate of this step.").arg(layer));
        return;
    }
    m_predictions.add(step, layer);
    m_transport->goForward();
}

/// Keys of the replay that nothing in the page has a use for; Return predicts the layer that is selected.
void SearchView::keyPressEvent(QKeyEvent *event)
{
    const bool isReturn = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (isReturn && isAsking() && m_workbench.selection.selectedLayer() >= 0)
        predict(m_workbench.selection.selectedLayer());
    else if (m_pages->currentIndex() != 1 || !m_transport->takeKey(*event))
        QWidget::keyPressEvent(event);
}

/// Chosen to be looked at: nothing is hidden.
void SearchView::chooseStep(qint64 step)
{
    if (isAsking() && step == m_workbench.selection.step())
        return; // its answer is not given away
    m_transport->pause();
    m_isReplaying = false;
    m_workbench.selection.setStep(step);
    followStepSoon();
}

void SearchView::showReplay(qint64 step, qint64 candidates)
{
    m_isReplaying = step >= 0;
    m_candidates = m_isReplaying ? candidates : -1;
    if (m_candidates >= 0)
        m_workbench.selection.setUndecidedStep(step);
    else
        m_workbench.selection.setStep(step);
    followStepSoon();
}

} // namespace secateur::ui
