# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scripts share that hold models in other engines against ours: check_models, check_surgery, check_gguf, check_mlx, check_config_readers.

JOBS.json is a list of objects, each a model: its `folder`, and mostly `tokens` (ids) and `logits` (a .safetensors file with `logits` [T, V]: ours). What
is printed is a JSON list with an object for each: `problem` (empty, or what stood in the way: then it is alone), and mostly `difference` (the largest
of a logit) and `isSameText`."""
import json
import sys


def answer(check):
    """Prints what `check` finds (fields, by name) of every job in the file that the command line names first."""
    found = []
    with open(sys.argv[1], encoding="utf-8") as stream:
        jobs = json.load(stream)
    for job in jobs:
        try:
            found.append({"problem": ""} | check(job))
        except Exception as problem:  # whatever stands in the way is the result
            found.append({"problem": f"{type(problem).__name__}: {str(problem)[:400]}"})
    print(json.dumps(found))


def in_float32():
    """What asks transformers for a model in fp32; its older releases call that otherwise."""
    import torch
    import transformers

    return {"dtype" if int(transformers.__version__.split(".")[0]) >= 5 else "torch_dtype": torch.float32}
