// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"
#include "panels/shell/WorkflowStrip.h"
#include "window/MainWindow.h"

#include <span>

namespace secateur::ui {

/// A page of the window: a tab.
struct Page {
    MainWindow::Tab tab;
    const char *title; ///< not translated yet
    WorkflowStrip::Step step;
    bool isFirst; ///< of the pages of its step: where a click on the step leads
    QWidget *(*make)(const Workbench &workbench, QWidget *parent);
    const char *guide = "start"; ///< the page of the user guide that F1 opens there

    QString translatedTitle() const;
};

/// All pages, in the order of the tabs, which is that of MainWindow::Tab.
std::span<const Page> pages();

} // namespace secateur::ui
