// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QTableView;

namespace secateur::ui {

/// Gives the rows of a table the height of one line with some room around it, now and whenever its font changes.
void fitRowsToFont(QTableView &view);

} // namespace secateur::ui
