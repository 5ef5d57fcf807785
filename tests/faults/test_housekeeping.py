"""`kill -9` during housekeeping: nothing is lost, and the next run ends what was begun."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from faults.housekeeping import (
    compact_lines,
    files_in,
    fill,
    fill_young,
    renormalize_lines,
    trace_count,
    verify,
)
from faults.load import Ledger, Writer, is_acknowledged, send
from faults.test_kill import by_trace
from faults.test_kill import verify as verify_spans
from support.cli import check_store, command_env, spanwise
from support.server import binary
from support.wait import until

SEED = 20_260_811
TRACES = 3_000
YOUNG = range(100_000, 100_100)
ROUNDS = 6


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(f"{SEED}/{request.node.name}")


def run_until(command: list[str], is_time: Callable[[], bool]) -> bool:
    """Runs a command, and kills it once it is time; returns whether it was killed before its end."""
    process = subprocess.Popen(
        [str(binary()), *command], env=command_env(None), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    until(lambda: process.poll() is not None or is_time(), f"`{' '.join(command)}` is as far as that")
    process.kill()
    return process.wait() == -9


def test_compaction_is_killed_and_goes_on(new_server, chance):
    server = new_server()
    for number in range(ROUNDS):
        server.start()
        fill(server.url, range(number * TRACES, (number + 1) * TRACES))
        kill_after = chance.randint(1, 12)
        try:
            for seen, line in enumerate(compact_lines(server.url), 1):
                assert "error" not in line, line
                if seen == kill_after:
                    os.kill(server.pid(), 9)
        except requests.exceptions.RequestException:
            pass
        assert server.process.wait() == -9
        check_store(server.data_dir)
    server.start()
    verify(server.url, range(ROUNDS * TRACES))
    *_, last = compact_lines(server.url)
    assert last["result"]["unreadable_traces"] == 0 and last["result"]["after"]["segments"] > 0
    verify(server.url, range(ROUNDS * TRACES))
    assert server.stop() == 0
    check_store(server.data_dir)


def test_a_compaction_whose_client_goes_away_ends(new_server):
    server = new_server().start()
    fill(server.url, range(TRACES))
    lines = compact_lines(server.url)
    next(lines)
    lines.close()
    # The next one waits for no other, and everything is there.
    *_, last = compact_lines(server.url)
    assert "result" in last, last
    verify(server.url, range(TRACES))


def test_a_renormalization_is_killed_and_goes_on(new_server, chance):
    server = new_server().start()
    fill(server.url, range(TRACES))
    assert server.stop() == 0
    with sqlite3.connect(server.data_dir / "index.db") as index:
        index.execute("UPDATE trace SET name = 'an old name'")
    index.close()
    for _ in range(ROUNDS):
        server.start()
        kill_after = chance.randint(1, 12)
        try:
            for seen, line in enumerate(renormalize_lines(server.url), 1):
                assert "error" not in line, line
                if seen == kill_after:
                    os.kill(server.pid(), 9)
        except requests.exceptions.RequestException:
            pass
        assert server.process.wait() == -9
        check_store(server.data_dir)
    server.start()
    *_, last = renormalize_lines(server.url)
    assert last["result"]["changed_traces"] < TRACES, last
    assert counted(server.url, "name = 'root'") == TRACES
    *_, last = renormalize_lines(server.url)
    assert last["result"]["changed_traces"] == 0
    verify(server.url, range(TRACES))
    assert server.stop() == 0
    check_store(server.data_dir)


def counted(url: str, where: str) -> int:
    """Returns how many traces match a filter."""
    params = {"filter": where, "from": "2000-01-01"}
    return requests.get(f"{url}/api/v1/traces/histogram", params=params, timeout=60).json()["total"]


def test_retention_is_killed_and_goes_on(new_server, chance):
    server = new_server()
    for number in range(3):
        server.args = []
        server.start()
        fill(server.url, range(number * TRACES, (number + 1) * TRACES))
        fill_young(server.url, YOUNG)
        there = trace_count(server.url)
        assert server.stop() == 0
        server.args = ["--retention-max-age", "30d"]
        server.start()
        goal = there - chance.randint(1, TRACES // 2)
        until(lambda goal=goal: trace_count(server.url) < goal, f"fewer than {goal} traces are left")
        server.kill()
        check_store(server.data_dir)
    server.start()
    until(lambda: trace_count(server.url) == len(YOUNG), "only the young traces are left")
    verify(server.url, YOUNG)
    # The young traces lie between them, and are moved once they have been quiet.
    until(lambda: segment_bytes(server.data_dir) < 200_000, "the bytes of the others are gone", deadline_s=120)
    assert server.stop() == 0
    check_store(server.data_dir)


def segment_bytes(data_dir: Path) -> int:
    """Returns the bytes of all segment files."""
    return sum(path.stat().st_size for path in (data_dir / "segments").iterdir() if path.exists())


def test_retention_by_size_frees_the_disk_while_spans_arrive(new_server):
    bound = 3 << 20
    server = new_server(args=["--retention-max-bytes", "3MiB"]).start()
    sent = 0

    def has_deleted() -> bool:
        nonlocal sent
        # Much more than the bound, and then a little all the time: retention looks every ten seconds.
        more = 200 if sent < 20_000 else 10
        fill(server.url, range(sent, sent + more), days=200)
        sent += more
        return retention(server.url)["deleted_traces"] >= 4_000

    until(has_deleted, "retention deletes while spans arrive", 60)
    until(lambda: retention(server.url)["stored_bytes"] <= bound, "what is stored is below the bound", 90)
    assert trace_count(server.url) > 100
    # Up to half of a segment may be dead, and what arrived in the last minute is not sorted yet.
    until(lambda: segment_bytes(server.data_dir) < 2 * bound, "the disk is free", deadline_s=120)
    assert (server.data_dir / "index.db").stat().st_size < 8 * bound
    assert server.stop() == 0
    check_store(server.data_dir)


def retention(url: str) -> dict:
    """Returns what retention did."""
    return requests.get(f"{url}/api/v1/retention", timeout=30).json()


def test_a_backup_is_killed_and_runs_again(new_server, tmp_path, chance):
    server = new_server().start()
    fill(server.url, range(TRACES))
    list(compact_lines(server.url))
    assert server.stop() == 0
    backup, restored = tmp_path / "backup", tmp_path / "restored"
    command = ["backup", str(backup), "--data-dir", str(server.data_dir), "--port", "0"]
    killed = 0
    for _ in range(ROUNDS):
        files = chance.randint(1, 12)
        if run_until(command, lambda files=files: files_in(backup / "files") >= files):
            killed += 1
            if (backup / "manifest.jsonl").exists():
                # The last thing that it writes: the kill came just before its end.
                break
            done = spanwise("restore", str(backup), "--data-dir", str(restored), check=False)
            assert done.returncode == 2 and b"holds no whole backup" in done.stderr, done.stderr
    assert killed > 0
    check_store(server.data_dir)
    spanwise(*command)
    spanwise("restore", str(backup), "--data-dir", str(restored))
    check_store(restored)
    copy = new_server("restored").start()
    verify(copy.url, range(TRACES))


def test_a_restore_is_killed_and_runs_again(new_server, tmp_path, chance):
    server = new_server().start()
    fill(server.url, range(TRACES))
    list(compact_lines(server.url))
    backup, restored = tmp_path / "backup", tmp_path / "restored"
    spanwise("backup", str(backup), server=server)
    command = ["restore", str(backup), "--data-dir", str(restored)]
    killed = 0
    for _ in range(ROUNDS):
        files = chance.randint(2, 12)
        if not run_until(command, lambda files=files: files_in(restored) >= files):
            break
        killed += 1
        if not (restored / "restoring").exists():
            # What it removes last: the kill came just before its end.
            break
        done = spanwise("check", "--data-dir", str(restored), check=False)
        assert done.returncode == 2 and b"run `spanwise restore` again" in done.stderr, done.stderr
    assert killed > 0
    if killed == ROUNDS:
        spanwise(*command)
    check_store(restored)
    copy = new_server("restored").start()
    verify(copy.url, range(TRACES))


def test_a_backup_under_load_holds_all_that_was_acknowledged_before(new_server, tmp_path):
    server, ledger, stop = new_server().start(), Ledger(), threading.Event()
    fill(server.url, range(TRACES))
    threads = [threading.Thread(target=load, args=(server.url, Writer(SEED + n), ledger, stop)) for n in range(2)]
    threads.append(threading.Thread(target=compact, args=(server.url, stop)))
    for thread in threads:
        thread.start()
    try:
        for number in range(3):
            until(lambda goal=50 * (number + 1): ledger.count > goal, "spans arrive")
            with ledger.lock:
                before = set(ledger.acknowledged)
            spanwise("backup", str(tmp_path / "backup"), server=server)
            restored = tmp_path / f"restored-{number}"
            spanwise("restore", str(tmp_path / "backup"), "--data-dir", str(restored))
            check_store(restored)
            copy = new_server(f"restored-{number}").start()
            verify(copy.url, range(TRACES), some=5)
            verify_spans(copy.url, by_trace(before))
            copy.close()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not ledger.unanswered
    assert server.stop() == 0
    check_store(server.data_dir)


def test_a_check_under_load_finds_nothing_wrong(new_server):
    server, ledger, stop = new_server(args=["--retention-max-bytes", "2MiB"]).start(), Ledger(), threading.Event()
    fill(server.url, range(TRACES))
    threads = [threading.Thread(target=load, args=(server.url, Writer(SEED + n), ledger, stop)) for n in range(2)]
    threads.append(threading.Thread(target=compact, args=(server.url, stop)))
    for thread in threads:
        thread.start()
    try:
        for number in range(4):
            until(lambda goal=25 * (number + 1): ledger.count > goal, "spans arrive")
            out = spanwise("check", server=server).stdout.decode()
            assert out.startswith(f"{server.url}: ") and "everything is in order" in out, out
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert server.stop() == 0
    check_store(server.data_dir)


def load(url: str, writer: Writer, ledger: Ledger, stop: threading.Event) -> None:
    """Sends batches until told to stop."""
    session = requests.Session()
    while not stop.is_set():
        batch = writer.batch()
        if is_acknowledged(send(session, url, batch)):
            ledger.note(batch)
        else:
            ledger.unanswered.append(batch)


def compact(url: str, stop: threading.Event) -> None:
    """Asks for one compaction after the other until told to stop."""
    while not stop.is_set():
        *_, last = compact_lines(url)
        assert "result" in last, last


def test_a_server_that_dies_during_a_backup_leaves_the_last_one_whole(new_server, tmp_path):
    server = new_server().start()
    fill(server.url, range(TRACES))
    backup = tmp_path / "backup"
    spanwise("backup", str(backup), server=server)
    fill(server.url, range(TRACES, 2 * TRACES))
    list(compact_lines(server.url))
    whole = files_in(backup / "files")
    process = subprocess.Popen(
        [str(binary()), "backup", str(backup)], env=command_env(server.url), stdin=subprocess.DEVNULL
    )
    until(lambda: process.poll() is not None or files_in(backup / "files") > whole, "the backup has begun")
    server.kill()
    process.wait()
    restored = tmp_path / "restored"
    spanwise("restore", str(backup), "--data-dir", str(restored))
    check_store(restored)
    check_store(server.data_dir)
    copy = new_server("restored").start()
    verify(copy.url, range(TRACES))
