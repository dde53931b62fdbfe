# SPDX-License-Identifier: GPL-3.0-or-later
"""What every campaign works with: a small model, jobs with their right results, and the questions that are asked after each trial."""
import json
import os
import pathlib
import random
import re
import shutil
import struct
import tempfile
import time

import processes

SAMPLE = processes.HERE.parent.parent / 'resources' / 'sample'
# Words that no message may hold: those of libraries, of the system's own crash reports, and of a fault that nobody foresaw.
FOREIGN_WORDS = re.compile(r'json\.exception|std::|filesystem error|what\(\)|terminate|Unexpected|should not happen|bad_alloc|basic_\w+:|map::at'
                           r'|libgomp|c10|torch::|iostream|Assertion|Exception raised|report (this|it)|corrupt|malloc|\bcode \d+', re.IGNORECASE)


def tree(path):
    """{relative name: bytes} of a file (name '') or a folder (None for folders within); None when there is nothing."""
    path = pathlib.Path(path)
    if path.is_symlink() or path.is_file():
        return {'': path.read_bytes()}
    if not path.is_dir():
        return None
    return {str(entry.relative_to(path)): entry.read_bytes() if entry.is_file() else None for entry in sorted(path.rglob('*'))}


def put(content, path):
    """The opposite of tree()."""
    if content is None:
        return
    if '' in content:
        pathlib.Path(path).write_bytes(content[''])
        return
    os.mkdir(path)
    for name, data in content.items():
        if data is None:
            os.makedirs(f'{path}/{name}', exist_ok=True)
        else:
            pathlib.Path(path, name).write_bytes(data)


def size(content):
    return sum(len(data) for data in (content or {}).values() if data)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def empty(folder):
    for name in os.listdir(folder):
        if name != 'lost+found':
            remove(f'{folder}/{name}')


