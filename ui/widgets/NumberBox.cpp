// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/NumberBox.h"

#include <QKeyEvent>
#include <QLineEdit>

namespace secateur::ui {

NumberBox::NumberBox(const QString &name, QWidget *parent) : QDoubleSpinBox(parent)
{
    setAccessibleName(name);
    setKeyboardTracking(false);
}

void NumberBox::keyPressEvent(QKeyEvent *event)
{
    const bool isSpecial = !specialValueText().isEmpty() && value() == minimum();
    const QString shown = isSpecial ? specialValueText() : prefix() + textFromValue(value()) + suffix();
    if (event->key() == Qt::Key_Escape && lineEdit()->text() != shown) {
        setValue(value()); // writes it anew
        selectAll();
        event->accept();
        return;
    }
    QDoubleSpinBox::keyPressEvent(event);
}

} // namespace secateur::ui
