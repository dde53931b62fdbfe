#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds `secateur-cli prune` against the 2SSP authors' own code: the same decisions, in what time, with how much memory. Neither exports.

Both run in turn on the same model, text, windows, type and threads; with --rounds 2 or more the order alternates, so that a slow minute of
the machine does not fall on one side only. Printed: a table of the decisions, the times (the best of the rounds), their ratio and the
peak memory. Exit code 1 when a decision differs: N, K, the kept neurons of any layer, or the order in which attentions were removed.

usage: compare_with_authors.py CLONE MODEL --text FILE... --sparsity S [options]
  CLONE   path of a clone of github.com/FabrizioSandri/2SSP (their code is run, nothing of it is copied)
needs: a Python with torch and transformers==4.47.1 for their side (--python; `authors_2ssp.py` says what else)
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent


def peak_memory_run(command, log):
    """Runs a command; returns its seconds and its largest resident size in bytes, measured the same way for both sides."""
    start = time.time()
    child = subprocess.Popen([str(c) for c in command], stdout=log, stderr=subprocess.STDOUT)
    peak = 0
    status = pathlib.Path(f"/proc/{child.pid}/status")
    while child.poll() is None:
        try:
            peak = max(peak, *(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM:")))
        except (OSError, TypeError):
            pass  # it has just ended
        time.sleep(0.2)
    return time.time() - start, peak, child.returncode


def run_authors(a, folder, number):
    output, log = folder / f"authors-{number}.json", folder / f"authors-{number}.log"
    command = [a.python, HERE / "authors_2ssp.py", a.clone, a.model, "--text", *a.text, "--sparsity", a.sparsity, "--windows", a.windows,
               "--length", a.length, "--dtype", a.dtype, "--threads", a.threads, "--output", output]
    with open(log, "wb") as stream:
        seconds, peak, code = peak_memory_run(command, stream)
    if code:
        sys.exit(f"the authors' code ended with {code}:\n{log.read_text(errors='replace')[-800:]}")
    found = json.loads(output.read_text())
    return {"N": found["N"], "K": found["K"], "kept": found["keptNeurons"], "order": found["removalOrder"], "stage1": found["seconds"]["stage1"],
            "stage2": found["seconds"]["stage2"], "pruning": found["seconds"]["all"], "wall": seconds, "peak": peak}


def run_ours(a, folder, number):
    plan, log = folder / f"ours-{number}.plan.json", folder / f"ours-{number}.log"
    command = [a.program, "prune", a.model, "--text", *a.text, "--sparsity", a.sparsity, "--windows", a.windows, "--length", a.length,
               "--dtype", a.dtype, "--threads", a.threads, "--device", "cpu", "--save-plan", plan, "--json", *a.option]
    with open(log, "wb") as stream:
        seconds, peak, code = peak_memory_run(command, stream)
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.startswith('{"') and '"result"' in line]
    if code or not lines:
        sys.exit(f"secateur-cli ended with {code}:\n{log.read_text(errors='replace')[-800:]}")
    result, found = json.loads(lines[-1]), json.loads(plan.read_text())
    phases = {k: v for k, v in result.get("seconds", {}).items() if isinstance(v, (int, float))}
    stage1 = phases.get("calibrate", phases.get("stage1"))
    stage2 = phases.get("search", phases.get("stage2"))
    pruning = stage1 + stage2 if stage1 is not None and stage2 is not None else None
    return {"N": result["N"], "K": result["K"], "kept": found["keptNeurons"], "order": found["removedAttentions"], "stage1": stage1,
            "stage2": stage2, "pruning": pruning, "wall": seconds, "peak": peak}


def decisions(authors, ours):
    """Rows (what, theirs, ours, same)."""
    rows = [(k, authors[k], ours[k], authors[k] == ours[k]) for k in ("N", "K")]
    rows.append(("removal order", authors["order"], ours["order"], authors["order"] == ours["order"]))
    different = [i for i, (x, y) in enumerate(zip(authors["kept"], ours["kept"])) if x != y]
    same = not different and len(authors["kept"]) == len(ours["kept"])
    swapped = sum(len(set(authors["kept"][i]) - set(ours["kept"][i])) for i in different)
    rows.append(("kept neurons", f"{len(authors['kept'])} layers", "the same" if same else f"{swapped} differ, in layers {different}", same))
    return rows


def seconds_text(value):
    return "?" if value is None else f"{value:.1f} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clone")
    parser.add_argument("model")
    parser.add_argument("--text", nargs="+", required=True)
    parser.add_argument("--sparsity", type=float, required=True)
    parser.add_argument("--windows", type=int, default=32)
    parser.add_argument("--length", type=int, default=2048)
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16", "float16"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1, help="how often each side runs")
    parser.add_argument("--program", type=pathlib.Path, default=PROJECT / "build" / "release" / "bin" / "secateur-cli")
    parser.add_argument("--python", default=sys.executable, help="the Python that runs their side (default: this one)")
    parser.add_argument("--option", action="append", default=[], help="one more argument for secateur-cli; may be repeated")
    parser.add_argument("--keep", type=pathlib.Path, help="folder for the logs, plans and results (default: a temporary one)")
    a = parser.parse_args()

    temporary = None if a.keep else tempfile.TemporaryDirectory(prefix="secateur-compare.")
    folder = a.keep or pathlib.Path(temporary.name)
    folder.mkdir(parents=True, exist_ok=True)
    sides, found = {"authors": run_authors, "ours": run_ours}, {"authors": [], "ours": []}
    for number in range(1, a.rounds + 1):
        for side in (["authors", "ours"] if number % 2 else ["ours", "authors"]):
            found[side].append(sides[side](a, folder, number))
            last = found[side][-1]
            print(f"round {number}, {side}: {last['wall']:.1f} s, peak {last['peak'] / 1e9:.2f} GB", flush=True)

    wrong = False
    print(f"\n{'':16}{'authors':>28}{'ours':>28}")
    for x, y in zip(found["authors"], found["ours"]):
        for what, theirs, mine, same in decisions(x, y):
            wrong |= not same
            print(f"{what:16}{str(theirs):>28}{str(mine):>28}  {'=' if same else 'DIFFERS'}")
    for what, key in (("stage 1", "stage1"), ("stage 2", "stage2"), ("both stages", "pruning"), ("whole program", "wall")):
        theirs, mine = (min((r[key] for r in found[side]), key=lambda v: (v is None, v)) for side in ("authors", "ours"))
        ratio = f"{mine / theirs:.2f} of theirs" if theirs and mine is not None else ""
        print(f"{what:16}{seconds_text(theirs):>28}{seconds_text(mine):>28}  {ratio}")
    theirs, mine = (max(r["peak"] for r in found[side]) for side in ("authors", "ours"))
    print(f"{'peak memory':16}{theirs / 1e9:>25.2f} GB{mine / 1e9:>25.2f} GB  {mine / theirs:.2f} of theirs")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
