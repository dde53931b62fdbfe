// SPDX-License-Identifier: GPL-3.0-or-later
#include "theme/ChoiceBox.h"

#include <QAbstractItemView>

#include <algorithm>

namespace secateur::ui {

void ChoiceBox::showPopup()
{
    QAbstractItemView *list = view();
    list->ensurePolished();
    int height = 2 * list->frameWidth();
    for (int row = 0; row < std::min(count(), maxVisibleItems()); ++row)
        height += list->sizeHintForRow(row);
    list->setMinimumHeight(height);
    QComboBox::showPopup();
}

} // namespace secateur::ui
