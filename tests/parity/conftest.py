"""The two servers side by side, and a line that says what was compared."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from support.environment import ENVIRONMENT
from support.mlflow_server import MlflowServer

os.environ.update(ENVIRONMENT)

# Traces, spans and differences of the run.
COMPARED: Counter[str] = Counter()


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory):
    """MLflow's own server, one for all samples."""
    server = MlflowServer(tmp_path_factory.mktemp("mlflow"))
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture
def compared() -> Counter[str]:
    """What a test adds to the counts of the run."""
    return COMPARED


def pytest_terminal_summary(terminalreporter) -> None:
    if COMPARED:
        terminalreporter.write_line(
            "read {traces} traces with {spans} spans from both servers through the MLflow client; {differences} values "
            "differ, each for a reason and as listed in tests/parity/differences".format_map(COMPARED)
        )
