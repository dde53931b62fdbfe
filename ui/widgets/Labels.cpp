// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/Labels.h"

#include <QApplication>
#include <QEvent>
#include <QPainter>
#include <QStringList>
#include <QStyle>
#include <QTextLayout>

#include <algorithm>
#include <cmath>

namespace secateur::ui {
namespace {

constexpr int kFewLetters = 16; ///< that a label which wraps asks for
constexpr Qt::TextInteractionFlags kSelectable = Qt::TextSelectableByMouse;

QFont scaled(QFont font, double factor, bool isBold)
{
    QFont result; // nothing but size and weight is set, the rest goes on following the application's font
    if (font.pointSizeF() > 0)
        result.setPointSizeF(font.pointSizeF() * factor);
    else
        result.setPixelSize(qRound(font.pixelSize() * factor));
    result.setBold(isBold);
    return result;
}

/// Keeps a label's letters that many times as large as the application's, whatever those become.
class SizedByType : public QObject {
public:
    SizedByType(QLabel &label, double factor) : QObject(&label), m_label(label), m_factor(factor)
    {
        label.setFont(scaled(label.font(), factor, true));
        label.installEventFilter(this);
    }

    bool eventFilter(QObject * /*watched*/, QEvent *event) override
    {
        if (event->type() !=
            QEvent::StyleChange) // which a new size of type brings to every widget; a font of one's own hears of nothing else
            return false;
        const QFont wanted = scaled(QApplication::font(), m_factor, true);
        if (wanted.pointSizeF() != m_label.font().pointSizeF() || wanted.pixelSize() != m_label.font().pixelSize())
            m_label.setFont(wanted);
        return false;
    }

private:
    QLabel &m_label;
    double m_factor;
};

} // namespace

QLabel *headingLabel(const QString &text, QWidget *parent)
{
    auto *label = new QLabel(text, parent);
    new SizedByType(*label, 1.15);
    return label;
}

ElidedLabel *headingName(QWidget *parent)
{
    auto *label = new ElidedLabel(parent);
    new SizedByType(*label, 1.15);
    return label;
}

QLabel *captionLabel(const QString &text, QWidget *parent)
{
    auto *label = new WrappedLabel(text, parent);
    label->setForegroundRole(QPalette::PlaceholderText);
    return label;
}

QLabel *bodyLabel(const QString &text, QWidget *parent)
{
    auto *label = new WrappedLabel(text, parent);
    label->setTextInteractionFlags(kSelectable);
    return label;
}

QLabel *figureLabel(const QString &text, QWidget *parent)
{
    auto *label = new QLabel(text, parent);
    new SizedByType(*label, 1.6);
    label->setTextInteractionFlags(kSelectable);
    return label;
}

QString shortened(const QString &text, qsizetype longest)
{
    QStringList words = text.split(u' ');
    const qsizetype half = (longest - 1) / 2;
    for (QString &word : words)
        if (word.size() > longest)
            word = word.left(half) + u'…' + word.right(half);
    return words.join(u' ');
}

WrappedLabel::WrappedLabel(const QString &text, QWidget *parent) : QLabel(text, parent)
{
    setWordWrap(true);
}

QSize WrappedLabel::minimumSizeHint() const
{
    const QSize hint = QLabel::minimumSizeHint();
    if (!wordWrap())
        return hint;
    return {std::min(hint.width(), fontMetrics().averageCharWidth() * kFewLetters), hint.height()};
}

bool WrappedLabel::hasLongerWord(int width) const
{
    return wordWrap() && QLabel::minimumSizeHint().width() > width && !text().isEmpty() &&
           (textFormat() == Qt::PlainText || !Qt::mightBeRichText(text()));
}

int WrappedLabel::heightForWidth(int width) const
{
    if (!hasLongerWord(width))
        return QLabel::heightForWidth(width);
    const QMargins margins = contentsMargins();
    const int around = 2 * margin();
    const QRectF area(0, 0, std::max(1, width - margins.left() - margins.right() - around), 0);
    return int(std::ceil(layOut(nullptr, area))) + margins.top() + margins.bottom() + around;
}

void WrappedLabel::paintEvent(QPaintEvent *event)
{
    if (!hasLongerWord(width()))
        return QLabel::paintEvent(event);
    QPainter painter(this);
    painter.setPen(palette().color(isEnabled() ? QPalette::Active : QPalette::Disabled, foregroundRole()));
    const QRect area = contentsRect().marginsRemoved(QMargins(margin(), margin(), margin(), margin()));
    layOut(&painter, area);
}

double WrappedLabel::layOut(QPainter *painter, const QRectF &area) const
{
    QTextOption option(QStyle::visualAlignment(layoutDirection(), alignment()) & Qt::AlignHorizontal_Mask);
    option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    option.setTextDirection(layoutDirection());
    QTextLayout layout(QString(text()).replace(u'\n', QChar::LineSeparator), font());
    layout.setTextOption(option);
    layout.beginLayout();
    double height = 0;
    for (QTextLine line = layout.createLine(); line.isValid(); line = layout.createLine()) {
        line.setLineWidth(area.width());
        line.setPosition({0, height});
        height += line.height();
    }
    layout.endLayout();
    if (painter) {
        const double spare = std::max(0.0, area.height() - height);
        const double top = alignment().testFlag(Qt::AlignTop) ? 0 : alignment().testFlag(Qt::AlignBottom) ? spare : spare / 2;
        layout.draw(painter, area.topLeft() + QPointF(0, top));
    }
    return height;
}

void ElidedLabel::setBrief(const QString &text, const QString &whole)
{
    if (text == this->text() && whole == toolTip())
        return;
    setText(text);
    setToolTip(whole);
    setAccessibleName(whole);
}

QSize ElidedLabel::minimumSizeHint() const
{
    return {fontMetrics().averageCharWidth() * 8, fontMetrics().height()};
}

void ElidedLabel::paintEvent(QPaintEvent * /*event*/)
{
    QPainter painter(this);
    painter.setPen(palette().color(foregroundRole()));
    const QRect area = contentsRect();
    painter.drawText(area, int(alignment() | Qt::TextSingleLine), fontMetrics().elidedText(text(), Qt::ElideMiddle, area.width()));
}

} // namespace secateur::ui
