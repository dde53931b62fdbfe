// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/SessionModel.h"

#include <QString>
#include <QWidget>
#include <optional>

namespace secateur::ui {

/// One figure of the budget bar, in words.
struct BudgetFigure {
    QString caption;
    QString value;  ///< of the plan; "—" while there is none
    QString before; ///< of the original: "of 106.2 M"
    QString change; ///< "−37.5 %"
    Exactness exactness = Exactness::Unknown;
    QString exactnessText;       ///< in place of the exactness' word: "measured for K = 960"
    std::optional<double> share; ///< what is left of the original, 0 to 1: a thin bar
    QString note;                ///< where the bar would be
    QString exact;               ///< exact numbers, for the tooltip
    QString sentence;            ///< all of it, for screen readers

    bool operator==(const BudgetFigure &) const = default;
};

/// Draws one figure. Captions and words are cut where the room is small, and the original's number gives way to the plan's, but no number is cut. Whoever comes to it by key is told the exact numbers, as by its tooltip.
class BudgetCard : public QWidget {
    Q_OBJECT
public:
    explicit BudgetCard(QWidget *parent = nullptr);

    void setFigure(const BudgetFigure &figure);
    const BudgetFigure &figure() const { return m_figure; }

    /// Pixels of the largest font in which the value fits, with the original beside it or alone.
    int fittingSize(bool isBeside = true) const;
    /// The same for all cards of a bar.
    void setValueSize(int pixels, bool isBeside);
    int valueSize() const { return m_valueSize; }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    void paintEvent(QPaintEvent *event) override;

private:
    QFont valueFont(int pixels) const;
    int largestSize() const;
    QString valueText() const;
    int heightOfLines() const;
    void paintValue(class QPainter &painter, const struct PlotStyle &style, const QRect &line) const;
    QString changeLine(int width, const QFontMetrics &metrics) const;

    BudgetFigure m_figure;
    int m_valueSize = 0; ///< pixels; 0 = not told yet
    bool m_isBeside = true;
};

} // namespace secateur::ui
