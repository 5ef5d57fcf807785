"""The `mlflow` command line: every command that talks to a tracking server prints what it prints of MLflow's own.

What that is stands in `tests/fixtures/mlflow-cli`; `UPDATE_MLFLOW_CLI=1` with such a `--target` writes it anew.
"""

import difflib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from mlflow.genai.datasets import create_dataset
from mlflow.genai.judges import make_judge

from support.client import flush
from support.fake_llm import answers
from support.mlflow_cli import Transcript

EXPECTED = Path(__file__).resolve().parents[1] / "fixtures" / "mlflow-cli"
# Before all else that these tests make.
START_NS = 1_790_000_000_000_000_000
MS = 1_000_000
INFO = ",".join(
    [f"info.{key}" for key in ("trace_id", "state", "request_time", "execution_duration_ms", "tags", "trace_location")]
    + ["info.request_preview", "info.trace_metadata.`mlflow.traceOutputs`", "data.spans.*.start_time_unix_nano"]
)
RULES = [answers(".*", {"result": "yes", "rationale": "It is so."})]


@pytest.fixture(scope="module", autouse=True)
def judging(judge_llm):
    """Where the client's judges ask."""
    return judge_llm(RULES)


@pytest.fixture(autouse=True)
def user(monkeypatch):
    """Who runs the client, whoever runs the tests."""
    monkeypatch.setenv("LOGNAME", "ada")


@pytest.fixture
def cli(request: pytest.FixtureRequest, experiment, experiment_name, target):
    """Notes what commands print and compares it at the end of the test."""
    transcript = Transcript({experiment_name: "name"}, {experiment.experiment_id: "experiment"})
    yield transcript
    path = EXPECTED / f"{request.node.name.removeprefix('test_')}.txt"
    if os.environ.get("UPDATE_MLFLOW_CLI"):
        assert target.server is None, "what is expected comes from MLflow's own server: give its --target"
        path.write_text(transcript.text())
    expected, printed = path.read_text().splitlines(), transcript.text().splitlines()
    assert expected == printed, "\n".join(difflib.unified_diff(expected, printed, "MLflow's server", "here", n=2))


def answer(question, start_ns=START_NS):
    """Makes one trace of fixed times and returns its id."""
    start = mlflow.start_span_no_context
    span = start("answer", inputs={"question": question}, start_time_ns=start_ns)
    inner = start("search", "RETRIEVER", span, {"q": 1}, start_time_ns=start_ns + 100 * MS)
    inner.end(outputs=[{"page_content": "x"}], end_time_ns=start_ns + 200 * MS)
    span.end(outputs=f"{question}!", end_time_ns=start_ns + 250 * MS)
    flush()
    return span.trace_id


def test_traces(cli, experiment):
    where = "-x", experiment.experiment_id
    traces = [answer(f"question {n}", START_NS + n * MS) for n in range(3)]
    cli.names |= {trace: f"trace {n}" for n, trace in enumerate(traces)}
    cli.run("traces", "search", *where)
    cli.run("traces", "search", *where, "--max-results", "2", "--order-by", "timestamp_ms ASC", "--no-include-spans")
    fields = "info.trace_id,info.state,info.trace_metadata.`mlflow.traceInputs`,data.spans.*.name"
    cli.run("traces", "search", *where, "--output", "json", "--extract-fields", fields)
    cli.run("traces", "search", *where, "--filter-string", "status = 'ERROR'")
    cli.run("traces", "search", *where, "--filter-string", "nope = 'ERROR'", code=1)
    first = "--trace-id", traces[0]
    cli.run("traces", "get", *first, "--extract-fields", INFO)
    cli.run("traces", "get", "--trace-id", "tr-nope", code=1)
    cli.run("traces", "set-tag", *first, "--key", "env", "--value", "prod")
    cli.run("traces", "search", *where, "--filter-string", "tags.env = 'prod'")
    cli.run("traces", "delete-tag", *first, "--key", "env")
    cli.run("traces", "delete-tag", *first, "--key", "env", code=1)
    cli.run("traces", "delete", *where, "--trace-ids", f"{traces[1]},tr-nope")
    cli.run("traces", "delete", *where, "--max-timestamp-millis", "1790000000001", "--max-traces", "1")
    cli.run("traces", "search", *where)


