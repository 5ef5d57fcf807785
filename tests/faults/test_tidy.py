"""Indexing and compaction while the disk fails or the process ends: nothing is lost, and they go on the next time."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import requests

from faults.rig import DEATHS, FAULTS, Rig, chosen, unsynced
from faults.scenario import Export, check_there, make_steps, run_steps
from support.cli import check_store
from support.otlp import mlflow_id
from support.server import Server

SEEDS = 3
# Runs of each kind.
RUNS = 24


def steps_of_store() -> list[Export]:
    """Returns what the scattered store holds: traces of several small blocks each."""
    return [step for seed in range(SEEDS) for step in make_steps(seed) if isinstance(step, Export)]


@pytest.fixture(scope="module")
def scattered_store(empty_store, tmp_path_factory) -> Path:
    """A data directory with traces of several blocks, and with dead bytes of deleted ones; nothing is indexed yet."""
    folder = tmp_path_factory.mktemp("scattered") / "data"
    shutil.copytree(empty_store, folder)
    server = Server(folder, args=["--quiet"]).start()
    exports = [step for step in make_steps(SEEDS) if isinstance(step, Export)]
    assert not run_steps(server.url, [*steps_of_store(), *exports]).refused
    ids = sorted({mlflow_id(one.trace_id) for step in exports for one in step.spans})
    answer = requests.post(
        f"{server.url}/api/2.0/mlflow/traces/delete-traces", json={"experiment_id": "1", "request_ids": ids}, timeout=30
    )
    assert answer.json() == {"traces_deleted": len(ids)}
    server.kill()
    return folder


def compact(url: str) -> bool:
    """Has everything indexed and compacted; says whether it was, which it may not have been if the disk failed."""
    try:
        answer = requests.post(f"{url}/api/v1/compact", timeout=60)
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        return False
    if answer.status_code != 200:
        assert answer.status_code == 503, answer.text
        return False
    last = json.loads(answer.text.splitlines()[-1])
    return "result" in last


def check_whole(server: Server) -> None:
    """Fails unless all traces are there, and searches find what they must."""
    check_there(server.url, steps_of_store())
    found = requests.get(
        f"{server.url}/api/v1/traces", params={"filter": "span.name = 'root'", "limit": 100}, timeout=30
    )
    assert len(found.json()["traces"]) == SEEDS, found.text


@pytest.mark.parametrize("fault", FAULTS)
def test_compaction_survives_a_call_that(scattered_store, tmp_path, capsys, fault):
    rig = Rig(scattered_store, tmp_path)
    for n in (numbers := chosen(rig.calls_of(compact), fault, RUNS)):
        with rig.attempt(fault, n) as (server, disk):
            FAULTS[fault](disk, n)
            compact(server.url)
            check_whole(server)
            disk.heal()
            assert compact(server.url), "the disk is well again, and it still does not compact"
            check_whole(server)
            assert server.stop() == 0
            check_store(server.data_dir)
            server.start()
            check_whole(server)
    rig.report(capsys, f"compaction, a call that {fault}, n of {numbers}")


@pytest.mark.parametrize("death", DEATHS)
def test_compaction_survives_death_where_a_call(scattered_store, tmp_path, capsys, death):
    rig = Rig(scattered_store, tmp_path)
    for n in (numbers := chosen(rig.calls_of(compact), death, RUNS)):
        with rig.attempt(death, n) as (server, disk):
            DEATHS[death](disk, n)
            compact(server.url)
            server.close()
            server.env = {}
            check_store(server.data_dir)
            server.start()
            check_whole(server)
            assert compact(server.url)
            check_whole(server)
    rig.report(capsys, f"compaction, a call that {death}, n of {numbers}")


def test_what_a_commit_refers_to_is_synced_before_it(scattered_store, tmp_path):
    calls = Rig(scattered_store, tmp_path).calls_of(compact)
    commits = [n for n, call in enumerate(calls) if call == "sync index.db-wal"]
    assert any(call.startswith("write postings/") for call in calls[: commits[-1]])
    for n in commits:
        files = {name for name in unsynced(calls[:n]) if name.startswith(("segments", "postings"))}
        assert not files, f"call {n + 1} commits before {files} are on the disk: {calls[max(0, n - 20) : n + 1]}"


@pytest.mark.parametrize("call", ["sync segments/0", "sync index.db-wal"])
def test_a_segment_that_compaction_could_not_complete_is_not_written_again(scattered_store, tmp_path, call):
    """What was written may be pointed to after a crash, if it was the commit that failed."""
    rig = Rig(scattered_store, tmp_path)
    with rig.server() as (server, disk):
        disk.watch()
        assert compact(server.url)
        calls = disk.calls()
    # The commit, or the sync, that follows the blocks of the last traces to be merged.
    written = max(n for n, one in enumerate(calls) if one.startswith("write segments/"))
    n = next(n for n in range(written, len(calls)) if calls[n].startswith(call)) + 1
    with rig.server() as (server, disk):
        disk.fail(n)
        assert not compact(server.url)
        assert disk.call(n).startswith(call)
        failed = [one for one in disk.calls() if one.startswith("write segments/")][-1]
        seen = disk.count
        assert compact(server.url)
        assert failed not in disk.calls()[seen:]
