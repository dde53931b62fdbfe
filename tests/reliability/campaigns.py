# SPDX-License-Identifier: GPL-3.0-or-later
"""The campaigns. Each takes the bench, a tally and how many trials there shall be, and asks the same after every trial: nothing half, nothing
lost, nothing left behind, one sentence, no signal, no hang."""
import errno
import os
import re
import resource
import shutil
import signal
import threading
import time

import disks
import processes
from bench import complaints, empty, make_model, put, remove, size, tree


def at_call(bench, number, action):
    """A judge that acts at the number-th of the program's calls; what the action returns is the verdict."""
    state = {'count': 0, 'call': None}

    def judge(call):
        if not bench.counts(call):
            return None
        state['count'] += 1
        if state['count'] - 1 != number:
            return None
        state['call'] = str(call).replace(bench.root, '')
        return action(call)

    return judge, state


def disturb(bench, job, tally, action, *, folder=None, can_watch=True, **more):
    """Runs a job; action(run) comes at a random call, or at a random moment. Returns the run and when that was."""
    rng = tally.rng
    if bench.can_watch and can_watch and rng.random() < 0.6:
        run = bench.start(job, folder, watched=True, **more)
        judge, state = at_call(bench, rng.randrange(len(job.calls)), lambda call: action(run))
        run.drive(judge)
        return run, f'{job.name}, at {state["call"]}'
    run = bench.start(job, folder, **more)
    moment = rng.uniform(0, job.seconds * 1.1)
    if not run.is_over(moment):
        action(run)
    run.wait()
    return run, f'{job.name}, after {moment:.3f} s'


def kill(bench, tally, count):
    """kill -9 at random moments."""
    for _ in tally.trials(count):
        job = bench.jobs[tally.rng.choice(['export', 'export', 'prune', 'search', 'calibrate', 'export-new', 'export-gguf'])]
        job.prepare(bench.work)
        run, how = disturb(bench, job, tally, lambda run: run.send(signal.SIGKILL))
        problems = [] if run.code in (0, -signal.SIGKILL) else [f'exit {run.code}']
        problems += job.halves(bench.work)
        tally.judge(problems + bench.again(job), how)


def signals(bench, tally, count):
    """Signals that ask to stop, one or two, and a reader that goes away."""
    for _ in tally.trials(count):
        rng = tally.rng
        job = bench.jobs[rng.choice(list(bench.jobs))]
        job.prepare(bench.work)
        first, second = rng.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP]), rng.choice([None, signal.SIGINT, signal.SIGTERM])
        is_json = rng.random() < 0.5
        if rng.random() < 0.25:  # stdout is a pipe whose reader reads a little
            problems, how = _reader_gone(bench, job, rng), f'{job.name}, its reader went away'
        else:
            def action(run):
                run.send(first)
                if second:
                    threading.Timer(gap, run.send, [second]).start() if gap > 0.01 else run.send(second)

            gap = rng.choice([0, 0, rng.uniform(0, 0.3)])
            run, how = disturb(bench, job, tally, action, is_json=is_json)
            how += f', {first.name}' + (f' and {second.name} {gap:.3f} s later' if second else '')
            problems = complaints(run, {0, 130}, is_json=is_json)
            if run.code == 130 and not is_json and 'Cancelled.' not in run.stdout:
                problems.append('exit 130 without a word')
        tally.judge(problems + job.halves(bench.work) + job.left(bench.work), how)


def _reader_gone(bench, job, rng):
    pipe = f'{bench.root}/pipe'
    remove(pipe)
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    run = bench.start(job, out=pipe)
    run.is_over(rng.uniform(0, job.seconds))
    os.close(reader)
    run.wait()
    run.out = '/dev/null'
    return complaints(run, {0, 1, 130}, is_json=False)


def full(bench, tally, count):
    """Disks that are full, over their quota, limited or read-only."""
    places = {}
    try:
        if disks.is_root():
            try:
                places['tmpfs'] = disks.memory_disk(f'{bench.root}/tmpfs', 8)
                if 'ext4' in disks.kinds():
                    image = places['ext4'] = disks.Image(f'{bench.root}/full', 'ext4', 12)
                    image.begin()
            except OSError as problem:
                tally.skip(f'no disks of its own: {problem}')
        else:
            tally.skip('full disks are played by failing writes, for only root can mount small ones')
        for _ in tally.trials(count):
            _full(bench, tally, places)
    finally:
        for disk in places.values():
            disk.unmount()


def _full(bench, tally, places):
    rng = tally.rng
    job = bench.jobs[rng.choice(['export', 'export', 'prune', 'export-new', 'export-gguf', 'search', 'calibrate'])]
    needed = sum(size(content) for content in job.new.values())
    ways = [*places, *places] + ['limit', 'read-only'] * bool(places) + ['limit'] + ['ENOSPC', 'EDQUOT'] * bench.can_watch
    way = rng.choice(ways)
    budget = rng.choice([0, rng.randrange(0, 8192), rng.randrange(0, int(needed * 1.2) + 4096), rng.randrange(0, int(needed * 1.2) + 4096)])
    how = f'{job.name}, {way}, room for {budget} bytes'
    folder, cause, limits = bench.work, '', {}
    if way in places or way == 'read-only':
        disk = places[way] if way in places else rng.choice(list(places.values()))
        folder = f'{disk.place}/work'
        cause = 'disk is full|disk has|free' if way in places else 'read-only'
    job.prepare(folder)
    judge = lambda call: None  # noqa: E731
    if way in places:
        disk.fill(budget)
    elif way == 'read-only':
        disks.do('mount', '-o', 'remount,ro', disk.place)
    elif way == 'limit':
        limits, cause = {resource.RLIMIT_FSIZE: budget}, 'ulimit -f'
    else:
        number, cause = (errno.ENOSPC, 'disk is full|free') if way == 'ENOSPC' else (errno.EDQUOT, 'quota')
        state = {'left': budget}

        def judge(call):
            if call.name not in processes.WRITING or not call.is_within(folder):
                return None
            state['left'] -= call.arguments[3 if call.name == 'sendfile' else 4 if call.name == 'copy_file_range' else 2]
            return number if state['left'] < 0 else None

    streams = {'out': '/dev/null'} if limits else {}  # stdout is a file as well
    run = bench.start(job, folder, watched=[*processes.WRITING] if way in ('ENOSPC', 'EDQUOT') else (), limits=limits, **streams)
    run.drive(judge)
    problems = complaints(run, {0, 1}, is_json=not streams)
    if run.code == 1 and not re.search(cause, run.stderr):
        if limits and not run.stderr:
            pass  # the limit is below the sentence itself: stderr is a file as well
        else:
            problems.append(f'the cause is not named: {run.stderr.strip()[:200]}')
    if run.code == 0:
        problems += job.unfinished(folder)
    if way in places:
        disk.drain()
    elif way == 'read-only':
        disks.do('mount', '-o', 'remount,rw', disk.place)
    tally.judge(problems + job.halves(folder) + job.left(folder) + bench.again(job, folder), how)
