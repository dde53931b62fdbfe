#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole chain of a restoration against numpy: lets the program calibrate and restore the bundled sample in fp32 (R1, R2, R3, R5, R4), and does the same
in fp64 with a decoder and solvers of its own.

Every stage is compared by itself, from what the program had before it, so that the rounding of one does not excuse another:
  scores, Gram matrices    of the own decoder's activations: to 1e-5
  plain neurons            the K best by the program's scores: equal
  R1                       solved from the program's Gram matrices: all fitted weights, rounded to fp32 as they are stored: to 1e-8
  R2                       losses of every candidate to 1e-5 nats, the order that they give, held-out losses, N
  R3, R5                   paths from the program's weighted Gram matrices: widths and neurons equal
  R4                       all weights, to 1e-5 (the program has streams of fp32)
  losses after each step   of the own decoder with the program's weights: to 1e-5 nats

usage: chain_reference.py SECATEUR_CLI [--keep FOLDER]
needs: numpy, safetensors, tokenizers; some minutes
"""
import argparse
import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

import sequential_reference as reference

SAMPLE = pathlib.Path(__file__).resolve().parent.parent.parent / "resources" / "sample"
LENGTH, CALIBRATION, SEARCH, GATE, SPARSITY = 256, 48, 2, 4, 0.5
R1_RIDGE, PATH_RIDGE, R4_RIDGE, BLOCK = 1e-3, 1e-3, 0.1, 16
STEPS = ["r1", "r2", "r3", "r5", "r4"]  # in the order in which they are taken
DOWN, OUTPUT = "mlp.down_proj", "self_attn.o_proj"
reference.TOKENS = LENGTH


class Pruned(reference.Llama):
    """What is left of the sample: kept neurons of each layer, removed attentions, weights of its own."""

    def __init__(self, folder):
        super().__init__(folder)
        self.tensors["lm_head.weight"] = self.tensors["model.embed_tokens.weight"]
        self.layers, self.neurons = self.config["num_hidden_layers"], self.config["intermediate_size"]
        self.uncut()

    def uncut(self):
        return self.cut([list(range(self.neurons))] * self.layers, [])

    def cut(self, kept, removed, downs=None, outputs=None):
        self.kept, self.removed = kept, set(removed)
        self.downs = downs or [self.of(i, DOWN + ".weight")[:, k] for i, k in enumerate(kept)]
        self.outputs = outputs or {}
        return self

    def attention(self, layer, x):
        if layer in self.removed:
            return x
        return x + self.mixed(layer, x) @ self.outputs.get(layer, self.of(layer, OUTPUT + ".weight")).T

    def ffn(self, layer, x):
        return x + self.activation(layer, x, self.kept[layer]) @ self.downs[layer].T

    def loss(self, windows):
        """Mean cross entropy, nats a token."""
        total = 0
        for window in windows:
            x = self.tensors["model.embed_tokens.weight"][window]
            for layer in range(self.layers):
                x = self.ffn(layer, self.attention(layer, x))
            logits = (self.norm(x, self.tensors["model.norm.weight"]) @ self.tensors["lm_head.weight"].T)[:-1]
            largest = logits.max(-1)
            total += (largest + np.log(np.exp(logits - largest[:, None]).sum(-1)) - logits[np.arange(len(logits)), window[1:]]).mean()
        return total / len(windows)


def statistics(model, windows):
    """Scores, Gram matrices and weighted ones of every layer of the uncut model."""
    streams = [model.tensors["model.embed_tokens.weight"][w] for w in windows]
    for layer in range(model.layers):
        scores, gram, weighted = 0, 0, 0
        for w, x in enumerate(streams):
            x = model.attention(layer, x)
            a = model.activation(layer, x)
            streams[w] = x + a @ model.downs[layer].T
            scores = scores + np.sqrt((a * a).sum(0)) / len(windows)
            gram = gram + a.T @ a
            weighted = weighted + a.T @ (a / ((streams[w]**2).mean(-1) + 1e-6)[:, None])
        yield scores, gram, weighted


def best(scores, count):
    return sorted(sorted(range(len(scores)), key=lambda j: (-scores[j], j))[:count])


def refitted(grams, model, kept):
    """R1: W' of every layer, rounded to fp32 as it is stored. What is not cut is not fitted."""
    downs = []
    for layer, neurons in enumerate(kept):
        gram, down = grams[layer], model.of(layer, DOWN + ".weight")
        if len(neurons) == len(gram):
            downs.append(down)
            continue
        fitted = reference.ridge_solution(gram[np.ix_(neurons, neurons)], gram[neurons] @ down.T, R1_RIDGE).T
        downs.append(fitted.astype(np.float32).astype(np.float64))
    return downs


