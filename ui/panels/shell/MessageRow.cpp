// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/shell/MessageRow.h"

#include "theme/Icons.h"
#include "theme/PlotStyle.h"
#include "widgets/Labels.h"

#include <QApplication>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QStyle>
#include <QTimer>
#include <QToolButton>

namespace secateur::ui {
namespace {

constexpr int kStripe = 4, kIcon = 18;
constexpr qsizetype kLongest = 220; ///< characters of a sentence that are shown at first
constexpr qsizetype kLongName = 48; ///< of a name or a path in it

/// A success or a note is told by its sentence; a problem is called one.
QString headingOf(const Message &message)
{
    return message.stays() ? MessageRow::tr("%1: %2").arg(severityText(message.severity), message.sentence) : message.sentence;
}

QString iconName(Message::Severity severity)
{
    switch (severity) {
    case Message::Severity::Info:
        return QStringLiteral("info");
    case Message::Severity::Success:
        return QStringLiteral("check");
    case Message::Severity::Warning:
        return QStringLiteral("warning");
    case Message::Severity::Error:
        return QStringLiteral("error");
    }
    return {};
}

QColor stripeColour(Message::Severity severity, const PlotStyle &style)
{
    switch (severity) {
    case Message::Severity::Info:
        return style.accent;
    case Message::Severity::Success:
        return style.ffn;
    case Message::Severity::Warning:
    case Message::Severity::Error:
        return style.warning;
    }
    return style.line;
}

} // namespace

MessageRow::MessageRow(const Message &message, std::chrono::milliseconds patience, QWidget *parent)
    : QWidget(parent),
      m_message(message),
      m_sign(new QLabel(this)),
      m_timer(new QTimer(this))
{
    const QString heading = headingOf(message);
    setAccessibleName(heading);
    setAccessibleDescription(message.hint);

    drawSign();
    const QString brief = shortened(heading, kLongName);
    const bool isLong = brief.size() > kLongest;
    auto *sentence = bodyLabel(isLong ? brief.left(kLongest) + QStringLiteral("…") : brief);
    sentence->setTextFormat(Qt::PlainText);
    sentence->setAccessibleName(heading);
    sentence->setToolTip(brief == heading ? QString() : heading);
    QFont bold;
    bold.setBold(true);
    sentence->setFont(bold);
    auto *words = new QVBoxLayout;
    words->setSpacing(1);
    words->addWidget(sentence);
    if (!message.hint.isEmpty()) {
        auto *hint = bodyLabel(shortened(message.hint, kLongName));
        hint->setTextFormat(Qt::PlainText);
        hint->setAccessibleName(message.hint);
        hint->setToolTip(hint->text() == message.hint ? QString() : message.hint);
        words->addWidget(hint);
    }

    auto *layout = new QHBoxLayout(this);
    constexpr int kBeside = kStripe + 10, kOther = 8;
    layout->setContentsMargins(isRightToLeft() ? kOther : kBeside, 6, isRightToLeft() ? kBeside : kOther, 6);
    layout->setSpacing(10);
    layout->addWidget(m_sign);
    layout->addLayout(words, 1);
    if (isLong) {
        auto *details = new QPushButton(tr("Details"));
        details->setAccessibleName(tr("Details: the whole message"));
        layout->addWidget(details);
        connect(details, &QPushButton::clicked, this, [sentence, details, heading] {
            sentence->setText(heading);
            details->hide();
        });
    }
    if (!message.actionText.isEmpty() && message.action) {
        auto *action = new QPushButton(message.actionText);
        layout->addWidget(action);
        connect(action, &QPushButton::clicked, this, [this] {
            const std::function<void()> act = m_message.action; // this row goes before it acts: what it does may bring a new message
            emit dismissed();
            act();
        });
    }
    auto *dismiss = new QToolButton;
    dismiss->setIcon(icon(QStringLiteral("cancel")));
    dismiss->setAutoRaise(true);
    dismiss->setFocusPolicy(Qt::StrongFocus);
    dismiss->setToolTip(tr("Dismiss; it stays in the log"));
    dismiss->setAccessibleName(tr("Dismiss: %1").arg(message.sentence));
    layout->addWidget(dismiss, 0, Qt::AlignTop);
    connect(dismiss, &QToolButton::clicked, this, &MessageRow::dismissed);

    if (!message.stays()) {
        m_timer->setInterval(patience);
        connect(m_timer, &QTimer::timeout, this, [this] {
            if (!isAttended())
                emit dismissed();
        });
        m_timer->start();
    }
}

bool MessageRow::isOf(const Message &message) const
{
    return message.topic == m_message.topic && message.time == m_message.time && message.sentence == m_message.sentence;
}

bool MessageRow::isAttended() const
{
    const QWidget *focus = QApplication::focusWidget();
    return underMouse() || (focus && isAncestorOf(focus));
}

void MessageRow::drawSign()
{
    m_sign->setPixmap(icon(iconName(m_message.severity)).pixmap(kIcon));
}

void MessageRow::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        drawSign();
}

void MessageRow::paintEvent(QPaintEvent * /*event*/)
{
    const PlotStyle style = PlotStyle::of(palette());
    QPainter painter(this);
    painter.fillRect(rect(), style.raised);
    painter.fillRect(QStyle::visualRect(layoutDirection(), rect(), QRect(0, 0, kStripe, height())),
                     stripeColour(m_message.severity, style));
    painter.setPen(style.line);
    painter.drawLine(0, height() - 1, width(), height() - 1);
}

} // namespace secateur::ui
