#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the logits and the greedy text of many model folders in one release of transformers against files.

JOBS.json: a list of objects with `folder`, `tokens` (ids), `logits` (a .safetensors file with `logits` [T, V]), `prompt` (ids), `ids` (what
is to be appended). Prints a JSON list with `problem` (empty when the folder loaded whole), `difference` (largest of a logit), `isSameText`.
Code in the folders is trusted: it is ours.

usage: check_models.py JOBS.json
needs: torch, transformers, safetensors
"""
import json
import sys

import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

TYPE = "dtype" if int(transformers.__version__.split(".")[0]) >= 5 else "torch_dtype"


@torch.no_grad()
def check(job):
    model, info = AutoModelForCausalLM.from_pretrained(job["folder"], output_loading_info=True, trust_remote_code=True,
                                                       attn_implementation="eager", **{TYPE: torch.float32})
    loose = {k: sorted(map(str, info[k])) for k in ("missing_keys", "unexpected_keys", "mismatched_keys") if info[k]}
    if loose:
        raise RuntimeError(json.dumps(loose)[:400])
    model.eval()
    theirs, ours = model(torch.tensor([job["tokens"]])).logits[0], load_file(job["logits"])["logits"]
    prompt = job["prompt"]
    output = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
                            max_new_tokens=len(job["ids"]), do_sample=False, use_cache=True, eos_token_id=None, pad_token_id=0)
    return {"problem": "", "difference": float((ours - theirs).abs().max()), "isSameText": output[0, len(prompt):].tolist() == job["ids"]}


def main():
    found = []
    for job in json.load(open(sys.argv[1], encoding="utf-8")):
        try:
            found.append(check(job))
        except Exception as problem:  # whatever stands in the way is the result
            found.append({"problem": f"{type(problem).__name__}: {str(problem)[:400]}", "difference": None, "isSameText": False})
    print(json.dumps(found))


if __name__ == "__main__":
    main()
