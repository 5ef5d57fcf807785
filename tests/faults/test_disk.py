"""The disk fails at the n-th call, for every n: nothing acknowledged is lost, and the server goes on when it can."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from faults.disk import Disk
from faults.scenario import (
    Call,
    Export,
    Outcome,
    Step,
    check_there,
    info_of,
    make_steps,
    record,
    run_steps,
)
from support.cli import check_store
from support.server import Server

WRITERS = 6
# Runs of each kind with several writers.
GROUP_RUNS = 25
SEED = 20_260_103
# How a fault is set at the n-th call.
FAULTS: dict[str, Callable[[Disk, int], None]] = {
    "fails": lambda disk, n: disk.fail(n),
    "is cut short": lambda disk, n: disk.short(n),
    "finds the disk full": lambda disk, n: disk.fill(n),
}
# Calls after a commit in which the next group reaches its own.
CALLS_OF_A_GROUP = 8
DEATHS: dict[str, Callable[[Disk, int], None]] = {
    "is the end": lambda disk, n: disk.kill(n),
    "is torn": lambda disk, n: disk.tear(n),
    "sees the power cut": lambda disk, n: disk.cut_power(n),
    "sees segments lose what was not synced": lambda disk, n: disk.cut_power(n, lost="segments"),
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
        disk.remember()
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


def only_exports() -> list[Step]:
    """Returns some requests with spans."""
    return [step for seed in range(3) for step in make_steps(seed) if isinstance(step, Export)]


def test_a_commit_that_failed_and_comes_back_finds_its_blocks(rig, capsys):
    """A log that was written and could not be synced is perhaps read again after a crash."""
    with rig.server() as (server, disk):
        disk.watch()
        run_steps(server.url, only_exports())
        calls = disk.calls()
    commits = [n for n, call in enumerate(calls, 1) if call == "sync index.db-wal"]
    for n in commits:
        for end in range(n + 1, n + CALLS_OF_A_GROUP):
            with rig.attempt(f"fails, and call {end} is the end", n) as (server, disk):
                disk.fail(n)
                disk.end(end)
                outcome = run_steps(server.url, only_exports(), check_reads=False)
                server.close()
                check_after_restart(server, outcome)
    rig.report(capsys, f"{len(commits)} commits that fail, and death in the next one")


@pytest.fixture(scope="module")
def used_store(empty_store, tmp_path_factory) -> Path:
    """A data directory with some traces in it."""
    folder = tmp_path_factory.mktemp("used") / "data"
    shutil.copytree(empty_store, folder)
    server = Server(folder).start()
    assert not run_steps(server.url, make_steps(100)).refused
    assert server.stop() == 0
    return folder


def run_at_once(url: str, check_reads: bool = True) -> Outcome:
    """Sends several conversations at the same time, so that their writes are committed together."""
    return at_once(lambda seed: run_steps(url, make_steps(seed), check_reads), WRITERS)


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


def sample(total: int, size: int) -> list[int]:
    """Returns some of 1..total, always the same."""
    return sorted(random.Random(SEED).sample(range(1, total + 1), min(size, total)))


@pytest.mark.parametrize("fault", FAULTS)
def test_writers_of_a_group_survive_a_call_that(rig, used_store, capsys, fault):
    rig.store = used_store
    chosen = sample(rig.count_calls(run_at_once), GROUP_RUNS)
    for n in chosen:
        with rig.attempt(fault, n) as (server, disk):
            FAULTS[fault](disk, n)
            outcome = run_at_once(server.url, check_reads=False)
            disk.heal()
            again = run_steps(server.url, outcome.refused, check_reads=False)
            assert not again.refused, f"the disk is well again, and still refused: {again.refused}"
            outcome = Outcome(done=[*outcome.done, *again.done])
            check_there(server.url, outcome.done)
            assert server.stop() == 0
            check_after_restart(server, outcome)
    rig.report(capsys, f"{WRITERS} writers, a call that {fault}, n of {chosen}")


@pytest.mark.parametrize("death", DEATHS)
def test_writers_of_a_group_survive_death_where_a_call(rig, used_store, capsys, death):
    rig.store = used_store
    chosen = sample(rig.count_calls(run_at_once), GROUP_RUNS)
    for n in chosen:
        with rig.attempt(death, n) as (server, disk):
            DEATHS[death](disk, n)
            outcome = run_at_once(server.url, check_reads=False)
            server.close()
            check_after_restart(server, outcome)
    rig.report(capsys, f"{WRITERS} writers, a call that {death}, n of {chosen}")


def test_a_page_that_cannot_be_written_undoes_its_whole_group(rig, capsys):
    """SQLite rolls back by itself then; what follows in the group must not be committed without its segment."""
    exports = [step for seed in range(40) for step in make_steps(seed) if isinstance(step, Export)]
    lists = [[big_record(n)] for n in range(2)] + [exports[n::WRITERS] for n in range(WRITERS)]
    steps = [step for one in lists for step in one]

    def work(url: str) -> Outcome:
        return at_once(lambda number: run_steps(url, lists[number], check_reads=False), len(lists))

    with rig.server() as (server, disk):
        disk.watch(["write"], "index.db-wal")
        work(server.url)
        total = disk.count
    # The pages that do not fit into memory are written long before the commit.
    for n in range(1, total // 2, total // 16):
        with rig.attempt("cannot be written", n) as (server, disk):
            disk.watch(["write"], "index.db-wal")
            disk.fail(n)
            outcome = work(server.url)
            disk.heal()
            outcome.done += run_steps(server.url, outcome.refused, check_reads=False).done
            check_there(server.url, outcome.done)
            assert len(outcome.done) == len(steps)
            assert server.stop() == 0
            check_after_restart(server, Outcome(done=outcome.done))
    rig.report(capsys, f"a page that cannot be written, n = 1..{total // 2} of {total}")


def big_record(seed: int) -> Step:
    """Returns a record that is larger than what SQLite keeps in memory."""
    chance = random.Random(seed)
    trace_id = chance.randbytes(16)
    info = record(trace_id)
    info["tags"] = {f"tag {number}": chance.randbytes(400_000).hex() for number in range(11)}
    return Call(
        "POST",
        "/api/3.0/mlflow/traces",
        {"trace": {"trace_info": info}},
        lambda url: info_of(url, trace_id).get("tags", {}).keys() >= info["tags"].keys(),
    )
