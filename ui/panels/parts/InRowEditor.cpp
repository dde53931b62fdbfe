// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/parts/InRowEditor.h"

#include <QWidget>

namespace secateur::ui {

QWidget *InRowEditor::createEditor(QWidget *parent, const QStyleOptionViewItem &option, const QModelIndex &index) const
{
    QWidget *editor = QStyledItemDelegate::createEditor(parent, option, index);
    if (editor) {
        editor->setStyleSheet(QStringLiteral("padding: 0 3px; min-height: 0; border-width: 1px;"));
        editor->setAccessibleName(index.model()->headerData(index.column(), Qt::Horizontal).toString());
    }
    return editor;
}

void InRowEditor::updateEditorGeometry(QWidget *editor, const QStyleOptionViewItem &option, const QModelIndex & /*index*/) const
{
    editor->setGeometry(option.rect);
}

} // namespace secateur::ui
