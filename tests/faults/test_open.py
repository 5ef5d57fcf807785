"""Opening a data directory while the disk fails: a new one, and one of an older schema that is brought up to date."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
import requests

from faults.rig import DEATHS, FAULTS, Rig, chosen
from faults.scenario import check_there, make_steps, run_steps
from support.cli import check_store
from support.server import REPO, Server

# Runs of each kind; a new directory needs about a hundred calls.
RUNS = 20
FAULTS_AND_DEATHS = {**FAULTS, **{name: DEATHS[name] for name in ("is the end", "is torn", "sees the power cut")}}
# Written with schema 1, and what each of its traces was exported as.
OLD_STORE = REPO / "tests" / "fixtures" / "store-schema-1.tar.gz"


@pytest.fixture(scope="module")
def old_store(tmp_path_factory) -> Path:
    """A data directory of schema 1; its folder `expected` has the traces that must be in it."""
    folder = tmp_path_factory.mktemp("old")
    with tarfile.open(OLD_STORE) as archive:
        archive.extractall(folder, filter="data")
    return folder / "data"


@pytest.fixture(scope="module")
def no_store(tmp_path_factory) -> Path:
    """An empty folder."""
    return tmp_path_factory.mktemp("none")


@pytest.fixture(params=["new", "of schema 1"])
def store(request) -> Path:
    return request.getfixturevalue("no_store" if request.param == "new" else "old_store")


def calls_of(rig: Rig) -> list[str]:
    """Returns the calls that opening needs."""
    with rig.server(started=False) as (server, disk):
        server.start()
        return disk.calls()


def try_to_start(server: Server) -> None:
    """Starts a server that may end before it serves, if it says why."""
    try:
        server.start()
    except AssertionError:
        assert server.process.poll() is not None, "it neither serves nor ends"
        killed = server.process.returncode == -9
        assert killed or "error: cannot open the " in server.log(), f"it does not say why it ends:\n{server.log()}"


def check_opened(server: Server) -> None:
    """Fails unless the directory opens now, with all that was in it, and takes more."""
    server.env = {}
    server.start()
    for expected in (server.data_dir / "expected").glob("*.otlp"):
        answer = requests.get(f"{server.url}/api/v1/traces/{expected.stem}/otlp", timeout=30)
        assert answer.content == expected.read_bytes(), f"{expected.stem}: {answer.status_code}"
    steps = make_steps(1_000)
    assert not run_steps(server.url, steps).refused
    check_there(server.url, steps)
    assert server.stop() == 0
    check_store(server.data_dir)


@pytest.mark.parametrize("fault", FAULTS_AND_DEATHS)
def test_opening_survives_a_call_that(store, tmp_path, capsys, fault):
    rig = Rig(store, tmp_path)
    for n in (numbers := chosen(calls_of(rig), fault, RUNS)):
        with rig.attempt(fault, n, started=False) as (server, disk):
            FAULTS_AND_DEATHS[fault](disk, n)
            try_to_start(server)
            disk.heal()
            server.close()
            check_opened(server)
    rig.report(capsys, f"opening, a call that {fault}, n of {numbers}")
