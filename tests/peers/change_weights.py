#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a plan that changes weights, and a model that was changed in the same way before anything was cut.

Scales a few tensors of a model by numbers that 16 bits hold too. PLAN, a plan file without a hash, becomes CHANGED.safetensors with the scaled
tensors as the plan leaves them; MODEL becomes EDITED, a copy with the same tensors scaled whole. So CHANGED on MODEL is PLAN on EDITED. Nothing of ours
is loaded. Prints a JSON list of the tensors that were changed, by their roles.

usage: change_weights.py MODEL PLAN CHANGED.safetensors EDITED
needs: torch, safetensors
"""
import json
import pathlib
import shutil
import sys

import torch
from safetensors.torch import load_file, save_file


def pieces(config, layer, tensors):
    """Role -> (tensor, first row, rows, which of its dimensions are neurons) of what is changed in a layer."""
    prefix = f"model.layers.{layer}."
    fused = prefix + "mlp.gate_up_proj.weight"
    found = {"ffn.down": (prefix + "mlp.down_proj.weight", None, 1)}
    if fused in tensors:
        half = tensors[fused].shape[0] // 2
        found["ffn.up"] = (fused, slice(half, 2 * half), 0)
        heads = config["num_attention_heads"] * (config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"])
        found["attention.query"] = (prefix + "self_attn.qkv_proj.weight", slice(0, heads), None)
    else:
        found["ffn.up"] = (prefix + "mlp.up_proj.weight", None, 0)
        found["attention.query"] = (prefix + "self_attn.q_proj.weight", None, None)
    found["attention.norm"] = (prefix + "input_layernorm.weight", None, None)
    return found


def main():
    model, plan_file, changed_file, edited = map(pathlib.Path, sys.argv[1:])
    config = json.loads((model / "config.json").read_text())
    plan = json.loads(plan_file.read_text())
    tensors = load_file(model / "model.safetensors")
    shutil.copytree(model, edited)
    changed = {}
    for layer, kept in enumerate(plan["keptNeurons"]):
        for number, (role, (name, rows, neurons)) in enumerate(pieces(config, layer, tensors).items()):
            isThere = layer not in plan["removedAttentions"] if role.startswith("attention") else bool(kept)
            if not isThere:
                continue
            whole = tensors[name] if rows is None else tensors[name][rows]
            whole.mul_((1.25, 0.75, 0.5, 1.5)[(layer + number) % 4])  # in place: `tensors` are those of the edited model
            left = whole if neurons is None else whole.index_select(neurons, torch.tensor(kept))
            changed[f"layers.{layer}.{role}.weight"] = left.contiguous().clone()
    save_file(changed, changed_file, {"kind": "secateur-plan", "plan": json.dumps(plan)})
    save_file(tensors, edited / "model.safetensors", {"format": "pt"})
    print(json.dumps(sorted(changed)))


if __name__ == "__main__":
    main()
