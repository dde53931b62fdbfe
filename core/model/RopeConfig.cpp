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

/// The fields that have a meaning for a scaling, as transformers 5 computes it.
std::vector<std::string> fieldsOf(Scaling scaling)
{
    std::vector<std::string> fields{"type", "rope_type", "rope_theta", "partial_rotary_factor"};
    const auto add = [&](std::initializer_list<const char *> more) { fields.insert(fields.end(), more.begin(), more.end()); };
    switch (scaling) {
    case Scaling::None:
        break;
    case Scaling::Linear:
    case Scaling::Dynamic:
        add({"factor"});
        break;
    case Scaling::Yarn:
        add({"factor", "original_max_position_embeddings", "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim",
             "truncate"});
        break;
    case Scaling::Llama3:
        add({"factor", "original_max_position_embeddings", "low_freq_factor", "high_freq_factor"});
        break;
    case Scaling::LongRope:
        add({"factor", "original_max_position_embeddings", "attention_factor", "short_factor", "long_factor"});
        break;
    }
    return fields;
}

/// How many dimensions of a head are rotated; none = all. Rounded as Python's int does. What stands in the rope object counts, else what stands
/// beside it.
std::optional<std::int64_t> rotaryDim(ConfigReader &fields, ConfigReader &rope, const RopeRules &rules, std::int64_t headDim, double beside)
{
    const std::string field = "partial_rotary_factor";
    ConfigReader &place = rope.has(field) ? rope : fields;
    const double part = rope.positive(field, beside);
    if (part == 1)
        return {};
    if (!rules.rotatesParts) {
        place.reject(field, "1: rotating a part of each head is not supported in models of type " + inQuotes(rules.family));
        return {};
    }
    const auto size = std::int64_t(double(headDim) * std::min(part, 2.0));
    if (part > 1 || size < 2 || size % 2 != 0)
        place.reject(field, "at most 1, and rotate an even number of the " + std::to_string(headDim) + " dimensions of a head");
    return size;
}

void readYarn(ConfigReader &rope, RopeSpec &spec, const RopeContexts &contexts)
{
    spec.betaFast = rope.positiveUnlessZero("beta_fast").value_or(spec.betaFast);
    spec.betaSlow = rope.positiveUnlessZero("beta_slow").value_or(spec.betaSlow);
    if (spec.betaFast < spec.betaSlow)
        rope.reject("beta_fast", "at least 'beta_slow'");
    spec.truncate = rope.flag("truncate", true);
    spec.attentionFactor = rope.optionalPositive("attention_factor");
    spec.mscale = rope.positiveUnlessZero("mscale");
    spec.mscaleAllDim = rope.positiveUnlessZero("mscale_all_dim");
    spec.originalContext = originalContext(rope, contexts, contexts.full);
    const bool isRatio = rope.names("factor") && !rope.has("factor"); // null: the ratio of the contexts
    spec.factor = isRatio ? double(contexts.full) / double(spec.originalContext) : rope.positive("factor", {});
}

void readLlama3(ConfigReader &rope, RopeSpec &spec, const RopeContexts &contexts)
{
    spec.factor = rope.positive("factor", {});
    spec.lowFrequencyFactor = rope.positive("low_freq_factor", {});
    spec.highFrequencyFactor = rope.positive("high_freq_factor", {});
    if (!rope.hasProblems() && spec.highFrequencyFactor <= spec.lowFrequencyFactor)
        rope.reject("high_freq_factor", "above 'low_freq_factor'");
    spec.originalContext = originalContext(rope, contexts, contexts.full);
}

void readLongRope(ConfigReader &rope, RopeSpec &spec, const RopeContexts &contexts, std::int64_t rotatedDim)
{
    spec.shortFactors = rope.positives("short_factor", std::size_t(rotatedDim / 2));
    spec.longFactors = rope.positives("long_factor", std::size_t(rotatedDim / 2));
    spec.attentionFactor = rope.optionalPositive("attention_factor");
    spec.originalContext = originalContext(rope, contexts, contexts.full);
    spec.factor = rope.positive("factor", double(contexts.full) / double(spec.originalContext));
}

} // namespace

RopeSpec readRope(ConfigReader &fields, const RopeObject &object, const std::string &source, const RopeRules &rules, std::int64_t headDim,
                  const RopeContexts &contexts)
{
    RopeSpec spec;
    spec.theta = object.theta;
    if (fields.hasProblems())
        return spec;
    const nlohmann::json nothing = nlohmann::json::object(); // an empty object says as much as none
    const bool isAbsent = !object.json || object.json->is_null() || object.json->empty();
    if (!isAbsent && !object.json->is_object()) {
        fields.note("'" + object.name + "' is " + object.json->dump().substr(0, 40) + "; it must be null or an object with 'rope_type'");
        return spec;
    }
    ConfigReader rope(isAbsent ? nothing : *object.json, source, object.name + ".");
    spec.theta = rope.positive("rope_theta", spec.theta);
    spec.rotaryDim = rotaryDim(fields, rope, rules, headDim, object.rotatedPart);
    spec.scaling = isAbsent ? Scaling::None : scalingOf(rope, rules, object.isNewForm);
    if (rope.hasProblems() || fields.hasProblems()) { // what follows would be blamed on the wrong field
        fields.noteAll(rope);
        return spec;
    }
    rope.ignoreAllBut(fieldsOf(spec.scaling), "for a rotary embedding of this type");
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
        readLongRope(rope, spec, contexts, spec.rotaryDim.value_or(headDim));
        break;
    }
    fields.noteAll(rope);
    return spec;
}

} // namespace secateur
