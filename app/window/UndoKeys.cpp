// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/UndoKeys.h"

#include <QAbstractSpinBox>
#include <QKeyEvent>
#include <QLineEdit>

namespace secateur::ui {
namespace {

/// Whether the field takes over what was typed.
bool takesOver(const QEvent &event)
{
    if (event.type() == QEvent::FocusOut)
        return true;
    const int key = event.type() == QEvent::KeyPress ? static_cast<const QKeyEvent &>(event).key() : 0;
    return key == Qt::Key_Return || key == Qt::Key_Enter || key == Qt::Key_Escape;
}

} // namespace

bool UndoKeys::eventFilter(QObject *watched, QEvent *event)
{
    const QEvent::Type type = event->type();
    if (type != QEvent::ShortcutOverride && type != QEvent::KeyPress && type != QEvent::FocusOut)
        return false;
    auto *field = qobject_cast<QAbstractSpinBox *>(watched);
    auto *text = field ? field->findChild<QLineEdit *>() : nullptr;
    if (!text)
        return false;
    if (takesOver(*event))
        QMetaObject::invokeMethod(
            text, [text] { text->setModified(false); }, Qt::QueuedConnection); // after the field
    if (type != QEvent::ShortcutOverride || text->isModified())
        return false;
    const auto *key = static_cast<QKeyEvent *>(event);
    if (!key->matches(QKeySequence::Undo) && !key->matches(QKeySequence::Redo))
        return false;
    event->ignore();
    return true;
}

} // namespace secateur::ui
