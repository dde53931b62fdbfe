// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/Callout.h"

#include "theme/PlotStyle.h"
#include "widgets/Labels.h"

#include <QAccessible>
#include <QEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLineF>
#include <QPainter>
#include <QPainterPath>
#include <QPushButton>
#include <QVBoxLayout>

#include <algorithm>
#include <limits>
#include <vector>

namespace secateur::ui {
namespace {

constexpr int kDistance = 22; ///< between the card and what it points at
constexpr int kAround = 5;    ///< of the frame
constexpr int kLetters = 44;  ///< of a line

/// The point of a rectangle's edge that is nearest to another point.
QPointF nearest(const QRectF &rect, const QPointF &point)
{
    return {std::clamp(point.x(), rect.left(), rect.right()), std::clamp(point.y(), rect.top(), rect.bottom())};
}

} // namespace

/// What is drawn outside the card, over all of the window.
class Callout::Frame : public QWidget {
public:
    explicit Frame(QWidget &window) : QWidget(&window)
    {
        setAttribute(Qt::WA_TransparentForMouseEvents);
        setFocusPolicy(Qt::NoFocus);
        hide();
    }

    void set(const QRect &target, const QRect &card)
    {
        m_target = target;
        m_card = card;
        update();
    }

protected:
    void paintEvent(QPaintEvent * /*event*/) override
    {
        if (m_target.isEmpty())
            return;
        const PlotStyle style = PlotStyle::of(palette());
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(style.accent, 3));
        painter.drawRoundedRect(QRectF(m_target), 6, 6);
        if (m_card.intersects(m_target))
            return;
        const QPointF tip = nearest(m_target, QRectF(m_card).center()), foot = nearest(m_card, tip);
        const QLineF line(foot, tip);
        painter.drawLine(line);
        constexpr double kHead = 11, kSpread = 28; // pixels, degrees
        QLineF side(tip, foot);
        side.setLength(kHead);
        QPainterPath head(tip);
        for (const double turn : {-kSpread, kSpread}) {
            QLineF edge = side;
            edge.setAngle(side.angle() + turn);
            head.lineTo(edge.p2());
        }
        head.closeSubpath();
        painter.fillPath(head, style.accent);
    }

private:
    QRect m_target, m_card;
};

Callout::Callout(QWidget &window)
    : QWidget(&window),
      m_window(window),
      m_frame(new Frame(window)),
      m_title(headingLabel({})),
      m_text(bodyLabel({})),
      m_progress(captionLabel({})),
      m_next(new QPushButton),
      m_later(new QPushButton(tr("Later")))
{
    setFocusPolicy(Qt::NoFocus);
    m_title->setWordWrap(true);
    m_progress->setWordWrap(false);
    m_next->setProperty("primary", true);
    m_later->setToolTip(tr("Closes the tour. It goes on from here when you open it again from the Help menu."));
    auto *buttons = new QHBoxLayout;
    buttons->addWidget(m_progress, 1);
    buttons->addWidget(m_next);
    buttons->addWidget(m_later);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(14, 12, 14, 12);
    column->setSpacing(8);
    column->addWidget(m_title);
    column->addWidget(m_text);
    column->addLayout(buttons);
    connect(m_next, &QPushButton::clicked, this, &Callout::nextRequested);
    connect(m_later, &QPushButton::clicked, this, &Callout::laterRequested);
    m_window.installEventFilter(this);
    hide();
}

QString Callout::title() const
{
    return m_title->text();
}

void Callout::setWords(const QString &title, const QString &text, const QString &progress, const QString &next)
{
    const bool isNew = title != m_title->text() || text != m_text->text();
    m_title->setText(title);
    m_text->setText(text);
    m_progress->setText(progress);
    m_next->setText(next);
    setAccessibleName(title);
    setAccessibleDescription(text);
    m_next->setAccessibleName(tr("%1: %2", "button and what it belongs to").arg(next, title));
    place();
    if (isNew && isVisible()) {
        QAccessibleEvent said(this, QAccessible::Alert);
        QAccessible::updateAccessibility(&said);
    }
}

