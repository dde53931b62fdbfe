// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/Plot.h"

#include "plots/AxisStyle.h"
#include "plots/Canvas.h"
#include "plots/PlotParts.h"
#include "plots/PlotTableView.h"
#include "plots/PlotZoom.h"
#include "theme/Icons.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QStackedWidget>
#include <QStyle>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <set>
#include <utility>

namespace secateur::ui {

TitleLine::TitleLine(QWidget *parent) : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
}

void TitleLine::setText(const QString &text)
{
    if (text == m_text)
        return;
    m_text = text;
    setToolTip(text);
    setAccessibleName(text);
    update();
}

QSize TitleLine::sizeHint() const
{
    return {0, fontMetrics().height()};
}

void TitleLine::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange)
        updateGeometry();
}

void TitleLine::paintEvent(QPaintEvent * /*event*/)
{
    QPainter painter(this);
    const QString shown = fontMetrics().elidedText(m_text, Qt::ElideRight, width());
    style()->drawItemText(&painter, rect(), Qt::AlignLeft | Qt::AlignVCenter, palette(), isEnabled(), shown, QPalette::WindowText);
}

Plot::Plot(const QString &title, QWidget *parent) : QWidget(parent), m_parts(std::make_unique<Parts>())
{
    Parts &parts = *m_parts;
    parts.titleLine = new TitleLine(this);
    parts.more = new QToolButton(this);
    parts.more->setIcon(icon(QStringLiteral("more")));
    parts.more->setAutoRaise(true);
    parts.more->setPopupMode(QToolButton::InstantPopup);
    parts.more->setFocusPolicy(Qt::TabFocus);
    parts.more->setToolTip(tr("Save, copy, show as table"));

    parts.canvas = new Canvas(this);
    parts.canvas->setContextMenuPolicy(Qt::CustomContextMenu);
    keepTitlesWhole(*parts.canvas);
    parts.emptyLabel = new QLabel(this);
    parts.emptyLabel->setAlignment(Qt::AlignCenter);
    parts.emptyLabel->setWordWrap(true);
    parts.emptyLabel->setMargin(24);
    parts.table = new PlotTableView(this);
    parts.pages = new QStackedWidget(this);
    for (QWidget *page :
         {static_cast<QWidget *>(parts.canvas), static_cast<QWidget *>(parts.emptyLabel), static_cast<QWidget *>(parts.table)})
        parts.pages->addWidget(page);

    parts.titleRow = new QHBoxLayout;
    parts.titleRow->addWidget(parts.titleLine, 1);
    parts.titleRow->addWidget(parts.more);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    column->addLayout(parts.titleRow);
    column->addWidget(parts.pages, 1);

    parts.layerTimer = new QTimer(this);
    parts.layerTimer->setSingleShot(true);
    parts.layerTimer->setInterval(0);
    connect(parts.layerTimer, &QTimer::timeout, this, &Plot::drawDirtyLayers);
    parts.tableTimer = new QTimer(this);
    parts.tableTimer->setSingleShot(true);
    parts.tableTimer->setInterval(0);
    connect(parts.tableTimer, &QTimer::timeout, this, [this] { m_parts->table->setTable(table()); });
    connect(parts.canvas, &QCustomPlot::afterReplot, this, [this] { m_parts->dirtyLayers.clear(); });

    buildMenu();
    setTitle(title);
}

Plot::~Plot() = default;

void Plot::buildMenu()
{
    Parts &parts = *m_parts;
    parts.menu = new QMenu(this);
    parts.menu->setToolTipsVisible(true); // why something is not possible
    const auto add = [this](const QString &text, const auto &action, const QString &iconName = {}) {
        QAction *added = m_parts->menu->addAction(text, this, action);
        if (!iconName.isEmpty())
            added->setIcon(icon(iconName));
    };
    add(tr("Save figure…"), &Plot::askForFigure, QStringLiteral("save"));
    add(tr("Save numbers as CSV…"), [this] { askForFile(QStringLiteral("csv"), {}); });
    parts.menu->addSeparator();
    add(tr("Copy image"), &Plot::copyImage, QStringLiteral("copy"));
    add(tr("Copy data"), &Plot::copyData);
    parts.menu->addSeparator();
    parts.showTable = parts.menu->addAction(icon(QStringLiteral("table")), tr("Show as table"));
    parts.showTable->setCheckable(true);
    connect(parts.showTable, &QAction::toggled, this, &Plot::setTableShown);
    parts.more->setMenu(parts.menu);
    connect(parts.canvas, &QWidget::customContextMenuRequested, this,
            [this](const QPoint &position) { m_parts->menu->popup(m_parts->canvas->mapToGlobal(position)); });
}

QString Plot::title() const
{
    return m_parts->title;
}

void Plot::setTitle(const QString &title)
{
    m_parts->title = title;
    m_parts->titleLine->setText(title);
    m_parts->canvas->setAccessibleName(title);
    m_parts->table->setAccessibleName(tr("%1, as table").arg(title));
    m_parts->more->setAccessibleName(tr("Menu of the plot: %1").arg(title));
    setAccessibleName(title);
}

