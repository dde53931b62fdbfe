// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

class QAction;
class QWidget;

namespace secateur::ui {

/// Enables a control or, where there is a problem, disables it: the problem is then its tooltip and what a screen reader is told of it.
/// `toolTip`: what it says while it is enabled; empty = nothing.
void enableUnless(const QString &problem, QWidget &control, const QString &toolTip);
/// The same for an entry of a menu: screen readers are told by its status tip.
void enableUnless(const QString &problem, QAction &action, const QString &toolTip);

} // namespace secateur::ui
