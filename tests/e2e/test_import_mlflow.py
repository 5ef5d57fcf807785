"""`spanwise import mlflow`: what MLflow's client reads afterwards is what it read before."""

from __future__ import annotations

import json
import random
import re
import shutil
import signal
import sqlite3
import subprocess
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from support.cli import binary, check_store, command_env, spanwise
from support.mlflow_server import MlflowServer
from support.mlflow_store import fill, grow
from support.mlflow_view import differences, view
from support.postgres import PASSWORD, Postgres
from support.wait import until

pytestmark = pytest.mark.spanwise

# What reads differently through the client, as with traces that come in any other way, and why.
ALLOWED = {
    r"/datasets/[^/]+/dataset/schema": "JSON in a text, written without spaces",
    r"/datasets/[^/]+/records/\d+/expectations: \{\} != None": "no expectations and an empty object of them are one",
    r"/registry/classifier/\d+/aliases": "a search of MLflow's leaves the aliases of versions out",
}
TRACES = 6_000


@dataclass
class Source:
    """A store of MLflow's whose server runs, and what its client reads from it."""

    folder: Path
    server: MlflowServer
    expected: dict

    @property
    def database(self) -> Path:
        return self.folder / "mlflow.db"

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mlflow")
    server = MlflowServer(folder)
    try:
        server.start()
        fill(server.url)
        yield Source(folder, server, view(server.url))
    finally:
        server.stop()


@pytest.fixture(scope="module")
def large(source, tmp_path_factory):
    """A database of many traces, without a server."""
    path = tmp_path_factory.mktemp("large") / "mlflow.db"
    copy_database(source.database, path)
    grow(path, TRACES)
    return path


def copy_database(path: Path, to: Path) -> None:
    one, other = sqlite3.connect(path), sqlite3.connect(to)
    one.backup(other)
    one.close()
    other.close()


def take(source: object, *args: str, tmp_path: Path, check: bool = True, **options) -> tuple[dict, int]:
    """Imports, and returns the report and the exit code."""
    report = tmp_path / "report.json"
    done = spanwise(
        "import", "mlflow", str(source), "--report", str(report), *args, check=False, cwd=tmp_path, **options
    )
    assert not check or done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    assert PASSWORD not in done.stdout.decode() + done.stderr.decode()
    return json.loads(report.read_bytes()) if report.exists() else {"error": done.stderr.decode()}, done.returncode


def taken(report: dict) -> dict:
    return {stage["stage"]: stage["taken"] for stage in report["stages"] if stage["taken"]}


def unexpected(expected: dict, url: str) -> list[str]:
    found = differences(expected, view(url))
    return [line for line in found if not any(re.match(allowed, line) for allowed in ALLOWED)]


def test_a_database_in_use_is_taken_over_into_a_bare_directory(source, new_server, tmp_path):
    server = new_server()
    where = ["--data-dir", str(server.data_dir), "--artifact-root", str(source.artifacts)]
    report, _ = take(f"sqlite:///{source.database}", *where, tmp_path=tmp_path)
    counts = taken(report)
    assert (counts["traces"], counts["runs"], counts["artifacts"], counts["dataset_records"]) == (15, 6, 3, 32)
    check_store(server.data_dir)
    server.start()
    assert unexpected(source.expected, server.url) == []
    assert not list(tmp_path.glob("*.import-state"))


def test_a_tracking_server_is_taken_over_into_a_running_one(source, new_server, tmp_path):
    server = new_server().start()
    report, _ = take(source.server.url, tmp_path=tmp_path, server=server)
    assert taken(report)["run_links"] == 4
    assert unexpected(source.expected, server.url) == []


