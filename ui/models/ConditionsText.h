// SPDX-License-Identifier: GPL-3.0-or-later
// How the window says where and how numbers were computed.
#pragma once

#include <QString>

namespace secateur {
struct ComputeConditions;
} // namespace secateur

namespace secateur::ui {

/// "cpu, float32, 2 threads" or "NVIDIA H200, bfloat16"; "not recorded" where nothing is known.
QString conditionsText(const ComputeConditions &conditions);
/// All that is known, a line each: device, type, threads, instructions, products, LibTorch, Secateur, host.
QString conditionsDetails(const ComputeConditions &conditions);
/// Why a number of a plan is not quite comparable with the original's: "Computed differently: the original in float32, the plan in bfloat16." Empty: it is.
QString conditionsDifference(const ComputeConditions &original, const ComputeConditions &plan);

} // namespace secateur::ui
