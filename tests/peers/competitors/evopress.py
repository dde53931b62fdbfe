#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs EvoPress as the 2SSP authors' code does it on a model and a text, prints what it drew, measured and decided, and holds a plan of ours against it.

Three parts, each reported by itself:
  1. draws: all genomes and minibatches of the run are those that tests/fixtures/make_python_random.py draws, against which `tst_PythonRandom` holds ours
  2. fitness: the divergence of the survivor of every generation, to 5e-6 nats in fp32
  3. survivors: the same in every generation, up to the first cut whose gap is below 1e-5 nats. From there on rounding decides, and the last
     survivors are compared by their divergence alone

The device and the numbers of tokens, literals in their code, are replaced while it runs; a text file is cut at its blank lines into documents.

usage: evopress.py CLONE MODEL --text FILE... --sparsity S [--length N] [--plan PLAN.json] [--output RESULT.json]
  CLONE   path of a clone of github.com/FabrizioSandri/2SSP (their code is run, nothing of it is copied)
  PLAN    of secateur-cli search MODEL --method evopress, by the same settings
needs: torch, transformers==4.47.1 (their release), numpy, tqdm
"""
import argparse
import hashlib
import importlib
import inspect
import json
import math
import pathlib
import random
import re
import struct
import sys
import time
import types

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent / "fixtures")]
import make_python_random as drawing
from authors_2ssp import documents

FITNESS, GAP = 5e-6, 1e-5  # nats


def paragraphs(path):
    """The documents of JSON lines, and what stands between the blank lines of a text."""
    if ".json" in path:
        return documents(path)
    lines, found = documents(path)[0].split("\n"), [[]]
    for line in lines:
        if line.strip(" \t\r"):
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return ["\n".join(paragraph) for paragraph in found if paragraph]


def genome_of(candidate):
    return list(candidate["attn"]), list(candidate["mlp"])


class Recorder:
    """Stands around their selection and their fitness."""

    def __init__(self, module):
        self.selection, self.fitness, self.selections, self.samples = module.selection, module.compute_fitness, [], None
        module.selection, module.compute_fitness = self.select, self.measure

    def select(self, *, candidates, num_survive, calibration_data, **more):
        self.samples = calibration_data
        self.selections.append({"genomes": [genome_of(c) for c in candidates], "fitness": [], "minibatch": None})
        survivors, values = self.selection(candidates=candidates, num_survive=num_survive, calibration_data=calibration_data, **more)
        ranked = sorted(self.selections[-1]["fitness"])
        self.selections[-1] |= {"survivors": [genome_of(c) for c in survivors], "gap": ranked[num_survive] - ranked[num_survive - 1],
                                "best": values[0]}
        return survivors, values

    def measure(self, model, data, target_logits):
        if self.selections[-1]["minibatch"] is None:  # parts of samples are views of them
            numbers = {sample.data_ptr(): number for number, sample in enumerate(self.samples)}
            self.selections[-1]["minibatch"] = [[numbers[part.data_ptr()], part.shape[1]] for part in data]
        value = self.fitness(model, data, target_logits)
        self.selections[-1]["fitness"].append(value)
        return value


def with_numbers(module, a):
    """Their function with other numbers of tokens."""
    text = inspect.getsource(module.evopress)
    wanted = [(r'("calibration_sequence_length"\] = )\d+', a.length, 2), (r'("calibration_tokens": )\d+', a.total, 1),
              (r'("calibration_sequence_length": )\d+', a.length, 1), (r'("initial_tokens": )\d+', a.coarse, 1),
              (r'("tokens_per_selection": )\[[\d, ]+\]', [a.coarse, a.fine], 1)]
    if a.generations is not None:
        wanted.append((r"(num_generations = )int\([^)]*\([^)]*\)[^)]*\)", a.generations, 1))
    for pattern, value, times in wanted:
        text, count = re.subn(pattern, rf"\g<1>{value}", text)
        if count != times:
            sys.exit(f"their code has changed: {pattern} was found {count} times")
    exec(compile(text, module.__file__, "exec"), module.__dict__)


def check_draws(selections, layers, blocks, seed, samples, length, tokens):
    """What differs from the rule; empty: nothing."""
    draw = random.Random(seed)
    drawing.COUNT, drawing.LENGTH = samples, length

    def differs(number, genomes):
        one = selections[number]
        if [list(map(list, g)) for g in one["genomes"]] != [list(map(list, g)) for g in genomes]:
            return f"the genomes of selection {number}"
        if one["minibatch"] != drawing.minibatch(draw, tokens[number > 0 and number % 2 == 0]):
            return f"the minibatch of selection {number}"
        return ""

    if problem := differs(0, drawing.beginning(draw, layers, blocks)):
        return problem
    parent = tuple(selections[0]["survivors"][0])
    for number in range(1, len(selections), 2):
        problem = differs(number, drawing.offspring_of(draw, parent)) or differs(number + 1, [*selections[number]["survivors"], parent])
        if problem:
            return problem
        parent = tuple(selections[number + 1]["survivors"][0])
    return ""


def layers_of(bits):
    return [layer for layer, bit in enumerate(bits) if bit]


def check_plan(plan, generations, gaps, token_hash):
    """Prints both remaining parts; returns whether ours is as theirs."""
    record = plan["record"]
    ours = record["evolution"]
    if record["provenance"]["tokenHash"] != token_hash:
        print("samples: others than theirs")
        return False
    if len(ours) != len(generations):
        print(f"generations: theirs {len(generations) - 1}, ours {len(ours) - 1}")
        return False
    close = next((number for number, gap in enumerate(gaps) if gap < GAP), None)
    same = next((number for number, (x, y) in enumerate(zip(ours, generations))
                 if [x["attentions"], x["ffns"]] != [y["attentions"], y["ffns"]]), len(ours))
    largest = max((abs(x["divergence"] - y["divergence"]) for x, y in list(zip(ours, generations))[:same]), default=0)
    is_close = largest <= FITNESS
    print(f"2. fitness: {same} survivors, the largest difference {largest:.1e} nats: {'equal' if is_close else 'NOT EQUAL'}")
    if same == len(ours):
        print(f"3. survivors: equal in all {same} generations; the smallest gap at a cut was {min(gaps):.1e} nats")
    elif close is not None and close <= same:
        print(f"3. survivors: equal up to generation {same - 1}; generation {close} has a gap of {gaps[close]:.1e} nats, below {GAP:.0e}. At the end: theirs "
              f"{generations[-1]['divergence']:.6f}, ours {ours[-1]['divergence']:.6f} nats")
    else:
        print(f"3. survivors: NOT EQUAL from generation {same} on, of a gap of {gaps[same]:.1e} nats")
        return False
    return is_close


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone")
    parser.add_argument("model")
    parser.add_argument("--text", nargs="+", required=True)
    parser.add_argument("--sparsity", type=float, required=True)
    parser.add_argument("--length", type=int, default=2048, help="tokens of a sample")
    parser.add_argument("--total", type=int, default=131072, help="tokens of all samples")
    parser.add_argument("--coarse", type=int, default=2048, help="tokens of the first selection")
    parser.add_argument("--fine", type=int, default=32768, help="tokens of the second")
    parser.add_argument("--generations", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16", "float16"])
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--plan", type=pathlib.Path, help="ours")
    parser.add_argument("--output", type=pathlib.Path, help="for what they drew, measured and decided")
    a = parser.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)

    sys.path.insert(0, a.clone)
    sys.modules["lm_eval"] = types.ModuleType("lm_eval")  # imported by their evaluation, not used by the pruning
    module = importlib.import_module("src.evopress")
    recorder = Recorder(module)
    with_numbers(module, a)
    model = AutoModelForCausalLM.from_pretrained(a.model, torch_dtype=getattr(torch, a.dtype), use_cache=False)
    layers = len(model.model.layers)
    blocks = math.ceil(a.sparsity * layers)
    texts = ({"text": document} for path in a.text for document in paragraphs(path))
    random.seed(a.seed)
    start = time.time()
    module.evopress(model, blocks, AutoTokenizer.from_pretrained(a.model), texts)
    seconds = time.time() - start

    selections = recorder.selections
    ids = torch.cat(recorder.samples).flatten().tolist()
    token_hash = hashlib.sha256(struct.pack(f"<{len(ids)}i", *ids)).hexdigest()
    last = [selections[0], *selections[2::2]]  # of each generation
    generations = [{"attentions": layers_of(s["survivors"][0][0]), "ffns": layers_of(s["survivors"][0][1]), "divergence": s["best"]} for s in last]
    gaps = [selections[0]["gap"], *(min(x["gap"], y["gap"]) for x, y in zip(selections[1::2], selections[2::2]))]
    result = {"layers": layers, "blocks": blocks, "seed": a.seed, "samples": len(recorder.samples), "length": a.length, "tokenHash": token_hash,
              "firstGenomes": selections[0]["genomes"], "firstFitness": selections[0]["fitness"], "evolution": generations, "gaps": gaps,
              "selections": selections, "seconds": seconds, "dtype": a.dtype, "threads": torch.get_num_threads(), "torch": torch.__version__}
    if a.output:
        a.output.write_text(json.dumps(result))
    print(f"{blocks} of {layers} layers, {len(generations) - 1} generations, {len(recorder.samples)} samples of {a.length} tokens, {a.dtype}, seed {a.seed}: "
          f"{seconds:.1f} s")
    problem = check_draws(selections, layers, blocks, a.seed, len(recorder.samples), a.length, (a.coarse, a.fine))
    print("1. draws: " + (f"NOT EQUAL: {problem}" if problem else f"{sum(len(s['genomes']) for s in selections)} genomes of {len(selections)} "
                                                                  "selections and their minibatches, all equal"))
    print(f"   at the end: {generations[-1]}; the smallest gap at a cut: {min(gaps):.1e} nats")
    is_same = not problem
    if a.plan:
        is_same &= check_plan(json.loads(a.plan.read_text()), generations, gaps, token_hash)
    sys.exit(0 if is_same else 1)


if __name__ == "__main__":
    main()
