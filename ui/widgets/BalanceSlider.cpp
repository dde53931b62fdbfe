// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/BalanceSlider.h"

#include <QFontMetricsF>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QScopedValueRollback>
#include <QToolTip>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>
#include <utility>

namespace secateur::ui {
namespace {

constexpr double kHandleRadius = 8;
constexpr double kFocusRing = 12; ///< radius of the ring around the handle
constexpr double kSide = 16;      ///< from the edge of the widget to the ends of the track
constexpr double kTrackHeight = 6, kHatchHeight = 18;
constexpr double kMarkWidth = 12, kMarkHeight = 8;
constexpr double kTickTop = 14, kTickLength = 5; ///< below the middle of the track
constexpr double kGap = 6;

/// The smallest of 1, 2, 5, 10, 20, ... steps of `unit` pixels that is at least `space` pixels wide.
qint64 thinned(double unit, double space)
{
    for (qint64 decade = 1; decade < 1'000'000; decade *= 10)
        for (const qint64 step : {decade, 2 * decade, 5 * decade})
            if (double(step) * unit >= space)
                return step;
    return 1'000'000;
}

QFont bold(QFont font)
{
    font.setBold(true);
    return font;
}

/// The place of a text of this width: centred on x, but inside [left, right].
double centred(double x, double width, double left, double right)
{
    return std::clamp(x - width / 2, left, std::max(left, right - width));
}

} // namespace

struct BalanceSlider::Rows {
    double line = 0;                                               ///< height of a line of text
    double rule = 0, track = 0, numbers = 0, reasons = 0, end = 0; ///< tops; of the track its middle
};

BalanceSlider::BalanceSlider(QWidget *parent) : QAbstractSlider(parent), m_style(PlotStyle::of(palette()))
{
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Balance between width and depth: number of attentions to remove"));
    changeBase();
}

void BalanceSlider::setRange(qint64 layers)
{
    m_layers = layers;
    m_value = std::min(m_value, layers);
    setFeasible(0, layers, {}, {});
}

void BalanceSlider::setFeasible(qint64 least, qint64 most, const QString &reasonBelow, const QString &reasonAbove)
{
    m_least = std::max<qint64>(least, 0);
    m_most = std::min(most, m_layers);
    m_reasonBelow = reasonBelow;
    m_reasonAbove = reasonAbove;
    changeBase();
}

void BalanceSlider::setRule(qint64 n, const QString &label)
{
    m_rule = n;
    m_ruleLabel = label;
    changeBase();
}

void BalanceSlider::setValue(qint64 n)
{
    m_value = std::clamp<qint64>(n, 0, m_layers);
    changeBase();
}

void BalanceSlider::setProblem(const QString &problem)
{
    m_problem = problem;
    setEnabled(problem.isEmpty());
    setToolTip(problem);
    changeBase();
}

/// Brings the base class, and so the accessible value, up to what is shown.
void BalanceSlider::changeBase()
{
    const QScopedValueRollback guard(m_isSetting, true);
    QAbstractSlider::setRange(int(m_least), int(std::max(m_least, m_most)));
    setPageStep(4);
    QAbstractSlider::setValue(int(m_value));

    const QLocale locale;
    QStringList parts{tr("N = %1").arg(locale.toString(m_value))};
    if (m_least > m_most)
        parts << tr("no number of attentions reaches the sparsity");
    else if (!canReach(m_value))
        parts << tr("does not reach the sparsity; from %1 to %2 do").arg(locale.toString(m_least), locale.toString(m_most));
    else
        parts << tr("possible from %1 to %2").arg(locale.toString(m_least), locale.toString(m_most));
    if (m_rule >= 0)
        parts << m_ruleLabel;
    if (!m_problem.isEmpty())
        parts << m_problem;
    setAccessibleDescription(parts.join("; "));
    update();
}

/// A change that is not ours comes from assistive technology.
void BalanceSlider::sliderChange(SliderChange change)
{
    QAbstractSlider::sliderChange(change);
    if (change == SliderValueChange && !m_isSetting) {
        m_value = value();
        changeBase();
        emit valueStepped(m_value);
    }
}

// ---- places

BalanceSlider::Rows BalanceSlider::rows() const
{
    Rows rows;
    rows.line = std::ceil(QFontMetricsF(bold(font())).height());
    rows.rule = rows.line + 2;
    rows.track = rows.rule + rows.line + kFocusRing + 2;
    rows.numbers = rows.track + kTickTop + kTickLength + 1;
    rows.reasons = rows.numbers + rows.line + 2;
    rows.end = rows.reasons + 2 * rows.line;
    return rows;
}

QSize BalanceSlider::sizeHint() const
{
    return {640, int(rows().end)};
}

QSize BalanceSlider::minimumSizeHint() const
{
    return {260, int(rows().end)};
}

double BalanceSlider::xOf(double n) const
{
    return kSide + (double(width()) - 2 * kSide) * n / double(std::max<qint64>(m_layers, 1));
}

/// The feasible N nearest to `n`. Only where there is one.
qint64 BalanceSlider::reachable(double n) const
{
    return std::clamp<qint64>(std::llround(n), m_least, m_most);
}

QRectF BalanceSlider::hatchedBelow() const
{
    if (m_least == 0)
        return {};
    const double right = xOf(std::min(double(m_least) - 0.5, double(m_layers)));
    return {kSide - kTrackHeight, rows().track - kHatchHeight / 2, right - kSide + kTrackHeight, kHatchHeight};
}

QRectF BalanceSlider::hatchedAbove() const
{
    const double left = std::max(xOf(std::max(double(m_most) + 0.5, 0.0)), hatchedBelow().right());
    const double right = double(width()) - kSide + kTrackHeight;
    if (m_most >= m_layers || left >= right)
        return {};
    return {left, rows().track - kHatchHeight / 2, right - left, kHatchHeight};
}

QRectF BalanceSlider::ruleMark() const
{
    if (m_rule < 0 || m_rule > m_layers)
        return {};
    const double x = xOf(double(m_rule));
    const double text = QFontMetricsF(font()).horizontalAdvance(m_ruleLabel) + kGap;
    const bool isLeft = x + kMarkWidth / 2 + text > double(width()) && x - kMarkWidth / 2 - text >= 0;
    return {isLeft ? x - kMarkWidth / 2 - text : x - kMarkWidth / 2, rows().rule, kMarkWidth + text, rows().line};
}

QString BalanceSlider::reasonAt(QPointF position) const
{
    const double below = rows().reasons - hatchedAbove().bottom(); // what is written under the hatching belongs to it
    if (hatchedBelow().adjusted(0, 0, 0, below).contains(position))
        return m_reasonBelow;
    return hatchedAbove().adjusted(0, 0, 0, below).contains(position) ? m_reasonAbove : QString();
}

// ---- gestures

void BalanceSlider::moveTo(qint64 n)
{
    m_value = n;
    changeBase();
}

void BalanceSlider::stepTo(double n)
{
    if (m_least > m_most || reachable(n) == m_value)
        return;
    moveTo(reachable(n));
    emit valueStepped(m_value);
}

void BalanceSlider::dragTo(double x)
{
    const double share = (x - kSide) / std::max(double(width()) - 2 * kSide, 1.0);
    const qint64 n = reachable(share * double(m_layers));
    if (n == m_value)
        return;
    if (!m_isDragging)
        emit dragStarted();
    m_isDragging = true;
    moveTo(n);
    emit valueDragged(n);
}

void BalanceSlider::finishDrag()
{
    m_grab.reset();
    update();
    if (std::exchange(m_isDragging, false))
        emit dragFinished();
}

void BalanceSlider::mousePressEvent(QMouseEvent *event)
{
    const QPointF position = event->position();
    if (event->button() != Qt::LeftButton)
        return event->ignore();
    if (m_rule >= 0 && ruleMark().contains(position)) {
        emit ruleRequested();
        return;
    }
    const double fromHandle = position.x() - handleX();
    const double belowTrack = position.y() - rows().track;
    if (m_least > m_most || belowTrack < -kFocusRing || belowTrack > kTickTop + kTickLength)
        return;
    if (std::abs(fromHandle) <= kFocusRing) {
        m_grab = fromHandle;
        update();
    } else if (const QString reason = reasonAt(position); hatchedBelow().contains(position) || hatchedAbove().contains(position)) {
        QToolTip::showText(event->globalPosition().toPoint(), reason, this);
    } else {
        m_grab = 0;
        dragTo(position.x());
    }
}

void BalanceSlider::mouseMoveEvent(QMouseEvent *event)
{
    if (m_grab)
        dragTo(event->position().x() - *m_grab);
}

void BalanceSlider::mouseReleaseEvent(QMouseEvent *event)
{
    if (event->button() == Qt::LeftButton)
        finishDrag();
}

/// Scrolling past the slider must not change the plan.
void BalanceSlider::wheelEvent(QWheelEvent *event)
{
    event->ignore();
}

void BalanceSlider::keyPressEvent(QKeyEvent *event)
{
    const double n = double(m_value);
    switch (event->key()) {
    case Qt::Key_Left:
    case Qt::Key_Down:
        return stepTo(n - 1);
    case Qt::Key_Right:
    case Qt::Key_Up:
        return stepTo(n + 1);
    case Qt::Key_PageDown:
        return stepTo(n - pageStep());
    case Qt::Key_PageUp:
        return stepTo(n + pageStep());
    case Qt::Key_End:
        return stepTo(double(m_layers));
    case Qt::Key_Home:
        emit ruleRequested();
        return;
    default:
        event->ignore();
    }
}

bool BalanceSlider::event(QEvent *event)
{
    if (event->type() != QEvent::ToolTip || !m_problem.isEmpty())
        return QAbstractSlider::event(event);
    const auto *help = static_cast<QHelpEvent *>(event);
    const QPointF position = help->pos();
    const QString rule = m_rule >= 0 && ruleMark().contains(position) ? tr("Go to %1 (Home)").arg(m_ruleLabel) : QString();
    QToolTip::showText(help->globalPos(), rule.isEmpty() ? reasonAt(position) : rule, this);
    return true;
}

void BalanceSlider::changeEvent(QEvent *event)
{
    QAbstractSlider::changeEvent(event);
    if (event->type() == QEvent::EnabledChange && !isEnabled())
        finishDrag();
    if (event->type() == QEvent::FontChange)
        updateGeometry();
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::EnabledChange) {
        m_style = PlotStyle::of(palette());
        update();
    }
}

