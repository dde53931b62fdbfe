// SPDX-License-Identifier: GPL-3.0-or-later
// How a plot leaves the program: as a file or on the clipboard, as a figure or as numbers.
#include "foundation/AtomicPath.h"
#include "foundation/Error.h"
#include "plots/Canvas.h"
#include "plots/FigureDialog.h"
#include "plots/FigureDrawing.h"
#include "plots/PlotParts.h"
#include "plots/TableTexts.h"

#include <QClipboard>
#include <QFileDialog>
#include <QFileInfo>
#include <QGuiApplication>

#include <algorithm>
#include <cmath>
#include <utility>

namespace secateur::ui {
namespace {

constexpr QSize kSmallestFigure(480, 320);        ///< of a plot saved as on the screen, in logical pixels
constexpr double kFlattest = 0.5, kTallest = 1.2; ///< height of other figures for their width
constexpr double kInch = 25.4;                    ///< millimetres

} // namespace

void Plot::setSource(const FigureSource &source)
{
    m_parts->source = source;
}

FigureSource Plot::source() const
{
    return m_parts->source;
}

bool Plot::hasData() const
{
    return m_parts->emptyText.isEmpty() && !table().rows.empty();
}

QSize Plot::canvasSize(const FigureOptions &options) const
{
    const QSize shown = m_parts->canvas->size().expandedTo(kSmallestFigure);
    if (options.width <= 0)
        return figureCanvas(shown);
    const int width = int(std::lround(options.width * logicalDpiX() / kInch)) - 2 * FigureDrawing::kMargin;
    const double shape = std::clamp(double(shown.height()) / shown.width(), kFlattest, kTallest);
    return figureCanvas(QSize(width, int(std::lround(width * shape))));
}

FigureDrawing Plot::drawing(const FigureOptions &options) const
{
    return {.canvas = *m_parts->canvas,
            .style = options.isAsShown ? style() : PlotStyle::of(false, false).withFont(font()),
            .canvasSize = canvasSize(options),
            .title = m_parts->title,
            .source = m_parts->source,
            .emptyText = m_parts->emptyText};
}

void Plot::dress(const PlotStyle &style)
{
    m_parts->canvas->setBackground(QBrush(style.surface));
    applyStyle(style);
}

template <typename Draw>
auto Plot::drawn(const FigureOptions &options, const Draw &draw) const
{
    auto &self = const_cast<Plot &>(*this); // as it was, when this is over
    if (!m_parts->isStyled)                 // never shown; the look is made when it is first needed
        self.restyle();
    const FigureDrawing figure = drawing(options);
    self.dress(figure.style);
    const auto result = draw(figure);
    self.dress(style());
    m_parts->canvas->replot(QCustomPlot::rpQueuedReplot); // the layout was that of the figure
    return result;
}

void Plot::save(const QString &file, const FigureOptions &options) const
{
    const QString format = QFileInfo(file).suffix().toLower();
    QByteArray bytes;
    if (format == u"png")
        bytes = drawn(options, [&](const FigureDrawing &figure) { return figure.png(options.scale); });
    else if (format == u"svg")
        bytes = drawn(options, [](const FigureDrawing &figure) { return figure.svg(); });
    else if (format == u"pdf")
        bytes = drawn(options, [](const FigureDrawing &figure) { return figure.pdf(); });
    else if (format == u"csv")
        bytes = csv().toUtf8();
    else
        throw Error(tr("The name \"%1\" does not say which format to write.").arg(QFileInfo(file).fileName()).toStdString(),
                    tr("End it with .png, .svg, .pdf or .csv.").toStdString());
    writeFileAtomically(file.toStdString(), std::string_view(bytes.constData(), std::size_t(bytes.size())));
}

void Plot::askForFigure()
{
    const auto sizeOf = [this](const FigureOptions &options) { return drawing(options).size(); };
    auto *dialog = new FigureDialog(sizeOf, logicalDpiX(), m_parts->source.caption(), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog] {
        const FigureOptions options = dialog->options();
        FigureOptions::remember(options);
        askForFile(options.format, options);
    });
    dialog->open();
}

void Plot::askForFile(const QString &format, const FigureOptions &options)
{
    auto *dialog = new QFileDialog(this, format == u"csv" ? tr("Save the numbers") : tr("Save the figure"),
                                   fileNameOf(m_parts->title) + u'.' + format, tr("%1 file (*.%2)").arg(format.toUpper(), format));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(format);
    connect(dialog, &QFileDialog::fileSelected, this, [this, options](const QString &file) {
        try {
            save(file, options);
            emit saved(file);
        } catch (const Error &error) {
            emit saveFailed(QString::fromStdString(error.what()), QString::fromStdString(error.plainHint()));
        }
    });
    dialog->open();
}

void Plot::copyImage() const
{
    const FigureOptions options = FigureOptions::last();
    QGuiApplication::clipboard()->setImage(drawn(options, [&](const FigureDrawing &figure) { return figure.image(options.scale); }));
}

void Plot::copyData() const
{
    QGuiApplication::clipboard()->setText(tabSeparated(tableWithSource()));
}

QString Plot::csv() const
{
    return commaSeparated(tableWithSource());
}

PlotTable Plot::tableWithSource() const
{
    PlotTable whole = table();
    const FigureSource &source = m_parts->source;
    if (source == FigureSource())
        return whole;
    std::vector<std::pair<QString, QString>> columns{{tr("model"), source.model}};
    if (!source.plan.isEmpty())
        columns.insert(columns.end(), {{tr("plan"), source.plan}, {tr("plan hash"), source.planHash}});
    for (const auto &[name, value] : columns) {
        whole.headers << name;
        for (auto &row : whole.rows) {
            row.resize(std::size_t(whole.headers.size()) - 1); // a row may end early
            row.push_back(value);
        }
    }
    return whole;
}

} // namespace secateur::ui
