"""A disk that fails where a test says, and a clock that jumps: the controls of `disk.c`, which is preloaded."""

from __future__ import annotations

import ctypes
import errno
import mmap
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

SOURCE = Path(__file__).with_name("disk.c")
KINDS = ["write", "sync", "rename", "truncate", "create", "remove", "folder", "read"]
CHANGES = [kind for kind in KINDS if kind != "read"]
PASS, FAIL, SHORT, KILL, TEAR, FULL, CUT = range(7)
LOGGED = 16384
FOR_EVER = 2**64 - 1


class LogEntry(ctypes.Structure):
    """One call that was counted."""

    _fields_ = [("kind", ctypes.c_uint32), ("name", ctypes.c_char * 60)]


class Control(ctypes.Structure):
    """What `disk.c` and the test share."""

    _fields_ = [
        ("kinds", ctypes.c_uint32),
        ("action", ctypes.c_uint32),
        ("error", ctypes.c_uint32),
        ("forgetful", ctypes.c_uint32),
        ("first", ctypes.c_uint64),
        ("last", ctypes.c_uint64),
        ("end", ctypes.c_uint64),
        ("clock_ns", ctypes.c_int64),
        ("folder", ctypes.c_char * 256),
        ("part", ctypes.c_char * 64),
        ("lost", ctypes.c_char * 64),
        ("count", ctypes.c_uint64),
        ("fired", ctypes.c_uint64),
        ("log", LogEntry * LOGGED),
    ]


@cache
def library() -> Path:
    """Compiles the library once a run."""
    out = Path(mkdtemp(prefix="spanwise-disk-")) / "disk.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", str(SOURCE), "-o", str(out), "-ldl"],
        check=True,
    )
    return out


class Disk:
    """The disk under one data directory. Give `env` to the processes that are to see it.

    Calls are numbered from 1 on, since `count` was last called for or a fault was set.
    """

    def __init__(self, data_dir: Path) -> None:
        path = data_dir.parent / f"{data_dir.name}.control"
        path.write_bytes(bytes(ctypes.sizeof(Control)))
        with path.open("r+b") as file:
            self._control = Control.from_buffer(mmap.mmap(file.fileno(), 0))
        self._control.folder = f"{data_dir.resolve()}/".encode()
        self.env = {"LD_PRELOAD": str(library()), "DISK_CONTROL": str(path)}
        self.watch()

    def watch(self, kinds: list[str] = CHANGES, part: str = "") -> None:
        """Counts, and fails, only calls of these kinds on files whose path contains `part`."""
        self._control.action = PASS
        self._control.kinds = sum(1 << KINDS.index(kind) for kind in kinds)
        self._control.part = part.encode()
        self._control.count = self._control.fired = 0

    def fail(self, first: int = 1, last: int | None = None, error: int = errno.EIO) -> None:
        """Lets the calls from `first` to `last` (that one alone, if not given) fail."""
        self._set(FAIL, first, last or first, error)

    def short(self, first: int) -> None:
        """Lets a write do half of its work, and the one for the other half fail: no space is left."""
        self._set(SHORT, first, first, errno.ENOSPC)

    def kill(self, first: int) -> None:
        """Kills the process in place of a call."""
        self._set(KILL, first, first, 0)

    def tear(self, first: int) -> None:
        """Kills the process in the middle of a write, or in place of another call."""
        self._set(TEAR, first, first, 0)

    def cut_power(self, first: int, lost: str = "") -> None:
        """Kills the process in place of a call, and undoes what it did to files and did not sync.

        Only files whose path contains `lost` lose anything. `remember` must have been called before the first write.
        """
        self._control.lost = lost.encode()
        self._set(CUT, first, first, 0)

    def remember(self) -> None:
        """Lets the disk keep what a power cut will undo."""
        self._control.forgetful = 1

    def end(self, call: int) -> None:
        """Kills the process in place of a call that follows the fault that is set."""
        self._control.end = call

    def fill(self, first: int = 1) -> None:
        """Leaves no space from a call on, until `heal`: what exists can be written over, and removed."""
        self._set(FULL, first, FOR_EVER, errno.ENOSPC)

    def heal(self) -> None:
        """Lets every call succeed again."""
        self._control.action = PASS
        self._control.end = 0

    def _set(self, action: int, first: int, last: int, error: int) -> None:
        self.heal()
        self._control.count = self._control.fired = self._control.end = 0
        self._control.first, self._control.last, self._control.error = first, last, error
        self._control.action = action

    def shift_clock(self, seconds: float) -> None:
        """Puts the time of day so much before or behind the true one."""
        self._control.clock_ns = int(seconds * 1e9)

    @property
    def count(self) -> int:
        """How many calls there were."""
        return self._control.count

    @property
    def fired(self) -> int:
        """How many of them met the fault."""
        return self._control.fired

    def call(self, number: int) -> str:
        """Says what a call was, e.g. `sync segments/0000000000000001.seg`."""
        entry = self._control.log[number - 1]
        return f"{KINDS[entry.kind]} {entry.name.decode()}"

    def calls(self) -> list[str]:
        """Says what all calls were."""
        return [self.call(number) for number in range(1, min(self.count, LOGGED) + 1)]