def test_assessments(cli, experiment):
    trace = "--trace-id", answer("question")
    source = "--source-type", "HUMAN", "--source-id", "ada"
    printed = cli.run(
        "traces", "log-feedback", *trace, "--name", "good", "--value", "0.5", *source, "--rationale", "so"
    )
    one = "--assessment-id", re.search(r"a-[0-9a-f]{32}", printed)[0]
    cli.run(
        "traces", "log-feedback", *trace, "--name", "parts", "--value", '{"a": [1, true]}', "--metadata", '{"k": "v"}'
    )
    cli.run("traces", "log-expectation", *trace, "--name", "right", "--value", '["x", "y"]', *source)
    cli.run("traces", "get-assessment", *trace, *one)
    cli.run("traces", "update-assessment", *trace, *one, "--value", '"better"', "--rationale", "because")
    cli.run("traces", "update-assessment", *trace, *one, "--metadata", '{"m": "1"}')
    cli.run("traces", "get-assessment", *trace, *one)
    cli.run("traces", "get", *trace, "--extract-fields", "info.assessments.*.assessment_name")
    cli.run("traces", "delete-assessment", *trace, *one)
    cli.run("traces", "get-assessment", *trace, *one, code=1)
    cli.run("traces", "log-feedback", "--trace-id", "tr-nope", "--name", "n", "--value", "1", code=1)


def test_evaluation(cli, experiment):
    where = "-x", experiment.experiment_id
    traces = [answer("question")]
    make_judge(name="polite", instructions="Is {{ outputs }} polite?", model="openai:/judge").register()
    printed = cli.run("traces", "evaluate", *where, "--trace-ids", ",".join(traces), "--scorers", "polite,Safety")
    assert "polite" in printed
    cli.run("traces", "evaluate", *where, "--trace-ids", traces[0], "--scorers", "polite", "--output", "json")
    cli.run("traces", "evaluate", *where, "--trace-ids", traces[0], "--scorers", "nope", code=2)


def test_scorers(cli, experiment):
    where = "-x", experiment.experiment_id
    judge = "--model", "openai:/judge", "--instructions", "Is {{ outputs }} polite?"
    cli.run("scorers", "register-llm-judge", *where, "--name", "polite", *judge, "--description", "kind words")
    cli.run("scorers", "register-llm-judge", *where, "--name", "polite", *judge)
    cli.run("scorers", "list", *where)
    cli.run("scorers", "list", *where, "--output", "json")


def test_experiments(cli, experiment, experiment_name, tmp_path):
    name, other = f"{experiment_name} made", f"{experiment_name} other"
    printed = cli.run("experiments", "create", "--experiment-name", name)
    made = "-x", re.search(r"with id (\d+)", printed)[1]
    cli.experiments |= {made[1]: "made"}
    cli.run("experiments", "create", "--experiment-name", name, code=1)
    elsewhere = "--artifact-location", "mlflow-artifacts:/elsewhere"
    printed = cli.run("experiments", "create", "-n", f"{name} 2", *elsewhere)
    cli.experiments |= {re.search(r"with id (\d+)", printed)[1]: "second"}
    cli.run("experiments", "search", only=f"{name} 2")
    cli.run("experiments", "get", *made)
    cli.run("experiments", "get", "--experiment-name", name, "--output", "json")
    cli.run("experiments", "get", "--experiment-name", f"{name} nope", code=1)
    cli.run("experiments", "rename", *made, "--new-name", other)
    cli.run("experiments", "search", "--view", "active_only", only=other)
    cli.run("experiments", "delete", *made)
    cli.run("experiments", "search", "--view", "active_only", only=other)
    cli.run("experiments", "search", "--view", "deleted_only", only=other)
    cli.run("experiments", "restore", *made)
    cli.run("experiments", "search", "--view", "all", only=other)
    cli.run("experiments", "delete", "-x", "987654321", code=1)
    cli.run("experiments", "update", *made, "--trace-archival-retention", "30d")
    cli.run("experiments", "get", *made, "--output", "json")
    cli.run("experiments", "update", *made, "--clear-trace-archival-retention", "--trace-archive-now")
    cli.run("experiments", "update", *made, "--clear-trace-archive-now")
    with mlflow.start_run(experiment_id=made[1], run_name="first"):
        mlflow.log_param("p", 1)
        mlflow.log_metric("m", 0.5)
    path = tmp_path / "runs.csv"
    cli.names |= {str(path): "csv"}
    cli.run("experiments", "csv", *made, "--filename", str(path))
    head, row = path.read_text().splitlines()
    cells = dict(zip(head.split(","), row.split(","), strict=True))
    assert (cells["params.p"], cells["metrics.m"], cells["status"]) == ("1", "0.5", "FINISHED")


