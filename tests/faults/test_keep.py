"""Retention and backup while the disk fails or the process ends: what is to be kept is kept, and they go on later."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from faults.disk import Disk
from faults.rig import DEATHS, FAULTS, Rig, chosen, unsynced
from faults.scenario import check_there, make_steps, run_steps, spans_of
from support.cli import check_store, spanwise
from support.otlp import post_spans, span
from support.server import Server
from support.wait import until

# Runs of retention, of each kind.
RUNS = 8
KEEP = ("--quiet", "--retention-max-age", "30d")
OLD, RECENT = b"an old trace id!", b"a recent traceid"
FAULTS_AND_DEATHS = {**FAULTS, **{name: DEATHS[name] for name in ("is the end", "is torn", "sees the power cut")}}


@pytest.fixture(scope="module")
def aged_store(empty_store, tmp_path_factory) -> Path:
    """A data directory with a trace of last January, and one of today."""
    folder = tmp_path_factory.mktemp("aged") / "data"
    shutil.copytree(empty_store, folder)
    server = Server(folder, args=["--quiet"]).start()
    post_spans(server.url, [span(OLD, b"old root", attributes={"input.value": "x" * 5_000})])
    post_spans(server.url, [span(RECENT, b"new root", start=time.time_ns())])
    assert server.stop() == 0
    return folder


def is_retained(server: Server) -> bool:
    """Says whether the old trace is gone; the other one must be there."""
    assert len(spans_of(server.url, RECENT)) == 1
    return not spans_of(server.url, OLD)


def is_settled(server: Server) -> bool:
    """Says whether retention has done what it could: deleted, failed, or ended with the process."""
    if server.process.poll() is not None:
        return True
    return "retention" in server.log() or "trying again later" in server.log()


@pytest.mark.parametrize("fault", FAULTS_AND_DEATHS)
def test_retention_survives_a_call_that(aged_store, tmp_path, capsys, fault):
    rig = Rig(aged_store, tmp_path)
    with rig.server(started=False) as (server, disk):
        server.args = KEEP
        server.start()
        until(lambda: is_retained(server), "the old trace is deleted")
        calls = disk.calls()
    for n in (numbers := chosen(calls, fault, RUNS)):
        with rig.attempt(fault, n, started=False) as (server, disk):
            server.args = KEEP
            FAULTS_AND_DEATHS[fault](disk, n)
            try:
                server.start()
                until(lambda: is_settled(server), "retention has run")
            except AssertionError:
                assert server.process.poll() is not None
            disk.heal()
            server.close()
            check_store(server.data_dir)
            server.env = {}
            server.start()
            until(lambda: is_retained(server), "the old trace is deleted")
            assert server.stop() == 0
            check_store(server.data_dir)
    rig.report(capsys, f"retention, a call that {fault}, n of {numbers}")


def back_up(server: Server, disk: Disk) -> bool:
    """Backs up to a folder beside the data directory; says whether that was done, and if not, it must say why."""
    done = spanwise("backup", str(copy_of(server)), server=server, env=disk.env, check=False)
    assert done.returncode in (0, -9) or b"error: " in done.stderr, done
    return done.returncode == 0


def copy_of(server: Server) -> Path:
    """Returns the folder of the backup."""
    return server.data_dir.parent / "copied"


def check_backup(server: Server, steps: list) -> None:
    """Fails unless the backup can be restored, is sound and holds the steps."""
    restored = Server(server.data_dir.parent / "restored", args=["--quiet"])
    shutil.rmtree(restored.data_dir, ignore_errors=True)
    spanwise("restore", str(copy_of(server)), "--data-dir", str(restored.data_dir))
    check_store(restored.data_dir)
    try:
        check_there(restored.start().url, steps)
    finally:
        restored.close()


@pytest.mark.parametrize("fault", FAULTS_AND_DEATHS)
def test_a_backup_survives_a_call_that(used_store, tmp_path, capsys, fault):
    """An interrupted backup leaves the one that was there before."""
    rig, before, later = Rig(used_store, tmp_path), make_steps(100), make_steps(101)

    def prepare(server: Server) -> Disk:
        shutil.rmtree(copy_of(server), ignore_errors=True)
        # The command writes the backup; the server only reads.
        disk = Disk(copy_of(server))
        disk.remember()
        server.env = {}
        server.start()
        assert back_up(server, disk)
        assert not run_steps(server.url, later).refused
        disk.watch()
        return disk

    with rig.server(started=False) as (server, _):
        disk = prepare(server)
        assert back_up(server, disk)
        calls = disk.calls()
    whole = calls.index("rename manifest.jsonl")
    assert not unsynced(calls[:whole]), calls
    for n in (numbers := chosen(calls, fault)):
        with rig.attempt(fault, n, started=False) as (server, _):
            disk = prepare(server)
            FAULTS_AND_DEATHS[fault](disk, n)
            back_up(server, disk)
            check_backup(server, before)
            disk.heal()
            check_there(server.url, before + later)
            assert back_up(server, disk)
            check_backup(server, before + later)
    rig.report(capsys, f"a backup, a call that {fault}, n of {numbers}")


@pytest.mark.parametrize("fault", FAULTS_AND_DEATHS)
def test_a_restore_survives_a_call_that(used_store, tmp_path, capsys, fault):
    """A directory that is not whole is never taken for a store, and the same command makes it whole."""
    backup, target, steps = tmp_path / "copied", tmp_path / "data", make_steps(100)
    spanwise("backup", str(backup), "--data-dir", str(used_store), "--port", "0")
    rig = Rig(used_store, tmp_path)

    def restore(disk: Disk) -> bool:
        done = spanwise("restore", str(backup), "--data-dir", str(target), env=disk.env, check=False)
        assert done.returncode in (0, -9) or b"error: " in done.stderr, done
        return done.returncode == 0

    def is_whole() -> bool:
        if not (target / "index.db").exists() and not (target / "restoring").exists():
            return False
        done = spanwise("check", "--data-dir", str(target), check=False)
        assert done.returncode == 0 or b"run `spanwise restore` again" in done.stderr, done
        return done.returncode == 0

    def new_disk() -> Disk:
        shutil.rmtree(target, ignore_errors=True)
        disk = Disk(target)
        disk.remember()
        return disk

    assert restore(disk := new_disk())
    calls = disk.calls()
    # A marker says that it is not whole; from when that is gone on, all must be there.
    assert not unsynced(calls[: calls.index("remove restoring")]), calls
    for n in (numbers := chosen(calls, fault)):
        disk = new_disk()
        FAULTS_AND_DEATHS[fault](disk, n)
        with rig.noted(fault, n, disk):
            done = restore(disk)
            disk.heal()
            # It may fail when all is there but the last sync.
            assert is_whole() or (not done and restore(disk) and is_whole())
            restored = Server(target, args=["--quiet"])
            try:
                check_there(restored.start().url, steps)
            finally:
                restored.close()
    rig.report(capsys, f"a restore, a call that {fault}, n of {numbers}")
