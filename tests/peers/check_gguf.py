#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the logits and the greedy text of many GGUF files in llama.cpp against files, as check_models.py does in transformers; `folder` holds
model.gguf. With `texts`, also the ids that llama.cpp's tokenizer gives to them against `textIds`.

usage: check_gguf.py JOBS.json
needs: llama-cpp-py-sync (llama.cpp itself, built, with its functions), numpy, safetensors
"""
import pathlib

import numpy
from llama_cpp_py_sync._cffi_bindings import get_ffi, get_lib
from safetensors.numpy import load_file

from checking import answer

C, LLAMA = get_ffi(), get_lib()
F32 = 0  # a ggml_type
CONTEXT, THREADS = 512, 2


@C.callback("void(enum ggml_log_level, const char *, void *)")
def silence(*_):
    pass


class Model:
    """A model with one sequence, whose cache is exact."""

    def __init__(self, file):
        self.model = LLAMA.llama_model_load_from_file(str(file).encode(), LLAMA.llama_model_default_params())
        if self.model == C.NULL:
            raise RuntimeError("llama.cpp does not load it")
        self.vocabulary, self.context = LLAMA.llama_model_get_vocab(self.model), C.NULL
        self.restart()

    def restart(self):
        self.close_context()
        wanted = LLAMA.llama_context_default_params()
        wanted.n_ctx = wanted.n_batch = wanted.n_ubatch = CONTEXT
        wanted.n_threads = wanted.n_threads_batch = THREADS
        wanted.type_k = wanted.type_v = F32
        self.context, self.position = LLAMA.llama_init_from_model(self.model, wanted), 0
        if self.context == C.NULL:
            raise RuntimeError("llama.cpp makes no context for it")

    def close_context(self):
        if self.context != C.NULL:
            LLAMA.llama_free(self.context)
            self.context = C.NULL

    def close(self):
        self.close_context()
        LLAMA.llama_model_free(self.model)

    def logits(self, tokens):
        """[T, V] behind each of the tokens, which follow those of before."""
        batch = LLAMA.llama_batch_init(len(tokens), 0, 1)
        try:
            batch.n_tokens = len(tokens)
            for i, token in enumerate(tokens):
                batch.token[i], batch.pos[i] = token, self.position + i
                batch.n_seq_id[i], batch.seq_id[i][0], batch.logits[i] = 1, 0, 1
            if LLAMA.llama_decode(self.context, batch) != 0:
                raise RuntimeError("llama.cpp does not compute it")
        finally:
            LLAMA.llama_batch_free(batch)
        self.position += len(tokens)
        size = len(tokens) * LLAMA.llama_vocab_n_tokens(self.vocabulary)
        found = numpy.frombuffer(C.buffer(LLAMA.llama_get_logits(self.context), size * 4), numpy.float32)
        return found.reshape(len(tokens), -1).copy()

    def tokenize(self, text):
        given = text.encode()
        room = len(given) + 16
        ids = C.new("llama_token[]", room)
        count = LLAMA.llama_tokenize(self.vocabulary, given, len(given), ids, room, False, False)
        return list(ids[0:count])


def check(job):
    model = Model(pathlib.Path(job["folder"]) / "model.gguf")
    try:
        difference = float(numpy.abs(load_file(job["logits"])["logits"] - model.logits(job["tokens"])).max())
        model.restart()
        last, written = model.logits(job["prompt"])[-1], []
        for _ in job["ids"]:
            written.append(int(last.argmax()))
            last = model.logits(written[-1:])[-1]
        for text, ids in zip(job.get("texts", []), job.get("textIds", [])):
            found = model.tokenize(text)
            if found != ids:
                raise RuntimeError(f"its tokenizer gives {found[:20]} for {text[:40]!r}, ours {ids[:20]}")
        return {"difference": difference, "isSameText": written == job["ids"]}
    finally:
        model.close()


if __name__ == "__main__":
    LLAMA.llama_log_set(silence, C.NULL)
    answer(check)
