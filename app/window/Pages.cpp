// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/Pages.h"

#include "panels/calibrate/CalibratePanel.h"
#include "panels/calibrate/ImportancePanel.h"
#include "panels/compare/ComparePanel.h"
#include "panels/evaluate/EvaluatePanel.h"
#include "panels/export/ExportPanel.h"
#include "panels/plan/BalancePanel.h"
#include "panels/playground/PlaygroundPanel.h"
#include "panels/search/AttentionPanel.h"
#include "panels/start/StartPanel.h"

#include <QCoreApplication>

namespace secateur::ui {
namespace {

using Tab = MainWindow::Tab;
using Step = WorkflowStrip::Step;

template <typename Panel>
QWidget *make(const Workbench &workbench, QWidget *parent)
{
    return new Panel(workbench, parent);
}

constexpr Page kPages[] = {
    {Tab::Model, QT_TRANSLATE_NOOP("pages", "Model"), Step::Load, true, make<StartPanel>, "start"},
    {Tab::Calibration, QT_TRANSLATE_NOOP("pages", "Calibration"), Step::Calibrate, true, make<CalibratePanel>, "calibrate"},
    {Tab::Importance, QT_TRANSLATE_NOOP("pages", "Importance"), Step::Plan, false, make<ImportancePanel>, "plan"},
    {Tab::Attention, QT_TRANSLATE_NOOP("pages", "Attention"), Step::Plan, false, make<AttentionPanel>, "attention"},
    {Tab::Balance, QT_TRANSLATE_NOOP("pages", "Balance"), Step::Plan, true, make<BalancePanel>, "plan"},
    {Tab::Evaluation, QT_TRANSLATE_NOOP("pages", "Evaluation"), Step::Evaluate, true, make<EvaluatePanel>, "evaluate"},
    {Tab::Playground, QT_TRANSLATE_NOOP("pages", "Playground"), Step::Evaluate, false, make<PlaygroundPanel>, "playground"},
    {Tab::Compare, QT_TRANSLATE_NOOP("pages", "Compare"), Step::Evaluate, false, make<ComparePanel>, "compare"},
    {Tab::Export, QT_TRANSLATE_NOOP("pages", "Export"), Step::Export, true, make<ExportPanel>, "export"},
};

constexpr bool isInOrderOfTabs()
{
    for (std::size_t i = 0; i < std::size(kPages); ++i)
        if (std::size_t(kPages[i].tab) != i)
            return false;
    return true;
}
static_assert(isInOrderOfTabs());

} // namespace

QString Page::translatedTitle() const
{
    return QCoreApplication::translate("pages", title);
}

std::span<const Page> pages()
{
    return kPages;
}

} // namespace secateur::ui