def test_postgresql_is_taken_over(new_server, tmp_path, tmp_path_factory):
    folder = tmp_path_factory.mktemp("postgres")
    postgres = Postgres(folder / "cluster")
    mlflow_server = MlflowServer(folder, postgres.sqlalchemy_uri)
    try:
        postgres.start()
        mlflow_server.start()
        fill(mlflow_server.url)
        expected = view(mlflow_server.url)
        server = new_server().start()
        args = ["--artifact-root", str(folder / "artifacts")]
        report, _ = take(postgres.uri, *args, tmp_path=tmp_path, server=server)
        assert taken(report)["traces"] == 15
        assert unexpected(expected, server.url) == []
        text = json.dumps(report)
        assert PASSWORD not in text and report["source"].startswith("postgresql://mlflow@127.0.0.1:")
        again, _ = take(postgres.sqlalchemy_uri, *args, tmp_path=tmp_path, server=server)
        assert taken(again)["traces"] == 15
        refused = spanwise("import", "mlflow", f"{postgres.uri}?sslmode=require", server=server, check=False)
        assert refused.returncode == 2 and b"sslmode=require" in refused.stderr
        assert PASSWORD.encode() not in refused.stderr
    finally:
        mlflow_server.stop()
        postgres.stop()


def test_the_same_again_changes_nothing(source, new_server, tmp_path):
    server = new_server().start()
    args = ["--artifact-root", str(source.artifacts)]
    first, _ = take(source.database, *args, tmp_path=tmp_path, server=server)
    before = (view(server.url), spanwise("export", server=server).stdout)
    second, _ = take(source.database, *args, tmp_path=tmp_path, server=server)
    assert differences(before[0], view(server.url)) == []
    assert spanwise("export", server=server).stdout == before[1]
    assert {**taken(first), "artifacts": 0} == {**taken(second), "artifacts": 0}
    assert taken(second).get("artifacts", 0) == 0, "files that are there are not copied again"


