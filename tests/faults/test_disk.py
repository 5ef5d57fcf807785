"""The disk fails at the n-th call, for every n: nothing acknowledged is lost, and the server goes on when it can."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from faults.disk import Disk
from faults.scenario import Export, Outcome, check_there, make_steps, run_steps
from support.cli import check_store
from support.server import Server

# How a fault is set at the n-th call.
FAULTS: dict[str, Callable[[Disk, int], None]] = {
    "fails": lambda disk, n: disk.fail(n),
    "is cut short": lambda disk, n: disk.short(n),
    "finds the disk full": lambda disk, n: disk.fill(n),
}
DEATHS: dict[str, Callable[[Disk, int], None]] = {
    "is the end": lambda disk, n: disk.kill(n),
    "is torn": lambda disk, n: disk.tear(n),
}


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory) -> Path:
    """A data directory that was opened once, and has nothing in it."""
    server = Server(tmp_path_factory.mktemp("empty") / "data").start()
    assert server.stop() == 0
    return server.data_dir


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
        server = Server(self.folder / "data", args=["--quiet"], env=disk.env)
        try:
            yield server.start() if started else server, disk
        finally:
            server.close()

    def count_calls(self, work: Callable[[str], object]) -> int:
        """Returns how many calls `work` needs when nothing fails."""
        with self.server() as (server, disk):
            disk.watch()
            work(server.url)
            return disk.count

    @contextmanager
    def attempt(self, fault: str, n: int) -> Iterator[tuple[Server, Disk]]:
        """As `server`; what goes wrong is noted with the fault that it was."""
        self.runs += 1
        with self.server() as (server, disk):
            try:
                yield server, disk
            except AssertionError as error:
                call = disk.call(n) if disk.count >= n else "not reached"
                self.failures.append(f"--- call {n} ({call}) {fault}: {error}\n{server.log()[-3000:]}")

    def report(self, capsys, what: str) -> None:
        """Fails with what went wrong, if anything did."""
        with capsys.disabled():
            print(f"\n{what}: {self.runs} runs")
        assert not self.failures, f"{len(self.failures)} of {self.runs} runs failed\n" + "\n".join(self.failures[:3])


@pytest.fixture
def rig(empty_store, tmp_path) -> Rig:
    return Rig(empty_store, tmp_path)


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


@pytest.mark.parametrize("fault", FAULTS)
def test_ingestion_survives_a_call_that(rig, capsys, fault):
    total = rig.count_calls(lambda url: run_steps(url, make_steps()))
    for n in range(1, total + 1):
        with rig.attempt(fault, n) as (server, disk):
            FAULTS[fault](disk, n)
            outcome = run_steps(server.url, make_steps())
            disk.heal()
            again = run_steps(server.url, outcome.refused)
            assert not again.refused, f"the disk is well again, and still refused: {again.refused}"
            outcome = Outcome(done=[*outcome.done, *again.done])
            assert server.stop() == 0
            check_after_restart(server, outcome)
    rig.report(capsys, f"ingestion, a call that {fault}, n = 1..{total}")


@pytest.mark.parametrize("death", DEATHS)
def test_ingestion_survives_death_where_a_call(rig, capsys, death):
    total = rig.count_calls(lambda url: run_steps(url, make_steps()))
    for n in range(1, total + 1):
        with rig.attempt(death, n) as (server, disk):
            DEATHS[death](disk, n)
            outcome = run_steps(server.url, make_steps(), check_reads=False)
            server.close()
            check_after_restart(server, outcome)
    rig.report(capsys, f"ingestion, a call that {death}, n = 1..{total}")