void Plot::setEmptyText(const QString &text)
{
    m_parts->emptyText = text;
    m_parts->emptyLabel->setText(text);
    for (QAction *action : m_parts->menu->actions()) {
        action->setEnabled(text.isEmpty());
        action->setToolTip(text);
    }
    showPage();
}

void Plot::showPage()
{
    Parts &parts = *m_parts;
    QWidget *page = parts.isTableShown ? static_cast<QWidget *>(parts.table) : parts.canvas;
    if (!parts.emptyText.isEmpty())
        page = parts.emptyLabel;
    const bool hadFocus = parts.pages->currentWidget()->hasFocus();
    parts.pages->setCurrentWidget(page);
    if (hadFocus && page != parts.emptyLabel)
        page->setFocus(Qt::OtherFocusReason);
}

void Plot::setTableShown(bool isShown)
{
    if (isShown == m_parts->isTableShown)
        return;
    m_parts->isTableShown = isShown;
    m_parts->showTable->setChecked(isShown);
    if (isShown)
        m_parts->table->setTable(table());
    showPage();
    if (isShown)
        m_parts->table->resizeColumnsToContents();
}

bool Plot::isTableShown() const
{
    return m_parts->isTableShown;
}

QMenu *Plot::menu() const
{
    return m_parts->menu;
}

PlotZoom &Plot::makeZoomable(const std::vector<QCPAxis *> &axes)
{
    auto *zoom = new PlotZoom(*m_parts->canvas, axes);
    auto *all = new QToolButton(this);
    all->setText(tr("Show all"));
    all->setToolTip(tr("A part of the plot is shown. Double click on it, or 0, shows all again."));
    all->setFocusPolicy(Qt::TabFocus);
    all->setAutoRaise(true);
    all->setFixedHeight(m_parts->more->sizeHint().height()); // the plot does not move when it comes
    all->hide();
    m_parts->titleRow->insertWidget(1, all);
    m_parts->more->setToolTip(tr("Save, copy, zoom, show as table"));
    connect(all, &QToolButton::clicked, zoom, &PlotZoom::showAll);
    connect(zoom, &PlotZoom::changed, this, [this, zoom, all] {
        if (all->hasFocus() && !zoom->isZoomed())
            m_parts->canvas->setFocus(Qt::OtherFocusReason);
        all->setVisible(zoom->isZoomed());
        redraw();
    });
    QAction *before = m_parts->showTable;
    const auto add = [&](const QString &text, void (PlotZoom::*function)()) {
        auto *action = new QAction(text, m_parts->menu);
        connect(action, &QAction::triggered, zoom, function);
        m_parts->menu->insertAction(before, action);
    };
    add(tr("Zoom in\t+"), &PlotZoom::zoomIn);
    add(tr("Zoom out\t−"), &PlotZoom::zoomOut);
    add(tr("Show all\t0"), &PlotZoom::showAll);
    m_parts->menu->insertSeparator(before);
    return *zoom;
}

QCustomPlot &Plot::canvas() const
{
    return *m_parts->canvas;
}

PlotStyle Plot::style() const
{
    return PlotStyle::of(palette()).withFont(font());
}

void Plot::redraw()
{
    m_parts->canvas->replot(QCustomPlot::rpQueuedReplot);
    refreshTable();
}

void Plot::redrawLayer(const char *layer)
{
    m_parts->dirtyLayers.insert(QString::fromLatin1(layer));
    m_parts->layerTimer->start();
}

void Plot::refreshTable()
{
    if (m_parts->isTableShown)
        m_parts->tableTimer->start();
}

void Plot::drawDirtyLayers()
{
    const std::set<QString> layers = std::exchange(m_parts->dirtyLayers, {});
    if (!m_parts->canvas->isVisible())
        return m_parts->canvas->replot(QCustomPlot::rpQueuedReplot);
    for (const QString &name : layers) {
        QCPLayer *layer = m_parts->canvas->layer(name);
        Q_ASSERT_X(layer, "redrawLayer", qPrintable(name));
        layer->replot();
    }
}

void Plot::restyle()
{
    Parts &parts = *m_parts;
    parts.isStyled = true;
    const PlotStyle current = style();
    parts.canvas->setFocusColour(current.accent);
    parts.titleLine->setFont(current.titleFont);
    QPalette muted = palette();
    muted.setColor(QPalette::WindowText, current.mutedText);
    parts.emptyLabel->setPalette(muted);
    dress(current);
    redraw();
}

bool Plot::event(QEvent *event)
{
    // The first moment at which the subclass is whole and its palette is known.
    if (event->type() == QEvent::Polish && !m_parts->isStyled)
        restyle();
    return QWidget::event(event);
}

void Plot::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (m_parts->isStyled && (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange))
        restyle();
}

} // namespace secateur::ui