def test_an_import_that_was_killed_goes_on(large, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    take(large, "--no-artifacts", "--data-dir", str(whole), tmp_path=tmp_path)
    state = tmp_path / "state"
    command = ["import", "mlflow", str(large), "--no-artifacts", "--data-dir", str(broken), "--state", str(state)]
    random_ = random.Random(7)
    kills = 0
    for _ in range(3):
        pages = random_.randrange(3, 9)
        if kill_after(command, state, pages, tmp_path):
            kills += 1
    assert kills == 3, "the store is too small to be interrupted"
    done = spanwise(*command, cwd=tmp_path)
    assert b"going on with the" in done.stderr and not state.exists()
    check_store(broken)
    one, other = (sorted(spanwise("export", "--data-dir", str(path)).stdout.splitlines()) for path in (whole, broken))
    assert len(one) == TRACES + 12 and one == other, "all but the traces of the deleted experiment"


def kill_after(command: list[str], state: Path, pages: int, cwd: Path) -> bool:
    """Kills a command once its state has changed so often; returns whether it had not ended before."""
    process = subprocess.Popen(
        [str(binary()), *command], env=command_env(None), cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    seen = set()

    def changed() -> bool:
        try:
            seen.add(state.read_bytes())
        except FileNotFoundError:
            pass
        return len(seen) > pages or process.poll() is not None

    until(changed, f"the import has written {pages} pages", 120)
    ended = process.poll() is not None
    process.send_signal(signal.SIGKILL)
    process.wait()
    return not ended


def test_broken_rows_are_told_and_the_rest_is_kept(source, new_server, tmp_path):
    path = tmp_path / "broken.db"
    copy_database(source.database, path)
    database = sqlite3.connect(path)
    # Ids are random; a trace that has a broken score too would be told of for one reason or the other.
    scored = {row[0] for row in database.execute("SELECT trace_id FROM assessments WHERE name = 'score'")}
    ids = sorted(source.expected["traces"].keys() - scored)
    with database:
        database.execute("UPDATE spans SET content = '{' WHERE trace_id = ? AND parent_span_id IS NULL", (ids[0],))
        database.execute("UPDATE assessments SET value = 'nope' WHERE name = 'score'")
        database.execute("UPDATE issues SET status = 'odd' WHERE name = 'plain'")
        database.execute(
            "UPDATE trace_tags SET value = 'ARTIFACT_REPO' WHERE key LIKE '%spansLocation' AND request_id = ?",
            (ids[1],),
        )
        database.execute("DELETE FROM spans WHERE trace_id = ?", (ids[1],))
        database.execute("UPDATE evaluation_dataset_records SET inputs = '[1]' WHERE inputs LIKE '%frage 7\"%'")
        database.execute("UPDATE label_schemas SET input_config = 'x' WHERE name = 'q1'")
    database.close()
    server = new_server().start()
    report, code = take(path, tmp_path=tmp_path, check=False, server=server)
    assert code == 1
    problems = {(problem["stage"], problem["id"]): problem["reason"] for problem in report["problems"]}
    assert "one of its spans" in problems["traces", ids[0]]
    assert "its spans are in a file" in problems["traces", ids[1]]
    assert any("its value is no JSON" in reason for reason in problems.values())
    assert any(
        stage == "issues" and "unknown status of an issue `odd`" in reason for (stage, _), reason in problems.items()
    )
    assert any(stage == "dataset_records" and "inputs" in reason for (stage, _), reason in problems.items())
    assert any(stage == "label_schemas" and "no JSON" in reason for (stage, _), reason in problems.items())
    assert taken(report)["traces"] == 15
    mlflow.set_tracking_uri(server.url)
    assert len(MlflowClient().get_trace(ids[0]).data.spans) == 1
    assert len(MlflowClient().get_trace(ids[2]).data.spans) == 2


def test_traces_whose_spans_are_in_files_come_with_them(source, new_server, tmp_path):
    path, root = tmp_path / "old.db", tmp_path / "files"
    copy_database(source.database, path)
    trace_id, trace = next(iter(source.expected["traces"].items()))
    experiment = trace["info"]["trace_location"]["mlflow_experiment"]["experiment_id"]
    folder = root / experiment / "traces" / trace_id / "artifacts"
    database = sqlite3.connect(path)
    with database:
        contents = [
            json.loads(row[0]) for row in database.execute("SELECT content FROM spans WHERE trace_id = ?", (trace_id,))
        ]
        database.execute("DELETE FROM spans WHERE trace_id = ?", (trace_id,))
        database.execute(
            "UPDATE trace_tags SET value = 'ARTIFACT_REPO' WHERE key LIKE '%spansLocation' AND request_id = ?",
            (trace_id,),
        )
    database.close()
    folder.mkdir(parents=True)
    (folder / "traces.json").write_text(json.dumps({"spans": contents}))
    server = new_server().start()
    take(path, "--artifact-root", str(root), "--no-artifacts", tmp_path=tmp_path, server=server)
    mlflow.set_tracking_uri(server.url)
    spans = MlflowClient().get_trace(trace_id).data.spans
    assert sorted((span.to_dict() for span in spans), key=lambda span: span["span_id"]) == trace["spans"]


def test_experiments_of_the_same_name_become_one_and_others_get_a_new_id(source, new_server, tmp_path):
    server = new_server().start()
    mlflow.set_tracking_uri(server.url)
    client = MlflowClient()
    taken_id, shop = client.create_experiment("taken"), client.create_experiment("shop")
    assert (taken_id, shop) == ("1", "2")
    report, _ = take(source.database, tmp_path=tmp_path, server=server)
    became = {row["source_name"]: (row["source_id"], row["experiment_id"]) for row in report["experiments"]}
    assert (became["shop"], became["Default"], became["empty"]) == (("1", "2"), ("0", "0"), ("3", "3"))
    assert became["gone"][1] not in ("0", "1", "2", "3")
    assert {trace.info.experiment_id for trace in client.search_traces(locations=[shop], max_results=100)} == {shop}
    assert len(client.search_traces(locations=[shop], max_results=100)) == 12
    assert client.search_traces(locations=[taken_id]) == []


def test_options_choose_what_is_taken(source, large, new_server, tmp_path):
    server = new_server().start()
    report, _ = take(source.database, "--dry-run", tmp_path=tmp_path, server=server)
    assert taken(report)["traces"] == 15
    mlflow.set_tracking_uri(server.url)
    assert [experiment.name for experiment in MlflowClient().search_experiments()] == ["Default"]
    report, _ = take(source.database, "--experiment", "gone", tmp_path=tmp_path, server=server)
    assert (taken(report)["traces"], taken(report)["runs"]) == (3, 1)
    unknown = spanwise(
        "import", "mlflow", str(source.database), "--experiment", "nope", server=server, check=False, cwd=tmp_path
    )
    assert unknown.returncode == 2 and b"there is no experiment `nope`" in unknown.stderr
    report, _ = take(large, "--since", "2025-11-01", "--no-artifacts", tmp_path=tmp_path, server=server)
    assert taken(report)["traces"] == 15, "those of October 2025 are left out"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.db", "is not a file"),
        ("mysql://host/db", "is no source to import from"),
        (".", "is a directory"),
        ("text.db", "cannot open"),
        ("empty.db", "no database of MLflow's"),
        ("http://127.0.0.1:9", "cannot reach"),
        ("postgresql://u:s3cret@127.0.0.1:9/db", "cannot read postgresql://u@127.0.0.1:9/db"),
    ],
)
def test_what_is_no_store_is_refused(tmp_path, name, message):
    (tmp_path / "text.db").write_text("hello " * 500)
    sqlite3.connect(tmp_path / "empty.db").execute("CREATE TABLE t (a)").connection.close()
    done = spanwise("import", "mlflow", name, "--data-dir", "d", check=False, cwd=tmp_path)
    error = done.stderr.decode()
    assert done.returncode == 2 and message in error and "s3cret" not in error, error