void BalanceSlider::hideEvent(QHideEvent *event)
{
    QAbstractSlider::hideEvent(event);
    finishDrag();
}

// ---- drawing

void BalanceSlider::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setLayoutDirection(Qt::LeftToRight); // words stand at their end of the axis
    painter.setFont(font());
    const Rows rows = this->rows();
    drawCaptions(painter, rows);
    drawTrack(painter, rows);
    drawTicks(painter, rows);
    drawRule(painter, rows);
    drawHandle(painter, rows);
    drawReasons(painter, rows);
}

void BalanceSlider::drawCaptions(QPainter &painter, const Rows &rows) const
{
    painter.setPen(isEnabled() ? m_style.text : m_style.mutedText);
    const QRectF line(kSide - kTrackHeight, 0, double(width()) - 2 * (kSide - kTrackHeight), rows.line);
    painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter, tr("Wide: remove neurons"));
    painter.drawText(line, Qt::AlignRight | Qt::AlignVCenter, tr("Deep: remove attentions"));
}

void BalanceSlider::drawRule(QPainter &painter, const Rows &rows) const
{
    const QRectF mark = ruleMark();
    if (mark.isNull())
        return;
    const double x = xOf(double(m_rule));
    const double bottom = rows.rule + rows.line - 1;
    painter.setPen(Qt::NoPen);
    painter.setBrush(isEnabled() ? m_style.ffn : m_style.outline);
    painter.drawPolygon(QPolygonF{{x - kMarkWidth / 2, bottom - kMarkHeight}, {x + kMarkWidth / 2, bottom - kMarkHeight}, {x, bottom}});
    const bool isLeft = mark.left() < x - kMarkWidth / 2 - 1;
    painter.setPen(isEnabled() ? m_style.text : m_style.mutedText);
    painter.drawText(isLeft ? mark.adjusted(0, 0, -kMarkWidth - kGap, 0) : mark.adjusted(kMarkWidth + kGap, 0, 0, 0),
                     (isLeft ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter | Qt::TextDontClip, m_ruleLabel);
}

void BalanceSlider::drawTrack(QPainter &painter, const Rows &rows) const
{
    for (const QRectF &part : {hatchedBelow(), hatchedAbove()}) {
        if (part.isEmpty())
            continue;
        painter.setPen(m_style.outline);
        painter.setBrush(m_style.hatch());
        painter.drawRect(part.toAlignedRect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5));
    }
    if (m_least > m_most)
        return;
    const double left = hatchedBelow().isNull() ? kSide - kTrackHeight / 2 : hatchedBelow().right();
    const double right = hatchedAbove().isNull() ? double(width()) - kSide + kTrackHeight / 2 : hatchedAbove().left();
    const QRectF groove(left, rows.track - kTrackHeight / 2, right - left, kTrackHeight);
    painter.setPen(QPen(m_style.outline, 1));
    painter.setBrush(m_style.line);
    painter.drawRoundedRect(groove, kTrackHeight / 2, kTrackHeight / 2);
    QRectF filled = groove;
    filled.setRight(std::clamp(handleX(), groove.left(), groove.right()));
    painter.setPen(Qt::NoPen);
    painter.setBrush(isEnabled() ? m_style.accent : m_style.outline);
    painter.drawRoundedRect(filled, kTrackHeight / 2, kTrackHeight / 2);
}