void Callout::pointAt(QWidget *target, const QRect &part)
{
    if (m_target)
        m_target->removeEventFilter(this);
    m_target = target;
    m_part = part;
    if (m_target)
        m_target->installEventFilter(this);
    place();
}

void Callout::takeFocus()
{
    m_next->setFocus(Qt::OtherFocusReason);
}

QRect Callout::targetRect() const
{
    if (!m_target || !m_target->isVisible())
        return {};
    const QRect part = m_part.isEmpty() ? m_target->rect() : m_part;
    const QRect seen = m_target->visibleRegion().boundingRect() & part;
    const QRect shown = seen.isEmpty() ? part : seen;
    return QRect(m_target->mapTo(&m_window, shown.topLeft()), shown.size()).adjusted(-kAround, -kAround, kAround, kAround) &
           m_window.rect();
}

/// Below, above, right or left of what it points at, where there is room; else in the corner of the window that covers the least of it.
void Callout::place()
{
    const QRect target = targetRect(), room = m_window.rect().adjusted(kAround, kAround, -kAround, -kAround);
    const int width = std::min(room.width(), fontMetrics().averageCharWidth() * kLetters);
    const int height =
        std::max(layout()->hasHeightForWidth() ? layout()->totalHeightForWidth(width) : 0, layout()->totalMinimumSize().height());
    const QSize size(std::max(width, layout()->totalMinimumSize().width()), height);
    QRect place(QPoint(), size);
    place.moveCenter(room.center());
    if (!target.isEmpty()) {
        const QPoint middle = target.center() - QPoint(size.width() / 2, size.height() / 2);
        std::vector<QPoint> corners{{middle.x(), target.bottom() + kDistance},
                                    {middle.x(), target.top() - kDistance - size.height()},
                                    {target.right() + kDistance, middle.y()},
                                    {target.left() - kDistance - size.width(), middle.y()},
                                    room.topLeft(),
                                    room.topRight() - QPoint(size.width(), 0),
                                    room.bottomLeft() - QPoint(0, size.height()),
                                    room.bottomRight() - QPoint(size.width(), size.height())};
        int least = std::numeric_limits<int>::max();
        for (const QPoint &corner : corners) {
            QRect tried(corner, size);
            tried.moveLeft(std::clamp(tried.left(), room.left(), std::max(room.left(), room.right() + 1 - size.width())));
            tried.moveTop(std::clamp(tried.top(), room.top(), std::max(room.top(), room.bottom() + 1 - size.height())));
            const QRect common = tried & target;
            const int covered = common.isEmpty() ? 0 : common.width() * common.height();
            if (covered < least) {
                least = covered;
                place = tried;
            }
        }
    }
    setGeometry(place);
    m_frame->setGeometry(m_window.rect());
    m_frame->set(target, place);
}

bool Callout::eventFilter(QObject *watched, QEvent *event)
{
    const QEvent::Type type = event->type();
    const bool isMoved = type == QEvent::Resize || type == QEvent::Move || type == QEvent::Show || type == QEvent::Hide;
    if (isVisible() && isMoved && (watched == &m_window || watched == m_target))
        QMetaObject::invokeMethod(this, &Callout::place, Qt::QueuedConnection); // after the layout
    return false;
}

void Callout::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape)
        emit laterRequested();
    else if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        (m_later->hasFocus() ? m_later : m_next)->click();
    else
        QWidget::keyPressEvent(event);
}

void Callout::paintEvent(QPaintEvent * /*event*/)
{
    const PlotStyle style = PlotStyle::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(style.accent, 2));
    painter.setBrush(style.surface);
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 7, 7);
}

void Callout::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    m_frame->show();
    m_frame->raise();
    raise();
    place();
    QAccessibleEvent said(this, QAccessible::Alert);
    QAccessible::updateAccessibility(&said);
}

void Callout::hideEvent(QHideEvent *event)
{
    QWidget::hideEvent(event);
    m_frame->hide();
}

} // namespace secateur::ui
