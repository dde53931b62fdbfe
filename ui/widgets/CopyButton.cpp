// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/CopyButton.h"

#include "theme/Icons.h"
#include "widgets/Enabling.h"

#include <QClipboard>
#include <QEvent>
#include <QGuiApplication>
#include <QTimer>

#include <utility>

namespace secateur::ui {

CopyButton::CopyButton(const QString &label, std::function<QString()> text, QWidget *parent)
    : QPushButton(ui::icon(QStringLiteral("copy")), label, parent),
      m_label(label),
      m_what(std::move(text)),
      m_timer(new QTimer(this))
{
    setAccessibleName(label);
    m_timer->setSingleShot(true);
    m_timer->setInterval(1500);
    connect(m_timer, &QTimer::timeout, this, [this] { setText(m_label); });
    connect(this, &QPushButton::clicked, this, &CopyButton::copy);
}

void CopyButton::setProblem(const QString &problem, const QString &toolTip)
{
    enableUnless(problem, *this, toolTip);
}

void CopyButton::copy()
{
    const QString text = m_what();
    if (text.isEmpty()) // there is nothing to copy yet: what was copied before is not lost for it
        return;
    QGuiApplication::clipboard()->setText(text);
    setMinimumWidth(width()); // the word changes, the place does not
    setText(tr("Copied"));
    m_timer->start();
}

} // namespace secateur::ui
