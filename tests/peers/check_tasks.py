#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the tasks of secateur-cli against lm-evaluation-harness: choices, log-likelihoods, accuracies, errors.

The harness builds its own requests from the same items: they are written as the rows that its data sets have on the hub, and it reads these. Both run the
model in fp32 on the CPU, whose sums are equal to about a millionth of their size; the harness without a BOS token of its own (`add_bos_token=False`), as secateur-cli with `--bos never`.

usage: tests/peers/check_tasks.py SECATEUR_CLI MODEL DATA [--only NAME,...] [--limit N] [--batch-size N] [--threads N] [--plain]
  DATA      a folder with arc_easy.jsonl, arc_challenge.jsonl, hellaswag_500.jsonl, piqa_valid.jsonl and piqa_valid-labels.lst, winogrande_dev.jsonl and mmlu/
  --reference float64  lets the harness compute in fp64, to tell whose rounding a difference is
  --plain   leaves the seconds out (for a comparison of two runs)
Needs a Python with lm_eval (0.4.12 was used), transformers and torch. Exit code 0 when everything agrees.
"""
import argparse
import csv
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

NEAR = 1e-3  # of the two best sums: below, rounding may decide


def lines(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def arc(file):
    for row in lines(file):
        question = re.sub(r"\n(Answer:)?$", "", row["query"].removeprefix("Question: "))
        labels = [chr(ord("A") + i) for i in range(len(row["choices"]))]
        yield {"question": question, "choices": {"text": row["choices"], "label": labels}, "answerKey": labels[row["gold"]]}


def hellaswag(file):
    for row in lines(file):
        context, tail = row["context"], ""
        if row["source_id"].startswith("activitynet"):
            cut = max(context.rfind(mark) for mark in (". ", "? ", "! "))
            if cut >= 0:
                context, tail = context[:cut + 1], context[cut + 2:]
        yield {"ctx_a": context, "ctx_b": tail, "endings": row["endings"], "label": str(row["label"]), "activity_label": row["activity_label"]}


def piqa(file):
    gold = file.with_name("piqa_valid-labels.lst").read_text().split()
    for row, label in zip(lines(file), gold, strict=True):
        yield {"goal": row["goal"], "sol1": row["sol1"], "sol2": row["sol2"], "label": int(label)}


def winogrande(file):
    for row in lines(file):
        one, two = row["context_options"]
        same = 0
        while same < min(len(one), len(two)) and one[same] == two[same]:
            same += 1
        yield {"sentence": one[:same] + "_ " + row["continuation"].strip(), "option1": one[same:], "option2": two[same:],
               "answer": str(row["gold"] + 1)}


def mmlu(file):
    with file.open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            answer = row["answer"]
            yield {"question": row["question"], "choices": [row[f"choice{i}"] for i in range(4)],
                   "answer": int(answer) if answer.isdigit() else "ABCD".index(answer), "subject": file.name.removesuffix("_test.csv")}


def sets(data):
    """Name, file, rows and the split that the harness reads, of all that is there."""
    for name, file, rows, split in [("arc_easy", "arc_easy.jsonl", arc, "test"), ("arc_challenge", "arc_challenge.jsonl", arc, "test"),
                                    ("hellaswag", "hellaswag_500.jsonl", hellaswag, "validation"),
                                    ("piqa", "piqa_valid.jsonl", piqa, "validation"),
                                    ("winogrande", "winogrande_dev.jsonl", winogrande, "validation")]:
        if (data / file).exists():
            yield name, data / file, rows, split
    for file in sorted((data / "mmlu").glob("*_test.csv")):
        yield "mmlu_" + file.name.removesuffix("_test.csv"), file, mmlu, "test"


def harness(options, wanted, folder):
    import torch
    torch.set_num_threads(options.threads)
    import lm_eval
    from lm_eval.api.task import ConfigurableTask
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager
    from lm_eval.tasks._yaml_loader import load_yaml

    known = TaskManager().task_index
    tasks = []
    for name, file, rows, split in wanted:
        written = folder / (name + ".jsonl")
        with written.open("w", encoding="utf-8") as out:
            for row in rows(file):
                out.write(json.dumps(row) + "\n")
        other = {"training_split": None, "validation_split": None, "test_split": None, "fewshot_split": None}
        config = load_yaml(known[name].yaml_path)
        for key in ("tag", "group"):
            config.pop(key, None)
        tasks.append(ConfigurableTask(config={**config, **other, "dataset_path": "json", "dataset_name": None, split + "_split": split,
                                              "dataset_kwargs": {"data_files": {split: str(written)}}}))
    model = HFLM(pretrained=str(options.model), device="cpu", dtype=options.reference, batch_size=options.batch_size, add_bos_token=False)
    start = time.monotonic()
    found = lm_eval.simple_evaluate(model=model, tasks=tasks, num_fewshot=0, limit=options.limit, log_samples=True)
    return found, time.monotonic() - start, lm_eval.__version__


def ours(options, wanted, folder):
    items = folder / "items.jsonl"
    command = [options.cli, "evaluate", options.model, "--tasks", *[str(file) for _, file, _, _ in wanted], "--dtype", "float32", "--bos", "never",
               "--threads", str(options.threads), "--save-items", str(items), "--json"]
    if options.limit:
        command += ["--limit", str(options.limit)]
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.monotonic() - start
    if done.returncode:
        sys.exit(f"secateur-cli ended with {done.returncode}: {done.stderr.strip()[-600:]}")
    result = json.loads(done.stdout.splitlines()[-1])
    by_item = {}
    for line in items.read_text().splitlines():
        item = json.loads(line)
        if "index" in item:
            by_item[item["task"], item["index"]] = item
    return result["tasks"], by_item, seconds


def compare(name, theirs, mine, by_item):
    """Problems, and the largest difference of a log-likelihood."""
    problems, largest, beyond = [], 0.0, 0
    samples = theirs["samples"][name]
    for sample in samples:
        item = by_item.get((name, sample["doc_id"]))
        if not item:
            problems.append(f"item {sample['doc_id']} is missing")
            continue
        sums = [float(answer[0][0] if isinstance(answer[0], (list, tuple)) else answer[0]) for answer in sample["resps"]]
        if len(sums) != len(item["logLikelihoods"]):
            problems.append(f"item {sample['doc_id']} has {len(item['logLikelihoods'])} choices, not {len(sums)}")
            continue
        largest = max(largest, *(abs(a - b) for a, b in zip(sums, item["logLikelihoods"])))
        beyond += any(abs(a - b) > max(1e-4, 1e-6 * abs(a)) for a, b in zip(sums, item["logLikelihoods"]))
        best = sorted(sums, reverse=True)
        if sums.index(best[0]) != item["choice"] and best[0] - best[1] > NEAR:
            problems.append(f"item {sample['doc_id']} chooses {item['choice']}, not {sums.index(best[0])}")
    numbers = theirs["results"][name]
    for key, own in [("acc,none", "acc"), ("acc_stderr,none", "accStderr"), ("acc_norm,none", "accNorm"), ("acc_norm_stderr,none", "accNormStderr")]:
        theirs_is = numbers.get(key)
        theirs_is = None if theirs_is in (None, "N/A") else float(theirs_is)
        mine_is = mine[name].get(own)
        if (theirs_is is None) != (mine_is is None) or (theirs_is is not None and f"{theirs_is:.4f}" != f"{mine_is:.4f}"):
            problems.append(f"{own} is {mine_is}, not {theirs_is}")
    if beyond:
        problems.append(f"log-likelihoods of {beyond} items differ by more than 1e-4 and a millionth of their size")
    return problems, largest, len(samples)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cli")
    parser.add_argument("model")
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--reference", default="float32", choices=["float32", "float64"])
    parser.add_argument("--plain", action="store_true")
    options = parser.parse_args()
    names = [name for name in options.only.split(",") if name]
    wanted = [entry for entry in sets(options.data) if not names or entry[0] in names or entry[0].split("_")[0] in names]
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        mine, by_item, own_seconds = ours(options, wanted, pathlib.Path(folder))
        theirs, seconds, version = harness(options, wanted, pathlib.Path(folder))
        for name, *_ in wanted:
            problems, largest, count = compare(name, theirs, mine, by_item)
            failed |= bool(problems)
            print(f"{'FAIL' if problems else 'PASS'}  {name}: {count} items, largest difference {largest:.2g}"
                  + "".join("\n      " + problem for problem in problems[:10]), flush=True)
    if not options.plain:
        print(f"lm_eval {version}: {seconds:.1f} s (batches of {options.batch_size}), secateur-cli: {own_seconds:.1f} s with loading; "
              f"ratio {seconds / own_seconds:.2f}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
