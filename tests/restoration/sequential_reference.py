#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refits pruned tiny Llamas layer by layer (R1, then R4) in fp64 with numpy alone: the oracle of tst_SequentialRefit.

Each file tests/fixtures/restoration/sequential-NAME.safetensors, of the checkpoint tests/fixtures/tiny-llamas/NAME, holds
  tokens            F32 [windows, T]
  start.ROLE        F32: the down products that R1 gives, as they are rounded to fp32: the centre of R4's ridge
  fitted.ROLE, rest.ROLE  F32: what R4 makes of down and attention output products; the sum of both is the fp64 value
and in its metadata `case`: {"kept": neurons of each layer, "removed": layers without attention, "ridge": of R4}.

The decoder here is another one than the program's: it was compared with the logits of transformers (expected.safetensors), to 1e-4, by this script, which
also makes sure that a model of which nothing is cut stays as it is.

usage: sequential_reference.py [--check]
      --check compares with the files instead of writing them
needs: numpy, safetensors
"""
import argparse
import json
import pathlib

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

FIXTURES = pathlib.Path(__file__).parent.parent / "fixtures"
WINDOWS, TOKENS, R1_RIDGE, R4_RIDGE = 8, 40, 1e-3, 0.1
#        checkpoint: (widths, removed attentions)
CASES = {"gqa": ([24, 20, 30], [1]), "all-biases": ([0, 26], [])}


class Llama:
    """The stored weights, widened to fp64."""

    def __init__(self, folder):
        self.config = json.loads((folder / "config.json").read_text())
        self.tensors = {n: t.astype(np.float64) for n, t in load_file(folder / "model.safetensors").items()}
        self.head_dim = self.config["hidden_size"] // self.config["num_attention_heads"]
        # Angles are fp32 as transformers computes them; their cosines are fp64.
        powers = np.power(np.float32(self.config["rope_theta"]), np.arange(0, self.head_dim, 2, dtype=np.float32) / np.float32(self.head_dim))
        angles = np.outer(np.arange(TOKENS, dtype=np.float32), np.float32(1) / powers).astype(np.float64)
        self.cos, self.sin = (np.concatenate([f(angles)] * 2, -1) for f in (np.cos, np.sin))

    def of(self, layer, name):
        return self.tensors.get(f"model.layers.{layer}.{name}")

    def norm(self, x, weight):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + self.config["rms_norm_eps"]) * weight

    def linear(self, x, layer, name, rows=slice(None)):
        y = x @ self.of(layer, name + ".weight")[rows].T
        bias = self.of(layer, name + ".bias")
        return y if bias is None else y + bias[rows]

    def mixed(self, layer, x):
        """[T, d] to [T, heads * head_dim]: what enters o_proj."""
        normed = self.norm(x, self.of(layer, "input_layernorm.weight"))
        heads, kv_heads = self.config["num_attention_heads"], self.config["num_key_value_heads"]

        def split(name, count, is_rotated):
            y = self.linear(normed, layer, f"self_attn.{name}_proj").reshape(len(x), count, self.head_dim).transpose(1, 0, 2)
            if not is_rotated:
                return y
            half = self.head_dim // 2
            return y * self.cos + np.concatenate([-y[..., half:], y[..., :half]], -1) * self.sin

        q, k, v = split("q", heads, True), split("k", kv_heads, True), split("v", kv_heads, False)
        k, v = (np.repeat(y, heads // kv_heads, 0) for y in (k, v))
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(self.head_dim)
        scores[:, np.triu(np.ones((len(x), len(x)), dtype=bool), 1)] = -np.inf
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        return ((weights / weights.sum(-1, keepdims=True)) @ v).transpose(1, 0, 2).reshape(len(x), -1)

    def activation(self, layer, x, kept=slice(None)):
        normed = self.norm(x, self.of(layer, "post_attention_layernorm.weight"))
        gate, up = (self.linear(normed, layer, f"mlp.{n}_proj", kept) for n in ("gate", "up"))
        return gate / (1 + np.exp(-gate)) * up

    def logits(self, tokens):
        x = self.tensors["model.embed_tokens.weight"][tokens]
        for layer in range(self.config["num_hidden_layers"]):
            x = x + self.linear(self.mixed(layer, x), layer, "self_attn.o_proj")
            x = x + self.linear(self.activation(layer, x), layer, "mlp.down_proj")
        return self.norm(x, self.tensors["model.norm.weight"]) @ self.tensors["lm_head.weight"].T


def ridge_solution(gram, right, ridge, centre=0):
    """X of (G + r 1) X = B + r C."""
    r = ridge * np.trace(gram) / len(gram)
    return np.linalg.solve(gram + r * np.eye(len(gram)), right + r * centre)


def refit_of_downs(model, windows, kept):
    """R1: {layer: W'} on dense activations, rounded to fp32."""
    streams, found = [model.tensors["model.embed_tokens.weight"][w] for w in windows], {}
    for layer, neurons in enumerate(kept):
        activations = []
        for w, x in enumerate(streams):
            x = x + model.linear(model.mixed(layer, x), layer, "self_attn.o_proj")
            activations.append(model.activation(layer, x))
            streams[w] = x + model.linear(activations[-1], layer, "mlp.down_proj")
        a = np.concatenate(activations)
        gram = a.T @ a
        if neurons:
            right = gram[neurons] @ model.of(layer, "mlp.down_proj.weight").T
            found[layer] = ridge_solution(gram[np.ix_(neurons, neurons)], right, R1_RIDGE).T.astype(np.float32)
    return found


def refit_in_sequence(model, windows, kept, removed, start, ridge):
    """R4: {role: W'} in fp64."""
    dense = [model.tensors["model.embed_tokens.weight"][w] for w in windows]
    pruned, found = list(dense), {}

    def fit(inputs, targets, centre, bias):
        x, y = np.concatenate(inputs), np.concatenate(targets)
        if bias is not None:
            y = y - bias
        fitted = ridge_solution(x.T @ x, x.T @ y, ridge, centre.T).T
        assert np.linalg.norm(y - x @ fitted.T) <= np.linalg.norm(y - x @ centre.T) + 1e-12 * np.linalg.norm(y)
        return fitted, lambda c: c @ fitted.T + (0 if bias is None else bias)

    for layer, neurons in enumerate(kept):
        dense = [h + model.linear(model.mixed(layer, h), layer, "self_attn.o_proj") for h in dense]
        if layer not in removed:
            inputs = [model.mixed(layer, g) for g in pruned]
            found[f"layers.{layer}.attention.output.weight"], give = fit(
                inputs, [h - g for h, g in zip(dense, pruned)], model.of(layer, "self_attn.o_proj.weight"), model.of(layer, "self_attn.o_proj.bias"))
            pruned = [g + give(c) for g, c in zip(pruned, inputs)]
        dense = [h + model.linear(model.activation(layer, h), layer, "mlp.down_proj") for h in dense]
        if neurons:
            inputs = [model.activation(layer, g, neurons) for g in pruned]
            found[f"layers.{layer}.ffn.down.weight"], give = fit(
                inputs, [h - g for h, g in zip(dense, pruned)], start[layer].astype(np.float64), model.of(layer, "mlp.down_proj.bias"))
            pruned = [g + give(c) for g, c in zip(pruned, inputs)]
    return found


def check_decoder(model, folder):
    expected = load_file(folder / "expected.safetensors")
    for tokens, logits in zip(expected["input_ids"].astype(int), expected["logits"]):
        assert np.abs(model.logits(tokens) - logits).max() < 1e-4


def check_uncut(model, windows):
    layers, neurons = model.config["num_hidden_layers"], list(range(model.config["intermediate_size"]))
    downs = {layer: model.of(layer, "mlp.down_proj.weight") for layer in range(layers)}
    found = refit_in_sequence(model, windows, [neurons] * layers, [], downs, R4_RIDGE)
    for layer in range(layers):
        assert np.abs(found[f"layers.{layer}.ffn.down.weight"] - downs[layer]).max() < 1e-12
        assert np.abs(found[f"layers.{layer}.attention.output.weight"] - model.of(layer, "self_attn.o_proj.weight")).max() < 1e-12


def tensors_of(name):
    folder, (widths, removed) = FIXTURES / "tiny-llamas" / name, CASES[name]
    model, random = Llama(folder), np.random.default_rng(20)
    check_decoder(model, folder)
    windows = random.integers(0, model.config["vocab_size"], (WINDOWS, TOKENS))
    check_uncut(model, windows)
    kept = [sorted(random.choice(model.config["intermediate_size"], width, replace=False).tolist()) for width in widths]
    start = refit_of_downs(model, windows, kept)
    tensors = {"tokens": windows.astype(np.float32)} | {f"start.layers.{layer}.ffn.down.weight": w for layer, w in start.items()}
    for role, weight in refit_in_sequence(model, windows, kept, removed, start, R4_RIDGE).items():
        tensors["fitted." + role] = weight.astype(np.float32)
        tensors["rest." + role] = (weight - weight.astype(np.float32)).astype(np.float32)
    return tensors, {"case": json.dumps({"kept": kept, "removed": removed, "ridge": R4_RIDGE})}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    for name in CASES:
        file = FIXTURES / "restoration" / f"sequential-{name}.safetensors"
        tensors, metadata = tensors_of(name)
        if not arguments.check:
            save_file({n: np.ascontiguousarray(t) for n, t in tensors.items()}, file, metadata=metadata)
            continue
        stored = load_file(file)
        assert stored.keys() == tensors.keys()
        with safe_open(file, "numpy") as opened:
            assert opened.metadata() == metadata
        for part in [n for n in stored if not n.startswith(("fitted.", "rest."))]:
            assert np.abs(stored[part] - tensors[part]).max() <= 1e-6 * np.abs(tensors[part]).max(), part
        for role in [n.removeprefix("fitted.") for n in stored if n.startswith("fitted.")]:
            old, new = (t["fitted." + role].astype(np.float64) + t["rest." + role] for t in (stored, tensors))
            difference = np.linalg.norm(old - new) / np.linalg.norm(new)
            print(f"{name} {role}: {difference:.1e}")
            assert difference < 1e-8


if __name__ == "__main__":
    main()
