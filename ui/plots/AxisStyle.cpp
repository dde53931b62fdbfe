// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/AxisStyle.h"

#include "theme/PlotStyle.h"

#include <QFontMetrics>
#include <QStringList>
#include <algorithm>
#include <qcustomplot.h>

namespace secateur::ui {
namespace {

constexpr int kRounds = 3; ///< lines take room from the other axis, whose title may need more lines then

/// Pixels along an axis in which a title that is centred on it can be seen.
int roomFor(const QCPAxis &axis)
{
    const QRect seen = axis.parentPlot()->plotLayout()->rect(), own = axis.axisRect()->rect();
    if (axis.orientation() == Qt::Horizontal)
        return 2 * std::min(own.center().x() - seen.left(), seen.right() - own.center().x());
    return 2 * std::min(own.center().y() - seen.top(), seen.bottom() - own.center().y());
}

QString wrapped(const QString &title, const QFontMetrics &metrics, int room)
{
    QStringList lines;
    for (const QString &word : title.split(u' ')) {
        const QString longer = lines.isEmpty() ? word : lines.back() + u' ' + word;
        if (!lines.isEmpty() && metrics.horizontalAdvance(longer) <= room)
            lines.back() = longer;
        else
            lines << word;
    }
    return lines.join(u'\n');
}

/// Whether a title was broken otherwise than it was.
bool breakTitles(QCustomPlot &plot)
{
    bool isChanged = false;
    for (QCPAxisRect *rect : plot.axisRects())
        for (QCPAxis *axis : rect->axes()) {
            QString title = axis->label();
            const QString broken = wrapped(title.replace(u'\n', u' '), QFontMetrics(axis->labelFont()), roomFor(*axis));
            isChanged = isChanged || broken != axis->label();
            axis->setLabel(broken);
        }
    return isChanged;
}

} // namespace

void keepTitlesWhole(QCustomPlot &plot)
{
    QObject::connect(&plot, &QCustomPlot::afterLayout, &plot, [&plot] {
        for (int round = 0; round < kRounds && breakTitles(plot); ++round)
            for (const auto phase : {QCPLayoutElement::upPreparation, QCPLayoutElement::upMargins, QCPLayoutElement::upLayout})
                plot.plotLayout()->update(phase);
    });
}

void styleAxis(QCPAxis &axis, const PlotStyle &style)
{
    axis.setBasePen(QPen(style.outline));
    axis.setTickPen(QPen(Qt::transparent)); // setTicks(false) would take the numbers too; Qt::NoPen leaves dots in SVG files
    axis.setSubTicks(false);
    axis.setTickLabelFont(style.font);
    axis.setTickLabelColor(style.mutedText);
    axis.setLabelFont(style.font);
    axis.setLabelColor(style.mutedText);
    axis.setTickLengthIn(0);
    axis.setTickLabelPadding(6);
    axis.setLabelPadding(4);
    QColor faint = style.line;
    faint.setAlphaF(0.6F);
    axis.grid()->setPen(QPen(faint));
    axis.grid()->setZeroLinePen(QPen(style.line));
    axis.grid()->setAntialiased(false);
}

} // namespace secateur::ui
