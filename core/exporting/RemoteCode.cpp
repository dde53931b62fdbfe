// SPDX-License-Identifier: GPL-3.0-or-later
#include "exporting/RemoteCode.h"

#include <nlohmann/json.hpp>

namespace secateur {
namespace {

// What is written into people's checkpoints has a licence that lets them share those.
constexpr const char *kConfiguration = R"PY(# SPDX-License-Identifier: Apache-2.0
"""Configuration of a @Name@ model that was pruned by Secateur.

`secateur_layers` has an object for every layer: `intermediate_size` of its MLP, or `ffn` false where there is none, and whether its `attention` is
there.
"""
from transformers import @Config@Config


class SecateurConfig(@Config@Config):
    model_type = "@type@"
)PY";

// Engines read `config.block_configs[3].attention.no_op`.
constexpr const char *kBlocks = R"PY(
    def __init__(self, block_configs=None, **kwargs):
        self.block_configs = [Fields({part: Fields(fields) for part, fields in block.items()}) for block in block_configs or []]
        super().__init__(**kwargs)


class Fields(dict):
    """A dictionary whose entries are attributes as well."""

    def __getattr__(self, name):
        if name not in self:
            raise AttributeError(name)
        return self[name]
)PY";

constexpr const char *kModeling = R"PY(# SPDX-License-Identifier: Apache-2.0
"""A @Name@ model that was pruned by Secateur: layers with narrower MLPs, and layers without attention or MLP."""
import copy

import torch
import transformers
from torch import nn
from transformers import @Name@ForCausalLM

from .configuration_secateur import SecateurConfig

# Releases before 4.48 expect the cache back from an attention, as a third value.
VALUES = 2 if tuple(int(part) for part in transformers.__version__.split(".")[:2]) >= (4, 48) else 3


class AbsentAttention(nn.Module):
    """Adds nothing."""

    def forward(self, hidden_states, *args, **kwargs):
        cache = kwargs.get("past_key_value")
        return (torch.zeros_like(hidden_states), None, cache)[:VALUES]


class AbsentMLP(nn.Module):
    """Adds nothing."""

    def forward(self, hidden_states, *args, **kwargs):
        return torch.zeros_like(hidden_states)


def cache_slots(config):
    """A slot of the cache for every attention that is there. Lengths are read from the first slot of each kind of attention, so the
    attentions of a kind take that kind's first slots."""
    count = config.num_hidden_layers
    kinds = getattr(config, "layer_types", None) or ["full_attention"] * count
    free = {kind: [i for i in range(count) if kinds[i] == kind] for kind in set(kinds)}
    return [free[kinds[i]].pop(0) if layer["attention"] else None for i, layer in enumerate(config.secateur_layers)]


class SecateurForCausalLM(@Name@ForCausalLM):
    config_class = SecateurConfig

    def __init__(self, config):
        super().__init__(config)
        for layer, pruned, slot in zip(self.model.layers, config.secateur_layers, cache_slots(config)):
            has_norms_behind = hasattr(layer, "pre_feedforward_layernorm")  # of the attention's and the MLP's output
            if not pruned.get("ffn", True):
                layer.mlp = AbsentMLP()
                if has_norms_behind:
                    layer.pre_feedforward_layernorm = layer.post_feedforward_layernorm = nn.Identity()
                else:
                    layer.post_attention_layernorm = nn.Identity()
            elif pruned["intermediate_size"] != config.intermediate_size:
                narrow = copy.copy(config)
                narrow.intermediate_size = pruned["intermediate_size"]
                layer.mlp = type(layer.mlp)(narrow)
            if slot is not None:
                layer.self_attn.layer_idx = slot
                continue
            layer.self_attn = AbsentAttention()
            layer.input_layernorm = nn.Identity()
            if has_norms_behind:
                layer.post_attention_layernorm = nn.Identity()
)PY";

std::string filled(std::string text, const TransformersNames &names, const std::string &modelType)
{
    const auto replaceAll = [&](const std::string &mark, const std::string &value) {
        for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size()))
            text.replace(at, mark.size(), value);
    };
    replaceAll("@Config@", names.config);
    replaceAll("@Name@", names.model);
    replaceAll("@type@", modelType);
    return text;
}

} // namespace

std::string configurationCode(const TransformersNames &names, const std::string &modelType)
{
    const std::string blocks = modelType == "nemotron-nas" ? kBlocks : "";
    return filled(kConfiguration + blocks, names, modelType);
}

std::string modelingCode(const TransformersNames &names)
{
    return filled(kModeling, names, {});
}

nlohmann::json autoMap()
{
    return {{"AutoConfig", "configuration_secateur.SecateurConfig"}, {"AutoModelForCausalLM", "modeling_secateur.SecateurForCausalLM"}};
}

} // namespace secateur
