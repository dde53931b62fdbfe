// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QTableView;

namespace secateur::ui {

/// What the tables in docks have in common: whole rows are selected, one at a time, no grid, no row numbers, Tab leaves the table.
void applyListLook(QTableView &view);

} // namespace secateur::ui
