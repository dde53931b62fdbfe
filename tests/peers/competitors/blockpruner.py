#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs BlockPruner as the 2SSP authors' code does it on a model and a text, and prints what it decided, as one JSON object.

Per sparsity: `blocks` (n: so many attentions and FFNs go, by their arithmetic), `attentions` and `ffns` (layers, in the order of removal), `losses` (a list
for each step, attentions and FFNs in turn: the logarithm of every candidate's perplexity by layer, null where it was removed before), `leastGap` (of all
steps: the second best perplexity over the best, less 1), `seconds`. The device and the window's length, literals in their code, are replaced while it runs.

usage: blockpruner.py CLONE MODEL --text FILE... [--sparsity S...] [--length N] [--dtype D] [--threads N]
  CLONE   path of a clone of github.com/FabrizioSandri/2SSP (their code is run, nothing of it is copied)
needs: torch, transformers==4.47.1 (their release), tokenizers, tqdm
"""
import argparse
import json
import logging
import math
import pathlib
import re
import sys
import time
import types

import torch
from transformers import AutoModelForCausalLM

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from authors_2ssp import windows


class Recorder(logging.Handler):
    """Reads the perplexities and the decisions from their own debug log."""

    def __init__(self, layers):
        super().__init__(logging.DEBUG)
        self.layers, self.steps, self.order = layers, [], {"Attention": [], "MLP": []}
        self.perplexities = {}

    def emit(self, record):
        text = record.getMessage()
        if found := re.match(r"\[(?:Attention|MLP)\] When pruning (\d+) perplexity is (\S+)", text):
            self.perplexities[int(found[1])] = float(found[2])
        if found := re.match(r"\[(Attention|MLP)\] Best to prune: (\d+)", text):
            self.order[found[1]].append(int(found[2]))
            self.steps.append(self.perplexities)
            self.perplexities = {}

    def losses(self):
        return [[math.log(step[layer]) if layer in step else None for layer in range(self.layers)] for step in self.steps]

    def least_gap(self):
        best = [sorted(step.values()) for step in self.steps]
        return min((step[1] / step[0] - 1 for step in best if len(step) > 1), default=None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone")
    parser.add_argument("model")
    parser.add_argument("--text", nargs="+", required=True)
    parser.add_argument("--sparsity", type=float, nargs="+", default=[0.25, 0.375, 0.5])
    parser.add_argument("--length", type=int, default=2048)
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16", "float16"])
    parser.add_argument("--threads", type=int, default=0)
    a = parser.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)

    sys.path.insert(0, a.clone)
    sys.modules["lm_eval"] = types.ModuleType("lm_eval")  # imported by their evaluation, not used by the pruning
    from src import evaluation, pruning
    perplexity = evaluation.evaluate_perplexity
    pruning.evaluate_perplexity = lambda *of, **more: perplexity(*of, **more | {"seq_len": a.length, "device": "cpu"})
    logging.getLogger().setLevel(logging.DEBUG)

    found = {"length": a.length, "dtype": a.dtype, "threads": torch.get_num_threads(), "torch": torch.__version__, "runs": []}
    for sparsity in a.sparsity:
        model = AutoModelForCausalLM.from_pretrained(a.model, torch_dtype=getattr(torch, a.dtype), use_cache=False)
        layers = len(model.model.layers)
        blocks = math.ceil(sparsity * layers)
        sample = windows(a.model, a.text, 1, a.length)[0]
        recorder = Recorder(layers)
        logging.getLogger().addHandler(recorder)
        start = time.time()
        attentions, ffns = pruning.blockpruner(model, blocks, sample)
        seconds = time.time() - start
        logging.getLogger().removeHandler(recorder)
        order = recorder.order
        for masked, removed in ((attentions, order["Attention"]), (ffns, order["MLP"])):
            if [layer for layer, is_masked in enumerate(masked) if is_masked] != sorted(removed):
                sys.exit("their log and their result differ")
        found["runs"].append({"sparsity": sparsity, "blocks": blocks, "attentions": order["Attention"], "ffns": order["MLP"],
                              "losses": recorder.losses(), "leastGap": recorder.least_gap(), "seconds": seconds})
    print(json.dumps(found))


if __name__ == "__main__":
    main()
