# SPDX-License-Identifier: GPL-3.0-or-later
"""The campaigns. Each takes the bench, a tally and how many trials there shall be, and asks the same after every trial: nothing half, nothing
lost, nothing left behind, one sentence, no signal, no hang."""
import errno
import json
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
        problems += bench.halves(job)
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
        tally.judge(problems + bench.halves(job) + job.left(bench.work), how)


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
        cause = 'disk is full|disk has|free' if way in places else '[Rr]ead-only'
    job.prepare(folder)
    judge = lambda call: None  # noqa: E731
    if way in places:
        disk.fill(budget)
    elif way == 'read-only':
        disks.do('mount', '-o', 'remount,ro', disk.place)
    elif way == 'limit':
        limits, cause = {resource.RLIMIT_FSIZE: max(budget, 1024)}, 'ulimit -f'  # stderr is a file as well
    else:
        number, cause = (errno.ENOSPC, 'disk is full|free') if way == 'ENOSPC' else (errno.EDQUOT, 'quota')
        state = {'left': budget}

        def judge(call):
            if call.name not in processes.WRITING or not call.is_within(folder):
                return None
            state['left'] -= call.arguments[3 if call.name == 'sendfile' else 4 if call.name == 'copy_file_range' else 2]
            return number if state['left'] < 0 else None

    streams = {'out': '/dev/null'} if limits else {}
    run = bench.start(job, folder, watched=[*processes.WRITING] if way in ('ENOSPC', 'EDQUOT') else (), limits=limits, **streams)
    run.drive(judge)
    problems = complaints(run, {0, 1}, is_json=not streams)
    if run.code == 1 and not re.search(cause, run.stderr):
        problems.append(f'the cause is not named: {run.stderr.strip()[:200]}')
    problems += job.unfinished(folder) if run.code == 0 else bench.halves(job, folder)
    if way in places:
        disk.drain()
    elif way == 'read-only':
        disks.do('mount', '-o', 'remount,rw', disk.place)
    tally.judge(problems + job.left(folder) + bench.again(job, folder), how)


# What a call may end with that fails, the likeliest first.
FAILURES = {
    'open': [errno.EACCES, errno.EMFILE, errno.EIO], 'creat': [errno.ENOSPC, errno.EIO], 'read': [errno.EIO, errno.EISDIR],
    'write': [errno.ENOSPC, errno.EIO, errno.EDQUOT], 'fsync': [errno.EIO, errno.ENOSPC], 'rename': [errno.EIO, errno.ENOSPC, errno.EACCES],
    'mkdir': [errno.ENOSPC, errno.EACCES], 'unlink': [errno.EACCES, errno.EIO], 'rmdir': [errno.EACCES, errno.EIO],
    'mmap': [errno.ENOMEM, errno.ENODEV], 'close': [errno.EIO, errno.ENOSPC], 'flock': [errno.ENOLCK, errno.EINTR],
    'clone': [errno.EAGAIN, errno.ENOMEM], 'stat': [errno.EACCES, errno.EIO], 'sendfile': [errno.ENOSPC, errno.EIO],
    'copy_file_range': [errno.ENOSPC, errno.EIO], 'getcwd': [errno.ENOENT], 'readlink': [errno.EIO],
}


def failures_of(name):
    for start, numbers in FAILURES.items():
        if start in name or (start == 'unlink' and name == 'rmdir'):
            return numbers
    return [errno.EIO, errno.EPERM]


