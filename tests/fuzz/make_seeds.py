#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the sound files that the fuzzers start from: corpus/TARGET/seed-*. They are as small as they can be, so that changes hit what matters.

usage: make_seeds.py
needs: gguf, numpy, safetensors
"""
import json
import pathlib
import shutil

import gguf
import numpy
import safetensors.numpy

HERE = pathlib.Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
CORPUS = HERE / "corpus"


def put(target, name, content):
    (CORPUS / target).mkdir(parents=True, exist_ok=True)
    (CORPUS / target / f"seed-{name}").write_bytes(content if isinstance(content, bytes) else content.encode())


def configs():
    for file in sorted(FIXTURES.glob("tiny-*/*/config.json")):
        put("Config", file.parent.name, file.read_bytes())
    for file in sorted(FIXTURES.glob("configs/*.json")):
        put("Config", file.stem, file.read_bytes())
    base = json.loads((FIXTURES / "tiny-llamas/gqa/config.json").read_text())
    layers = base["num_hidden_layers"]
    put("Config", "compact", json.dumps(base | {"model_type": "secateur_llama", "secateur_layers": [
        {"intermediate_size": 8 + i, "has_attention": i > 0} for i in range(layers)]}))
    put("Config", "deci", json.dumps(base | {"model_type": "nemotron-nas", "block_configs": [
        {"attention": {"n_heads_in_group": 2, "no_op": i == 0, "replace_with_linear": False},
         "ffn": {"ffn_mult": 1.5, "no_op": False, "replace_with_linear": False}} for i in range(layers)]}))


def safetensors_files():
    for file in sorted((FIXTURES / "safetensors").glob("*.safetensors")):
        put("Safetensors", file.stem, file.read_bytes())
    put("Safetensors", "metadata", safetensors.numpy.save({"a": numpy.zeros((2, 3), "float16"), "b": numpy.ones(4, "float32")}, {"format": "pt"}))


def tokenizers():
    """The components of the fixtures' tokenizers over small vocabularies."""
    letters = {c: i for i, c in enumerate("\u0120\u010aabcdehnorstvwyE.;'0123456789<>/ks")}
    letters |= {"th": len(letters), "the": len(letters) + 1, "\u0120a": len(letters) + 2}
    characters = ["<unk>", "<s>", "</s>", "<0x00>", "<0x0A>", "<0xFF>", *"\u2581abcdehnorstvwyE.;'09", "th", "the", "\u2581a"]
    for source, vocab in (("small", letters), ("character", {c: i for i, c in enumerate(characters)})):
        for name, parts in json.loads((FIXTURES / f"{source}-tokenizers.json").read_text())["tokenizers"].items():
            merges = [["t", "h"], ["th", "e"], ["\u0120" if source == "small" else "\u2581", "a"]]
            if parts.get("merges_as_strings"):
                merges = [" ".join(pair) for pair in merges]
            model = {"type": "BPE", "vocab": vocab, "merges": merges}
            model |= {key: parts[key] for key in ("byte_fallback", "fuse_unk", "unk_token", "ignore_merges") if key in parts}
            added = [{"id": vocab.get(t["content"], len(vocab) + i)} | t for i, t in enumerate(parts.get("added_tokens", []))]
            file = {"version": "1.0", "added_tokens": added, "normalizer": parts.get("normalizer"),
                    "pre_tokenizer": parts.get("pre_tokenizer"), "decoder": parts.get("decoder"), "model": model}
            put("Tokenizer", f"{source}-{name}", json.dumps(file, ensure_ascii=False))


def ggufs():
    """Every architecture that is read with one layer or two, each with a tokenizer."""
    hidden, ffn, heads, vocabulary = 32, 32, 2, 12
    tokens = {"gpt2": ["a", "b", "t", "h", "e", "\u0120", "th", "the", "\u010a", ".", "<s>", "</s>"],
              "llama": ["<unk>", "<s>", "</s>", "<0x0A>", "\u2581", "a", "t", "h", "e", "th", "the", "."]}
    for architecture, tokenizer, kind in (("llama", "llama", "Q8_0"), ("llama", "gpt2", "Q4_0"), ("deci", "llama", "Q5_0"), ("qwen2", "gpt2", "Q4_1"),
                                          ("qwen3", "gpt2", "Q5_1"), ("phi3", "llama", "Q8_0")):
        file = CORPUS / "new.gguf"
        writer = gguf.GGUFWriter(file, architecture)
        layers = 2 if architecture == "deci" else 1
        writer.add_block_count(layers)
        writer.add_context_length(64)
        writer.add_embedding_length(hidden)
        writer.add_feed_forward_length([ffn, 0] if architecture == "deci" else ffn)
        writer.add_head_count([heads, 0] if architecture == "deci" else heads)
        writer.add_head_count_kv([heads, 0] if architecture == "deci" else heads)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_rope_freq_base(10000.0)
        writer.add_rope_dimension_count(hidden // heads)
        writer.add_vocab_size(vocabulary)
        writer.add_tokenizer_model(tokenizer)
        writer.add_tokenizer_pre("default" if tokenizer == "llama" else "qwen2" if "qwen" in architecture else "gpt-2")
        writer.add_token_list(tokens[tokenizer])
        writer.add_token_types([2, 3, 3, 6] + [1] * 8 if tokenizer == "llama" else [1] * 10 + [3] * 2)
        if tokenizer == "llama":
            writer.add_token_scores([0.0] * 4 + [float(-i) for i in range(8)])
        else:
            writer.add_token_merges(["t h", "th e"])
        writer.add_bos_token_id(1)
        writer.add_chat_template("{{ messages }}")

        def add(name, *shape):
            values = numpy.linspace(-1, 1, int(numpy.prod(shape)), dtype=numpy.float32).reshape(shape)
            quantised = gguf.GGMLQuantizationType[kind if len(shape) == 2 else "F32"]
            writer.add_tensor(name, gguf.quantize(values, quantised), raw_dtype=quantised)

        add("token_embd.weight", vocabulary, hidden)
        add("output_norm.weight", hidden)
        for layer in range(layers):
            prefix = f"blk.{layer}."
            if layer == 0:
                add(prefix + "attn_norm.weight", hidden)
                if architecture == "phi3":
                    add(prefix + "attn_qkv.weight", 3 * hidden, hidden)
                else:
                    for part in "qkv":
                        add(prefix + f"attn_{part}.weight", hidden, hidden)
                        if architecture == "qwen2":
                            add(prefix + f"attn_{part}.bias", hidden)
                        if architecture == "qwen3" and part != "v":
                            add(prefix + f"attn_{part}_norm.weight", hidden // heads)
                add(prefix + "attn_output.weight", hidden, hidden)
                add(prefix + "ffn_norm.weight", hidden)
                if architecture != "phi3":
                    add(prefix + "ffn_gate.weight", ffn, hidden)
                add(prefix + "ffn_up.weight", 2 * ffn if architecture == "phi3" else ffn, hidden)
                add(prefix + "ffn_down.weight", hidden, ffn)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        put("Gguf", f"{architecture}-{tokenizer}", file.read_bytes())
        file.unlink()
    for name in ("types", "values", "written", "unreadable"):
        put("Gguf", name, (FIXTURES / "gguf" / f"{name}.gguf").read_bytes())


def main():
    for old in CORPUS.glob("*/seed-*"):
        old.unlink()
    configs()
    safetensors_files()
    tokenizers()
    ggufs()


if __name__ == "__main__":
    main()
