#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ShortGPT and the sliding window as the 2SSP authors' code does them on a model and a text, and prints what they removed, as one JSON object.

Per method and sparsity: `blocks` (n, by their arithmetic), `layers` (removed, ascending), `seconds` (their code passes over the text for every sparsity).

usage: block_scores.py CLONE MODEL --text FILE... [--sparsity S...] [--windows N] [--length N] [--dtype D] [--threads N]
  CLONE   path of a clone of github.com/FabrizioSandri/2SSP (their code is run, nothing of it is copied)
needs: torch, transformers==4.47.1 (their release), tokenizers, tqdm
"""
import argparse
import json
import math
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
    parser.add_argument("--method", nargs="+", default=["shortgpt", "window"], choices=["shortgpt", "window"])
    parser.add_argument("--sparsity", type=float, nargs="+", default=[0.25, 0.375, 0.5])
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
    calibration = windows(a.model, a.text, a.windows, a.length)
    functions = {"shortgpt": pruning.shortGPT, "window": pruning.window_based}
    found = {"length": a.length, "windows": a.windows, "dtype": a.dtype, "threads": torch.get_num_threads(), "torch": torch.__version__, "runs": []}
    for method in a.method:
        for sparsity in a.sparsity:
            blocks = math.ceil(sparsity * len(model.model.layers))
            start = time.time()
            mask = functions[method](model, blocks, calibration)
            found["runs"].append({"method": method, "sparsity": sparsity, "blocks": blocks, "layers": [i for i, gone in enumerate(mask) if gone],
                                  "seconds": time.time() - start})
    print(json.dumps(found))


if __name__ == "__main__":
    main()