def path_of(gram, down):
    """The order of elimination and [(left, error)], with a new inverse for every block instead of updates."""
    n = len(gram)
    system = gram + PATH_RIDGE * np.trace(gram) / n * np.eye(n)
    cross, left, order, cuts, reached = gram @ down.T, list(range(n)), [], [], None
    while True:
        inverse = np.linalg.inv(system[np.ix_(left, left)])
        fitted = inverse @ cross[left]
        explained = (fitted * cross[left]).sum()  # of the squared output, by what is left
        if reached is not None:
            cuts.append((len(left), reached - explained))
        reached = explained
        count = min(BLOCK, len(left) - n // 24)
        if count <= 0:
            return order + left, cuts
        missed = (fitted**2).sum(1) / inverse.diagonal()
        gone = sorted(range(len(left)), key=lambda p: (missed[p], left[p]))[:count]
        order += [left[p] for p in gone]
        left = [j for p, j in enumerate(left) if p not in set(gone)]


def widths_of(paths, per_layer, share, neurons):
    """R3: all cuts of all layers by their marginal errors, the cheapest first."""
    cuts = []
    for layer, path in enumerate(paths):
        before, marginal = neurons, 0
        for left, error in path:
            marginal = max(marginal, error / (before - left))
            cuts.append((marginal, layer, -left, before - left))
            before = left
    widths, excess = [neurons] * len(paths), len(paths) * (neurons - per_layer)
    for _, layer, _, count in sorted(cuts):
        count = min(count, excess)
        widths[layer] -= count
        excess -= count
    wanted = [per_layer + share * (w - per_layer) for w in widths]
    rounded = [int(np.floor(w)) for w in wanted]
    by_remainder = sorted(range(len(wanted)), key=lambda layer: (rounded[layer] - wanted[layer], layer))
    for layer in by_remainder[:len(paths) * per_layer - sum(rounded)]:
        rounded[layer] += 1
    return rounded


class Check:
    def __init__(self):
        self.failed = []

    def near(self, what, found, expected, limit):
        found, expected = (np.concatenate([np.ravel(x) for x in all]) for all in (found, expected))
        difference = np.linalg.norm(found - expected) / np.linalg.norm(expected)
        self.say(what, difference <= limit, f"{difference:.1e} (limit {limit:.0e})")

    def losses(self, what, found, expected, limit=1e-5):
        difference = np.abs(np.asarray(found) - np.asarray(expected)).max()
        self.say(what, difference <= limit, f"{difference:.1e} nats (limit {limit:.0e})")

    def equal(self, what, found, expected):
        self.say(what, found == expected, "equal" if found == expected else f"{found} instead of {expected}")

    def say(self, what, is_right, text):
        print(f"{'' if is_right else 'WRONG  '}{what}: {text}", flush=True)
        self.failed += [] if is_right else [what]


def plan_of(file):
    """The plan and its tensors, in fp64."""
    with safe_open(file, "numpy") as opened:
        plan = json.loads(opened.metadata()["plan"])
        return plan, {name: opened.get_tensor(name).astype(np.float64) for name in opened.keys()}


def weights_of(plan, tensors, model):
    """Down products of all layers and the fitted output products."""
    downs = [tensors.get(f"layers.{i}.ffn.down.weight", model.of(i, DOWN + ".weight")[:, k]) for i, k in enumerate(plan["keptNeurons"])]
    outputs = {i: tensors[n] for i in range(model.layers) if (n := f"layers.{i}.attention.output.weight") in tensors}
    return downs, outputs


def check_chain(check, folder, model, windows):
    tensors = load_file(folder / "grams.safetensors")
    grams, weighted = ([tensors[f"{name}.{i}"].astype(np.float64) for i in range(model.layers)] for name in ("gram", "weighted"))
    scores = [tensors[f"scores.{i}"] for i in range(model.layers)]
    for what, found, expected in zip(("scores", "Gram matrices", "weighted Gram matrices"), (scores, grams, weighted),
                                     zip(*statistics(model, windows[:CALIBRATION]))):
        check.near(what, found, expected, 1e-5)

    search, gate = windows[CALIBRATION:CALIBRATION + SEARCH], windows[CALIBRATION + SEARCH:CALIBRATION + SEARCH + GATE]
    plain = json.loads((folder / "plain.json").read_text())
    check.equal("plain neurons", plain["keptNeurons"], [best(s, plain["balance"]["K"]) for s in scores])
    plans = {step: plan_of(folder / f"{step}.safetensors") for step in STEPS}
    model.cut(plain["keptNeurons"], plain["removedAttentions"])
    check.losses("held-out loss, plain", plans["r1"][0]["restoration"]["variants"][0]["losses"][0], model.loss(gate))
    for step, (plan, found) in plans.items():
        downs, outputs = weights_of(plan, found, model)
        model.cut(plan["keptNeurons"], plan["removedAttentions"], downs, outputs)
        check.losses(f"held-out loss, {step}", plan["restoration"]["variants"][-1]["losses"][0], model.loss(gate))
        if step != "r4":
            check.near(f"down products, {step}", downs, refitted(grams, model, plan["keptNeurons"]), 1e-8)
            check.equal(f"output products, {step}", sorted(outputs), [])

    check_order(check, model, plans["r2"][0], plain, grams, scores, search, gate)

    paths = [path_of(g, model.of(i, DOWN + ".weight")) for i, g in enumerate(weighted)]
    plan = plans["r3"][0]
    widths = widths_of([cuts for _, cuts in paths], plans["r2"][0]["balance"]["K"], plan["restoration"]["widthShare"], model.neurons)
    check.equal("widths, r3", [len(k) for k in plan["keptNeurons"]], widths)
    check.equal("neurons, r3", plan["keptNeurons"], [best(s, w) for s, w in zip(scores, widths)])
    check.equal("neurons, r5", plans["r5"][0]["keptNeurons"], [sorted(order[-w:]) for (order, _), w in zip(paths, widths)])

    plan, found = plans["r4"]
    check.equal("neurons, r4", plan["keptNeurons"], plans["r5"][0]["keptNeurons"])
    start = dict(enumerate(refitted(grams, model, plan["keptNeurons"])))
    expected = reference.refit_in_sequence(model.uncut(), windows[:CALIBRATION], plan["keptNeurons"], plan["removedAttentions"], start, R4_RIDGE)
    check.equal("fitted weights, r4", sorted(found), sorted(expected))
    for part in ("ffn.down", "attention.output"):
        names = [n for n in sorted(expected) if part in n and n in found]
        check.near(f"{part}, r4", [found[n] for n in names], [expected[n] for n in names], 1e-5)


def check_order(check, model, plan, plain, grams, scores, search, gate):
    """R2: every loss of the search on the refitted model, the order, and the number of removals."""
    kept = plain["keptNeurons"]
    downs, removed, found, expected = refitted(grams, model, kept), [], [], []
    for step in plan["search"]["steps"]:
        losses = {}
        for layer, loss in enumerate(step["losses"]):
            if layer not in removed and loss is not None:
                losses[layer] = model.cut(kept, removed + [layer], downs).loss(search)
                found.append(loss)
                expected.append(losses[layer])
        removed.append(min(losses, key=lambda layer: (losses[layer], layer)))
        check.equal(f"removal {len(removed)}, r2", step["removed"], removed[-1])
    check.losses(f"{len(found)} losses of the search, r2", found, expected)
    tried = {}
    for row in plan["restoration"]["removals"]:
        neurons = [best(s, row["K"]) for s in scores]
        tried[row["N"]] = model.cut(neurons, removed[:row["N"]], refitted(grams, model, neurons)).loss(gate)
        check.losses(f"held-out loss of N {row['N']}, r2", row["loss"], tried[row["N"]])
    check.equal("N, r2", len(plan["removedAttentions"]), min(tried, key=lambda n: (tried[n], -n)))


def run(program, *options):
    done = subprocess.run([str(o) for o in (program, *options)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, options))}\n{done.stderr or done.stdout}")


