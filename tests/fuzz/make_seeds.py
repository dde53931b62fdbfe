#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the sound files that the fuzzers start from: corpus/TARGET/seed-*. They are as small as they can be, so that changes hit what matters.

usage: make_seeds.py SECATEUR-CLI     which writes the plan, the manifest and the scores
needs: gguf, numpy, safetensors
"""
import bz2
import gzip
import hashlib
import json
import lzma
import pathlib
import struct
import subprocess
import sys
import tempfile

import gguf
import numpy
import safetensors.numpy

import tiny_model

HERE = pathlib.Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
CORPUS = HERE / "corpus"
TOKENS = {"gpt2": ["a", "b", "t", "h", "e", "\u0120", "th", "the", "\u010a", ".", "<s>", "</s>"],
          "llama": ["<unk>", "<s>", "</s>", "<0x0A>", "\u2581", "a", "t", "h", "e", "th", "the", "."]}
TYPES = {"gpt2": [1] * 10 + [3] * 2, "llama": [2, 3, 3, 6] + [1] * 8}
SCORES = [0.0] * 4 + [float(-i) for i in range(8)]


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
        writer.add_token_list(TOKENS[tokenizer])
        writer.add_token_types(TYPES[tokenizer])
        if tokenizer == "llama":
            writer.add_token_scores(SCORES)
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


def gguf_tokenizers():
    """The metadata as JSON."""
    for model, pres in (("llama", ("default",)), ("gpt2", ("gpt-2", "qwen2", "llama-bpe", "tekken", "default"))):
        for pre in pres:
            metadata = {"general.architecture": "llama", "tokenizer.ggml.model": model, "tokenizer.ggml.pre": pre, "tokenizer.ggml.tokens": TOKENS[model],
                        "tokenizer.ggml.token_type": TYPES[model], "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2,
                        "tokenizer.ggml.add_bos_token": True, "tokenizer.ggml.add_eos_token": False, "tokenizer.chat_template": "{{ messages }}"}
            if model == "llama":
                metadata |= {"tokenizer.ggml.scores": SCORES, "tokenizer.ggml.add_space_prefix": True, "tokenizer.ggml.unknown_token_id": 0}
            else:
                metadata |= {"tokenizer.ggml.merges": ["t h", "th e"]}
            put("GgufTokenizer", f"{model}-{pre}", json.dumps(metadata))


def jsons():
    put("Json", "values", '{"a": [1, -2, 0.5, 1e3, true, false, null, "\\u00e9\\ud83e\\uddd9", ""], "b": {"c": {}, "d": []}}')
    put("Json", "python", '[NaN, Infinity, -Infinity, 1e999, -1e999, "\\ud83d", "\\ude00x"]')
    put("Json", "numbers", "[-0, 0.0, 1E+2, 18446744073709551615, -9223372036854775808, 123456789012345678901234567890]")
    put("Json", "deep", "[" * 64 + "]" * 64)
    put("Json", "pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n")
    put("Json", "text", '"NaN \\"Infinity\\" -"')


def texts():
    lines = "".join(json.dumps({"id": i, "text": f"Document {i}: Grüße, 你好\n"}, ensure_ascii=i % 2 == 0) + "\n" for i in range(4)).encode()
    text = "Once upon a time.\r\n„Grüß Gott“ – 你好 \U0001f9d9\n\n\tthe end"
    put("Text", "plain", text)
    put("Text", "lines", lines)
    put("Text", "array", json.dumps([{"text": "a"}, {"text": None}, {"text": ""}, {"text": "é", "id": [1, {"x": 2}]}], indent=1))
    put("Text", "texts", json.dumps(["a", "b", ""]))
    put("Text", "python", '{"text": "a", "n": NaN}\n{"text": "\\ud83d"}\n\n{"text": null}\n')
    for codec, mark in (("utf-8", "\ufeff"), ("utf-16-le", "\ufeff"), ("utf-16-be", "\ufeff"), ("utf-32-le", "\ufeff"), ("utf-32-be", "\ufeff")):
        put("Text", codec, (mark + text).encode(codec))
    put("Text", "gzip", gzip.compress(lines, mtime=0))
    put("Text", "members", gzip.compress(lines, mtime=0) * 2)
    put("Text", "utf-16.gz", gzip.compress(("\ufeff" + lines.decode()).encode("utf-16-le"), mtime=0))
    put("Text", "xz", lzma.compress(lines) + bytes(4))
    put("Text", "bzip2", bz2.compress(lines))
    for name in ("documents.jsonl.zst", "frames.jsonl.zst"):
        put("Text", name, (FIXTURES / "texts" / name).read_bytes())
    for file in sorted((FIXTURES / "texts/other").iterdir()):
        if file.stat().st_size < 1000 and file.suffix != ".json":
            put("Text", f"other-{file.name}", file.read_bytes())


def parquets():
    for file in sorted((FIXTURES / "parquet").glob("*.parquet")):
        if file.stat().st_size < 8000:
            put("Parquet", file.stem, file.read_bytes())


def made_by_program(program):
    """What pruning the tiny model gives: its plan, manifest, scores; and sessions of it in the form of core/session."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        tiny_model.write(folder / "model")
        (folder / "text.txt").write_text(tiny_model.TEXT)

        def run(*arguments):
            subprocess.run([program, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)

        text = ["--text", "text.txt", "--length", "16", "--threads", "1"]
        run("calibrate", "model", *text, "--windows", "3", "--output", "scores", "--save-grams", "grams")
        run("plan", "model", "--scores", "scores", "--sparsity", "0.3", "--remove", "1", "--save-plan", "planned")
        run("search", "model", "--scores", "scores", "--sparsity", "0.3", "--remove", "1", *text, "--save-plan", "searched")
        run("prune", "model", *text, "--windows", "3", "--sparsity", "0.3", "--remove", "1", "--evaluate", "text.txt", "--output", "out")
        scores, plan = (folder / "scores").read_bytes(), json.loads((folder / "searched").read_text())
        put("Scores", "scores", scores)
        put("Grams", "grams", (folder / "grams").read_bytes())
        put("Plan", "planned", json.dumps(json.loads((folder / "planned").read_text())))
        put("Plan", "searched", json.dumps(plan))
        manifest = json.loads((folder / "out/pruning_manifest.json").read_text())
        put("Plan", "manifest", json.dumps(manifest))
        put("Plan", "by-hand", json.dumps(BY_HAND))
        put("Plan", "with-weights", safetensors.numpy.save({"layers.1.ffn.down.weight": numpy.ones((16, 3), numpy.float32), "norm.weight": numpy.ones(16, numpy.float32)},
                                                           {"kind": "secateur-plan", "plan": json.dumps(BY_HAND)}))
        put("Manifest", "prune", json.dumps(manifest))
        put("Plan", "restored", restored(plan)[0])
    sessions(scores, plan)


# Of the three layers and twelve neurons of tiny_model.
BY_HAND = {"kind": "secateur-plan", "format": 2, "method": "manual", "removedAttentions": [2, 1], "keptNeurons": ["all", [0, 3, 11], []]}


def restored(plan):
    """A plan whose down products are fitted and whose attentions are searched after that, made of one of 2SSP by hand: its file, and how it was found."""
    text = {"files": ["/texts/text.txt"], "windows": 4, "length": 16, "seed": 0, "column": "text"}
    widths = [len(kept) for kept in plan["keptNeurons"]]
    variant = {"steps": [], "N": 1, "widths": widths, "losses": [6.0, 6.5], "seconds": 0.5, "kept": True}
    record = {"settings": {"steps": ["r1", "r2"], "gated": True, "ridge": 0.001, "pathRidge": 0.001, "sequentialRidge": 0.1, "widthShare": None,
                           "searchWindows": 1, "gateWindows": 4, "sequentialWindows": None, "second": text | {"files": ["/texts/other.txt"]}},
              "plainHash": plan["planHash"],
              "texts": [{"text": text | {"files": [f"/texts/{name}.txt"]}, "tokenHash": name, "windows": 4} for name in ("text", "other")],
              "variants": [variant, variant | {"steps": ["r1"], "losses": [5.75, 6.5]}, variant | {"steps": ["r1", "r2"], "losses": [5.5, 6.25]}],
              "removals": [{"N": 0, "K": 10, "loss": 5.75, "seconds": 0.25}, {"N": 1, "K": 9, "loss": 5.5, "seconds": 0.25}],
              "layers": [{"ridge": 0.001, "raised": 0, "growth": 1.25, "errorBefore": 0.5, "errorAfter": 0.25}] * 3,
              "tokens": 48, "sequentialTokens": 0, "widthShare": None, "notes": ["A note."]}
    hidden = tiny_model.CONFIG["hidden_size"]
    values = {f"layers.{layer}.ffn.down.weight": ("F32", (hidden, width), struct.pack(f"<{hidden * width}f", *[0.5] * (hidden * width)))
              for layer, width in enumerate(widths)}
    edits = [{"tensor": name, "shape": list(shape), "dtype": "float32", "sha256": hashlib.sha256(data).hexdigest()} for name, (_, shape, data) in values.items()]
    surgery = {"model": plan["calibration"]["modelHash"], "edits": edits,
               "layers": [{"attention": layer not in plan["removedAttentions"], "neurons": kept} for layer, kept in enumerate(plan["keptNeurons"])]}
    whole = plan | {"format": 4, "method": "restored", "restoration": record, "edits": edits,
                    "planHash": hashlib.sha256(json.dumps(surgery, sort_keys=True, separators=(",", ":")).encode()).hexdigest()}
    return tiny_model.safetensors(values, {"kind": "secateur-plan", "plan": json.dumps(whole)}), whole


def sessions(scores, plan):
    text = {"files": ["/texts/text.txt"], "windows": None, "length": 16, "seed": 0, "column": "text"}
    draft = {"calibration": 0, "balance": plan["settings"], "search": {key: plan["search"][key] for key in ("windows", "lossType", "force", "protect")}}
    key = f"calibration 0, K {plan['balance']['K']}, windows {plan['search']['windows']}, float32, force [], protect []"
    evaluation = {"calibration": 0, "K": plan["balance"]["K"], "removed": plan["removedAttentions"], "borrowed": False, "planHash": plan["planHash"],
                  "text": text, "seconds": 0.5, "result": {"loss": 6.0, "perplexity": 403.4, "tokens": 15, "windows": 1, "length": 16, "tokenHash": "a"}}
    written = {"planHash": plan["planHash"], "format": "hf-dropin", "folder": "/out", "parameters": 11376, "bytes": 51632,
               "verification": {"tokens": 16, "largestDifference": 0.0, "tolerance": 1e-5, "sameArgmax": 1.0, "passed": True}}
    impact = plan["search"] | {"steps": [{"removed": -1, "forced": False, "losses": [6.1, None, 6.2], "bounds": [None, 6.0, None]}]}
    model = {"folder": "/models/tiny", "config": tiny_model.CONFIG, "dtype": "float32", "quantisedAs": "", "bytes": 50368, "files": 1,
             "origin": None, "tokenizer": 264, "tokenizerProblem": ""}
    session = {"kind": "secateur-session", "format": 1, "model": model, "calibrationText": text, "evaluationText": text | {"windows": 2}, "norm": "l2",
               "calibrations": [{"norm": "l2", "provenance": plan["calibration"]}], "draft": draft, "searches": {key: plan["search"]},
               "denseImpact": impact, "evaluations": [evaluation], "exports": [written], "pinned": [{"name": "one", "draft": draft}]}
    whole = restored(plan)[1]
    begun = {"record": whole["restoration"] | {"variants": whole["restoration"]["variants"][:2], "removals": []}, "search": impact | {"steps": []}}
    session |= {"restorations": [begun], "plans": {}}
    tensors = {"0." + name: value for name, value in safetensors.numpy.load(scores).items()}
    put("Session", "full", safetensors.numpy.save(tensors, {"session": json.dumps(session)}))
    empty = session | {"restorations": [], "model": None, "calibrations": [], "searches": {}, "denseImpact": None, "evaluations": [], "exports": [], "pinned": [],
                       "draft": draft | {"calibration": -1}}
    put("Session", "empty", safetensors.numpy.save({}, {"session": json.dumps(empty)}))

    # Versions of before named the kind of every line by "what".
    loss = {"what": "candidate", "key": key, "step": 0}
    lines = [{"what": "draft", "draft": draft}, {"what": "texts", "calibration": text, "evaluation": text, "norm": "l1"},
             {"what": "pins", "pins": session["pinned"]},
             {"what": "search", "key": key, "settings": draft["search"], "provenance": plan["search"]["provenance"], "initialLoss": 5.6},
             {"what": "search", "key": "", "settings": draft["search"], "provenance": plan["search"]["provenance"], "initialLoss": 5.6},
             *(loss | {"layer": layer, "loss": 6.0 + layer} for layer in range(3)),
             {"what": "removal", "key": key, "step": 0, "layer": 2, "loss": 8.0, "forced": False}, loss | {"key": "", "layer": 1, "loss": 6.5},
             {"what": "evaluation", "record": evaluation}, {"what": "export", "record": written}]
    put("Journal", "all", "".join(json.dumps(line) + "\n" for line in lines))
    step = {"event": "candidate", "key": key, "step": 0}
    impact |= {"steps": []}
    events = [lines[0], {"event": "search", "key": key, "record": plan["search"] | {"steps": []}}, {"event": "search", "record": impact},
              {"event": "initial", "key": key, "loss": 5.5}, *(step | {"layer": layer, "loss": 6.0 + layer} for layer in range(3)),
              {"event": "removal", "key": key, "step": 0, "layer": 2, "forced": False}, {"event": "candidate", "step": 0, "layer": 1, "loss": 6.5},
              {"event": "evaluation", "record": evaluation}, {"event": "export", "record": written}, {"event": "restoration"} | begun,
              {"event": "planOpened", "file": "/plans/restored.safetensors", "plan": whole, "search": whole["search"]}, {"event": "restoration"} | begun]
    put("Journal", "events", "".join(json.dumps(line) + "\n" for line in events))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for old in CORPUS.glob("*/seed-*"):
        old.unlink()
    configs()
    safetensors_files()
    tokenizers()
    ggufs()
    gguf_tokenizers()
    jsons()
    texts()
    parquets()
    made_by_program(str(pathlib.Path(sys.argv[1]).resolve()))


if __name__ == "__main__":
    main()
