"""The disk fails at the n-th call, for every n: nothing acknowledged is lost, and the server goes on when it can."""

from __future__ import annotations

import random

import pytest

from faults.rig import DEATHS, FAULTS, Rig, at_once, check_after_restart, chosen, edges
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

WRITERS = 6
# Runs of each kind with several writers.
GROUP_RUNS = 25
# Calls after a commit in which the next group reaches its own.
CALLS_OF_A_GROUP = 8


# What is tried at every call, also in the middle of a commit.
EVERYWHERE = ("fails", "is the end")


def every_call(rig: Rig, fault: str) -> list[int]:
    """Returns every call of the conversation; of faults that are like those `EVERYWHERE`, those where they differ."""
    calls = rig.calls_of(lambda url: run_steps(url, make_steps()))
    return list(range(1, len(calls) + 1)) if fault in EVERYWHERE else edges(calls, fault)


@pytest.mark.parametrize("fault", FAULTS)
def test_ingestion_survives_a_call_that(rig, capsys, fault):
    for n in (numbers := every_call(rig, fault)):
        with rig.attempt(fault, n) as (server, disk):
            FAULTS[fault](disk, n)
            outcome = run_steps(server.url, make_steps())
            disk.heal()
            again = run_steps(server.url, outcome.refused)
            assert not again.refused, f"the disk is well again, and still refused: {again.refused}"
            outcome = Outcome(done=[*outcome.done, *again.done])
            assert server.stop() == 0
            check_after_restart(server, outcome)
    rig.report(capsys, f"ingestion, a call that {fault}, n of {numbers}")


@pytest.mark.parametrize("death", DEATHS)
def test_ingestion_survives_death_where_a_call(rig, capsys, death):
    for n in (numbers := every_call(rig, death)):
        with rig.attempt(death, n) as (server, disk):
            DEATHS[death](disk, n)
            outcome = run_steps(server.url, make_steps(), check_reads=False)
            server.close()
            check_after_restart(server, outcome)
    rig.report(capsys, f"ingestion, a call that {death}, n of {numbers}")


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


def run_at_once(url: str, check_reads: bool = True) -> Outcome:
    """Sends several conversations at the same time, so that their writes are committed together."""
    return at_once(lambda seed: run_steps(url, make_steps(seed), check_reads), WRITERS)


@pytest.mark.parametrize("fault", FAULTS)
def test_writers_of_a_group_survive_a_call_that(rig, used_store, capsys, fault):
    rig.store = used_store
    for n in (numbers := chosen(rig.calls_of(run_at_once), fault, GROUP_RUNS)):
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
    rig.report(capsys, f"{WRITERS} writers, a call that {fault}, n of {numbers}")


@pytest.mark.parametrize("death", DEATHS)
def test_writers_of_a_group_survive_death_where_a_call(rig, used_store, capsys, death):
    rig.store = used_store
    for n in (numbers := chosen(rig.calls_of(run_at_once), death, GROUP_RUNS)):
        with rig.attempt(death, n) as (server, disk):
            DEATHS[death](disk, n)
            outcome = run_at_once(server.url, check_reads=False)
            server.close()
            check_after_restart(server, outcome)
    rig.report(capsys, f"{WRITERS} writers, a call that {death}, n of {numbers}")


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
