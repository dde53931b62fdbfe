// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/AffectedTabs.h"

namespace secateur::ui {

std::vector<MainWindow::Tab> affectedTabs(const PlanDraft &before, const PlanDraft &after)
{
    using Tab = MainWindow::Tab;
    const BalanceSettings &a = before.balance, &b = after.balance;
    if (before.plan != after.plan)
        return {Tab::Balance, Tab::Importance, Tab::Attention, Tab::Compare};
    if (before.calibration != after.calibration)
        return {Tab::Importance, Tab::Calibration, Tab::Compare};
    if (a.sparsity != b.sparsity || a.alpha != b.alpha || a.widthMultiple != b.widthMultiple)
        return {Tab::Balance, Tab::Importance, Tab::Compare};
    if (a.attentionsToRemove != b.attentionsToRemove)
        return {Tab::Balance, Tab::Attention, Tab::Compare};
    if (a.neuronsKept != b.neuronsKept)
        return {Tab::Importance, Tab::Balance, Tab::Compare};
    if (!(before.search == after.search))
        return {Tab::Attention, Tab::Compare};
    return {};
}

} // namespace secateur::ui
