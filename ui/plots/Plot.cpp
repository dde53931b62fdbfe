// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/Plot.h"

#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "plots/Canvas.h"
#include "plots/PlotTableView.h"
#include "plots/TableTexts.h"
#include "theme/Icons.h"

#include <QBuffer>
#include <QClipboard>
#include <QEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QFontMetrics>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QPdfWriter>
#include <QRegularExpression>
#include <QStackedWidget>
#include <QStyle>
#include <QSvgGenerator>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <set>

namespace secateur::ui {

namespace {

constexpr QSize kSmallestFigure(480, 320); ///< of a saved plot, in logical pixels
constexpr double kRasterScale = 2;         ///< of PNG files and copied images
constexpr int kFigureMargin = 8;

/// One line that ends with an ellipsis where it does not fit.
class TitleLabel : public QLabel {
public:
    using QLabel::QLabel;

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        const QString shown = fontMetrics().elidedText(text(), Qt::ElideRight, width());
        style()->drawItemText(&painter, rect(), Qt::AlignLeft | Qt::AlignVCenter, palette(), isEnabled(), shown, QPalette::WindowText);
    }
};

} // namespace

struct Plot::Parts {
    QString title, emptyText;
    QLabel *titleLabel = nullptr, *emptyLabel = nullptr;
    QToolButton *more = nullptr;
    QMenu *menu = nullptr;
    QAction *showTable = nullptr;
    QStackedWidget *pages = nullptr;
    Canvas *canvas = nullptr;
    PlotTableView *table = nullptr;
    std::set<QString> dirtyLayers; ///< waiting for `layerTimer`
    QTimer *layerTimer = nullptr, *tableTimer = nullptr;
    bool isTableShown = false;
    bool isStyled = false;
};

Plot::Plot(const QString &title, QWidget *parent) : QWidget(parent), m_parts(std::make_unique<Parts>())
{
    Parts &parts = *m_parts;
    parts.titleLabel = new TitleLabel(this);
    parts.titleLabel->setTextFormat(Qt::PlainText);
    parts.titleLabel->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    parts.more = new QToolButton(this);
    parts.more->setIcon(icon(QStringLiteral("more")));
    parts.more->setAutoRaise(true);
    parts.more->setPopupMode(QToolButton::InstantPopup);
    parts.more->setFocusPolicy(Qt::TabFocus);
    parts.more->setToolTip(tr("Save, copy, show as table"));

    parts.canvas = new Canvas(this);
    parts.canvas->setContextMenuPolicy(Qt::CustomContextMenu);
    parts.emptyLabel = new QLabel(this);
    parts.emptyLabel->setAlignment(Qt::AlignCenter);
    parts.emptyLabel->setWordWrap(true);
    parts.emptyLabel->setMargin(24);
    parts.table = new PlotTableView(this);
    parts.pages = new QStackedWidget(this);
    for (QWidget *page :
         {static_cast<QWidget *>(parts.canvas), static_cast<QWidget *>(parts.emptyLabel), static_cast<QWidget *>(parts.table)})
        parts.pages->addWidget(page);

    auto *row = new QHBoxLayout;
    row->addWidget(parts.titleLabel, 1);
    row->addWidget(parts.more);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    column->addLayout(row);
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
    const auto add = [this](const QString &text, const auto &action, const QString &iconName = {}) {
        QAction *added = m_parts->menu->addAction(text, this, action);
        if (!iconName.isEmpty())
            added->setIcon(icon(iconName));
    };
    const auto saveAs = [this](const QString &format) { return [this, format] { askAndSave(format); }; };
    add(tr("Save as PNG…"), saveAs(QStringLiteral("png")), QStringLiteral("save"));
    add(tr("Save as SVG…"), saveAs(QStringLiteral("svg")));
    add(tr("Save as PDF…"), saveAs(QStringLiteral("pdf")));
    add(tr("Save numbers as CSV…"), saveAs(QStringLiteral("csv")));
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
    m_parts->titleLabel->setText(title);
    m_parts->titleLabel->setToolTip(title);
    m_parts->canvas->setAccessibleName(title);
    m_parts->table->setAccessibleName(tr("%1, as table").arg(title));
    m_parts->more->setAccessibleName(tr("Menu of the plot: %1").arg(title));
    setAccessibleName(title);
}

