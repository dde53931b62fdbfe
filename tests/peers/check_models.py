#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the logits and the greedy text of many model folders in one release of transformers against files.

Of the jobs (see checking.py) `prompt` are ids, and `ids` what is to be appended to them. A folder that does not load whole is a problem. Code in
the folders is trusted: it is ours.

usage: check_models.py JOBS.json
needs: torch, transformers, safetensors
"""
import json

import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from checking import answer, in_float32


@torch.no_grad()
def check(job):
    model, info = AutoModelForCausalLM.from_pretrained(job["folder"], output_loading_info=True, trust_remote_code=True,
                                                       attn_implementation="eager", **in_float32())
    loose = {k: sorted(map(str, info[k])) for k in ("missing_keys", "unexpected_keys", "mismatched_keys") if info[k]}
    if loose:
        raise RuntimeError(json.dumps(loose)[:400])
    model.eval()
    theirs, ours = model(torch.tensor([job["tokens"]])).logits[0], load_file(job["logits"])["logits"]
    prompt = job["prompt"]
    output = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
                            max_new_tokens=len(job["ids"]), do_sample=False, use_cache=True, eos_token_id=None, pad_token_id=0)
    return {"difference": float((ours - theirs).abs().max()), "isSameText": output[0, len(prompt):].tolist() == job["ids"]}


if __name__ == "__main__":
    answer(check)
