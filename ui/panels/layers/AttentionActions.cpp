// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/layers/AttentionActions.h"

#include "commands/PlanEditor.h"
#include "models/SessionModel.h"
#include "panels/layers/LayerFacts.h"
#include "theme/Icons.h"
#include "widgets/Enabling.h"

#include <QAction>
#include <QMenu>

namespace secateur::ui {
namespace {

QAction *addChoice(QMenu &menu, const QString &text, const QString &iconName, bool isChecked, const QString &problem)
{
    QAction *action = menu.addAction(icon(iconName), text);
    action->setCheckable(true);
    action->setChecked(isChecked);
    enableUnless(problem, *action, {});
    if (!problem.isEmpty()) { // where no tooltip reaches: by keyboard
        QAction *why = menu.addAction(problem);
        why->setEnabled(false);
    }
    return action;
}

} // namespace

void addAttentionActions(QMenu &menu, Workbench workbench, qint64 layer)
{
    const SessionModel &session = workbench.session;
    PlanEditor &editor = workbench.editor;
    const QAction *protect = addChoice(menu, QMenu::tr("Protect attention"), QStringLiteral("shield"), session.isProtected(layer),
                                       protectProblem(session, layer));
    const QAction *force =
        addChoice(menu, QMenu::tr("Remove first"), QStringLiteral("force"), session.isForced(layer), forceProblem(session, layer));
    QObject::connect(protect, &QAction::triggered, &editor, [&editor, layer] { editor.toggleProtected(layer); });
    QObject::connect(force, &QAction::triggered, &editor, [&editor, layer] { editor.toggleForced(layer); });
}

} // namespace secateur::ui