def compute(program, folder):
    """What the program makes: Gram matrices of the sample in fp32, the plain plan, and a plan after every step."""
    model = folder / "model"
    model.mkdir(exist_ok=True)
    config = json.loads((SAMPLE / "model" / "config.json").read_text()) | {"torch_dtype": "float32"}
    (model / "config.json").write_text(json.dumps(config))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (model / name).write_bytes((SAMPLE / "model" / name).read_bytes())
    save_file(widened(SAMPLE / "model" / "model.safetensors"), model / "model.safetensors", metadata={"format": "pt"})
    computed = ["--dtype", "float32", "--device", "cpu"]
    run(program, "calibrate", model, "--text", SAMPLE / "text" / "grimm.txt", "--length", LENGTH, "--windows", CALIBRATION, *computed, "--output",
        folder / "scores.safetensors", "--save-grams", folder / "grams.safetensors")
    run(program, "search", model, "--scores", folder / "scores.safetensors", "--sparsity", SPARSITY, "--save-plan", folder / "plain.json", *computed)
    for count in range(1, len(STEPS) + 1):
        searched = ["--restore-search-windows", SEARCH] if count > 1 else []
        run(program, "search", model, "--plan", folder / "plain.json", "--restore", ",".join(STEPS[:count]), "--restore-windows", GATE, *searched,
            "--grams", folder / "grams.safetensors", "--save-plan", folder / f"{STEPS[count - 1]}.safetensors", *computed)


