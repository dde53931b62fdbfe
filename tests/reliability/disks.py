# SPDX-License-Identifier: GPL-3.0-or-later
"""Small disks that may be filled and lose their power. Only root has them, and only where loop devices are allowed."""
import os
import shutil
import subprocess


def do(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True)


class Disk:
    """A file system of its own at `place`."""

    def __init__(self, place):
        self.place = place
        os.makedirs(place, exist_ok=True)

    def mount(self, *arguments):
        done = do('mount', *arguments, self.place)
        if done.returncode != 0:
            raise OSError(done.stderr.strip())

    def unmount(self):
        while do('umount', self.place).returncode == 0:  # as often as it was mounted
            pass

    def free(self):
        status = os.statvfs(self.place)
        return status.f_bavail * status.f_frsize

    def fill(self, left):
        """Until about that many bytes are free."""
        with open(f'{self.place}/filler', 'wb', buffering=0) as filler:
            while (more := min(self.free() - left, 1 << 20)) > 0:
                try:
                    filler.write(bytes(more))
                    os.fsync(filler.fileno())
                except OSError:
                    break

    def drain(self):
        os.unlink(f'{self.place}/filler')


def memory_disk(place, megabytes):
    disk = Disk(place)
    disk.mount('-t', 'tmpfs', '-o', f'size={megabytes}m', 'none')
    return disk


class Image(Disk):
    """A disk in a file. What is not synced is not in the file yet (no commits for five minutes), so a copy of it is what a power loss leaves."""

    def __init__(self, place, kind, megabytes):
        super().__init__(place)
        self.kind, self.file = kind, f'{place}.{kind}'
        self.fresh = f'{self.file}.fresh'
        with open(self.fresh, 'wb') as image:
            image.truncate(megabytes << 20)
        made = do(f'mkfs.{kind}', *(['-q', '-F'] if kind == 'ext4' else ['-q', '-f']), self.fresh)
        if made.returncode != 0:
            raise OSError(made.stderr.strip())

    def begin(self):
        """Empty, mounted."""
        do('cp', '--sparse=always', self.fresh, self.file)
        self.mount('-o', 'loop,commit=300' if self.kind == 'ext4' else 'loop', self.file)

    def after_power_loss(self, place):
        """The disk as a machine finds it that starts again now."""
        os.makedirs(place, exist_ok=True)
        copy = f'{self.file}.copy'
        do('cp', '--sparse=always', self.file, copy)
        found = Disk(place)
        found.mount('-o', 'loop,nouuid' if self.kind == 'xfs' else 'loop', copy)
        return found


def kinds():
    """File systems that can be made here; empty where loop devices are not allowed."""
    return [kind for kind in ('ext4', 'xfs') if os.geteuid() == 0 and shutil.which(f'mkfs.{kind}')]


def is_root():
    return os.geteuid() == 0
