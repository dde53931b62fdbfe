#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the 2SSP authors' own code on a model and a text, and writes what it decided.

The result is one JSON object: N, K, removalOrder, keptNeurons (per layer), perplexities (of every candidate, in the order of evaluation),
seconds of both stages, peakMemoryBytes. `compare_with_authors.py` holds it against a plan of ours.

usage: authors_2ssp.py CLONE MODEL --text FILE... --sparsity S --output RESULT.json
       authors_2ssp.py CLONE CONFIG.json --sparsity S --output RESULT.json [--device cuda]
  CLONE   path of a clone of github.com/FabrizioSandri/2SSP (their code is run, nothing of it is copied)
  CONFIG  a config.json alone: random weights in its shapes and random tokens, for times only
needs: torch, transformers==4.47.1 (their release), tokenizers, tqdm
"""
import argparse
import functools
import gzip
import json
import logging
import re
import resource
import sys
import time
import types

import torch
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModelForCausalLM


def documents(path):
    """The documents of a .txt (one), .jsonl or .json file, gzipped or not."""
    opened = gzip.open(path, "rt", encoding="utf-8") if path.endswith(".gz") else open(path, encoding="utf-8", newline="")
    with opened as stream:
        if ".json" in path:
            return [json.loads(line)["text"] for line in stream if line.strip()]
        return [stream.read()]


def windows(folder, texts, count, length):
    ids = Tokenizer.from_file(f"{folder}/tokenizer.json").encode(
        "\n\n".join(d for t in texts for d in documents(t)), add_special_tokens=False).ids
    if len(ids) < count * length:
        sys.exit(f"text too short: {len(ids)} tokens, {count * length} needed")
    return [torch.tensor([ids[i * length:(i + 1) * length]]) for i in range(count)]


def random_model(config, dtype, device):
    """Random weights, made where they are used; random tokens are as good as any for times."""
    settings = AutoConfig.from_pretrained(config)
    settings.use_cache = False
    torch.manual_seed(1)
    with torch.device(device):
        return AutoModelForCausalLM.from_config(settings, torch_dtype=dtype).eval(), settings.vocab_size


class Recorder(logging.Handler):
    """Reads the decisions from their own debug log."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.N, self.order, self.perplexities = None, [], []

    def emit(self, record):
        text = record.getMessage()
        if found := re.match(r"Pruning (\d+) attention", text):
            self.N = int(found[1])
        if found := re.match(r"\[Attention\] When pruning (\d+) perplexity is (\S+)", text):
            self.perplexities.append([int(found[1]), float(found[2])])
        if found := re.match(r"\[Attention\] Best to prune: (\d+)", text):
            self.order.append(int(found[1]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone")
    parser.add_argument("model")
    parser.add_argument("--text", nargs="+", default=[])
    parser.add_argument("--sparsity", type=float, required=True)
    parser.add_argument("--windows", type=int, default=32)
    parser.add_argument("--length", type=int, default=2048)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)

    sys.path.insert(0, arguments.clone)
    sys.modules["lm_eval"] = types.ModuleType("lm_eval")  # imported by their evaluation, not used by the pruning
    from src import evaluation, pruning, utilities
    device = arguments.device
    perplexity = functools.partial(evaluation.evaluate_perplexity, device=device)
    if arguments.length != 2048:  # the length is a literal in their second stage
        perplexity = lambda *a, seq_len, **k: evaluation.evaluate_perplexity(*a, seq_len=arguments.length, device=device, **k)
    utilities.evaluate_perplexity = pruning.evaluate_perplexity = perplexity

    recorder = Recorder()
    logging.getLogger().addHandler(recorder)
    logging.getLogger().setLevel(logging.DEBUG)
    kept, stages = {}, {}
    prune_mlp, second_stage = pruning.prune_mlp, pruning.second_stage_attention

    def record_kept(model, mask, layer):
        kept[layer] = torch.where(mask == 0)[0].tolist()
        prune_mlp(model, mask, layer)

    def record_second_stage(*a, **k):
        stages["stage2"] = time.time()
        result = second_stage(*a, **k)
        stages["end"] = time.time()
        return result

    pruning.prune_mlp, pruning.second_stage_attention = record_kept, record_second_stage

    dtype = getattr(torch, arguments.dtype)
    if arguments.model.endswith(".json"):
        model, vocabulary = random_model(arguments.model, dtype, device)
        calibration = [torch.randint(vocabulary, (1, arguments.length), device=device) for _ in range(arguments.windows)]
    else:
        model = AutoModelForCausalLM.from_pretrained(arguments.model, torch_dtype=dtype, use_cache=False).to(device)
        calibration = [w.to(device) for w in windows(arguments.model, arguments.text, arguments.windows, arguments.length)]
    start = time.time()
    pruning.two_stage_2ssp(model, calibration, arguments.sparsity)
    result = {
        "N": recorder.N, "K": len(kept[0]), "removalOrder": recorder.order,
        "keptNeurons": [kept[i] for i in range(len(kept))], "perplexities": recorder.perplexities,
        "seconds": {"stage1": stages["stage2"] - start, "stage2": stages["end"] - stages["stage2"], "all": stages["end"] - start},
        "peakDeviceBytes": torch.cuda.max_memory_allocated() if device.startswith("cuda") else 0,
        "peakMemoryBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "threads": torch.get_num_threads(), "torch": torch.__version__, "dtype": arguments.dtype,
    }
    with open(arguments.output, "w", encoding="utf-8") as out:
        json.dump(result, out)
    print({k: v for k, v in result.items() if k not in ("keptNeurons", "perplexities")})


if __name__ == "__main__":
    main()
