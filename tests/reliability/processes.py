# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a program very often: its libraries are loaded once (served.c), and each of its system calls can be let through, failed or delayed."""
import array
import ctypes
import errno
import fcntl
import heapq
import os
import pathlib
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
HANG = 'hang'  # the code of a run that did not end in time
PATIENCE = 20  # seconds

FILE_CALLS = {  # name -> where the path is: (folder's descriptor, path) as numbers of arguments, or the descriptor
    'open': (None, 0), 'creat': (None, 0), 'openat': (0, 1), 'stat': (None, 0), 'lstat': (None, 0), 'newfstatat': (0, 1), 'statx': (0, 1),
    'access': (None, 0), 'faccessat': (0, 1), 'rename': (None, 1), 'renameat': (2, 3), 'renameat2': (2, 3), 'mkdir': (None, 0),
    'mkdirat': (0, 1), 'rmdir': (None, 0), 'unlink': (None, 0), 'unlinkat': (0, 1), 'symlink': (None, 1), 'symlinkat': (1, 2),
    'link': (None, 1), 'linkat': (2, 3), 'readlink': (None, 0), 'readlinkat': (0, 1), 'chmod': (None, 0), 'fchmodat': (0, 1),
    'truncate': (None, 0), 'statfs': (None, 0), 'utimensat': (0, 1),
    'read': 0, 'pread64': 0, 'readv': 0, 'write': 0, 'pwrite64': 0, 'writev': 0, 'fsync': 0, 'fdatasync': 0, 'mmap': 4, 'ftruncate': 0,
    'fallocate': 0, 'close': 0, 'flock': 0, 'fstat': 0, 'getdents64': 0, 'sendfile': 0, 'copy_file_range': 2, 'lseek': 0, 'fstatfs': 0,
    'fchmod': 0,
}
WRITING = {'write', 'pwrite64', 'writev', 'sendfile', 'copy_file_range'}
THREADS = {'clone', 'clone3'}

# ioctls of a seccomp listener and the forms that they take (linux/seccomp.h)
RECEIVE, SEND = 0xC0502100, 0xC0182101
NOTICE, ANSWER = struct.Struct('=QIIiIQ6Q'), struct.Struct('=QqiI')
LET_THROUGH = 1


class Call:
    """A system call that waits for a word."""

    def __init__(self, run, notice):
        self.id, self.pid, _, number, _, _, *self.arguments = NOTICE.unpack(notice)
        self.name = run.program.names.get(number, str(number))
        self.run = run
        if self.name == 'mmap' and self.arguments[4] & 0xffffffff == 0xffffffff:
            self.name = 'memory'  # no file is mapped
        self.path = self._path()

    def _path(self):
        where = FILE_CALLS.get(self.name)
        if where is None:
            return ''
        if isinstance(where, int):
            return self._link(f'fd/{self.arguments[where] & 0xffffffff}')
        folder, path = where
        path = self.text(self.arguments[path])
        if path.startswith('/'):
            return os.path.normpath(path)
        start = 'cwd' if folder is None or self.arguments[folder] & 0xffffffff == 0xffffff9c else f'fd/{self.arguments[folder] & 0xffffffff}'
        return os.path.normpath(os.path.join(self._link(start), path))

    def _link(self, name):
        try:
            return os.readlink(f'/proc/{self.pid}/{name}')
        except OSError:
            return ''

    def text(self, address):
        """The zero-ended text there."""
        try:
            data = os.pread(self.run.memory(self.pid), 4096 - address % 4096, address)
            if b'\0' not in data:
                data += os.pread(self.run.memory(self.pid), 4096, address + len(data))
            return os.fsdecode(data.split(b'\0')[0])
        except OSError:
            return ''

    def is_within(self, folder):
        return self.path == folder or self.path.startswith(folder + '/')

    def __str__(self):
        return f'{self.name} {self.path}' if self.path else self.name


