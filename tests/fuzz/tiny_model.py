# SPDX-License-Identifier: GPL-3.0-or-later
"""A Llama of 60 kB with a tokenizer of bytes, made of nothing but this file: what is fuzzed is small, so that changes hit what matters and a
run of the program takes little more than its start. SmallModel.h holds its configuration, too."""
import json
import random
import struct

CONFIG = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_act": "silu", "hidden_size": 16, "intermediate_size": 12,
          "num_hidden_layers": 3, "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
          "rope_theta": 10000.0, "vocab_size": 264, "bos_token_id": 262, "eos_token_id": 263, "tie_word_embeddings": False,
          "torch_dtype": "float32"}
TEXT = "".join(f"Once upon a time there were {i} oaks in the garden; the gardener cut them, and they grew again.\n" for i in range(12))


def byte_alphabet():
    """The characters that stand for bytes in vocabularies of GPT-2's kind, in the order of the bytes."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in shown]
    return [chr(b) if b in shown else chr(256 + hidden.index(b)) for b in range(256)]


def tokenizer():
    merges = [["t", "h"], ["th", "e"], ["\u0120", "the"], ["a", "n"], ["o", "n"], ["\u0120", "a"]]
    vocabulary = {token: i for i, token in enumerate(byte_alphabet() + ["".join(pair) for pair in merges])}
    added = [{"id": 262 + i, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
             for i, token in enumerate(("<s>", "</s>"))]
    split = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None, "pre_tokenizer": split,
            "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                                                                        {"Sequence": {"id": "A", "type_id": 0}}],
                               "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                               "special_tokens": {"<s>": {"id": "<s>", "ids": [262], "tokens": ["<s>"]}}},
            "decoder": split, "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                                        "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                                        "vocab": vocabulary, "merges": merges}}


def shapes():
    hidden, ffn, vocabulary = CONFIG["hidden_size"], CONFIG["intermediate_size"], CONFIG["vocab_size"]
    keys = hidden // CONFIG["num_attention_heads"] * CONFIG["num_key_value_heads"]
    yield "model.embed_tokens.weight", (vocabulary, hidden)
    for i in range(CONFIG["num_hidden_layers"]):
        prefix = f"model.layers.{i}."
        for name, shape in (("input_layernorm", (hidden,)), ("self_attn.q_proj", (hidden, hidden)), ("self_attn.k_proj", (keys, hidden)),
                            ("self_attn.v_proj", (keys, hidden)), ("self_attn.o_proj", (hidden, hidden)),
                            ("post_attention_layernorm", (hidden,)), ("mlp.gate_proj", (ffn, hidden)), ("mlp.up_proj", (ffn, hidden)),
                            ("mlp.down_proj", (hidden, ffn))):
            yield prefix + name + ".weight", shape
    yield "model.norm.weight", (hidden,)
    yield "lm_head.weight", (vocabulary, hidden)


def safetensors(tensors, metadata=None):
    """The bytes of a file: {name: (dtype, shape, bytes)}."""
    header, offset = {"__metadata__": metadata} if metadata else {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(data for _, _, data in tensors.values())


def weights(names=None):
    """The tensors of these names; none = all."""
    numbers, tensors = random.Random(2026), {}
    for name, shape in shapes():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        values = [1.0] * count if "norm" in name else [numbers.gauss(0, 0.3) for _ in range(count)]
        if names is None or name in names:
            tensors[name] = ("F32", shape, struct.pack(f"<{count}f", *values))
    return tensors


def write(folder, is_sharded=False):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2))
    (folder / "generation_config.json").write_text(json.dumps({"bos_token_id": 262, "eos_token_id": [263], "do_sample": True, "temperature": 0.6}))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer(), ensure_ascii=False))
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": {"content": "</s>", "special": True},
        "added_tokens_decoder": {"262": {"content": "<s>", "special": True}, "263": {"content": "</s>", "special": True}},
        "add_bos_token": True, "chat_template": "{{ messages }}", "model_max_length": 64}))
    if not is_sharded:
        (folder / "model.safetensors").write_bytes(safetensors(weights(), {"format": "pt"}))
        return
    names = [name for name, _ in shapes()]
    index = {}
    for i, part in enumerate((names[:15], names[15:])):
        file = f"model-0000{i + 1}-of-00002.safetensors"
        (folder / file).write_bytes(safetensors(weights(part), {"format": "pt"}))
        index |= {name: file for name in part}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {"total_size": 0}, "weight_map": index}))
