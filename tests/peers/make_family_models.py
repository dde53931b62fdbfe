#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a small random model of every family, with the sample's tokenizer: FOLDER/NAME. Prints their names as a JSON list.

Five layers, so that there is a first, a middle and a last (eight where only every sixth sees everything); widths that are no multiple of 256; tied and untied.

usage: make_family_models.py SAMPLE_MODEL FOLDER
needs: torch, transformers 5
"""
import json
import pathlib
import shutil
import sys

import torch
from transformers import AutoConfig, AutoModelForCausalLM

SHAPE = dict(vocab_size=2048, hidden_size=64, intermediate_size=300, num_hidden_layers=5, num_attention_heads=4, num_key_value_heads=2,
             max_position_embeddings=512, initializer_range=0.12, bos_token_id=0, eos_token_id=0, pad_token_id=0)
# As the real ones in what llama.cpp has built in: the scale of the scores, the pattern of the windows.
GEMMA = dict(SHAPE, head_dim=32, query_pre_attn_scalar=32, sliding_window=40)
MODELS = {
    "llama": ("llama", dict(SHAPE, tie_word_embeddings=True, rope_parameters={
        "rope_type": "llama3", "rope_theta": 10000.0, "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 256})),
    "mistral": ("mistral", dict(SHAPE, head_dim=24, sliding_window=None)),
    "mistral-window": ("mistral", dict(SHAPE, sliding_window=40)),
    "qwen2": ("qwen2", dict(SHAPE, tie_word_embeddings=True)),
    "qwen3": ("qwen3", dict(SHAPE, head_dim=24)),
    # Not called phi3: llama.cpp looks for tokens of the real vocabulary in models of that name.
    "phi": ("phi3", dict(SHAPE, original_max_position_embeddings=512)),
    "smollm3": ("smollm3", dict(SHAPE, tie_word_embeddings=True)),
    "gemma2": ("gemma2", GEMMA),
    "gemma3": ("gemma3_text", dict(GEMMA, num_hidden_layers=8)),
}


def write_older_rope(file):
    """The form that releases before 5 read, and most checkpoints have."""
    config = json.loads(file.read_text())
    rope = config.pop("rope_parameters")
    file.write_text(json.dumps(config | {"rope_theta": rope.pop("rope_theta"), "rope_scaling": rope}, indent=2))


@torch.no_grad()
def main():
    sample, parent = map(pathlib.Path, sys.argv[1:])
    for seed, (name, (kind, fields)) in enumerate(MODELS.items(), start=1):
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **fields)).float()
        for parameter_name, parameter in model.named_parameters():
            if parameter_name.endswith("bias"):
                parameter.normal_(std=0.2)
            elif "norm" in parameter_name:
                parameter.add_(0.1 * torch.randn_like(parameter))
        model.save_pretrained(parent / name)
        if kind == "llama":
            write_older_rope(parent / name / "config.json")
        for file in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
            shutil.copy(sample / file, parent / name / file)
    print(json.dumps(list(MODELS)))


if __name__ == "__main__":
    main()
