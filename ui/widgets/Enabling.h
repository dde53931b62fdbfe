// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

class QWidget;

namespace secateur::ui {

/// Enables a control or, where there is a problem, disables it: the problem is then its tooltip and what a screen reader is told of it. Enabled again, the
/// control has the tooltip of before.
void enableUnless(const QString &problem, QWidget &control);
/// The same for a control whose tooltip changes: `toolTip` is what it says while it is enabled.
void enableUnless(const QString &problem, QWidget &control, const QString &toolTip);

} // namespace secateur::ui
