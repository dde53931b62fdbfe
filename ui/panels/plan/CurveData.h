// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plots/PerplexityCurve.h"

#include <QString>
#include <cstddef>
#include <optional>
#include <vector>

namespace secateur::ui {

class SessionModel;

/// What a plan costs: the x axis of the curve.
enum class CurveAxis { LayerParameters, ModelParameters, Bytes, FlopPerToken, KvBytesPerToken };

/// What the curve shows of a session: everything measured on its evaluation text.
struct CurveData {
    QString axis;
    std::vector<CurvePoint> points;
    std::vector<std::size_t> records; ///< of each point, the index into Session::measurements
    std::optional<double> current;    ///< x of the current plan; none while it is infeasible
};

/// `isRelative`: in percent of the original instead of counts (with the SI prefix that suits the original).
CurveData curveData(const SessionModel &session, CurveAxis axis, bool isRelative);

/// "Parameters of the layers", ... for a choice.
QString curveAxisName(CurveAxis axis);

} // namespace secateur::ui
