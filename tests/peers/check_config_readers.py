#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets vLLM's and SGLang's own code read the configuration of many checkpoints (target hf-deci) where the engines themselves cannot run.

Their file of the model (nemotron_nas.py) is loaded from the engine's wheel as it is; everything that it imports of the engine is a stand-in that
keeps its arguments. Its decoder layer is then made for every layer of a checkpoint, and what it asks for - heads, widths, biases, absent
parts, the rotary base - is held against the tensors that lie in the folder. Prints the `problem` of every job (see
checking.py).

usage: check_config_readers.py JOBS.json WHEEL
needs: torch, transformers 5
"""
import importlib.abc
import importlib.util
import json
import pathlib
import struct
import sys
import zipfile

from transformers import AutoConfig

from checking import answer


class StandInType(type):
    """Classes with any attribute."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return name


def stand_in(name):
    def keep(self, *arguments, **named):
        self.arguments, self.named = arguments, named

    return StandInType(name, (), {"__init__": keep, "__call__": lambda self, *a, **k: self, "__getitem__": lambda self, i: self})


class Attention(metaclass=StandInType):
    """Stands in for the engine's LlamaAttention."""

    def __init__(self, config, hidden_size, num_heads, num_kv_heads, max_position_embeddings=8192, quant_config=None, bias=False, bias_o_proj=None,
                 *_, rope_theta=None, **__):
        self.found = {"heads": num_heads, "kvHeads": num_kv_heads, "bias": bool(bias), "hidden": hidden_size, "theta": rope_theta,
                      "context": max_position_embeddings}


class StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Every module of the engine."""

    def __init__(self, engine):
        self.engine = engine

    def find_spec(self, name, path=None, target=None):
        return importlib.util.spec_from_loader(name, self, is_package=True) if name.split(".")[0] == self.engine else None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.__getattr__ = lambda name: Attention if name == "LlamaAttention" else stand_in(name)


def reader_from(wheel):
    """The engine's module of the model."""
    with zipfile.ZipFile(wheel) as files:
        path = next(name for name in files.namelist() if name.endswith("/nemotron_nas.py"))
        source = files.read(path).decode()
    sys.meta_path.insert(0, StandIns(path.split("/")[0]))
    module = type(sys)(path.removesuffix(".py").replace("/", "."))
    module.__package__ = module.__name__.rpartition(".")[0]
    sys.modules[module.__name__] = module
    exec(compile(source, path, "exec"), module.__dict__)
    return module


def shapes_in(folder):
    shapes = {}
    for file in sorted(folder.glob("*.safetensors")):
        with open(file, "rb") as stream:
            header = json.loads(stream.read(struct.unpack("<Q", stream.read(8))[0]))
        shapes |= {name: entry["shape"] for name, entry in header.items() if name != "__metadata__"}
    return shapes


def check(reader, folder):
    config = AutoConfig.from_pretrained(folder, trust_remote_code=True)
    written = json.loads((folder / "config.json").read_text())
    shapes = shapes_in(folder)
    assert len(config.block_configs) == written["num_hidden_layers"], "another number of layers"
    for i in range(written["num_hidden_layers"]):
        layer, prefix = reader.DeciLMDecoderLayer(config, i), f"model.layers.{i}."
        has_attention = prefix + "self_attn.q_proj.weight" in shapes
        assert hasattr(layer, "self_attn") == has_attention, f"layer {i}: reads attention {not has_attention}"
        assert hasattr(layer, "input_layernorm") == (prefix + "input_layernorm.weight" in shapes), f"layer {i}: norm"
        if has_attention:
            found, size = layer.self_attn.found, config.head_dim
            rows = {part: shapes[f"{prefix}self_attn.{part}_proj.weight"][0] for part in "qkv"}
            expected = {"q": found["heads"] * size, "k": found["kvHeads"] * size, "v": found["kvHeads"] * size}
            assert rows == expected, f"layer {i}: reads {expected} rows, the file has {rows}"
            assert found["bias"] == (prefix + "self_attn.q_proj.bias" in shapes), f"layer {i}: reads bias {found['bias']}"
            assert found["context"] == written["max_position_embeddings"], f"layer {i}: reads another context"
            assert found["theta"] in (None, written["rope_theta"]), f"layer {i}: reads the rotary base {found['theta']}"
        has_mlp = prefix + "mlp.gate_proj.weight" in shapes
        assert hasattr(layer, "mlp") == has_mlp, f"layer {i}: reads an MLP {not has_mlp}"
        assert hasattr(layer, "post_attention_layernorm") == (prefix + "post_attention_layernorm.weight" in shapes), f"layer {i}: norm of the MLP"
        if not has_mlp:
            continue
        width = layer.mlp.named["intermediate_size"]
        assert width == shapes[prefix + "mlp.gate_proj.weight"][0], f"layer {i}: reads the width {width}"
    assert config.rope_parameters["rope_theta"] == written["rope_theta"], "reads another rotary base"


def main():
    reader = reader_from(sys.argv[2])
    answer(lambda job: check(reader, pathlib.Path(job["folder"])) or {})


if __name__ == "__main__":
    main()