def make_model(folder, seed):
    """A random Llama with the sample's tokenizer: one process takes a few hundredths of a second with it."""
    os.mkdir(folder)
    hidden, neurons, layers, heads, groups, vocabulary = 32, 48, 3, 4, 2, 2048
    config = {'architectures': ['LlamaForCausalLM'], 'model_type': 'llama', 'hidden_size': hidden, 'intermediate_size': neurons,
              'num_hidden_layers': layers, 'num_attention_heads': heads, 'num_key_value_heads': groups, 'vocab_size': vocabulary,
              'head_dim': hidden // heads, 'hidden_act': 'silu', 'rms_norm_eps': 1e-5, 'rope_theta': 10000.0,
              'max_position_embeddings': 512, 'tie_word_embeddings': True, 'torch_dtype': 'float32', 'bos_token_id': 0, 'eos_token_id': 0}
    pathlib.Path(folder, 'config.json').write_text(json.dumps(config))
    shapes = {'model.embed_tokens.weight': (vocabulary, hidden), 'model.norm.weight': (hidden,)}
    for layer in range(layers):
        name = f'model.layers.{layer}.'
        shapes |= {name + 'input_layernorm.weight': (hidden,), name + 'post_attention_layernorm.weight': (hidden,),
                   name + 'self_attn.q_proj.weight': (hidden, hidden), name + 'self_attn.o_proj.weight': (hidden, hidden),
                   name + 'self_attn.k_proj.weight': (hidden // heads * groups, hidden),
                   name + 'self_attn.v_proj.weight': (hidden // heads * groups, hidden),
                   name + 'mlp.gate_proj.weight': (neurons, hidden), name + 'mlp.up_proj.weight': (neurons, hidden),
                   name + 'mlp.down_proj.weight': (hidden, neurons)}
    header, offset, data = {'__metadata__': {'format': 'pt'}}, 0, []
    rng = random.Random(seed)
    for name, shape in shapes.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {'dtype': 'F32', 'shape': shape, 'data_offsets': [offset, offset + 4 * count]}
        values = [rng.gauss(0, 0.3) for _ in range(count)] if len(shape) > 1 else [1.0] * count
        data.append(struct.pack(f'<{count}f', *values))
        offset += 4 * count
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    pathlib.Path(folder, 'model.safetensors').write_bytes(struct.pack('<Q', len(text)) + text + b''.join(data))
    for name in ('tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'generation_config.json'):
        shutil.copyfile(SAMPLE / 'model' / name, f'{folder}/{name}')
    pathlib.Path(folder, 'LICENSE').write_text(f'Do with it what you like ({seed}).\n')


class Job:
    """A command, what lies at its outputs before, and what must lie there when it is done."""

    def __init__(self, name, arguments, old):
        self.name, self.arguments, self.old = name, arguments, old
        self.new = {}  # output -> tree
        self.between = {output: [] for output in old}  # what it may hold on the way: a plan is written after every removal
        self.calls, self.paths = [], []  # what it asks the system for, in order, and of which file
        self.seconds = 0.0

    def prepare(self, folder):
        os.makedirs(folder, exist_ok=True)
        empty(folder)
        for output, content in self.old.items():
            put(content, f'{folder}/{output}')

    def halves(self, folder, is_sound=lambda output: False):
        """A sentence for each output that is neither the old one, nor the new one, nor absent as before; is_sound(path) may know better."""
        found = []
        for output, old in self.old.items():
            content = tree(f'{folder}/{output}')
            if content not in (old, self.new[output], *self.between[output]) and not (content and is_sound(f'{folder}/{output}')):
                found.append(self._difference(output, content))
        return found

    def unfinished(self, folder):
        """A sentence for each output that is not the new one."""
        return [self._difference(output, content) for output in self.old
                if (content := tree(f'{folder}/{output}')) != self.new[output]]

    def _difference(self, output, content):
        if content is None:
            return f'{output} is gone'
        right = self.new[output]
        if content == self.old[output]:
            return f'{output} is the old one'
        files = [name or output for name in right if content.get(name) != right[name]] + [name for name in content if name not in right]
        return (f'{output} is half: {len(content)} of {len(right)} files, not as they should be: {", ".join(files[:4])}'
                f'{self._line(content.get(files[0].replace(output, "")), right.get(files[0].replace(output, "")))}')

    def _line(self, one, other):
        """The first line that differs."""
        try:
            pairs = zip(one.decode().splitlines() + ['(end)'], other.decode().splitlines() + ['(end)'])
        except (AttributeError, UnicodeDecodeError):
            return ''
        return next((f': {a.strip()[:80]} for {b.strip()[:80]}' for a, b in pairs if a != b), '')

    def left(self, folder):
        names = sorted(set(os.listdir(folder)) - set(self.old) - {'lost+found'})
        return [f'left behind: {", ".join(names)}'] if names else []


def complaints(run, codes, *, is_json, stream_failed=False):
    """What is wrong with how a run ended and what it said. `codes`: those that are right."""
    found = []
    said = run.stderr + run.stdout
    if run.code == processes.HANG:
        return [f'it did not end within {processes.PATIENCE} s']
    if run.code not in codes:
        last = run.stderr.strip().splitlines()[-1:] or ['']
        found.append(f'exit {run.code} ({last[0][:160]})')
    if words := FOREIGN_WORDS.search(run.stderr):
        line = next(line for line in run.stderr.splitlines() if words.group(0) in line)
        found.append(f'foreign words: {line[:200]}')
    if run.code == 1 and not stream_failed:
        if not re.search(r'^secateur-cli: .*[.!?]$', run.stderr, re.MULTILINE):
            found.append(f'no sentence: {said[-160:]!r}')
    if is_json and not stream_failed:
        events = []
        for line in run.stdout.splitlines():
            try:
                events.append(json.loads(line)['event'])
            except (ValueError, KeyError, TypeError):
                found.append(f'no line of JSON: {line[:80]!r}')
                break
        wanted = {0: 'result', 1: 'error', 130: 'cancelled'}.get(run.code)
        if wanted and wanted not in events:
            found.append(f'exit {run.code} without the event {wanted!r}')
    return found


class Bench:
    def __init__(self, cli):
        processes.become_subreaper()
        os.environ['OMP_WAIT_POLICY'] = 'passive'
        os.environ['LC_ALL'] = 'C.UTF-8'
        self.root = os.path.realpath(tempfile.mkdtemp(prefix='secateur-reliability-'))
        os.chmod(self.root, 0o755)
        self.work, self.model, self.other = f'{self.root}/work', f'{self.root}/model', f'{self.root}/other/model'
        self.path = cli
        self.helper = processes.build_helper(self.root)
        self.programs = [processes.Program(cli, self.helper)]
        os.mkdir(self.work)
        os.mkdir(f'{self.root}/other')
        make_model(self.model, 1)
        make_model(self.other, 2)
        with open(SAMPLE / 'text' / 'grimm.txt', encoding='utf-8') as text:
            pathlib.Path(self.root, 'text.txt').write_text(text.read(6000))
        self._make_jobs()

    @property
    def program(self):
        return self.programs[0]

    @property
    def can_watch(self):
        return self.program.can_watch

    def writer(self):
        """journal_writer, which the build puts into tests/ beside the bin/ of the program; None when it is not there."""
        path = pathlib.Path(self.path).resolve().parent.parent / 'tests' / 'journal_writer'
        if not path.is_file():
            return None
        self.programs.append(processes.Program(path, self.helper))
        return self.programs[-1]

    def close(self):
        for program in self.programs:
            program.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def start(self, job, folder=None, *, program=None, arguments=(), is_json=True, watched=None, number=0, **more):
        return (program or self.program).start([*job.arguments, *arguments, *(['--json'] if is_json else [])], cwd=folder or self.work,
                                               out=more.pop('out', f'{self.root}/stdout{number}'), err=f'{self.root}/stderr{number}',
                                               watched=self.program.calls if watched is True else watched or (), **more)

    def counts(self, call):
        """Whether a call is the program's: libraries look for parts of themselves on the way."""
        if call.name == 'memory' or call.path.startswith(('/proc/cpuinfo', '/sys/devices/')):
            return False
        return call.name in processes.THREADS or call.is_within(self.root) or call.path.startswith(('/proc/', '/sys/', 'pipe:', 'socket:'))

    def halves(self, job, folder=None):
        return job.halves(folder or self.work, lambda file: self._is_plan_that_goes_on(file, job))

    def _is_plan_that_goes_on(self, file, job):
        """Whether it is a plan of a search that was stopped: going on with it leads to the removals of one that was not."""
        if not file.endswith('plan.json'):
            return False
        target = f'{self.root}/continued.json'
        threads = re.search(rb'"threads": *(\d+)', pathlib.Path(file).read_bytes())
        run = self.program.run(['search', self.model, '--plan', file, '--remove', '2', '--save-plan', target, '--overwrite',
                                '--threads', threads[1].decode() if threads else '1', '--device', 'cpu'], cwd=self.root, out=f'{self.root}/stdout9', err=f'{self.root}/stderr9')
        if run.code != 0:
            return False
        right = json.loads(job.new['plan.json'][''])
        return json.loads(pathlib.Path(target).read_text())['removedAttentions'] == right['removedAttentions']

    def again(self, job, folder=None):
        """The same command once more, with nothing in its way: it must give the right result and leave nothing behind."""
        folder = folder or self.work
        run = self.start(job, folder)
        run.wait()
        return [f'the next run: {problem}' for problem in
                complaints(run, {0}, is_json=True) + job.unfinished(folder) + job.left(folder)]

    def _run(self, *arguments):
        run = self.program.run(arguments, cwd=self.work, out=f'{self.root}/stdout', err=f'{self.root}/stderr')
        if run.code != 0:
            raise SystemExit(f'{" ".join(map(str, arguments))} ended with {run.code}: {run.stderr}')

    def _make_jobs(self):
        text = ['--text', f'{self.root}/text.txt', '--windows', '2', '--length', '16', '--threads', '1', '--device', 'cpu']
        quick = ['--threads', '1', '--device', 'cpu', '--overwrite']
        scores, plan = f'{self.root}/scores.safetensors', f'{self.root}/plan.json'
        self._run('calibrate', self.model, *text, '--output', scores)
        self._run('search', self.model, '--scores', scores, '--sparsity', '0.3', '--remove', '1', '--save-plan', plan, *quick)
        self._run('calibrate', self.model, *text[:-6], '--length', '12', *text[-4:], '--output', 'old-scores')
        self._run('search', self.model, '--scores', scores, '--sparsity', '0.2', '--remove', '1', '--save-plan', 'old-plan', *quick)
        self._run('export', self.model, '--plan', 'old-plan', '--output', 'old-out', *quick)
        old_out, old_plan, old_scores = (tree(f'{self.work}/old-{name}') for name in ('out', 'plan', 'scores'))
        jobs = [
            Job('export', ['export', self.model, '--plan', plan, '--output', 'out', *quick], {'out': old_out}),
            Job('prune', ['prune', self.model, *text, '--screen', 'none', '--keep', '40', '--remove', '2', '--save-plan', 'plan.json',
                          '--output', 'out', '--overwrite'], {'out': old_out, 'plan.json': old_plan}),
            Job('search', ['search', self.model, '--scores', scores, '--screen', 'bfloat16', '--sparsity', '0.3', '--remove', '2', '--save-plan', 'plan.json', *quick],
                {'plan.json': old_plan}),
            Job('calibrate', ['calibrate', self.model, *text, '--output', 'scores', '--overwrite'], {'scores': old_scores}),
            Job('export-new', ['export', self.model, '--plan', plan, '--format', 'hf-compact', '--output', 'out', *quick], {'out': None}),
            Job('export-gguf', ['export', self.model, '--plan', plan, '--format', 'gguf-deci', '--output', 'out', *quick], {'out': old_out}),
        ]
        for job in jobs:
            self._learn(job)
        self.jobs = {job.name: job for job in jobs}

    def _learn(self, job):
        job.prepare(self.work)
        start = time.monotonic()
        run = self.start(job)
        if run.wait() != 0:
            raise SystemExit(f'{job.name} ends with {run.code} without any fault: {run.stderr}')
        job.seconds = time.monotonic() - start
        job.new = {output: tree(f'{self.work}/{output}') for output in job.old}
        if self.can_watch:  # what it asks for, and what its plan holds on the way
            job.prepare(self.work)

            def judge(call):
                if self.counts(call):
                    job.calls.append(call.name)
                    job.paths.append(call.path)
                for output, known in job.between.items():
                    if output == 'plan.json' and (content := tree(f'{self.work}/{output}')) not in (None, job.old[output], *known):
                        json.loads(content[''])
                        known.append(content)

            self.start(job, watched=True).drive(judge)
        problems = job.unfinished(self.work)
        if problems:
            raise SystemExit(f'{job.name} does not give the same twice: {problems}')
