// SPDX-License-Identifier: GPL-3.0-or-later
// Internal to core: shows Torch.
#pragma once

#include "engine/Forecast.h"
#include "model/ModelSpec.h"
#include "pruning/PruningPlan.h"

#include <c10/core/Device.h>
#include <optional>
#include <string>

namespace secateur {

/// The rate of a product in the shape of a model's FFN, as far as that is neither tiny nor huge, measured for a moment, in FLOP/s. Each model is
/// measured once in the life of the process, so that what is chosen by it does not change.
double measuredRate(const ModelSpec &spec, c10::Device device, DType type);

/// The type in which a search screens its candidates, or none. `wanted`: a type, "none", or "auto": bfloat16 where not all losses are wanted, the search
/// decides in float32 and the device multiplies bfloat16 so much faster (measuredRate) that evaluating some candidates twice may pay. Throws Error
/// when there is no type of that name, or when it is not narrower than the type that decides.
std::optional<DType> screeningType(const std::string &wanted, LossesKnown losses, c10::Device device, DType deciding,
                                   const ModelSpec &spec);

/// The same for a search of that size, of which it fills `screenBytes`. By "auto" none where the second copy of the weights would not fit beside the
/// model. Throws Error when a type is wanted and does not fit: layers that are streamed would be read again for every decision.
std::optional<DType> chooseScreening(const std::string &wanted, LossesKnown losses, c10::Device device, DType deciding,
                                     const ModelSpec &spec, JobSize &job, const ForecastBasis &basis);

/// The name of the type to compute in. `wanted` is a type, or "auto": as stored on a GPU, float32 on the CPU; or "fastest": as stored on a GPU,
/// and on the CPU float32 or bfloat16, whichever multiplies matrices of the model's shapes faster here, as a moment's measurement finds.
/// Throws Error when there is no type of that name.
std::string computeType(const std::string &wanted, c10::Device device, DType stored, const ModelSpec &spec);

} // namespace secateur
