// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/plan/PlansPanel.h"

#include "commands/PlanEditor.h"
#include "models/MessageLog.h"
#include "models/SessionModel.h"
#include "panels/parts/InRowEditor.h"
#include "panels/parts/TableLook.h"
#include "panels/plan/PinModel.h"
#include "theme/Icons.h"
#include "widgets/Enabling.h"

#include <QAction>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QPushButton>
#include <QTableView>

namespace secateur::ui {

PlansPanel::PlansPanel(Workbench workbench, QWidget *parent)
    : QWidget(parent),
      m_workbench(workbench),
      m_model(new PinModel(workbench.session, workbench.editor, this)),
      m_view(new QTableView),
      m_use(new QPushButton(tr("Use"))),
      m_rename(new QPushButton(tr("Rename"))),
      m_remove(new QPushButton(tr("Remove"))),
      m_pin(new QPushButton(icon(QStringLiteral("pin")), tr("Pin current plan")))
{
    m_view->setModel(m_model);
    m_view->setAccessibleName(tr("Pinned plans"));
    m_view->setItemDelegateForColumn(PinModel::Name, new InRowEditor(m_view));
    applyListLook(*m_view);
    m_view->setEditTriggers(QAbstractItemView::EditKeyPressed | QAbstractItemView::SelectedClicked);
    m_view->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_view->horizontalHeader()->setSectionResizeMode(PinModel::Name, QHeaderView::Stretch);
    m_view->horizontalHeader()->setMinimumSectionSize(48);
    connect(m_model, &PinModel::dataChanged, this, [this] { // the current plan is bold, and so wider
        for (int column = PinModel::Name + 1; column < PinModel::kColumns; ++column)
            m_view->resizeColumnToContents(column);
    });

    auto *buttons = new QHBoxLayout;
    for (QPushButton *button : {m_use, m_rename, m_remove})
        buttons->addWidget(button);
    buttons->addStretch(1);
    buttons->addWidget(m_pin);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(8, 8, 8, 8);
    layout->addWidget(m_view, 1);
    layout->addLayout(buttons);

    connect(m_use, &QPushButton::clicked, this, &PlansPanel::use);
    connect(m_view, &QAbstractItemView::activated, this, &PlansPanel::use);
    connect(m_rename, &QPushButton::clicked, this, [this] {
        m_view->setFocus();
        m_view->edit(m_view->currentIndex().siblingAtColumn(PinModel::Name));
    });
    connect(m_remove, &QPushButton::clicked, this, [this] { m_workbench.editor.removePin(std::size_t(m_view->currentIndex().row())); });
    auto *removal = new QAction(tr("Remove"), m_view);
    removal->setShortcut(QKeySequence::Delete);
    removal->setShortcutContext(Qt::WidgetShortcut);
    m_view->addAction(removal);
    connect(removal, &QAction::triggered, m_remove, &QPushButton::click);
    connect(m_pin, &QPushButton::clicked, this, &PlansPanel::pinCurrent);

    connect(&workbench.editor, &PlanEditor::pinned, this, [this](const QString &name) { // from wherever it was pinned
        m_workbench.messages.post({.severity = Message::Severity::Success,
                                   .sentence = tr("The current plan is pinned as '%1'.").arg(name),
                                   .hint = tr("See all: View > Show Plans."),
                                   .topic = QStringLiteral("pin"),
                                   .actionText = {},
                                   .action = {},
                                   .time = {}});
    });
    connect(m_view->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &PlansPanel::follow);
    for (const auto signal : {&SessionModel::modelChanged, &SessionModel::draftChanged, &SessionModel::pinsChanged})
        connect(&workbench.session, signal, this, &PlansPanel::follow);
    follow();
}

void PlansPanel::follow()
{
    const QModelIndex current = m_view->currentIndex();
    const SessionModel &session = m_workbench.session;
    const QString none = current.isValid()         ? session.readOnlyReason()
                         : m_model->rowCount() > 0 ? tr("Choose a plan in the list.")
                                                   : tr("No plan is pinned.");
    const bool isInHand = current.isValid() && current.row() == m_model->rowInHand();
    const auto offer = [](QPushButton *button, const QString &problem, const QString &toolTip) { enableUnless(problem, *button, toolTip); };
    offer(m_use, isInHand ? tr("This is the current plan.") : none, tr("Makes the selected plan the current one (Enter); undo goes back"));
    offer(m_rename, none, {});
    offer(m_remove, none, {});
    offer(m_pin, session.changeProblem(), tr("Keeps the current plan under a name"));
}

void PlansPanel::use()
{
    const int row = m_view->currentIndex().row();
    const auto &pins = m_workbench.session.session().pinned;
    if (row < 0 || row >= int(pins.size()))
        return;
    const PinnedPlan pin = pins[std::size_t(row)];
    m_workbench.editor.useDraft(pin.draft, tr("Use %1").arg(QString::fromStdString(pin.name)));
}

void PlansPanel::pinCurrent()
{
    m_workbench.editor.pin({});
    const QModelIndex pinned = m_model->index(m_model->rowCount() - 1, PinModel::Name);
    m_view->setCurrentIndex(pinned);
    m_view->setFocus();
    m_view->edit(pinned); // the name that was given can be typed over at once
}

} // namespace secateur::ui
