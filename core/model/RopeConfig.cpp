// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/RopeConfig.h"

#include "foundation/Wording.h"

#include <algorithm>
#include <array>

namespace secateur {
namespace {

using Scaling = RopeSpec::Scaling;

constexpr std::array<std::pair<std::string_view, Scaling>, 6> kScalingNames{{
    {"default", Scaling::None},
    {"linear", Scaling::Linear},
    {"dynamic", Scaling::Dynamic},
    {"yarn", Scaling::Yarn},
    {"llama3", Scaling::Llama3},
    {"longrope", Scaling::LongRope},
}};

/// The scaling that a rope object names, or None with a problem noted.
Scaling scalingOf(ConfigReader &rope, const RopeRules &rules, bool isNewForm)
{
    if (!rope.has("type") && !rope.has("rope_type")) {
        if (!isNewForm)
            rope.reject("rope_type", "the name of a scaling, such as linear or llama3");
        return Scaling::None;
    }
    const std::string field = rope.has("rope_type") ? "rope_type" : "type";
    std::string name = rope.text(field, "default");
    if (rope.has("type") && rope.text("type", name) != name) {
        rope.reject("type", "the same as 'rope_type', which is " + inQuotes(name));
        return Scaling::None;
    }
    if (!rules.longRopeAliases.empty() && (" " + std::string(rules.longRopeAliases) + " ").find(" " + name + " ") != std::string::npos)
        name = "longrope";
    std::vector<std::string> supported;
    for (const auto &[known, scaling] : kScalingNames) {
        const bool isSupported =
            scaling == Scaling::None || std::find(rules.scalings.begin(), rules.scalings.end(), scaling) != rules.scalings.end();
        if (isSupported && known == name)
            return scaling;
        if (isSupported)
            supported.emplace_back(known);
    }
    rope.reject(field, "one of " + listed(supported) + " for models of type " + inQuotes(rules.family));
    return Scaling::None;
}

/// The original context, which may stand inside the rope object, outside, or in both places when they agree. Releases of transformers
/// differ in which of two values they take, so two values are refused.
std::int64_t originalContext(ConfigReader &rope, const RopeContexts &contexts, std::optional<std::int64_t> absent)
{
    const std::string field = "original_max_position_embeddings";
    const std::int64_t original = rope.count(field, contexts.original ? contexts.original : absent);
    if (contexts.original && original != *contexts.original)
        rope.reject(field, "the same as at the top level of the file or by default, which is " + std::to_string(*contexts.original));
    return original;
}

void readYarn(ConfigReader &rope, RopeSpec &spec, const RopeContexts &contexts)
{
    spec.factor = rope.positive("factor", {});
    spec.betaFast = rope.positive("beta_fast", spec.betaFast);
    spec.betaSlow = rope.positive("beta_slow", spec.betaSlow);
    if (spec.betaFast < spec.betaSlow)
        rope.reject("beta_fast", "at least 'beta_slow'");
    spec.truncate = rope.flag("truncate", true);
    spec.attentionFactor = rope.optionalPositive("attention_factor");
    spec.mscale = rope.optionalPositive("mscale");
    spec.mscaleAllDim = rope.optionalPositive("mscale_all_dim");
    spec.originalContext = originalContext(rope, contexts, contexts.full);
}

void readLlama3(ConfigReader &rope, RopeSpec &spec, const RopeContexts &contexts)
{
    spec.factor = rope.positive("factor", {});
    spec.lowFrequencyFactor = rope.positive("low_freq_factor", {});
    spec.highFrequencyFactor = rope.positive("high_freq_factor", {});
    if (!rope.hasProblems() && spec.highFrequencyFactor <= spec.lowFrequencyFactor)
        rope.reject("high_freq_factor", "above 'low_freq_factor'");
    spec.originalContext = originalContext(rope, contexts, {});
}

void readLongRope(ConfigReader &rope, RopeSpec &spec, const RopeContexts &contexts, std::int64_t headDim)
{
    spec.shortFactors = rope.positives("short_factor", std::size_t(headDim / 2));
    spec.longFactors = rope.positives("long_factor", std::size_t(headDim / 2));
    spec.attentionFactor = rope.optionalPositive("attention_factor");
    spec.originalContext = originalContext(rope, contexts, contexts.full);
    if (rope.has("factor"))
        spec.factor = rope.positive("factor", {});
    else if (contexts.original || rope.has("original_max_position_embeddings"))
        spec.factor = double(contexts.full) / double(spec.originalContext);
    else
        rope.reject("factor", "a number above 0, or 'original_max_position_embeddings' must be given");
}

} // namespace

RopeSpec readRope(ConfigReader &fields, const RopeObject &object, const std::string &source, const RopeRules &rules, std::int64_t headDim,
                  const RopeContexts &contexts)
{
    RopeSpec spec;
    spec.theta = object.theta;
    if (!object.json || object.json->is_null() || fields.hasProblems())
        return spec;
    if (!object.json->is_object()) {
        fields.note("'" + object.name + "' is " + object.json->dump().substr(0, 40) + "; it must be null or an object with 'rope_type'");
        return spec;
    }
    ConfigReader rope(*object.json, source, object.name + ".");
    rope.allowOnly({"type", "rope_type", "rope_theta", "factor", "original_max_position_embeddings", "attention_factor", "beta_fast",
                    "beta_slow", "mscale", "mscale_all_dim", "truncate", "short_factor", "long_factor", "low_freq_factor",
                    "high_freq_factor", "partial_rotary_factor", "finetuned"});
    if (rope.positive("partial_rotary_factor", 1.0) != 1.0)
        rope.reject("partial_rotary_factor", "1");
    spec.theta = rope.positive("rope_theta", spec.theta);
    spec.scaling = scalingOf(rope, rules, object.isNewForm);
    switch (spec.scaling) {
    case Scaling::None:
        break;
    case Scaling::Linear:
    case Scaling::Dynamic:
        spec.factor = rope.positive("factor", {});
        break;
    case Scaling::Yarn:
        readYarn(rope, spec, contexts);
        break;
    case Scaling::Llama3:
        readLlama3(rope, spec, contexts);
        break;
    case Scaling::LongRope:
        readLongRope(rope, spec, contexts, headDim);
        break;
    }
    fields.noteAll(rope);
    return spec;
}

} // namespace secateur
