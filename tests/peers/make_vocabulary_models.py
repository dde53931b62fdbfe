#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a small random model for each real tokenizer: FOLDER/NAME for TOKENIZERS/NAME/tokenizer.json. Prints their names as a JSON list.

The model is of the family that has such a tokenizer, with rows of the embedding for every token.

usage: make_vocabulary_models.py TOKENIZERS FOLDER
needs: torch, transformers 5
"""
import json
import pathlib
import shutil
import sys

import torch
from transformers import AutoConfig, AutoModelForCausalLM

SHAPE = dict(hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2,
             max_position_embeddings=2048, tie_word_embeddings=True, pad_token_id=None)


def main():
    tokenizers, parent = map(pathlib.Path, sys.argv[1:])
    names = sorted(folder.name for folder in tokenizers.iterdir() if (folder / "tokenizer.json").exists())
    for name in names:
        torch.manual_seed(1)
        file = json.loads((tokenizers / name / "tokenizer.json").read_text())
        ids = [*file["model"]["vocab"].values(), *(token["id"] for token in file["added_tokens"])]
        size = -(-(max(ids) + 1) // 64) * 64
        kind = "qwen2" if "qwen" in name else "phi3" if "phi" in name else "llama"
        extra = dict(original_max_position_embeddings=2048) if kind == "phi3" else {}
        AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, vocab_size=size, **SHAPE, **extra)).save_pretrained(parent / name)
        for copied in (tokenizers / name).iterdir():
            shutil.copy(copied, parent / name / copied.name)
    print(json.dumps(names))


if __name__ == "__main__":
    main()
