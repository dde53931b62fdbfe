#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the logits and the greedy text of many GGUF files in llama.cpp against files. JOBS.json and what is printed are as in
check_models.py; `folder` holds model.gguf. With `texts`, also the ids that llama.cpp's tokenizer gives to them against `textIds`.

usage: check_gguf.py JOBS.json
needs: llama_cpp (llama-cpp-python), numpy, safetensors
"""
import json
import pathlib
import sys

import numpy
from llama_cpp import Llama
from safetensors.numpy import load_file


def check(job):
    model = Llama(str(pathlib.Path(job["folder"]) / "model.gguf"), n_ctx=512, logits_all=True, verbose=False, n_threads=2, type_k=0, type_v=0)  # an exact cache: F32
    model.eval(job["tokens"])
    theirs, ours = model.scores[:len(job["tokens"])], load_file(job["logits"])["logits"]
    difference = float(numpy.abs(ours - theirs).max())
    model.reset()
    model.eval(job["prompt"])
    written = []
    for _ in job["ids"]:
        written.append(int(model.scores[model.n_tokens - 1].argmax()))
        model.eval([written[-1]])
    for text, ids in zip(job.get("texts", []), job.get("textIds", [])):
        found = model.tokenize(text.encode(), add_bos=False, special=False)
        if found != ids:
            raise RuntimeError(f"its tokenizer gives {found[:20]} for {text[:40]!r}, ours {ids[:20]}")
    return {"problem": "", "difference": difference, "isSameText": written == job["ids"]}


def main():
    found = []
    for job in json.load(open(sys.argv[1], encoding="utf-8")):
        try:
            found.append(check(job))
        except Exception as problem:  # whatever stands in the way is the result
            found.append({"problem": f"{type(problem).__name__}: {str(problem)[:400]}", "difference": None, "isSameText": False})
    print(json.dumps(found))


if __name__ == "__main__":
    main()
