// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QtGlobal>

class QMenu;

namespace secateur::ui {

/// Adds "Protect attention" and "Force removal" of a layer to its menu: ticked when so, disabled with the reason when not possible.
void addAttentionActions(QMenu &menu, Workbench workbench, qint64 layer);

} // namespace secateur::ui
