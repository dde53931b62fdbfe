// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/ScorePlots.h"

#include <QAccessible>
#include <QAction>
#include <QKeyEvent>
#include <QLocale>
#include <QMenu>
#include <QMouseEvent>
#include <QToolTip>

#include <qcustomplot.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace secateur::ui {
namespace {

constexpr double kGrab = 10;        ///< pixels from the handle within which it is taken
constexpr std::int64_t kLarge = 16; ///< neurons a step with Shift
constexpr std::int64_t kPages = 10; ///< from one end of K to the other

} // namespace

ScorePlot::ScorePlot(const QString &title, QWidget *parent) : Plot(title, parent)
{
    canvas().installEventFilter(this);
    addComparing();
    setEmptyText(tr("Nothing was calibrated yet."));
}

void ScorePlot::addComparing()
{
    m_compare = new QAction(this);
    m_compare->setCheckable(true);
    m_compareNone = new QAction(tr("Stop comparing"), this);
    connect(m_compare, &QAction::triggered, this, [this] { emit layerCompareRequested(std::max<std::int64_t>(m_selected, 0)); });
    connect(m_compareNone, &QAction::triggered, this, &ScorePlot::compareNoneRequested);
    menu()->addSeparator();
    menu()->addActions({m_compare, m_compareNone});
    connect(menu(), &QMenu::aboutToShow, this, &ScorePlot::followComparing);
    followComparing();
}

void ScorePlot::followComparing()
{
    const std::int64_t layer = std::max<std::int64_t>(m_selected, 0);
    m_compare->setText(tr("Compare layer %1 with others\tSpace").arg(layer));
    m_compare->setChecked(isCompared(layer));
    m_compareNone->setEnabled(m_scores && !m_compared.empty());
    m_compareNone->setToolTip(m_compared.empty() ? tr("No layers are compared.") : QString());
}

void ScorePlot::showScores(std::shared_ptr<const RankedScores> scores)
{
    endDrag();
    m_scores = std::move(scores);
    m_hovered = -1;
    const std::int64_t layers = m_scores ? m_scores->layerCount() : 0;
    m_selected = m_selected < layers ? m_selected : -1;
    std::erase_if(m_compared, [layers](std::int64_t layer) { return layer >= layers; });
    m_kept = m_scores ? std::clamp<std::int64_t>(m_kept, 0, m_scores->neurons()) : 0;
    setEmptyText(m_scores ? QString() : tr("Nothing was calibrated yet."));
}

void ScorePlot::setKept(std::int64_t kept)
{
    if (kept == m_kept)
        return;
    m_kept = kept;
    if (!m_scores)
        return;
    keptChanged();
    if (QAccessible::isActive()) {
        QAccessibleValueChangeEvent event(&canvas(), qlonglong(kept));
        QAccessible::updateAccessibility(&event);
    }
}

void ScorePlot::setSelectedLayer(std::int64_t layer)
{
    if (layer == m_selected || (m_scores && layer >= m_scores->layerCount()))
        return;
    m_selected = layer;
    followComparing(); // the command palette shows the entry without opening the menu
    if (m_scores)
        selectionChanged();
}

void ScorePlot::setHoveredLayer(std::int64_t layer)
{
    if (layer == m_hovered)
        return;
    m_hovered = layer;
    if (m_scores)
        selectionChanged();
}

void ScorePlot::setComparedLayers(std::vector<std::int64_t> layers)
{
    std::erase_if(layers, [this](std::int64_t layer) { return m_scores && layer >= m_scores->layerCount(); });
    if (layers == m_compared)
        return;
    m_compared = std::move(layers);
    followComparing();
    if (m_scores)
        comparisonChanged();
}

bool ScorePlot::isCompared(std::int64_t layer) const
{
    return std::find(m_compared.begin(), m_compared.end(), layer) != m_compared.end();
}

QString ScorePlot::scoreAxis() const
{
    switch (m_scores->scale()) {
    case ScoreScale::LayerMean:
        return tr("neuron score over the mean of its layer");
    case ScoreScale::LayerMaximum:
        return tr("neuron score over the largest of its layer");
    case ScoreScale::Raw:
        break;
    }
    return tr("neuron score (mean activation norm)");
}

QString ScorePlot::scoreUnit() const
{
    switch (m_scores->scale()) {
    case ScoreScale::LayerMean:
        return tr("layer mean");
    case ScoreScale::LayerMaximum:
        return tr("layer maximum");
    case ScoreScale::Raw:
        break;
    }
    return tr("activation norm");
}

QString ScorePlot::toolTipAt(const QPointF &position) const
{
    return layerText(layerAt(position));
}

QString ScorePlot::keptText() const
{
    const QLocale locale;
    return tr("K = %1 of %2").arg(locale.toString(qlonglong(m_kept)), locale.toString(qlonglong(neurons())));
}

QString ScorePlot::layerText(std::int64_t layer) const
{
    if (layer < 0 || !m_scores)
        return {};
    const QLocale locale;
    return tr("Layer %1: %2 of %3 neurons kept, from a score of %4 up; they hold %5 % of the layer's score")
        .arg(layer)
        .arg(locale.toString(qlonglong(m_kept)), locale.toString(qlonglong(m_scores->neurons())),
             locale.toString(double(m_scores->cut(layer, m_kept)), 'g', 4),
             locale.toString(100 * m_scores->shareKept(layer, m_kept), 'f', 1));
}

