// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/GgufNames.h"
#include "model/ModelSpec.h"

#include <string>

namespace secateur {

/// The architecture in which llama.cpp runs the family; none when this program writes none for it.
const GgufArchitecture *ggufArchitectureOf(const ModelSpec &dense);

/// What the model computes that llama.cpp does not compute in this architecture, in words ("a sliding window of 40 tokens"); empty when
/// nothing. Several options are not in the file but in llama.cpp (src/models), so a model that has them otherwise would run and be wrong.
std::string beyondGguf(const GgufArchitecture &architecture, const ModelSpec &dense);

} // namespace secateur