def widened(file):
    """Tensors of a bf16 file, exactly, in fp32: numpy has no bf16."""
    with open(file, "rb") as stream:
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
        data = stream.read()
    tensors = {}
    for name, told in header.items():
        if name != "__metadata__":
            assert told["dtype"] == "BF16", name
            begin, end = told["data_offsets"]
            bits = np.frombuffer(data[begin:end], np.uint16).astype(np.uint32) << 16
            tensors[name] = bits.view(np.float32).reshape(told["shape"])
    return tensors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for what the program makes, which must not exist")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = arguments.keep or pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="secateur-chain.")))
        if arguments.keep:
            folder.mkdir(parents=True)
        compute(arguments.program, folder)
        tokenizer = Tokenizer.from_file(str(SAMPLE / "model" / "tokenizer.json"))
        ids = np.array(tokenizer.encode((SAMPLE / "text" / "grimm.txt").read_text(encoding="utf-8"), add_special_tokens=False).ids)
        check = Check()
        check_chain(check, folder, Pruned(folder / "model"), ids[:len(ids) // LENGTH * LENGTH].reshape(-1, LENGTH))
    if check.failed:
        sys.exit(f"{len(check.failed)} differences: {', '.join(check.failed)}")
    print("The chain is that of the reference.")


if __name__ == "__main__":
    main()