def test_a_store_of_a_new_release_is_read(source, tmp_path):
    path = tmp_path / "new.db"
    shutil.copy(source.database, path)
    copy_database(source.database, path)
    database = sqlite3.connect(path)
    with database:
        database.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
        database.execute("ALTER TABLE runs ADD COLUMN novelty TEXT")
    database.close()
    report, _ = take(path, "--no-artifacts", "--data-dir", "d", tmp_path=tmp_path)
    assert taken(report)["runs"] == 6
    assert any("ffffffffffff" in note for note in report["notes"])


def test_a_store_of_an_early_release_is_read(source, new_server, tmp_path):
    """As MLflow 2.14 made them: no spans, assessments, links or datasets, and records without later columns."""
    path, root = tmp_path / "early.db", tmp_path / "files"
    copy_database(source.database, path)
    trace_id, trace = next(iter(source.expected["traces"].items()))
    database = sqlite3.connect(path)
    with database:
        spans = [
            json.loads(row[0]) for row in database.execute("SELECT content FROM spans WHERE trace_id = ?", (trace_id,))
        ]
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        kept = (
            "experiment",
            "run",
            "tag",
            "param",
            "metric",
            "latest_metrics",
            "trace_",
            "registered",
            "model_version",
            "alembic",
        )
        database.execute("PRAGMA foreign_keys = off")
        for name in names:
            if not name.startswith(kept) or name == "trace_metrics":
                database.execute(f'DROP TABLE "{name}"')
        rest = "request_id, experiment_id, timestamp_ms, execution_time_ms, status"
        database.execute(f"CREATE TABLE early AS SELECT {rest} FROM trace_info WHERE request_id = ?", (trace_id,))
        database.execute("DROP TABLE trace_info")
        database.execute("ALTER TABLE early RENAME TO trace_info")
        database.execute("UPDATE alembic_version SET version_num = '5b0e9adcef9c'")
        database.execute("DELETE FROM trace_tags WHERE key = 'mlflow.trace.spansLocation'")
        database.execute(
            "INSERT INTO trace_tags (request_id, key, value) VALUES (?, 'mlflow.traceName', 'early')", (trace_id,)
        )
    database.close()
    experiment = trace["info"]["trace_location"]["mlflow_experiment"]["experiment_id"]
    folder = root / experiment / "traces" / trace_id / "artifacts"
    folder.mkdir(parents=True)
    (folder / "traces.json").write_text(json.dumps({"spans": spans}))
    server = new_server().start()
    report, _ = take(path, "--artifact-root", str(root), tmp_path=tmp_path, server=server)
    assert (taken(report)["traces"], taken(report)["runs"]) == (1, 6)
    mlflow.set_tracking_uri(server.url)
    read = MlflowClient().get_trace(trace_id)
    assert (read.info.tags["mlflow.traceName"], len(read.data.spans)) == ("early", len(trace["spans"]))
