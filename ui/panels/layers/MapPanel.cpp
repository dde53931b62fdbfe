// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/layers/MapPanel.h"

#include "models/SelectionModel.h"
#include "models/SessionModel.h"
#include "panels/layers/AttentionActions.h"
#include "panels/layers/LayerModel.h"
#include "panels/layers/LayerView.h"
#include "panels/layers/WidthDialog.h"
#include "panels/parts/ConceptId.h"
#include "widgets/Enabling.h"
#include "widgets/FittingLabel.h"
#include "widgets/Labels.h"

#include <QLabel>
#include <QMenu>
#include <QStackedWidget>
#include <QVBoxLayout>

namespace secateur::ui {

MapPanel::MapPanel(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_model(new LayerModel(workbench.session, workbench.selection, this)),
      m_view(new LayerView(*m_model, workbench.selection)),
      m_title(new FittingLabel),
      m_count(new QLabel),
      m_stack(new QStackedWidget)
{
    explainBy(*this, ConceptId::BalanceRule);
    setAccessibleName(tr("Map"));
    setMinimumWidth(170);
    for (QLabel *label : {static_cast<QLabel *>(m_title), m_count}) {
        label->setForegroundRole(QPalette::PlaceholderText);
        QFont bold;
        bold.setBold(true);
        label->setFont(bold);
    }
    auto *titleRow = new QHBoxLayout;
    titleRow->setContentsMargins(12, 8, 10, 2);
    titleRow->addWidget(m_title, 1);
    titleRow->addWidget(m_count);

    auto *nothing = captionLabel(tr("The layers of a model appear here once it is open."));
    nothing->setContentsMargins(12, 8, 12, 8);
    nothing->setAlignment(Qt::AlignTop);
    m_stack->addWidget(nothing);
    m_stack->addWidget(m_view);

    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 4);
    layout->setSpacing(2);
    layout->addLayout(titleRow);
    layout->addWidget(m_stack, 1);

    connect(&workbench.session, &SessionModel::modelChanged, this, &MapPanel::followModel);
    connect(m_view, &LayerView::menuRequested, this, &MapPanel::showMenu);
    connect(m_view, &LayerView::compareRequested, &workbench.selection, [this](qint64 layer) {
        if (m_workbench.session.hasScores()) // what is compared; the menu says so
            m_workbench.selection.toggleCompared(layer);
    });
    followModel();
}

void MapPanel::followModel()
{
    const SessionModel &session = m_workbench.session;
    m_title->setTexts({session.hasModel() ? tr("MAP · %1").arg(session.modelName()) : tr("MAP")});
    m_title->setToolTip(session.hasModel() ? QString::fromStdString(session.session().model->folder.string()) : QString());
    m_count->setText(!session.hasModel()         ? QString()
                     : session.layerCount() == 1 ? tr("1 layer")
                                                 : tr("%1 layers").arg(session.layerCount()));
    m_stack->setCurrentIndex(session.hasModel() ? 1 : 0);
    setFocusProxy(session.hasModel() ? m_view : nullptr);
}

void MapPanel::showMenu(int layer, QPoint globalPosition)
{
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->setToolTipsVisible(true);
    menu->addAction(tr("Layer %1").arg(layer))->setEnabled(false); // a section's title is not drawn by every style
    menu->addSeparator();
    addAttentionActions(*menu, m_workbench, layer);
    menu->addSeparator();
    QAction *width = menu->addAction(tr("Set width…"), this, [this, layer] { askForWidth(m_workbench, layer, this); });
    enableUnless(setWidthProblem(m_workbench, layer), *width, tr("How many neurons of this layer stay: not 2SSP where layers differ"));
    QAction *compare = menu->addAction(tr("Compare its scores\tSpace"), &m_workbench.selection,
                                       [this, layer] { m_workbench.selection.toggleCompared(layer); });
    compare->setCheckable(true);
    compare->setChecked(m_model->isCompared(layer));
    enableUnless(m_workbench.session.hasScores() ? QString() : tr("Calibrate first: there are no scores to compare."), *compare,
                 tr("On the page Importance; Ctrl and a click does the same"));
    menu->popup(globalPosition);
}

} // namespace secateur::ui
