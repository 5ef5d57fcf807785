"""Stores to begin with, and what runs on copies of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from faults.rig import Rig
from faults.scenario import make_steps, run_steps
from support.server import Server


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory) -> Path:
    """A data directory that was opened once, and has nothing in it."""
    server = Server(tmp_path_factory.mktemp("empty") / "data").start()
    assert server.stop() == 0
    return server.data_dir


@pytest.fixture
def rig(empty_store, tmp_path) -> Rig:
    return Rig(empty_store, tmp_path)


@pytest.fixture(scope="session")
def used_store(empty_store, tmp_path_factory) -> Path:
    """A data directory with some traces in it."""
    folder = tmp_path_factory.mktemp("used") / "data"
    shutil.copytree(empty_store, folder)
    server = Server(folder).start()
    assert not run_steps(server.url, make_steps(100)).refused
    assert server.stop() == 0
    return folder