def test_runs(cli, experiment, experiment_name, monkeypatch):
    where = "--experiment-id", experiment.experiment_id
    tags = "--tags", "env=prod", "-t", "team=a"
    printed = cli.run("runs", "create", *where, "--run-name", "first", "--description", "the first", *tags)
    first = "--run-id", re.search(r'"run_id": "(\w+)"', printed)[1]
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID", raising=False)
    cli.run(
        "runs",
        "create",
        "--experiment-name",
        experiment_name,
        "--run-name",
        "second",
        "--status",
        "failed",
        "--parent-run-id",
        first[1],
    )
    described = json.loads(cli.run("runs", "describe", *first))
    assert described["data"]["tags"]["env"] == "prod"
    cli.run("runs", "describe", "--run-id", "nope", code=1)
    cli.run("runs", "list", *where)
    traces = [answer("a"), answer("b", START_NS + MS)]
    cli.run("runs", "link-traces", *first, "-t", traces[0], "-t", traces[1])
    cli.run("runs", "link-traces", "--run-id", "0" * 32, "-t", traces[0])
    cli.run("traces", "search", "-x", experiment.experiment_id, "--run-id", first[1], "--extract-fields", "info.state")
    cli.run("runs", "delete", *first)
    cli.run("runs", "list", *where, "--view", "deleted_only")
    cli.run("runs", "restore", *first)
    cli.run("runs", "delete", "--run-id", "nope", code=1)


def test_artifacts(cli, experiment, tmp_path):
    folder = tmp_path / "files"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("hello")
    (folder / "sub" / "b.txt").write_text("world!")
    cli.names |= {str(tmp_path): "tmp"}
    with mlflow.start_run() as run:
        pass
    where = "--run-id", run.info.run_id
    cli.run("artifacts", "log-artifact", "--local-file", str(folder / "a.txt"), *where, "--artifact-path", "one")
    cli.run("artifacts", "log-artifacts", "--local-dir", str(folder), *where)
    cli.run("artifacts", "list", *where)
    cli.run("artifacts", "list", *where, "--artifact-path", "sub")
    cli.run("artifacts", "list", *where, "--artifact-path", "nope")
    cli.run("artifacts", "download", *where, "--dst-path", str(tmp_path / "got"))
    assert (tmp_path / "got" / "sub" / "b.txt").read_text() == "world!"
    uri = f"runs:/{run.info.run_id}/one/a.txt"
    cli.run("artifacts", "download", "--artifact-uri", uri, "--dst-path", str(tmp_path / "file"))
    assert (tmp_path / "file" / "a.txt").read_text() == "hello"


def test_datasets(cli, experiment, experiment_name):
    where = "-x", experiment.experiment_id
    cli.run("datasets", "list", *where)
    for n in range(3):
        dataset = create_dataset(
            name=f"{experiment_name} {n}", experiment_id=experiment.experiment_id, tags={"n": str(n)}
        )
        dataset.merge_records([{"inputs": {"q": n}}])
    cli.run("datasets", "list", *where)
    cli.run("datasets", "list", *where, "--filter-string", "tags.n = '1'", "--output", "json")
    cli.run("datasets", "list", *where, "--max-results", "1", "--order-by", "name ASC", only=experiment_name)


def test_a_process_of_its_own(experiment, target):
    trace = answer("question")
    env = {**os.environ, "MLFLOW_TRACKING_URI": target.url}
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "traces",
        "get",
        "--trace-id",
        trace,
        "--extract-fields",
        "info.trace_id",
    ]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"info": {"trace_id": trace}}), done.stderr
