#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads a model folder in stock transformers, in fp32, and holds its logits against those of a file.

Prints one JSON object: missing, unexpected, mismatched (keys, as the library reports them), logitsDifference (largest absolute),
ids (what greedy generation with the cache appends to the prompt), transformers (release).

usage: check_model.py MODEL TOKENS.json LOGITS.safetensors PROMPT_IDS(JSON) COUNT
needs: torch, transformers, safetensors
"""
import json
import sys

import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from checking import in_float32


@torch.no_grad()
def main():
    folder, tokens, logits, prompt, count = sys.argv[1:]
    model, info = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True, **in_float32())
    model.eval()
    with open(tokens, encoding="utf-8") as stream:
        ids = torch.tensor([json.load(stream)])
    ours = load_file(logits)["logits"]
    theirs = model(ids).logits[0]
    if ours.shape != theirs.shape:
        sys.exit(f"logits of shape {list(ours.shape)}, expected {list(theirs.shape)}")
    prompt = json.loads(prompt)
    output = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), max_new_tokens=int(count),
                            do_sample=False, use_cache=True, pad_token_id=0)
    print(json.dumps({
        "missing": sorted(info["missing_keys"]), "unexpected": sorted(info["unexpected_keys"]),
        "mismatched": [str(k) for k in sorted(info["mismatched_keys"])], "logitsDifference": float((ours - theirs).abs().max()),
        "ids": output[0, len(prompt):].tolist(), "transformers": transformers.__version__,
    }))


if __name__ == "__main__":
    main()
