// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to plots: shows QCustomPlot.
#pragma once

#include "theme/PlotStyle.h"

#include <qcustomplot.h>

#include <functional>
#include <utility>

namespace secateur::ui {

/// The handle of K on an axis of ranks: a line with a grip at its foot; behind the line what is pruned, hatched; beside the line a box
/// with words. Lives on a layer of its own, so that moving it draws nothing else.
class KeptHandle : public QCPAbstractItem {
    Q_OBJECT
public:
    static constexpr const char *kLayer = "kept";

    /// Makes the layer. `isHatched`: the part behind the line is hatched.
    KeptHandle(QCustomPlot *plot, bool isHatched);

    void setStyle(const PlotStyle &style) { m_style = style; }
    void setKept(double kept) { m_kept = kept; }
    /// `brief` stands in where `lines` do not fit.
    void setWords(const QStringList &lines, const QStringList &brief)
    {
        m_lines = lines;
        m_brief = brief;
    }

    /// Says of a rectangle whether words may stand there; without it, they may stand everywhere.
    void setFreePlaces(std::function<bool(const QRectF &)> isFree) { m_isFree = std::move(isFree); }
    QRectF wordsPlace() const { return m_place; } ///< as drawn last; empty: there are none

    double selectTest(const QPointF &, bool, QVariant * = nullptr) const override { return -1; }

protected:
    void draw(QCPPainter *painter) override;

private:
    void drawWords(QCPPainter *painter, const QRect &frame, double x);
    QSizeF sizeOf(const QStringList &lines) const;
    /// `slot`: the place taken last, then the one that is taken.
    QRectF placeFor(const QSizeF &size, const QRect &frame, double x, int &slot) const;

    PlotStyle m_style;
    QStringList m_lines, m_brief;
    std::function<bool(const QRectF &)> m_isFree;
    QRectF m_place;
    int m_slot = 0; ///< of the places for the words, the one taken last
    double m_kept = 0;
    bool m_isHatched;
};

} // namespace secateur::ui
