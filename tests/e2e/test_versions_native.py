"""Versions that the MLflow client makes, added up and compared by the native API."""

from __future__ import annotations

import mlflow
import pytest
import requests
from mlflow import MlflowClient

from support.client import flush

pytestmark = pytest.mark.spanwise

TIMEOUT_S = 60


@pytest.fixture
def native(shared_server):
    def get(path: str, **query):
        answer = requests.get(f"{shared_server.url}/api/v1{path}", params=query, timeout=TIMEOUT_S)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return get


@pytest.fixture(autouse=True)
def no_active_model():
    yield
    mlflow.clear_active_model()


def version(experiment, name: str, good: list[bool], **params: str) -> str:
    """Makes a version with a trace for each verdict."""
    model = MlflowClient().create_logged_model(
        experiment.experiment_id,
        name=name,
        params=params,
        tags={"team": "a", "mlflow.source.git.commit": "abcdef", "mlflow.source.git.branch": "main"},
    )
    mlflow.set_active_model(model_id=model.model_id)
    ids = []
    for verdict in good:
        with mlflow.start_span("agent", span_type="LLM") as span:
            span.set_attribute("mlflow.chat.tokenUsage", {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15})
            if not verdict:
                span.set_status("ERROR")
        ids.append(span.trace_id)
    flush()
    for trace_id, verdict in zip(ids, good, strict=True):
        mlflow.log_feedback(trace_id=trace_id, name="good", value=verdict)
        mlflow.log_feedback(trace_id=trace_id, name="words", value=12)
    mlflow.clear_active_model()
    return model.model_id


def test_a_version_adds_up_its_traces(experiment, native):
    model = version(experiment, "agent-1", [True, True, False], temperature="0.2")
    with mlflow.start_span("of no version"):
        pass
    flush()
    (listed,) = native("/versions", experiment=experiment.experiment_id)["versions"]
    assert (listed["model_id"], listed["params"], listed["tags"]) == (model, {"temperature": "0.2"}, {"team": "a"})
    assert listed["git"] == {"commit": "abcdef", "branch": "main", "repository": None, "is_dirty": False}
    figures = listed["figures"]
    assert (figures["traces"], figures["errors"]) == (3, 1)
    assert figures["error_rate"] == pytest.approx(1 / 3)
    assert figures["total_tokens"] == {"count": 3, "sum": 45.0, "mean": 15.0}
    assert figures["cost"] == {"count": 0, "sum": None, "mean": None}
    good, words = figures["scores"]
    assert (good["name"], good["pass_rate"]) == ("good", pytest.approx(2 / 3))
    assert (words["name"], words["mean"], words["pass_rate"]) == ("words", 12.0, None)
    found = mlflow.search_traces(locations=[experiment.experiment_id], model_id=model, return_type="list")
    listed_traces = native("/traces", filter=listed["trace_filter"])["traces"]
    assert {trace["trace_id"] for trace in listed_traces} == {trace.info.trace_id for trace in found}


def test_metrics_and_runs_of_a_version(experiment, native):
    model = version(experiment, "agent-1", [True])
    with mlflow.start_run() as run:
        mlflow.set_active_model(model_id=model)
        mlflow.log_metric("accuracy", 0.75, model_id=model)
        with mlflow.start_span("asked in a run"):
            pass
        flush()
    detail = native(f"/versions/{model}")
    assert [(one["key"], one["value"], one["run_id"]) for one in detail["metrics"]] == [
        ("accuracy", 0.75, run.info.run_id)
    ]
    assert detail["version"]["figures"]["runs"] == [{"run_id": run.info.run_id, "traces": 1}]


def test_versions_are_compared(experiment, native):
    old = version(experiment, "agent-1", [True] + [False] * 7)
    new = version(experiment, "agent-2", [True] * 7 + [False])
    comparison = native("/versions/compare", version=[old, new])
    columns = {column["name"]: column for column in comparison["columns"]}
    assert list(columns) == ["good", "words", "errors", "latency", "tokens", "cost"]
    good = columns["good"]
    assert (good["kind"], [value["mean"] for value in good["values"]]) == ("pass_rate", [0.125, 0.875])
    assert good["changes"][0] is None
    assert good["changes"][1]["mean"] == pytest.approx(0.75)
    assert good["changes"][1]["p_value"] == pytest.approx(130 / 12_870, abs=1e-6)
    assert columns["errors"]["changes"][1]["mean"] == pytest.approx(-0.75)
    assert columns["words"]["changes"][1] == {"mean": 0.0, "p_value": 1.0}
    assert columns["cost"]["changes"] == [None, None]
