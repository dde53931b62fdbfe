// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/InlineNote.h"

#include "theme/PlotStyle.h"
#include "widgets/Labels.h"
#include "widgets/Quantity.h"

#include <QHBoxLayout>
#include <QPainter>

namespace secateur::ui {

/// The sign in front of the sentence, in a colour that can be read.
class NoteSign : public QWidget {
public:
    explicit NoteSign(QWidget *parent) : QWidget(parent) { setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed); }

    void setKind(InlineNote::Kind kind)
    {
        m_kind = kind;
        setVisible(kind != InlineNote::Kind::Info);
        update();
    }
    QSize sizeHint() const override { return {boldFont().horizontalAdvance(QStringLiteral("\u2715")), fontMetrics().height()}; }

protected:
    void paintEvent(QPaintEvent * /*event*/) override
    {
        const PlotStyle style = PlotStyle::of(palette());
        QPainter painter(this);
        QFont bold = font();
        bold.setBold(true);
        painter.setFont(bold);
        painter.setPen(style.readable(m_kind == InlineNote::Kind::Success ? style.ffn : style.warning));
        painter.drawText(rect(), int(Qt::AlignCenter), text());
    }

private:
    QFontMetrics boldFont() const
    {
        QFont bold = font();
        bold.setBold(true);
        return QFontMetrics(bold);
    }
    QString text() const
    {
        switch (m_kind) {
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

    InlineNote::Kind m_kind = InlineNote::Kind::Info;
};

InlineNote::InlineNote(QWidget *parent) : QWidget(parent), m_sign(new NoteSign(this)), m_text(bodyLabel({}, this))
{
    m_text->setTextFormat(Qt::PlainText); // file names may look like markup
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_sign, 0, Qt::AlignTop);
    layout->addWidget(m_text, 1);
    hide();
}

void InlineNote::say(Kind kind, const QString &sentence, const QString &remedy)
{
    m_kind = kind;
    m_sentence = sentence;
    m_sign->setKind(kind);
    m_text->setAlignment(Qt::AlignLeading | (kind == Kind::Info ? Qt::AlignVCenter : Qt::AlignTop)); // beside its sign
    m_text->setText(remedy.isEmpty() ? sentence : tr("%1 %2", "sentence and remedy").arg(sentence, remedy));
    for (QWidget *told : {static_cast<QWidget *>(this), static_cast<QWidget *>(m_text)})
        told->setAccessibleName(spoken(m_text->text()));
    show();
}

void InlineNote::clear()
{
    m_sentence.clear();
    hide();
}

} // namespace secateur::ui
