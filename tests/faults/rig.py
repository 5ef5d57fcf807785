"""Runs one thing again and again on copies of a store, while the disk below it fails at another call each time."""

from __future__ import annotations

import random
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from faults.disk import CHANGES, Disk
from faults.scenario import Export, Outcome, check_there
from support.cli import check_store
from support.server import Server

SEED = 20_260_103
# How a fault is set at the n-th call.
FAULTS: dict[str, Callable[[Disk, int], None]] = {
    "fails": lambda disk, n: disk.fail(n),
    "is cut short": lambda disk, n: disk.short(n),
    "finds the disk full": lambda disk, n: disk.fill(n),
}
DEATHS: dict[str, Callable[[Disk, int], None]] = {
    "is the end": lambda disk, n: disk.kill(n),
    "is torn": lambda disk, n: disk.tear(n),
    "sees the power cut": lambda disk, n: disk.cut_power(n),
    "sees segments lose what was not synced": lambda disk, n: disk.cut_power(n, lost="segments"),
}
POWER_CUTS = [name for name in DEATHS if name.startswith("sees ")]
# The kinds of calls at which a fault is another than the plain failure or death.
MATTERS = {
    "is cut short": ["write"],
    "is torn": ["write"],
    "finds the disk full": ["write", "create", "folder", "rename"],
}


class Rig:
    """Runs one thing again and again, each time on a fresh copy of a store and with one call failing."""

    def __init__(self, store: Path, folder: Path) -> None:
        self.store, self.folder = store, folder
        self.failures: list[str] = []
        self.runs = 0

    @contextmanager
    def server(self, started: bool = True) -> Iterator[tuple[Server, Disk]]:
        """Gives a server on a fresh copy of the store, and its disk."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        shutil.copytree(self.store, self.folder / "data")
        disk = Disk(self.folder / "data")
        disk.remember()
        server = Server(self.folder / "data", args=["--quiet"], env=disk.env)
        try:
            yield server.start() if started else server, disk
        finally:
            server.close()

    def calls_of(self, work: Callable[[str], object]) -> list[str]:
        """Returns the calls that `work` needs when nothing fails."""
        with self.server() as (server, disk):
            disk.watch()
            work(server.url)
            return disk.calls()

    @contextmanager
    def attempt(self, fault: str, n: int, started: bool = True) -> Iterator[tuple[Server, Disk]]:
        """As `server`; what goes wrong is noted with the fault that it was."""
        with self.server(started) as (server, disk), self.noted(fault, n, disk, server.log):
            yield server, disk

    @contextmanager
    def noted(self, fault: str, n: int, disk: Disk, log: Callable[[], str] = str) -> Iterator[None]:
        """Counts a run, and notes what goes wrong in it with the fault that it was."""
        self.runs += 1
        try:
            yield
        except AssertionError as error:
            call = disk.call(n) if disk.count >= n else "not reached"
            self.failures.append(f"--- call {n} ({call}) {fault}: {error}\n{log()[-3000:]}")

    def report(self, capsys, what: str) -> None:
        """Fails with what went wrong, if anything did."""
        with capsys.disabled():
            print(f"\n{what}: {self.runs} runs")
        assert not self.failures, f"{len(self.failures)} of {self.runs} runs failed\n" + "\n".join(self.failures[:3])


def check_after_restart(server: Server, outcome: Outcome) -> None:
    """Fails unless the store is sound and holds what was acknowledged, and nothing else by halves."""
    check_store(server.data_dir)
    server.env = {}
    server.start()
    check_there(server.url, outcome.done)
    for step in [*outcome.refused, *outcome.unanswered]:
        # Spans may always be sent again; the others were perhaps done, and would be done twice.
        if not step.is_there(server.url) or isinstance(step, Export):
            assert step.send(server.url).status_code == 200, f"{step} sent again"
            assert step.is_there(server.url)
    server.kill()


def edges(calls: list[str], fault: str) -> list[int]:
    """Returns the calls where a fault may come to something else than at the call before.

    Of a row of writes to one file, say the pages of a commit, those are the first two and the last two. A write cut
    short, or torn, differs from one that fails, or is the end, only if it is a write; a disk is full for those who need
    space; and a power cut undoes the whole row, wherever in it that is.
    """
    kinds = MATTERS.get(fault, CHANGES)
    reach = 1 if fault in POWER_CUTS else 2
    found = []
    for n, call in enumerate(calls, 1):
        before, after = calls[max(0, n - 1 - reach) : n - 1], calls[n : n + reach]
        is_inside = before == [call] * reach and (reach == 1 or after == [call] * reach)
        if not is_inside and call.split()[0] in kinds:
            found.append(n)
    return found


def chosen(calls: list[str], fault: str, size: int = 0) -> list[int]:
    """Returns the first and the last call of each kind on each sort of file, and others by chance, up to `size`.

    A commit is a few calls at the end, which chance alone rarely meets.
    """
    numbers = edges(calls, fault)
    sorts: dict[str, list[int]] = {}
    for n in numbers:
        sorts.setdefault(re.sub(r"[0-9a-f]{16,}|[0-9]+", "#", calls[n - 1]), []).append(n)
    turning = {n for same in sorts.values() for n in (same[0], same[-1])}
    others = [n for n in numbers if n not in turning]
    more = random.Random(SEED).sample(others, min(len(others), max(0, size - len(turning))))
    return sorted([*turning, *more])


def unsynced(calls: list[str]) -> set[str]:
    """Returns the files, and the folders of files, of which a power cut after these calls would lose something."""
    files: set[str] = set()
    folders: set[str] = set()
    for call in calls:
        kind, _, name = call.partition(" ")
        if kind == "sync":
            files.discard(name)
            folders.discard(name)
        elif kind == "write":
            files.add(name)
        elif kind == "remove":
            # What comes back costs nothing.
            files.discard(name)
        else:
            # Where a file is renamed from is not said, so any that was not synced may be it.
            if kind == "rename" and files:
                files.add(name)
            folders.add(name.rpartition("/")[0])
    # The folder of all is not among the calls that are counted.
    return files | folders - {""}


def at_once(run: Callable[[int], Outcome], count: int) -> Outcome:
    """Calls `run` with 0..count, all at the same time, and adds up what became of it."""
    outcomes = [Outcome() for _ in range(count)]

    def keep(number: int) -> None:
        outcomes[number] = run(number)

    threads = [Guarded(target=keep, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Outcome(
        done=[step for outcome in outcomes for step in outcome.done],
        refused=[step for outcome in outcomes for step in outcome.refused],
        unanswered=[step for outcome in outcomes for step in outcome.unanswered],
    )


class Guarded(threading.Thread):
    """A thread whose failure is that of whoever joins it."""

    error: BaseException | None = None

    def run(self) -> None:
        try:
            super().run()
        except BaseException as error:
            self.error = error

    def join(self, timeout: float | None = None) -> None:
        super().join(timeout)
        if self.error:
            raise self.error
