// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

class QWidget;

namespace secateur::ui {

/// Greys a control while `problem` says why it cannot be used, and shows that in the place of its tooltip. Empty: it can be used, and has its own again.
void setUsable(QWidget &control, const QString &problem);

} // namespace secateur::ui
