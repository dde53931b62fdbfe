# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts what was tried and what failed, and says how a failure is seen again."""
import random
import re
import sys
import time


class Tally:
    def __init__(self, campaign, seed, only=None, command='', deadline=None):
        self.deadline = deadline  # of time.monotonic(): no trial begins after it
        self.campaign, self.seed, self.only, self.command = campaign, seed, only, command
        self.tried = self.failed = 0
        self.skipped = []  # why parts were left out
        self.counts = {}  # what is told beside -> how often
        self.kinds = {}  # what failed -> how often
        self.rng = None
        self._index = -1
        self._start = time.monotonic()

    def trials(self, count):
        """Numbers of trials; each has its own random numbers, so that --only repeats it alone."""
        for done in range(max(count, (self.only or 0) + 1)):
            if done >= 2 and self.deadline and time.monotonic() > self.deadline:
                self.skip(f'{done} of {count}: the time was over')
                return
            self._index += 1
            if self.only is not None and self._index != self.only:
                continue
            self.rng = random.Random(f'{self.seed} {self.campaign} {self._index}')
            self.tried += 1
            yield self._index

    def judge(self, problems, how):
        """`how`: what was done in this trial."""
        if not problems:
            return
        self.failed += 1
        for problem in problems:
            kind = re.sub(r'/\S*secateur-reliability-\w+/', '', re.sub(r'(partial-secateur-)\w+', r'\1…', problem))
            self.kinds[kind] = self.kinds.get(kind, 0) + 1
        print(f'  FAILED {self.campaign} {self._index} ({how}):', *problems, f'again: {self.command} --campaign {self.campaign} --only {self._index}',
              sep='\n    ', flush=True)

    def count(self, what):
        """What is a library's fault, which the program cannot mend: told, and no failure."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def skip(self, why):
        if why not in self.skipped:
            self.skipped.append(why)
            print(f'  {self.campaign}: {why}', file=sys.stderr, flush=True)

    def end(self):
        self.seconds = time.monotonic() - self._start

    def row(self):
        return f'{self.campaign:14}{self.tried:8}{self.failed:8}{self.seconds:9.0f}' + ''.join(f'   {why}' for why in [*self.skipped, *(f'{number} times {what}' for what, number in self.counts.items())])
