// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/InlineNote.h"

#include "theme/PlotStyle.h"
#include "widgets/Labels.h"

#include <QEvent>
#include <QHBoxLayout>

namespace secateur::ui {
namespace {

QString signOf(InlineNote::Kind kind)
{
    switch (kind) {
    case InlineNote::Kind::Info:
        return {};
    case InlineNote::Kind::Success:
        return QStringLiteral("=");
    case InlineNote::Kind::Warning:
        return QStringLiteral("!");
    case InlineNote::Kind::Problem:
        return QStringLiteral("\u2715");
    }
    return {};
}

} // namespace

InlineNote::InlineNote(QWidget *parent) : QWidget(parent), m_sign(new QLabel(this)), m_text(bodyLabel({}, this))
{
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_sign, 0, Qt::AlignTop);
    layout->addWidget(m_text, 1);
    QFont bold;
    bold.setBold(true);
    m_sign->setFont(bold);
    hide();
}

void InlineNote::say(Kind kind, const QString &sentence, const QString &remedy)
{
    m_kind = kind;
    m_sentence = sentence;
    m_sign->setText(signOf(kind));
    m_sign->setVisible(kind != Kind::Info);
    m_text->setText(remedy.isEmpty() ? sentence : tr("%1 %2", "sentence and remedy").arg(sentence, remedy));
    m_text->setTextFormat(Qt::PlainText); // file names may look like markup
    setAccessibleName(m_text->text());
    applyStyle();
    show();
}

void InlineNote::clear()
{
    m_sentence.clear();
    hide();
}

void InlineNote::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        applyStyle();
}

void InlineNote::applyStyle()
{
    const PlotStyle style = PlotStyle::of(palette());
    const QColor colour = style.readable(m_kind == Kind::Success ? style.ffn : style.warning);
    QPalette signPalette = m_sign->palette();
    if (signPalette.color(QPalette::WindowText) == colour)
        return;
    signPalette.setColor(QPalette::WindowText, colour);
    m_sign->setPalette(signPalette);
}

} // namespace secateur::ui