bool ScorePlot::isNearHandle(const QPointF &position) const
{
    const std::optional<double> x = xOfRank(double(m_kept));
    const QRect frame = canvas().axisRect()->rect();
    const bool isShown = x && *x >= frame.left() - 1 && *x <= frame.right() + 2; // it may be beyond what is zoomed to
    return isShown && rankAt(position) && std::abs(position.x() - *x) <= kGrab;
}

bool ScorePlot::press(const QPointF &position, Qt::KeyboardModifiers modifiers)
{
    if (modifiers == Qt::ControlModifier) {
        if (const std::int64_t layer = layerAt(position); layer >= 0)
            emit layerCompareRequested(layer);
        return true;
    }
    if (isNearHandle(position)) {
        m_isDragging = true;
        m_keptBefore = m_kept;
        m_grabOffset = position.x() - *xOfRank(double(m_kept));
        emit keptDragStarted();
        return true;
    }
    if (const std::int64_t layer = layerAt(position); layer >= 0)
        emit layerClicked(layer);
    return false;
}

void ScorePlot::move(const QPointF &position, const QPoint &global)
{
    if (m_isDragging)
        return drag(position.x() - m_grabOffset);
    canvas().setCursor(isNearHandle(position) ? Qt::SplitHCursor : Qt::ArrowCursor);
    const std::int64_t layer = layerAt(position);
    if (layer != m_hovered)
        emit layerHovered(layer);
    if (const QString text = toolTipAt(position); !text.isEmpty())
        QToolTip::showText(global, text, &canvas());
    else
        QToolTip::hideText();
}

void ScorePlot::drag(double x)
{
    const std::optional<double> rank = rankAt(QPointF(x, canvas().axisRect()->center().y()));
    if (!rank)
        return;
    const auto kept = std::clamp<std::int64_t>(std::int64_t(std::llround(*rank)), 1, m_scores->neurons());
    if (kept != m_kept)
        emit keptDragged(kept);
}

void ScorePlot::endDrag()
{
    if (std::exchange(m_isDragging, false))
        emit keptDragFinished();
}

void ScorePlot::stepTo(double kept)
{
    const auto wanted = std::int64_t(std::llround(std::clamp(kept, 1.0, double(std::max<std::int64_t>(1, neurons())))));
    if (m_scores && wanted != m_kept)
        emit keptStepped(wanted);
}

bool ScorePlot::step(int key, bool isLarge)
{
    if (key == Qt::Key_Escape && m_isDragging) {
        emit keptDragged(m_keptBefore);
        endDrag();
        return true;
    }
    const std::int64_t one = isLarge ? kLarge : 1, page = std::max<std::int64_t>(1, m_scores->neurons() / kPages);
    std::int64_t kept = m_kept, layer = m_selected;
    switch (key) {
    case Qt::Key_Left:
        kept -= one;
        break;
    case Qt::Key_Right:
        kept += one;
        break;
    case Qt::Key_PageUp:
        kept += page;
        break;
    case Qt::Key_PageDown:
        kept -= page;
        break;
    case Qt::Key_Home:
        emit keptResetRequested();
        return true;
    case Qt::Key_Space:
        emit layerCompareRequested(std::max<std::int64_t>(m_selected, 0));
        return true;
    case Qt::Key_Up:
        --layer;
        break;
    case Qt::Key_Down:
        ++layer;
        break;
    default:
        return false;
    }
    layer = std::clamp<std::int64_t>(layer, 0, m_scores->layerCount() - 1);
    if (kept != m_kept)
        stepTo(double(kept));
    else if (layer != m_selected && (key == Qt::Key_Up || key == Qt::Key_Down))
        emit layerClicked(layer);
    return true;
}

bool ScorePlot::eventFilter(QObject *watched, QEvent *event)
{
    if (watched != &canvas() || !m_scores)
        return Plot::eventFilter(watched, event);
    switch (event->type()) {
    case QEvent::MouseButtonPress: {
        const auto *mouse = static_cast<QMouseEvent *>(event);
        if (mouse->button() == Qt::LeftButton && press(mouse->position(), mouse->modifiers()))
            return true;
        break;
    }
    case QEvent::MouseMove: {
        const auto *mouse = static_cast<QMouseEvent *>(event);
        move(mouse->position(), mouse->globalPosition().toPoint());
        if (m_isDragging)
            return true;
        break;
    }
    case QEvent::MouseButtonRelease:
        if (m_isDragging) {
            endDrag();
            return true;
        }
        break;
    case QEvent::Leave:
        if (m_hovered >= 0)
            emit layerHovered(-1);
        break;
    case QEvent::Hide: // the release will not come
        endDrag();
        break;
    case QEvent::KeyPress: {
        const auto *key = static_cast<QKeyEvent *>(event);
        const Qt::KeyboardModifiers modifiers = key->modifiers() & ~Qt::KeypadModifier;
        if ((modifiers == Qt::NoModifier || modifiers == Qt::ShiftModifier) && step(key->key(), modifiers == Qt::ShiftModifier))
            return true;
        break;
    }
    default:
        break;
    }
    return Plot::eventFilter(watched, event);
}

} // namespace secateur::ui
