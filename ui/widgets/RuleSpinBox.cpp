// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/RuleSpinBox.h"

#include "widgets/Enabling.h"

#include <QContextMenuEvent>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMenu>
#include <QSignalBlocker>

#include <algorithm>

namespace secateur::ui {

RuleSpinBox::RuleSpinBox(QWidget *parent) : QSpinBox(parent)
{
    setKeyboardTracking(false);
    setGroupSeparatorShown(true);
    setAccelerated(true);
    connect(lineEdit(), &QLineEdit::textEdited, this, [this](QString text) {
        if (!suffix().isEmpty() && text.endsWith(suffix()))
            text.chop(suffix().size());
        m_typed = text.trimmed();
    });
    connect(this, &QSpinBox::editingFinished, this, &RuleSpinBox::takeText);
}

void RuleSpinBox::setNumber(qint64 value, bool isByRule)
{
    const QSignalBlocker blocker(this);
    setValue(int(std::clamp<qint64>(value, minimum(), maximum()))); // a file may hold any number
    const QString mark = isByRule ? tr(" (rule)") : QString();
    if (mark != suffix() || m_typed)
        setSuffix(mark); // writes the text anew, and asks for another layout
    m_isByRule = isByRule;
    m_typed.reset();
}

void RuleSpinBox::stepBy(int steps)
{
    const int before = value();
    {
        const QSignalBlocker blocker(this);
        QSpinBox::stepBy(steps);
    }
    m_typed.reset();
    if (value() != before)
        emit chosen(value());
}

void RuleSpinBox::takeText()
{
    if (!m_typed)
        return;
    const bool isEmpty = m_typed->isEmpty();
    m_typed.reset();
    if (isEmpty)
        emit ruleChosen();
    else
        emit chosen(value()); // the base class has read it by now
}

void RuleSpinBox::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape && m_typed) {
        setNumber(value(), m_isByRule);
        selectAll();
        event->accept();
        return;
    }
    QSpinBox::keyPressEvent(event);
}

void RuleSpinBox::contextMenuEvent(QContextMenuEvent *event)
{
    QMenu *menu = lineEdit()->createStandardContextMenu();
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->addSeparator();
    QAction *byRule = menu->addAction(tr("By the rule"), this, &RuleSpinBox::ruleChosen);
    byRule->setCheckable(true);
    byRule->setChecked(m_isByRule);
    enableUnless(m_isByRule ? tr("The number follows the rule already.") : QString(), *byRule, {});
    menu->setToolTipsVisible(true);
    menu->popup(event->globalPos());
    event->accept();
}

} // namespace secateur::ui