void BalanceSlider::drawTicks(QPainter &painter, const Rows &rows) const
{
    const QLocale locale;
    const QFontMetricsF metrics(font());
    const QFontMetricsF boldMetrics(bold(font()));
    const QString value = (canReach(m_value) ? tr("N = %1") : tr("! N = %1")).arg(locale.toString(m_value));
    const double valueWidth = std::ceil(boldMetrics.horizontalAdvance(value));
    const QRectF valueBox(centred(handleX(), valueWidth, 0, double(width())), rows.numbers, valueWidth, rows.line);

    const double unit = (double(width()) - 2 * kSide) / double(std::max<qint64>(m_layers, 1));
    const qint64 step = thinned(unit, 5);
    const qint64 numbered = std::max(step, thinned(unit, metrics.horizontalAdvance(locale.toString(m_layers)) + 2 * kGap));
    for (qint64 n = 0; n <= m_layers; n += step) {
        const double x = std::floor(xOf(double(n))) + 0.5;
        const bool isNumbered = n % numbered == 0;
        painter.setPen(m_style.outline);
        const double top = rows.track + kTickTop;
        painter.drawLine(QPointF(x, top), QPointF(x, top + (isNumbered ? kTickLength : kTickLength - 2)));
        const QString text = locale.toString(n);
        const double width = metrics.horizontalAdvance(text);
        const QRectF box(x - width / 2, rows.numbers, width, rows.line);
        if (!isNumbered || box.adjusted(-kGap, 0, kGap, 0).intersects(valueBox))
            continue;
        painter.setPen(m_style.mutedText);
        painter.drawText(box, Qt::AlignCenter | Qt::TextDontClip, text);
    }
    painter.setFont(bold(font()));
    painter.setPen(canReach(m_value) ? m_style.text : m_style.readable(m_style.warning));
    painter.drawText(valueBox, Qt::AlignCenter | Qt::TextDontClip, value);
    painter.setFont(font());
}

