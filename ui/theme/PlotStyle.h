// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QBrush>
#include <QColor>
#include <QFont>
#include <QPalette>

namespace secateur::ui {

/// Colours, pens and fonts of everything that is drawn, for a light or a dark surface. Follows the palette: make a new one when a widget
/// gets QEvent::PaletteChange.
///
/// Colours are subsets of Okabe and Ito's; text has a contrast of 4.5:1 against `surface`, lines 3:1. Nothing is told by colour alone.
struct PlotStyle {
    bool isDark = false;
    QColor surface;   ///< behind plots and text
    QColor raised;    ///< cards, bars, tooltips
    QColor selected;  ///< behind the selected row; text has 4.5:1 on it too
    QColor text;      ///< 4.5:1 on surface and raised
    QColor mutedText; ///< captions; 4.5:1 as well
    QColor line;      ///< grid lines and outlines without meaning
    QColor hatching;  ///< lines of `hatch`
    QColor outline;   ///< outlines that carry meaning (3:1)
    QColor accent;    ///< kept, measured, selected: blue
    QColor ffn;       ///< kept part of the FFN: green
    QColor warning;   ///< the cut, removals, what is stale: vermillion or orange
    QColor extra;     ///< a fourth series: purple
    QFont font;       ///< of axes and labels
    QFont titleFont;  ///< of a plot's title

    static PlotStyle of(const QPalette &palette);

    /// The same with fonts derived from another than the application's, such as a widget's own.
    PlotStyle withFont(const QFont &base) const;

    /// Hatching of what is pruned or infeasible.
    QBrush hatch() const;
    /// The nearest shade of a colour that has 4.5:1 on `surface` and `raised`: for words in a series' colour.
    QColor readable(const QColor &colour) const;
    /// Viridis for magnitudes; `share` from 0 to 1 (clamped).
    static QColor magnitude(double share);
    /// Diverging map for changes: -1 blue, 0 neutral (the surface's side), 1 red (clamped).
    QColor change(double share) const;
    /// Contrast ratio of two opaque colours after WCAG 2.1, 1 to 21.
    static double contrast(const QColor &one, const QColor &other);
};

} // namespace secateur::ui
