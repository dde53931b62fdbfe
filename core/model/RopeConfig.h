// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/ConfigReader.h"
#include "model/ModelSpec.h"

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace secateur {

/// What a family says about the rotary embedding of its models.
struct RopeRules {
    std::string_view family;                           ///< for messages
    std::initializer_list<RopeSpec::Scaling> scalings; ///< supported besides None
    std::string_view longRopeAliases;                  ///< older names of `longrope`, separated by blanks
    bool rotatesParts = false;                         ///< `partial_rotary_factor` is heeded
};

/// The object of config.json that describes a rotary embedding: `rope_parameters` (new), or `rope_scaling` with `rope_theta` beside it.
struct RopeObject {
    const nlohmann::json *json = nullptr; ///< null: there is none
    std::string name;                     ///< its place in the file
    bool isNewForm = false;               ///< names its type always
    double theta = 10000.0;               ///< where the object names none
    double rotatedPart = 1.0;             ///< `partial_rotary_factor`, where the object names none
};

/// The context lengths that a rope object is read against.
struct RopeContexts {
    std::int64_t full = 0;
    std::optional<std::int64_t> original; ///< `original_max_position_embeddings` at the top level, or the family's default
};

/// Reads the object; problems are noted in `fields`.
RopeSpec readRope(ConfigReader &fields, const RopeObject &object, const std::string &source, const RopeRules &rules, std::int64_t headDim,
                  const RopeContexts &contexts);

} // namespace secateur