void BalanceSlider::drawHandle(QPainter &painter, const Rows &rows) const
{
    const QPointF centre(handleX(), rows.track);
    const QColor colour = !isEnabled() ? m_style.outline : canReach(m_value) ? m_style.accent : m_style.warning;
    painter.setBrush(m_style.surface);
    painter.setPen(Qt::NoPen);
    painter.drawEllipse(centre, kHandleRadius + 2, kHandleRadius + 2);
    painter.setBrush(colour);
    painter.drawEllipse(centre, kHandleRadius, kHandleRadius);
    if (!hasFocus())
        return;
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(m_style.text, 2));
    painter.drawEllipse(centre, kFocusRing - 1, kFocusRing - 1);
}

void BalanceSlider::drawReasons(QPainter &painter, const Rows &rows) const
{
    const QFontMetricsF metrics(font());
    const QRectF lines(kSide - kTrackHeight, rows.reasons, double(width()) - 2 * (kSide - kTrackHeight), 2 * rows.line);
    const bool hasBelow = !hatchedBelow().isNull() && !m_reasonBelow.isEmpty();
    const bool hasAbove = !hatchedAbove().isNull() && !m_reasonAbove.isEmpty();
    const double half = (lines.width() - 3 * kGap) / 2;
    painter.setPen(m_style.mutedText);
    if (hasBelow)
        painter.drawText(hasAbove ? QRectF(lines.topLeft(), QSizeF(half, lines.height())) : lines, Qt::AlignLeft | Qt::TextWordWrap,
                         m_reasonBelow);
    if (!hasAbove)
        return;
    QRectF place = lines;
    if (hasBelow)
        place.setLeft(lines.right() - half);
    // Under its hatching where it fits, else up to the right edge.
    const double left = hatchedAbove().left();
    if (left >= place.left() && left + metrics.horizontalAdvance(m_reasonAbove) <= lines.right())
        painter.drawText(QRectF(left, lines.top(), lines.right() - left + 1, lines.height()), Qt::AlignLeft, m_reasonAbove);
    else
        painter.drawText(place, Qt::AlignRight | Qt::TextWordWrap, m_reasonAbove);
}

} // namespace secateur::ui
