#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ShortGPT and the sliding window as the 2SSP authors' code does them on a model and a text, and prints what they decided, as one JSON object.

`similarities` ([L][L]: the mean cosine of what leaves two layers, of their own states), and for every number of blocks n from 1 to L - 1 the `shortgpt`
and `window` layers that go, ascending. `seconds`: of one pass over the windows with their code, which it takes again for every method and size.

usage: states.py CLONE MODEL --text FILE... [--windows N] [--length N] [--dtype D] [--threads N]
  CLONE   path of a clone of github.com/FabrizioSandri/2SSP (their code is run, nothing of it is copied)
needs: torch, transformers==4.47.1 (their release), tokenizers, tqdm
"""
import argparse
import json
import pathlib
import sys
import time
import types

import torch
from transformers import AutoModelForCausalLM

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from authors_2ssp import windows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone")
    parser.add_argument("model")
    parser.add_argument("--text", nargs="+", required=True)
    parser.add_argument("--windows", type=int, default=256)
    parser.add_argument("--length", type=int, default=2048)
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16", "float16"])
    parser.add_argument("--threads", type=int, default=0)
    a = parser.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)

    sys.path.insert(0, a.clone)
    sys.modules["lm_eval"] = types.ModuleType("lm_eval")  # imported by their evaluation, not used by the pruning
    from src import pruning
    model = AutoModelForCausalLM.from_pretrained(a.model, torch_dtype=getattr(torch, a.dtype), use_cache=False)
    samples = windows(a.model, a.text, a.windows, a.length)
    start = time.time()
    states = pruning.compute_intermediate_outputs(model, samples, last_token=True)
    seconds = time.time() - start
    pruning.compute_intermediate_outputs = lambda *of, **more: states  # the same for all methods and sizes

    layers = len(model.model.layers)
    sums = torch.zeros(layers, layers, dtype=torch.float64)
    for state in states:
        sums += torch.nn.functional.cosine_similarity(state[:, None], state[None], dim=-1).double()
    found = {"windows": a.windows, "length": a.length, "dtype": a.dtype, "threads": torch.get_num_threads(), "torch": torch.__version__,
             "seconds": seconds, "similarities": (sums / len(states)).tolist()}
    for name, method in (("shortgpt", pruning.shortGPT), ("window", pruning.window_based)):
        found[name] = [[layer for layer, is_masked in enumerate(method(model, n, samples)) if is_masked] for n in range(1, layers)]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
