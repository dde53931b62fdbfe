#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds `secateur-cli search --method` against the 2SSP authors' code of the same methods: the same layers, in what time.

Both run one after another on the same model, text, windows, type and threads, at every sparsity. ShortGPT, the sliding window and BlockPruner decide
without chance; EvoPress has a script of its own (competitors/evopress.py). Exit code 1 when a decision differs.

usage: compare_competitors.py CLONE MODEL --text FILE... [--method NAME...] [--sparsity S...] [options]
  CLONE   path of a clone of github.com/FabrizioSandri/2SSP (their code is run, nothing of it is copied)
needs: a Python with torch and transformers==4.47.1 for their side (--python)
"""
import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
WINDOWS = {"shortgpt": 256, "window": 256, "blockpruner": 1}


def run_authors(a, method):
    options = ["--text", *a.text, "--length", a.length, "--dtype", a.dtype, "--threads", a.threads]
    if method == "blockpruner":
        options += ["--sparsity", *a.sparsity]
    else:
        options += ["--windows", a.windows or WINDOWS[method]]
    command = [a.python, HERE / "competitors" / ("blockpruner.py" if method == "blockpruner" else "states.py"), a.clone, a.model, *options]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the authors' code ended with {done.returncode}:\n{done.stderr[-800:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    if method == "blockpruner":
        return [{"attentions": sorted(run["attentions"]), "ffns": sorted(run["ffns"]), "order": [run["attentions"], run["ffns"]],
                 "seconds": run["seconds"], "gap": run["leastGap"]} for run in found["runs"]]
    sizes = [math.ceil(sparsity * len(found["similarities"])) for sparsity in a.sparsity]  # their code passes over the text for each
    return [{"attentions": layers, "ffns": layers, "order": [layers, layers], "seconds": found["seconds"], "gap": None}
            for layers in (found[method][n - 1] for n in sizes)]


def run_ours(a, method, sparsity, folder):
    command = [a.program, "search", a.model, "--method", method, "--text", *a.text, "--sparsity", sparsity, "--length", a.length, "--windows",
               a.windows or WINDOWS[method], "--dtype", a.dtype, "--threads", a.threads, "--device", "cpu", "--save-plan",
               folder / f"{method}-{sparsity}.json", "--json"]
    if method == "blockpruner":
        command = [word for i, word in enumerate(command) if word != "--windows" and command[i - 1] != "--windows"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"secateur-cli ended with {done.returncode}: {done.stderr.strip()[-800:]}")
    result = json.loads(done.stdout.splitlines()[-1])
    plan = json.loads((folder / f"{method}-{sparsity}.json").read_text())
    order = [[step["removed"] for step in plan["record"].get("steps", []) if step["part"] == part] for part in ("attention", "ffn")]
    return {"attentions": sorted(result["removedAttentions"]), "ffns": sorted(result["removedFfns"]), "order": order,
            "seconds": plan["record"]["seconds"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone")
    parser.add_argument("model")
    parser.add_argument("--text", nargs="+", required=True)
    parser.add_argument("--method", nargs="+", default=list(WINDOWS), choices=list(WINDOWS))
    parser.add_argument("--sparsity", type=float, nargs="+", default=[0.25, 0.375, 0.5])
    parser.add_argument("--windows", type=int, default=0, help="of ShortGPT and the window; 256")
    parser.add_argument("--length", type=int, default=2048)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--program", default=str(HERE.parent.parent / "build" / "release" / "bin" / "secateur-cli"))
    a = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for method in a.method:
            theirs = run_authors(a, method)
            ours = [run_ours(a, method, sparsity, pathlib.Path(folder)) for sparsity in a.sparsity]
            for sparsity, their, our in zip(a.sparsity, theirs, ours):
                same = their["attentions"] == our["attentions"] and their["ffns"] == our["ffns"]
                if method == "blockpruner":
                    same = same and their["order"] == our["order"]
                failed |= not same
                print(f"{'PASS' if same else 'FAIL'}  {method} {sparsity}: {their['seconds']:.2f} s against {our['seconds']:.2f} s, ratio "
                      f"{their['seconds'] / our['seconds']:.2f}" + (f", smallest gap {their['gap']:.2g}" if their["gap"] is not None else ""), flush=True)
                if not same:
                    print(f"      theirs: {their['order'] if method == 'blockpruner' else their['attentions']}\n      ours:   {our['order']}")
            if method != "blockpruner":
                print(f"      all sizes: {sum(t['seconds'] for t in theirs):.2f} s against {max(o['seconds'] for o in ours):.2f} s for one pass")
    return failed


if __name__ == "__main__":
    sys.exit(main())
