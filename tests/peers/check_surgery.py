#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does to models of transformers what plans do to them, and holds their logits against ours.

Attentions and MLPs that a plan removes add zeros, the other MLPs keep the rows and columns of the neurons that it names, and weights that it changes
get its values; nothing else is touched, and nothing of ours is loaded. Of the jobs (see checking.py) `folder` is the whole model, `plan` a plan
file (JSON or safetensors), and `logits` of the pruned model. No text is written.

usage: check_surgery.py JOBS.json
needs: torch, transformers, safetensors
"""
import json

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn
from transformers import AutoModelForCausalLM

from checking import answer, in_float32


def add_nothing(module):
    """Its output becomes zeros: alone, or the first of several."""
    def silence(_, __, output):
        return (torch.zeros_like(output[0]), *output[1:]) if isinstance(output, tuple) else torch.zeros_like(output)

    module.register_forward_hook(silence)


def narrow(mlp, kept):
    def keep(linear, rows, dimension):
        linear.weight = nn.Parameter(linear.weight.index_select(dimension, rows))
        if dimension == 0 and linear.bias is not None:
            linear.bias = nn.Parameter(linear.bias.index_select(0, rows))

    rows = torch.tensor(kept)
    if hasattr(mlp, "gate_up_proj"):
        keep(mlp.gate_up_proj, torch.cat((rows, rows + mlp.gate_up_proj.weight.shape[0] // 2)), 0)
    else:
        keep(mlp.gate_proj, rows, 0)
        keep(mlp.up_proj, rows, 0)
    keep(mlp.down_proj, rows, 1)


def plan_in(file):
    """A plan and the weights that it changes, by their roles."""
    if not file.endswith(".safetensors"):
        with open(file, encoding="utf-8") as stream:
            return json.load(stream), {}
    with safe_open(file, "pt") as stored:
        return json.loads(stored.metadata()["plan"]), {name: stored.get_tensor(name) for name in stored.keys()}


NAMES = {"attention.norm": "input_layernorm", "attention.query": "self_attn.q_proj", "attention.key": "self_attn.k_proj",
         "attention.value": "self_attn.v_proj", "attention.output": "self_attn.o_proj", "ffn.gate": "mlp.gate_proj", "ffn.up": "mlp.up_proj",
         "ffn.down": "mlp.down_proj"}
FUSED = {"attention.query": ("self_attn.qkv_proj", 0), "ffn.gate": ("mlp.gate_up_proj", 0), "ffn.up": ("mlp.gate_up_proj", 1)}


def change(model, name, values):
    """Writes a weight of a layer where the narrowed model has it; of a fused product into its rows."""
    _, layer, *role, kind = name.split(".")
    role, modules = ".".join(role), dict(model.model.layers[int(layer)].named_modules())
    if NAMES[role] in modules:
        getattr(modules[NAMES[role]], kind).copy_(values)
        return
    fused, number = FUSED[role]
    getattr(modules[fused], kind)[number * values.shape[0]:(number + 1) * values.shape[0]].copy_(values)


@torch.no_grad()
def check(job):
    model = AutoModelForCausalLM.from_pretrained(job["folder"], attn_implementation="eager", **in_float32())
    model.eval()
    plan, changed = plan_in(job["plan"])
    for layer, kept in zip(model.model.layers, plan["keptNeurons"], strict=True):
        narrow(layer.mlp, kept) if kept else add_nothing(layer.mlp)
    for name, values in changed.items():
        change(model, name, values)
    for i in plan["removedAttentions"]:
        add_nothing(model.model.layers[i].self_attn)
    theirs, ours = model(torch.tensor([job["tokens"]]), use_cache=False).logits[0], load_file(job["logits"])["logits"]
    return {"difference": float((ours - theirs).abs().max())}


if __name__ == "__main__":
    answer(check)