def calls(bench, tally, count):
    """Each system call fails, in turn. `count`: of how many, evenly spread; -1 = every one, those of the export in each way."""
    if not bench.can_watch:
        return tally.skip('system calls cannot be watched here')
    every = [(job, number, failure) for job in (bench.jobs[name] for name in ('export', 'prune', 'search'))
             for number, name in enumerate(job.calls) for failure in range(len(failures_of(name)) if job.name == 'export' else 1)]
    if count >= 0:
        first = [one for one in every if one[2] == 0]
        every = [first[i * len(first) // count] for i in range(count)]
    for index in tally.trials(len(every)):
        job, number, failure = every[index]
        job.prepare(bench.work)

        def action(call):
            nonlocal number_of_failure, is_stream
            numbers = failures_of(call.name)
            number_of_failure = numbers[failure % len(numbers)]
            is_stream = call.path.startswith(f'{bench.root}/std')
            return number_of_failure

        number_of_failure, is_stream = 0, False
        judge, state = at_call(bench, number, action)
        run = bench.start(job, watched=True)
        run.drive(judge)
        problems = complaints(run, {0, 1}, is_json=True, stream_failed=is_stream) + job.left(bench.work)
        problems += job.unfinished(bench.work) if run.code == 0 else bench.halves(job)
        if 'left behind' in ' '.join(problems):  # a file that could not be removed stays: the next run takes it
            refused = (state['call'] or '').startswith(('unlink', 'rmdir', 'getdents', 'openat', 'open', 'newfstatat', 'fstat', 'lstat', 'stat'))
            if refused and not bench.again(job):
                problems = [problem for problem in problems if not problem.startswith('left behind')]
        tally.judge(problems, f'{job.name}, call {number}, {processes.errno_name(number_of_failure)} from {state["call"]}')


def power(bench, tally, count):
    """Power losses: at a random call, at a random moment, or right after exit 0."""
    kinds = disks.kinds()
    if not kinds:
        return tally.skip('power losses need root and mkfs.ext4')
    images = []
    try:
        for kind in kinds:
            images.append(disks.Image(f'{bench.root}/power-{kind}', kind, 16 if kind == 'ext4' else 320))
        images[0].begin()
        images[0].unmount()
    except OSError as problem:
        return tally.skip(f'no loop devices: {problem}')
    for _ in tally.trials(count):
        image = tally.rng.choice(images)
        image.begin()
        try:
            _power(bench, tally, image)
        finally:
            image.unmount()


def _power(bench, tally, image):
    rng = tally.rng
    job = bench.jobs[rng.choice(['export', 'export', 'export-new', 'export-gguf', 'prune', 'search', 'calibrate'])]
    folder, found = f'{image.place}/work', None
    job.prepare(folder)
    os.sync()
    way = rng.choice(['call', 'call', 'end'] if bench.can_watch else ['moment', 'end'])
    after = f'{bench.root}/after'

    def lose(call):
        nonlocal found
        found = image.after_power_loss(after)

    run = bench.start(job, folder, watched=way == 'call')
    how = f'{job.name}, {image.kind}, '
    if way == 'call':
        last = len(job.calls)
        judge, state = at_call(bench, rng.randrange(last // 3, last), lose)  # before that, nothing is written
        run.drive(judge)
        how += f'at {state["call"]}'
    else:
        if way == 'moment':
            moment = rng.uniform(0, job.seconds)
            if not run.is_over(moment):
                run.send(signal.SIGSTOP)
                lose(None)
                run.send(signal.SIGCONT)
            how += f'after {moment:.3f} s'
        run.wait()
        how += 'after the end' if way == 'end' else ''
    if not found:
        lose(None)
    try:
        problems = [] if run.code == 0 else [f'exit {run.code}: {run.stderr}']
        if way == 'end':
            problems += job.unfinished(f'{after}/work')
        problems += [f'after the loss: {problem}' for problem in bench.halves(job, f'{after}/work')]
        tally.judge(problems + bench.again(job, f'{after}/work'), how)
    finally:
        found.unmount()


def memory(bench, tally, count):
    """Little memory and few threads."""
    if bench.program.server is None:
        return tally.skip('what little memory does is only seen of a program that is loaded already')
    base = _address_space(bench)
    for _ in tally.trials(count):
        rng = tally.rng
        job = bench.jobs[rng.choice(['export', 'prune', 'search', 'calibrate', 'export-gguf'])]
        ways = ['address space', 'address space', 'data'] + ['a map', 'a map', 'a thread'] * bench.can_watch + ['threads'] * disks.is_root()
        way = rng.choice(ways)
        threads = ['--threads', str(rng.choice([1, 2, 3]))]
        job.prepare(bench.work)
        options, judge, how = {}, lambda call: None, f'{job.name}, {" ".join(threads)}, '
        arguments = [*job.arguments, *threads] if '--threads' not in job.arguments else list(job.arguments)
        if '--threads' in job.arguments:
            arguments[arguments.index('--threads') + 1] = threads[1]
        if way == 'address space':
            limit = base + int(rng.uniform(-0.02, 1) * (256 << 20))
            options, how = {'limits': {resource.RLIMIT_AS: limit}}, how + f'ulimit -v {limit >> 10}'
        elif way == 'data':
            limit = rng.randrange(1 << 20, 192 << 20)
            options, how = {'limits': {resource.RLIMIT_DATA: limit}}, how + f'ulimit -d {limit >> 10}'
        elif way == 'threads':
            os.chmod(bench.work, 0o777)
            for output in job.old:
                for folder, _, _ in os.walk(f'{bench.work}/{output}'):
                    os.chmod(folder, 0o777)
            limit = rng.randrange(1, 6)
            options, how = {'limits': {resource.RLIMIT_NPROC: limit}, 'user': 61234}, how + f'ulimit -u {limit}'
        else:
            number = rng.randrange(0, 60) if way == 'a map' else rng.randrange(0, 5)
            names = ['memory'] if way == 'a map' else [*processes.THREADS & set(bench.program.calls)]
            state = {'count': 0}

            def judge(call):
                if call.name not in names:
                    return None
                state['count'] += 1
                return None if state['count'] - 1 < number else errno.ENOMEM if way == 'a map' else errno.EAGAIN

            options, how = {'watched': names}, how + f'none of {" ".join(names)} from number {number}'
        run = bench.program.start([*arguments, '--json'], cwd=bench.work, out=f'{bench.root}/stdout0', err=f'{bench.root}/stderr0', **options)
        run.drive(judge)
        os.chmod(bench.work, 0o755)
        if run.code == -signal.SIGSEGV:
            tally.count('SIGSEGV: oneDNN does not look whether it gets memory; nothing half or lost, and the next run sweeps')
            tally.judge(bench.halves(job) + bench.again(job), how)
            continue
        problems = complaints(run, {0, 1}, is_json=True)
        if run.code != 0:
            problems += bench.halves(job)
        else:  # where a library has less memory it computes in other steps: the last digits are others
            for output, new in job.new.items():
                if list(tree(f'{bench.work}/{output}') or []) != list(new):
                    problems.append(f'{output} is not whole')
        tally.judge(problems + job.left(bench.work), how)


def _address_space(bench):
    """Of the program before its main, in bytes."""
    with open(f'/proc/{bench.program.server.pid}/statm', encoding='ascii') as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


def races(bench, tally, count):
    """Two writers of one output, a cancel while a slow disk commits, a model that changes under the reader."""
    ways = [_slow_commit] * 2 * bench.can_watch + [_replaced, _cut, _changed] * bench.can_watch + [_two_writers]
    pairs = {_two_writers: [bench.program, processes.Program(bench.path, bench.helper)]}
    bench.programs += pairs[_two_writers][1:]
    if disks.is_root() and bench.can_watch and shutil.which('unshare'):
        apart = ['unshare', '--pid', '--fork', '--mount-proc']
        pairs[_one_pid] = [processes.Program(bench.path, bench.helper, apart) for _ in range(2)]
        bench.programs += pairs[_one_pid]
        if all(program.can_watch for program in pairs[_one_pid]):
            ways += [_one_pid, _one_pid]
    else:
        tally.skip('two processes with one pid need root')
    for index in tally.trials(count):
        way = ways[index % len(ways)]
        problems, how = way(bench, tally.rng, *pairs.get(way, []))
        tally.judge(problems, how)


def _slow_commit(bench, rng):
    """SIGTERM while the disk takes its time over the commit: a second for a folder's fsync or a rename, and a moment for each removal."""
    job = bench.jobs[rng.choice(['export', 'export', 'prune', 'search'])]
    job.prepare(bench.work)
    slow, gap = rng.choice(['fsync', 'fsync', 'rename']), rng.choice([0, rng.uniform(0, 1.2)])
    last = 'README' if 'out' in job.old else 'plan.json'
    state = {'late': 0, 'last': False, 'timer': None}

    def judge(call):
        if not call.is_within(bench.work):
            return None
        if slow in call.name and state['last'] and state['late'] < 3 and (os.path.isdir(call.path) or last == 'plan.json'):
            state['late'] += 1
            if not state['timer']:
                state['timer'] = threading.Timer(gap, run.send, [signal.SIGTERM])
                state['timer'].start()
            return 1.1
        state['last'] |= last in call.path
        return 0.06 if 'unlink' in call.name else None

    run = bench.start(job, watched=True)
    run.drive(judge)
    if state['timer']:
        state['timer'].cancel()
    problems = complaints(run, {0, 130}, is_json=True) + bench.halves(job) + job.left(bench.work)
    return problems, f'{job.name}, SIGTERM {gap:.2f} s after a slow {slow} began'


def _own_model(bench):
    """A copy of the model that may be spoilt, at the place of the model."""
    kept = f'{bench.root}/model.kept'
    os.rename(bench.model, kept)
    shutil.copytree(kept, bench.model)
    return kept


def _spoil(bench, rng, spoil, what, begun):
    """Runs a job; spoil() happens to its model some time after it opened the folder, or mapped the weights, that are `begun`: what it writes
    is of the model as it was, or it says that it changed."""
    job = bench.jobs[rng.choice(['export', 'export', 'prune', 'calibrate', 'export-gguf'])]
    job.prepare(bench.work)
    kept = _own_model(bench)
    try:
        run = bench.start(job, watched=True)
        begins = 'mmap' if begun.endswith('.safetensors') else 'open'
        first = next(number for number, path in enumerate(job.paths) if path.startswith(begun) and begins in job.calls[number])
        judge, state = at_call(bench, rng.randrange(first + 1, len(job.calls)), lambda call: spoil())
        run.drive(judge)
    finally:
        shutil.rmtree(bench.model)
        os.rename(kept, bench.model)
    problems = complaints(run, {0, 1}, is_json=True) + job.left(bench.work) + bench.halves(job)
    if run.code == 0:
        problems = complaints(run, {0, 1}, is_json=True) + job.left(bench.work) + job.unfinished(bench.work)
    return problems, f'{job.name}, {what} at {state["call"]}'


def _replaced(bench, rng):
    def spoil():
        os.rename(bench.model, f'{bench.root}/model.aside')
        shutil.copytree(bench.other, bench.model)
        shutil.rmtree(f'{bench.root}/model.aside')

    return _spoil(bench, rng, spoil, 'another model at the same place', bench.model)


def _cut(bench, rng):
    weights = f'{bench.model}/model.safetensors'
    return _spoil(bench, rng, lambda: os.truncate(weights, rng.choice([0, 100, 4096, 100_000])), 'weights cut off', weights)


def _changed(bench, rng):
    def spoil():
        with open(f'{bench.model}/model.safetensors', 'r+b') as weights:
            weights.seek(rng.randrange(4096, 300_000))
            weights.write(bytes(64))

    return _spoil(bench, rng, spoil, 'weights changed', f'{bench.model}/model.safetensors')


def _two_writers(bench, rng, *programs):
    """Two exports, or two searches, under one name, at once."""
    first, second = [bench.jobs[name] for name in rng.choice([('export', 'export-gguf'), ('export', 'export'), ('search', 'prune')])]
    first.prepare(bench.work)
    second.prepare(bench.work)
    shared = set(first.old) & set(second.old)
    runs = [None, None]
    begin = [0, rng.uniform(0, 0.1)]
    late = [rng.uniform(0, 0.3) for _ in range(2)]

    def work(number, job):
        time.sleep(begin[number])
        run = runs[number] = bench.start(job, program=programs[number], number=number, watched=['fsync'] if bench.can_watch else ())
        run.drive(lambda call: late[number] if call.is_within(bench.work) and 'README' not in call.path else None)

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate([first, second])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    problems = []
    for run in runs:
        problems += complaints(run, {0, 1}, is_json=True)
    for output in shared:
        content = tree(f'{bench.work}/{output}')
        right = [job.new[output] for job, run in zip([first, second], runs) if run.code == 0] or [first.old[output]]
        if content not in right + [state for job in (first, second) for state in job.between[output]]:
            problems.append(first._difference(output, content) + f' (exit {runs[0].code} and {runs[1].code})')
    names = sorted(set(os.listdir(bench.work)) - set(first.old) - set(second.old))
    if names:
        problems.append(f'left behind: {", ".join(names)}')
    return problems, f'{first.name} and {second.name} at once'


def _one_pid(bench, rng, *programs):
    problems, how = _two_writers(bench, rng, *programs)
    return problems, how + ', both with one pid'


KINDS = {'draft': 0, 'pins': 1, 'evaluations': 2, 'exports': 3, 'searches': 4, 'candidates': 5}  # of steps, see journal_writer.cpp


def sessions(bench, tally, count):
    """A session and its journal under kills, full disks and power losses."""
    writer = bench.writer()
    if not writer:
        return tally.skip('journal_writer was not built beside the program')
    ways = ['kill', 'kill'] + ['full'] * writer.can_watch + ['limit']
    image = None
    if disks.kinds():
        try:
            image = disks.Image(f'{bench.root}/sessions', disks.kinds()[0], 16)
            image.begin()
            image.unmount()
            ways += ['power']
        except OSError as problem:
            tally.skip(f'no loop devices: {problem}')
    else:
        tally.skip('power losses need root')
    for _ in tally.trials(count):
        way = tally.rng.choice(ways)
        problems, how = _session(bench, writer, image, tally.rng, way)
        tally.judge(problems, how)


def _session(bench, writer, image, rng, way):
    folder = bench.work
    if way == 'power':
        image.begin()
        folder = f'{image.place}/work'
    os.makedirs(folder, exist_ok=True)
    empty(folder)
    after, found, limits = folder, None, {}
    moment, steps = rng.uniform(0, 0.3), rng.choice([20, 60, 150])
    at = rng.randrange(0, 20 + 3 * steps)
    how = f'{way}, {steps} steps'
    state = {'calls': 0, 'left': rng.randrange(0, 300_000)}
    try:
        if way == 'limit':
            limits = {resource.RLIMIT_FSIZE: rng.randrange(2000, 60_000)}
        watches = writer.can_watch and way in ('kill', 'full', 'power')
        run = writer.start(['write', folder, f'{bench.model}/config.json', str(steps)], cwd=bench.root, out=f'{bench.root}/stdout0',
                           err=f'{bench.root}/stderr0', watched=writer.calls if watches else (), limits=limits)

        def judge(call):
            nonlocal found
            if not call.is_within(folder):
                return None
            state['calls'] += 1
            if way == 'full' and call.name in processes.WRITING:
                state['left'] -= call.arguments[2]
                return errno.ENOSPC if state['left'] < 0 else None
            if way != 'full' and state['calls'] - 1 == at:
                if way == 'power':
                    found = image.after_power_loss(f'{bench.root}/after')
                run.send(signal.SIGKILL)
            return None

        if watches:
            run.drive(judge)
            how += f', at call {at}' if way != 'full' else ''
        else:
            if way == 'kill' and not run.is_over(moment):
                run.send(signal.SIGKILL)
            run.wait()
        if way == 'power':
            if not found:
                found = image.after_power_loss(f'{bench.root}/after')
            after = f'{bench.root}/after/work'
        problems = _lost_of_session(bench, writer, run, way, after) + _left_of_sessions(bench, writer, after)
        return problems, how
    finally:
        if found:
            found.unmount()
        if way == 'power':
            image.unmount()


def _lost_of_session(bench, writer, run, way, folder):
    said = run.stdout.split('\n')[:-1]  # what was said whole
    problems = []
    if run.code not in (0, -signal.SIGKILL) and not (run.code == 1 and way in ('full', 'limit') and re.search('full|ulimit', run.stderr)):
        problems.append(f'exit {run.code}: {run.stderr.strip()[:200]}')
    reader = writer.run(['read', folder], cwd=bench.root, out=f'{bench.root}/stdout1', err=f'{bench.root}/stderr1')
    if reader.code != 0:
        return problems + [f'the reader ends with {reader.code}: {reader.stderr.strip()[:200]}']
    sound, failed = [], False
    for line in said:  # once a line was refused, later ones may be refused in silence
        failed = failed or line.startswith('failed')
        if line.isdigit() and not failed:
            sound.append(int(line))
    last = max([int(line) for line in said if line.isdigit()], default=-1) + 1  # the one under way may be there
    found = {content['what']: content for content in map(json.loads, reader.stdout.splitlines())}
    if way == 'power':  # lines are not synced, bases are: base n holds all steps before (n - 2) * 42 + 6
        bases = [int(line.split()[1]) for line in said if line.startswith('base ')]
        sound = [step for step in sound if step < max(bases, default=0) * 42 - 78]
    # A session without any choice or finding is not worth offering.
    if 'recovered' not in found:
        return problems + (['the session is gone'] if sound else [])
    content = found['recovered']
    for name, kind in KINDS.items():
        right = [step for step in sound if step % 7 == kind]
        if name == 'draft':
            if content[name] < max(right, default=0) or content[name] > last:
                problems.append(f'the draft is of step {content[name]}, not {max(right, default=0)}')
        elif lost := sorted(set(right) - set(content[name])):
            problems.append(f'{len(lost)} of {len(right)} {name} are lost: {lost[:5]}')
        elif more := sorted(step for step in set(content[name]) if step > last):
            problems.append(f'{name} from nowhere: {more[:5]}')
    return problems


def _left_of_sessions(bench, writer, folder):
    """What is still hidden after another session was begun, saved and closed: of the dead nothing may stay."""
    run = writer.run(['write', folder, f'{bench.model}/config.json', '8'], cwd=bench.root, out=f'{bench.root}/stdout1', err=f'{bench.root}/stderr1')
    if run.code != 0:
        return [f'the next session: exit {run.code}: {run.stderr.strip()[:200]}']
    hidden = [name for place in (folder, f'{folder}/sessions') for name in os.listdir(place) if name.startswith('.')]
    return [f'left behind after the next session: {", ".join(hidden)}'] if hidden else []
