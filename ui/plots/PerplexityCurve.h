// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plots/Plot.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace secateur::ui {

struct CurveDrawing;

/// One measured plan on the curve.
struct CurvePoint {
    double x = 0;                 ///< in the unit of the axis
    double perplexity = 0;        ///< measured, always
    QString label;                ///< "37.5 %, N = 3, K = 193"
    bool isBorrowedOrder = false; ///< the removal order came from another K: hollow
    bool isCurrent = false;       ///< the current plan: ringed
    bool isDense = false;
    QString planHash{}; ///< SHA-256; empty for the original
    int series = 0;     ///< of another method, as it looks in QualityChart
    QString method{};   ///< of another method: its name
    bool operator==(const CurvePoint &) const = default;
};

/// Plans that were measured under the same settings but for one, in the order of that one: what a line may join.
struct CurveLine {
    enum class Along { Target, Depth, Size }; ///< the target with N and K by the rule; N at one target; what another method removes
    Along along = Along::Target;
    std::vector<std::size_t> points; ///< indices
    bool operator==(const CurveLine &) const = default;
};

/// Perplexity (log axis) against what a plan costs. Filled = searched and measured, hollow = measured with a borrowed removal order, ring =
/// the current plan; plans that other methods found have the marks of these. Lines join the plans of one series, all others stand alone.
/// Where the current plan was not measured, a dashed line stands at its x and nothing is drawn at any y.
class PerplexityCurve : public Plot {
    Q_OBJECT
public:
    explicit PerplexityCurve(QWidget *parent = nullptr);
    ~PerplexityCurve() override;

    /// Points without a finite perplexity stand in the table alone. `axis`: what x is, with its unit behind a comma ("parameters of the
    /// layers kept, %"). `current`: x of the current plan, if there is one. The lines name points that were given.
    void showPoints(const QString &axis, std::vector<CurvePoint> points, std::optional<double> current, std::vector<CurveLine> lines = {});
    PlotTable table() const override;

signals:
    void pointClicked(qint64 index); ///< in the order given; by mouse, or by Space or Return on the point chosen with the arrow keys

protected:
    void applyStyle(const PlotStyle &style) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void fitRanges();
    void hover(qint64 index, QPoint position);
    bool walk(int key); ///< whether it was a key of this plot

    std::unique_ptr<CurveDrawing> m_state;
};

} // namespace secateur::ui