class Run:
    """A process of a Program. `code` is its exit code, minus the signal that ended it, or HANG."""

    def __init__(self, program, pidfd, listener, out, err):
        self.program, self.pidfd, self.listener, self.out, self.err = program, pidfd, listener, out, err
        self.code = None
        self.calls = 0
        self._memory = None

    def send(self, number):
        try:
            signal.pidfd_send_signal(self.pidfd, number)
        except (ProcessLookupError, TypeError):
            pass  # it is over

    def memory(self, pid):
        if self._memory is None:
            self._memory = os.open(f'/proc/{pid}/mem', os.O_RDONLY)
        return self._memory

    def is_over(self, seconds=0):
        return bool(select.select([self.pidfd], [], [], seconds)[0])

    def wait(self, seconds=PATIENCE):
        """Until it ends; with calls let through."""
        return self.drive(lambda call: None, seconds)

    def drive(self, judge, seconds=PATIENCE):
        """judge(Call) -> None (let it through), a number of errno, or the seconds by which it is late (a float)."""
        deadline = time.monotonic() + seconds
        late = []  # (when, id)
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        if self.listener is not None:
            poll.register(self.listener, select.POLLIN)
        while True:
            now = time.monotonic()
            while late and late[0][0] <= now:
                self._answer(heapq.heappop(late)[1], None)
            if now > deadline:
                self.send(signal.SIGKILL)
                self._finish()
                self.code = HANG
                return HANG
            ready = poll.poll(1000 * (min([deadline, *(when for when, _ in late[:1])]) - now) + 1)
            for descriptor, what in ready:
                if descriptor == self.listener and what & select.POLLIN:
                    notice = bytearray(NOTICE.size)
                    try:
                        fcntl.ioctl(self.listener, RECEIVE, notice, True)
                    except OSError:  # it is gone
                        continue
                    self.calls += 1
                    call = Call(self, notice)
                    verdict = judge(call)
                    if isinstance(verdict, float):
                        heapq.heappush(late, (time.monotonic() + verdict, call.id))
                    else:
                        self._answer(call.id, verdict)
                elif descriptor == self.pidfd:
                    return self._finish()
                elif what & select.POLLHUP:
                    poll.unregister(self.listener)

    def _answer(self, number, error):
        try:
            fcntl.ioctl(self.listener, SEND, ANSWER.pack(number, 0, -error if error else 0, 0 if error else LET_THROUGH))
        except OSError:
            pass  # it is gone

    def _finish(self):
        status = self.program.status()
        self.code = os.waitstatus_to_exitcode(status) if isinstance(status, int) else status
        for descriptor in (self.pidfd, self.listener, self._memory):
            if descriptor is not None:
                os.close(descriptor)
        self.pidfd = self.listener = self._memory = None
        return self.code

    @property
    def stdout(self):
        return pathlib.Path(self.out).read_text(errors='replace')

    @property
    def stderr(self):
        return pathlib.Path(self.err).read_text(errors='replace')


def build_helper(folder):
    """served.so, or None where there is no compiler."""
    compiler = shutil.which('cc') or shutil.which('gcc')
    target = f'{folder}/served.so'
    done = compiler and subprocess.run([compiler, '-shared', '-fPIC', '-O1', '-o', target, HERE / 'served.c', '-ldl'], capture_output=True)
    return target if done and done.returncode == 0 else None


class Program:
    """One program, one run at a time.

    With the helper its main runs in children of a process that has loaded the libraries, and calls can be watched where the system lets
    a process filter its own (`can_watch`); without it each run is a process as usual.
    """

    def __init__(self, path, helper, prefix=()):
        self.path = str(pathlib.Path(path).resolve())
        self.names, self.server, self.popen = {}, None, None
        self.can_watch = False
        if not helper:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            environment = dict(os.environ, SECATEUR_SERVED=str(theirs.fileno()))
            self.server = subprocess.Popen([*prefix, 'env', f'LD_PRELOAD={helper}', self.path], env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.socket = ours
        ours.settimeout(60)
        try:
            table = ours.recv(1 << 16).decode()
        except OSError:
            table = ''
        if not table:  # a sanitizer must come first, say
            self.close()
            self.server = None
            return
        self.names = {int(number): name for name, number in (entry.split('=') for entry in table.split())}
        probe = self.start(['--version'], cwd='/', out='/dev/null', err='/dev/null', watched=['openat', 'write'])
        self.can_watch = probe.listener is not None
        probe.wait()

    @property
    def calls(self):
        """Names of all calls that can be watched."""
        return list(self.names.values())

    def start(self, arguments, *, cwd, out, err, watched=(), limits=None, user=''):
        """`limits`: {resource.RLIMIT_X: value}; `user`: a user id to change to (root only)."""
        arguments = [str(argument) for argument in arguments]
        for stream in (out, err):
            if stream != '/dev/null':
                pathlib.Path(stream).unlink(missing_ok=True)
        if self.server is None:
            return self._start_alone(arguments, cwd, out, err, limits or {}, user)
        fields = [','.join(watched), str(cwd), str(out), str(err), str(user), ','.join(f'{k}={v}' for k, v in (limits or {}).items()),
                  self.path, *arguments]
        self.socket.send(b''.join(os.fsencode(field) + b'\0' for field in fields))
        _, ancillary, _, _ = self.socket.recvmsg(1, socket.CMSG_SPACE(2 * 4))
        descriptors = array.array('i')
        for _, _, data in ancillary:
            descriptors.frombytes(data[:len(data) - len(data) % 4])
        if not descriptors:
            raise RuntimeError('The program could not be started.')
        return Run(self, descriptors[0], descriptors[1] if len(descriptors) > 1 else None, out, err)

    def _start_alone(self, arguments, cwd, out, err, limits, user):
        def prepare():
            for number, value in limits.items():
                resource.setrlimit(number, (value, value))

        with open(out, 'ab') as stdout, open(err, 'ab') as stderr:
            self.popen = subprocess.Popen([self.path, *arguments], cwd=cwd, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                                          preexec_fn=prepare, user=int(user) if user else None)
        return Run(self, os.pidfd_open(self.popen.pid), None, out, err)

    def status(self):
        if self.server is None:
            code = self.popen.wait()
            return -code if code < 0 else code << 8
        self.socket.send(b'\0')
        return struct.unpack('i', self.socket.recv(4))[0]

    def run(self, arguments, **where):
        run = self.start(arguments, **where)
        run.wait()
        return run

    def close(self):
        if self.server:
            self.socket.close()
            try:
                self.server.wait(5)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()


def become_subreaper():
    """What a killed server leaves is ours to reap."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def errno_name(number):
    return errno.errorcode.get(number, str(number))
