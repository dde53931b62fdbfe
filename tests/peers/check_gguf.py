#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the logits and the greedy text of many GGUF files in llama.cpp against files, as check_models.py does in transformers; `folder` holds
model.gguf. With `texts`, also the ids that llama.cpp's tokenizer gives to them against `textIds`.

usage: check_gguf.py JOBS.json
needs: cyllama (llama.cpp, built), numpy, safetensors
"""
import pathlib

import numpy
from cyllama.llama import llama_cpp
from safetensors.numpy import load_file

from checking import answer

F32 = 0  # a ggml_type
CONTEXT, THREADS = 512, 2


class Model(llama_cpp.LlamaModel):
    """With what get_logits_ith asks of it, and cyllama 0.2.18 has in the vocabulary only."""

    @property
    def n_vocab(self):
        return self.get_vocab().n_vocab


class Sequence:
    """Tokens that follow one another in a model, with an exact cache."""

    def __init__(self, model):
        wanted = llama_cpp.LlamaContextParams()
        wanted.n_ctx = wanted.n_batch = wanted.n_ubatch = CONTEXT
        wanted.n_threads = wanted.n_threads_batch = THREADS
        wanted.type_k = wanted.type_v = F32
        self.context, self.position = llama_cpp.LlamaContext(model, wanted), 0

    def logits(self, tokens):
        """[T, V] behind each of the tokens, which follow those of before."""
        batch = llama_cpp.LlamaBatch(n_tokens=len(tokens), embd=0, n_seq_max=1)
        for i, token in enumerate(tokens):
            batch.add(token, self.position + i, [0], True)
        self.context.decode(batch)
        self.position += len(tokens)
        return numpy.array([self.context.get_logits_ith(i) for i in range(len(tokens))], numpy.float32)


def check(job):
    model = Model(str(pathlib.Path(job["folder"]) / "model.gguf"), llama_cpp.LlamaModelParams())
    difference = float(numpy.abs(load_file(job["logits"])["logits"] - Sequence(model).logits(job["tokens"])).max())
    sequence, written = Sequence(model), []
    last = sequence.logits(job["prompt"])[-1]
    for _ in job["ids"]:
        written.append(int(last.argmax()))
        last = sequence.logits(written[-1:])[-1]
    for text, ids in zip(job.get("texts", []), job.get("textIds", [])):
        found = model.get_vocab().tokenize(text, False, False)
        if found != ids:
            raise RuntimeError(f"its tokenizer gives {found[:20]} for {text[:40]!r}, ours {ids[:20]}")
    return {"difference": difference, "isSameText": written == job["ids"]}


if __name__ == "__main__":
    llama_cpp.disable_logging()
    answer(check)
