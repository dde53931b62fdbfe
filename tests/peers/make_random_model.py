#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a small random Llama that has what the bundled sample has not: shards, grouped queries, biases, an untied head, llama3 RoPE.

It gets the sample's tokenizer, so that texts can be given to it.

usage: make_random_model.py SAMPLE_MODEL FOLDER
needs: torch, transformers
"""
import pathlib
import shutil
import sys

import torch
from transformers import LlamaConfig, LlamaForCausalLM


@torch.no_grad()
def main():
    sample, folder = map(pathlib.Path, sys.argv[1:])
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=2048, hidden_size=64, intermediate_size=160, num_hidden_layers=5, num_attention_heads=4, num_key_value_heads=2,
        max_position_embeddings=512, initializer_range=0.15, attention_bias=True, tie_word_embeddings=False, bos_token_id=0, eos_token_id=0,
        rope_scaling={"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 256},
        torch_dtype="float32")
    model = LlamaForCausalLM(config)
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            parameter.normal_(std=0.2)
    model.save_pretrained(folder, max_shard_size="700KB")
    for file in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copy(sample / file, folder / file)
    print("{}")


if __name__ == "__main__":
    main()
