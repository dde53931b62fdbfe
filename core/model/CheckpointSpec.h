// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "checkpoint/Checkpoint.h"
#include "model/ModelSpec.h"

#include <nlohmann/json.hpp>

namespace secateur {

/// What the model of a checkpoint is made of: what its configuration says, and what its files hold. The one place where both meet.
///
/// Settles how the tensors are called (AutoModel saves them without "model.") and whether there is an output product of its own: one that
/// is stored beside tied embeddings and differs from them is kept, as transformers 5 and vLLM keep it. Checks that every tensor is there,
/// in its shape, and that what else is there does not take part in the computation; what is not used is noted in the checkpoint. Throws Error as
/// specFromConfig and Checkpoint::expect do.
ModelSpec specOf(Checkpoint &checkpoint);

/// The configuration with the fields changed in which the files decided otherwise, so that it describes `spec` to every engine.
nlohmann::json settledConfig(nlohmann::json config, const ModelSpec &spec);

} // namespace secateur