void Plot::setEmptyText(const QString &text)
{
    m_parts->emptyText = text;
    m_parts->emptyLabel->setText(text);
    for (QAction *action : m_parts->menu->actions())
        action->setEnabled(text.isEmpty());
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
    parts.canvas->setBackground(QBrush(current.surface));
    parts.canvas->setFocusColour(current.accent);
    parts.titleLabel->setFont(current.titleFont);
    QPalette muted = palette();
    muted.setColor(QPalette::WindowText, current.mutedText);
    parts.emptyLabel->setPalette(muted);
    applyStyle(current);
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

// Figures -----------------------------------------------------------------------------------------------------------------------------

QSize Plot::figureSize() const
{
    const QSize drawing = figureCanvas(m_parts->canvas->size().expandedTo(kSmallestFigure));
    return drawing + QSize(2 * kFigureMargin, 2 * kFigureMargin + figureTitleHeight());
}

int Plot::figureTitleHeight() const
{
    return m_parts->title.isEmpty() ? 0 : QFontMetrics(style().titleFont).height() + kFigureMargin;
}

void Plot::paintFigure(QCPPainter &painter) const
{
    if (!m_parts->isStyled) // never shown; the look is made when it is first needed
        const_cast<Plot *>(this)->restyle();
    const PlotStyle current = style();
    const QRect whole(QPoint(), figureSize());
    painter.fillRect(whole, current.surface);
    QRect inner = whole.marginsRemoved(QMargins(kFigureMargin, kFigureMargin, kFigureMargin, kFigureMargin));
    painter.setPen(QPen(current.text));
    painter.setFont(current.titleFont);
    painter.drawText(inner, Qt::AlignLeft | Qt::AlignTop, m_parts->title);
    inner.setTop(inner.top() + figureTitleHeight());
    if (!m_parts->emptyText.isEmpty()) {
        painter.setPen(QPen(current.mutedText));
        painter.drawText(inner, Qt::AlignCenter | Qt::TextWordWrap, m_parts->emptyText);
        return;
    }
    painter.translate(inner.topLeft());
    m_parts->canvas->toPainter(&painter, inner.width(), inner.height());
    m_parts->canvas->replot(QCustomPlot::rpQueuedReplot); // the layout was that of the figure
}

QImage Plot::figureImage() const
{
    QImage image(figureSize() * kRasterScale, QImage::Format_ARGB32_Premultiplied);
    image.setDevicePixelRatio(kRasterScale);
    QCPPainter painter(&image);
    painter.setMode(QCPPainter::pmNonCosmetic);
    paintFigure(painter);
    return image;
}

QByteArray Plot::figure(const QString &format) const
{
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    if (format == u"csv") {
        buffer.write(csv().toUtf8());
    } else if (format == u"png") {
        figureImage().save(&buffer, "PNG");
    } else if (format == u"svg") {
        QSvgGenerator generator;
        generator.setOutputDevice(&buffer);
        generator.setResolution(logicalDpiX()); // texts as large as on the screen
        generator.setSize(figureSize());
        generator.setViewBox(QRect(QPoint(), figureSize()));
        generator.setTitle(m_parts->title);
        QCPPainter painter(&generator);
        painter.setMode(QCPPainter::pmVectorized);
        paintFigure(painter);
    } else {
        QPdfWriter writer(&buffer);
        writer.setResolution(logicalDpiX());
        writer.setPageSize(QPageSize(QSizeF(figureSize()) * 72.0 / logicalDpiX(), QPageSize::Point, QString(), QPageSize::ExactMatch));
        writer.setPageMargins(QMarginsF());
        writer.setTitle(m_parts->title);
        QCPPainter painter(&writer);
        painter.setMode(QCPPainter::pmVectorized);
        paintFigure(painter);
    }
    return buffer.data();
}

void Plot::save(const QString &file) const
{
    const QString format = QFileInfo(file).suffix().toLower();
    if (!QStringList{QStringLiteral("png"), QStringLiteral("svg"), QStringLiteral("pdf"), QStringLiteral("csv")}.contains(format))
        throw Error(tr("The name \"%1\" does not say which format to write.").arg(QFileInfo(file).fileName()).toStdString(),
                    tr("End it with .png, .svg, .pdf or .csv.").toStdString());
    const QByteArray bytes = figure(format);
    writeFileAtomically(file.toStdString(), std::string_view(bytes.constData(), std::size_t(bytes.size())));
}

void Plot::askAndSave(const QString &format)
{
    QString name = m_parts->title;
    name.replace(QRegularExpression(QStringLiteral("[^\\w]+")), QStringLiteral("-"));
    auto *dialog = new QFileDialog(this, tr("Save the plot"), name + u'.' + format, tr("%1 file (*.%2)").arg(format.toUpper(), format));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(format);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString &file) {
        try {
            save(file);
            emit saved(file);
        } catch (const Error &error) {
            emit saveFailed(QString::fromStdString(error.what()), QString::fromStdString(error.hint()));
        }
    });
    dialog->open();
}

void Plot::copyImage() const
{
    QGuiApplication::clipboard()->setImage(figureImage());
}

void Plot::copyData() const
{
    QGuiApplication::clipboard()->setText(tabSeparated(table()));
}

QString Plot::csv() const
{
    return commaSeparated(table());
}

} // namespace secateur::ui
