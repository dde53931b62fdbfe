// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "exporting/Origin.h"
#include "model/ModelSpec.h"

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace secateur {

/// What is known of a model once it is open, before any weight is loaded.
struct ModelSummary {
    std::filesystem::path folder;
    ModelSpec spec;
    DType storedDtype = DType::Float32; ///< in which an export writes the weights unless another type is asked for
    std::string quantisedAs;            ///< what the weights are stored as when it is no such type: "Q4_K"; else empty
    std::int64_t tensorBytes = 0;
    std::int64_t files = 0;
    std::optional<std::int64_t> tokenizerSize; ///< ids; none when there is no usable tokenizer
    std::string tokenizerProblem;              ///< why not
    std::string tokenizerHint;                 ///< what to do about it
    bool hasChatTemplate = false;              ///< a prompt can be what a user says (GenerationSettings::isChat)
    std::optional<PruningOrigin> origin;       ///< of a checkpoint that this program exported
    std::vector<std::string> notes;            ///< what was found and is not used, or is used otherwise than the configuration says
    nlohmann::json config;                     ///< describes the model: the specification can be read from it again
};

/// Bytes that the weights of a model take once they are loaded in a type.
std::int64_t weightBytes(const ModelSummary &model, DType dtype);

} // namespace secateur
