// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/parts/TableLook.h"

#include "widgets/RowHeight.h"

#include <QHeaderView>
#include <QTableView>

namespace secateur::ui {

void applyListLook(QTableView &view)
{
    view.setSelectionBehavior(QAbstractItemView::SelectRows);
    view.setSelectionMode(QAbstractItemView::SingleSelection);
    view.setTabKeyNavigation(false);
    view.setShowGrid(false);
    view.setWordWrap(false);
    view.setTextElideMode(Qt::ElideMiddle);
    view.setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    view.verticalHeader()->hide();
    fitRowsToFont(view);
    view.horizontalHeader()->setHighlightSections(false);
    view.horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
}

} // namespace secateur::ui
