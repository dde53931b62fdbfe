#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the logits and the greedy text of many folders of the target hf-deci in mlx-lm against files, as check_models.py does in transformers.

usage: check_mlx.py JOBS.json
needs: mlx (on Linux mlx[cpu]), mlx-lm, numpy, safetensors
"""
import pathlib

import mlx.core as mx
import numpy
from mlx_lm.models.cache import make_prompt_cache
from mlx_lm.utils import load_model
from safetensors.numpy import load_file

from checking import answer


def check(job):
    model, _ = load_model(pathlib.Path(job["folder"]))
    theirs = numpy.array(model(mx.array([job["tokens"]])).astype(mx.float32))[0]
    difference = float(numpy.abs(load_file(job["logits"])["logits"] - theirs).max())
    cache, tokens, written = make_prompt_cache(model), job["prompt"], []
    for _ in job["ids"]:
        written.append(int(mx.argmax(model(mx.array([tokens]), cache=cache)[0, -1])))
        tokens = written[-1:]
    return {"difference": difference, "isSameText": written == job["ids"]}


if __name__ == "__main__":
    answer(check)
