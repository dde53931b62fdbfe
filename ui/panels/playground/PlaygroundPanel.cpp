// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/playground/PlaygroundPanel.h"

#include "models/SessionModel.h"
#include "panels/parts/EmptyState.h"
#include "panels/playground/AskedModels.h"
#include "panels/playground/ScoringView.h"
#include "panels/playground/WritingView.h"
#include "widgets/Labels.h"
#include "widgets/SegmentedControl.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QStackedWidget>

#include <algorithm>

namespace secateur::ui {

PlaygroundPanel::PlaygroundPanel(Workbench workbench, QWidget *parent)
    : QScrollArea(parent),
      m_workbench(workbench),
      m_empty(new EmptyState),
      m_content(new QWidget),
      m_modes(new SegmentedControl(tr("What the models do"))),
      m_models(new AskedModels(workbench)),
      m_views(new QStackedWidget),
      m_writing(new WritingView(workbench, *m_models)),
      m_scoring(new ScoringView(workbench, *m_models))
{
    setWidgetResizable(true);
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::NoFocus); // Tab goes through the controls
    m_modes->addChoice(tr("Write on"), tr("Each model goes on from the same prompt"));
    m_modes->addChoice(tr("Score a text"), tr("Which tokens of a text surprise each model"));
    m_views->addWidget(m_writing); // in the order of Mode
    m_views->addWidget(m_scoring);
    auto *top = new QHBoxLayout;
    top->addWidget(m_modes);
    top->addSpacing(12);
    top->addWidget(m_models, 1);
    auto *column = new QVBoxLayout(m_content);
    column->setContentsMargins(16, 12, 16, 12);
    column->setSpacing(8);
    column->addLayout(top);
    column->addWidget(m_views, 1);
    auto *both = new QWidget;
    auto *layout = new QVBoxLayout(both);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_empty);
    layout->addWidget(m_content);
    setWidget(both);

    connect(m_modes, &SegmentedControl::chosen, this, &PlaygroundPanel::setMode);
    connect(m_empty, &EmptyState::openRequested, this, &PlaygroundPanel::openRequested);
    connect(&workbench.session, &SessionModel::modelChanged, this, &PlaygroundPanel::follow);
    setMode(int(Mode::Write));
    follow();
}

int PlaygroundPanel::mode() const
{
    return m_views->currentIndex();
}

void PlaygroundPanel::setMode(int mode)
{
    mode = std::clamp(mode, int(Mode::Write), int(Mode::Score));
    m_modes->setCurrent(mode);
    m_views->setCurrentIndex(mode);
    m_models->setOriginalNeeded(Mode(mode) == Mode::Score, tr("Differences are those from the original."));
}

void PlaygroundPanel::follow()
{
    const bool hasModel = m_workbench.session.hasModel();
    if (!hasModel)
        m_empty->sayNoModel();
    m_empty->setVisible(!hasModel);
    m_content->setVisible(hasModel);
}

/// Escape stops what is shown here first, then lets go of a token.
void PlaygroundPanel::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape) {
        if (Mode(mode()) == Mode::Write && m_writing->isRunning())
            return m_writing->stop();
        if (Mode(mode()) == Mode::Score && m_scoring->isRunning())
            return m_scoring->stop();
        if (Mode(mode()) == Mode::Score && m_scoring->letGo())
            return;
        return event->ignore(); // the window's, too
    }
    QScrollArea::keyPressEvent(event);
}

} // namespace secateur::ui
