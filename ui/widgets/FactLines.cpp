// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/FactLines.h"

#include <QHelpEvent>
#include <QPainter>
#include <QStringList>
#include <QToolTip>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kGap = 5, kColumnGap = 10;

} // namespace

FactLines::FactLines(QWidget *parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void FactLines::setFacts(Facts facts)
{
    if (facts == m_facts)
        return;
    const bool isResized = facts.size() != m_facts.size();
    m_facts = std::move(facts);
    QStringList words;
    for (const auto &[name, value] : m_facts)
        words << tr("%1: %2").arg(name, value);
    setAccessibleName(words.join(QStringLiteral("; ")));
    if (isResized)
        updateGeometry();
    update();
}

QString FactLines::value(const QString &name) const
{
    const auto found = std::find_if(m_facts.begin(), m_facts.end(), [&](const auto &fact) { return fact.first == name; });
    return found == m_facts.end() ? QString() : found->second;
}

int FactLines::lineHeight() const
{
    return fontMetrics().height() + kGap;
}

QSize FactLines::sizeHint() const
{
    return {220, int(m_facts.size()) * lineHeight()};
}

QSize FactLines::minimumSizeHint() const
{
    return {120, sizeHint().height()};
}

void FactLines::paintEvent(QPaintEvent * /*event*/)
{
    QPainter painter(this);
    QRect line(0, 0, width(), lineHeight());
    for (const auto &[name, value] : m_facts) {
        painter.setPen(palette().color(QPalette::PlaceholderText));
        painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, name);
        const int room = width() - fontMetrics().horizontalAdvance(name) - kColumnGap;
        painter.setPen(palette().color(QPalette::WindowText));
        painter.drawText(line, Qt::AlignRight | Qt::AlignVCenter, fontMetrics().elidedText(value, Qt::ElideRight, room));
        line.translate(0, lineHeight());
    }
}

bool FactLines::event(QEvent *event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto *help = static_cast<QHelpEvent *>(event);
    const auto line = std::size_t(std::max(0, help->pos().y() / lineHeight()));
    if (line < m_facts.size())
        QToolTip::showText(help->globalPos(), tr("%1: %2").arg(m_facts[line].first, m_facts[line].second), this);
    return true;
}

} // namespace secateur::ui
