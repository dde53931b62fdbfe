// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QBrush>
#include <QColor>
#include <QFont>
#include <QPalette>
#include <QPen>

namespace secateur::ui {

/// Colours, pens and fonts of everything that is drawn, for a light or a dark surface. Follows the palette: make a new one when a widget
/// gets QEvent::PaletteChange.
///
/// Series are Okabe and Ito's colours, darker where those are too pale. On each of the grounds (surface, raised, selected) text has a contrast
/// of 4.5:1, and what is drawn with a meaning 3:1; with high contrast text has 7:1, and lines without meaning are as clear as the rest. The
/// test `Contrast` measures it. Nothing is told by colour alone.
struct PlotStyle {
    bool isDark = false, isHighContrast = false;
    QColor surface;    ///< behind plots and text
    QColor raised;     ///< cards, bars, tooltips
    QColor selected;   ///< behind the selected row
    QColor text;       ///< words
    QColor mutedText;  ///< captions
    QColor disabled;   ///< words of what is not possible: 3:1 on surface and raised
    QColor line;       ///< grid lines and outlines without meaning; the groove of a bar
    QColor hatching;   ///< lines of `hatch`
    QColor outline;    ///< outlines that carry meaning, borders of controls
    QColor accent;     ///< kept, measured, selected, the focus: blue
    QColor onAccent;   ///< words and ticks on `accent`
    QColor ffn;        ///< kept part of the FFN: green
    QColor warning;    ///< the cut, removals, what is stale: vermillion or orange
    QColor extra;      ///< a fourth series: purple
    QFont font;        ///< of axes and labels
    QFont titleFont;   ///< of a plot's title
    double stroke = 1; ///< how many times thicker lines that mean something are drawn than usually, such as for a projector

    /// The look of a palette that Theme made. Black and white tell high contrast.
    static PlotStyle of(const QPalette &palette);
    static PlotStyle of(bool isDark, bool isHighContrast);

    /// The same with fonts derived from another than the application's, such as a widget's own.
    PlotStyle withFont(const QFont &base) const;

    /// What the styles that `of` makes have as their `stroke`: Theme's business.
    static void setStroke(double stroke);

    /// Of a line that means something; `width` in logical pixels, as usual.
    QPen pen(const QColor &colour, double width, Qt::PenStyle dashes = Qt::SolidLine, Qt::PenCapStyle cap = Qt::SquareCap) const
    {
        return {colour, width * stroke, dashes, cap};
    }
    /// Hatching of what is pruned or infeasible.
    QBrush hatch() const;
    /// The nearest shade of a colour that words can have on each of the grounds: for words in a series' colour.
    QColor readable(const QColor &colour) const;
    /// Viridis for magnitudes; `share` from 0 to 1 (clamped).
    static QColor magnitude(double share);
    /// Diverging map for changes: -1 blue, 0 neutral (the surface's side), 1 red (clamped).
    QColor change(double share) const;
    /// Contrast ratio of two opaque colours after WCAG 2.1, 1 to 21.
    static double contrast(const QColor &one, const QColor &other);
};

} // namespace secateur::ui
