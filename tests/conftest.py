"""Fixtures that every suite shares: the server under test, its experiments, ids that a rerun repeats."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

from support.mlflow_server import MlflowServer
from support.server import Server
from support.target import RUN, Ids, Target


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--target",
        metavar="URL",
        help="run the client tests against this MLflow server instead of starting Spanwise; `mlflow` starts one",
    )


def pytest_configure(config: pytest.Config) -> None:
    # One server for all workers, whose processes are told its address.
    if config.getoption("--target") == "mlflow":
        folder = tempfile.TemporaryDirectory(prefix="mlflow-target-", ignore_cleanup_errors=True)
        server = MlflowServer(Path(folder.name))
        config.add_cleanup(folder.cleanup)
        config.add_cleanup(server.stop)
        config.option.target = server.start().url


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With another server, leaves out what only Spanwise has, and wants that what differs does differ."""
    if config.getoption("--target") is None:
        return
    reason = pytest.mark.skip(reason="behaviour of Spanwise alone; --target is another server")
    for item in items:
        if item.get_closest_marker("spanwise"):
            item.add_marker(reason)
        for difference in item.iter_markers("differs"):
            item.add_marker(pytest.mark.xfail(reason=difference.args[0], strict=True))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = yield
    if report.failed:
        for name, value in getattr(item, "funcargs", {}).items():
            server = value.server if isinstance(value, Target) else value
            if isinstance(server, Server):
                report.sections.append((f"log of `{name}`", server.log()))
    return report


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """One server for all client tests; each test keeps to its own experiment."""
    if url := request.config.getoption("--target"):
        yield Target(url.rstrip("/"))
        return
    server = Server(tmp_path_factory.mktemp("server") / "data").start()
    try:
        yield Target(server.url, server)
        assert server.stop() == 0, f"SIGTERM must end the server with 0\n{server.log()}"
    finally:
        server.close()


@pytest.fixture
def shared_server(target: Target) -> Server:
    """The process behind `target`, for tests that only Spanwise can pass."""
    assert target.server is not None, "mark the test `spanwise`"
    return target.server


@pytest.fixture
def new_server(tmp_path: Path):
    """Makes servers that belong to one test; whatever still runs at its end is killed."""
    made: list[Server] = []

    def make(name: str = "data", **options) -> Server:
        made.append(Server(tmp_path / name, **options))
        return made[-1]

    yield make
    for server in made:
        server.close()


@pytest.fixture
def ids(request: pytest.FixtureRequest) -> Ids:
    return Ids(f"{RUN}/{request.node.nodeid}")


@pytest.fixture
def experiment_name(request: pytest.FixtureRequest) -> str:
    """A name that no other test uses, without quotes, so that it can stand in a filter."""
    # Tests of two files may have the same name.
    name = f"{request.node.path.stem.removeprefix('test_')} {request.node.name.removeprefix('test_')}"
    return f"{re.sub(r'[^A-Za-z0-9_ ]+', '-', name)} {RUN}"
