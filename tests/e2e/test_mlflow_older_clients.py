"""What clients before 3.0 ask for, and newer ones where a server knows no other way, by the requests that they send."""

import json
import math

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities.trace_status import TraceStatus
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.tracking._tracking_service.utils import _get_store

from support.client import read

START_MS = 1_790_000_000_000


@pytest.fixture
def store(experiment):
    """The part of the client that sends requests."""
    return _get_store()


def begin(store, experiment, metadata=None, tags=None):
    return store.deprecated_start_trace_v2(experiment.experiment_id, START_MS, metadata or {}, tags or {})


def test_a_trace_is_told_of_when_it_begins_and_when_it_ends(store, experiment):
    begun = begin(store, experiment, {"mlflow.trace.session": "s", "a": "1"}, {"mlflow.traceName": "n", "t": "1"})
    assert (begun.status, begun.timestamp_ms, begun.experiment_id) == (
        TraceStatus.IN_PROGRESS, START_MS, experiment.experiment_id,
    )  # fmt: skip
    assert (begun.request_metadata["a"], begun.tags["mlflow.traceName"]) == ("1", "n")
    ended = store.deprecated_end_trace_v2(
        begun.request_id, START_MS + 250, TraceStatus.ERROR, {"b": "2", "a": "3"}, {"t": "2"}
    )
    assert (ended.status, ended.timestamp_ms, ended.execution_time_ms) == (TraceStatus.ERROR, START_MS, 250)
    assert {key: ended.request_metadata[key] for key in ("a", "b", "mlflow.trace.session")} == {
        "a": "3", "b": "2", "mlflow.trace.session": "s",
    }  # fmt: skip
    assert {key: ended.tags[key] for key in ("mlflow.traceName", "t")} == {"mlflow.traceName": "n", "t": "2"}
    newer = store.get_trace_info(begun.request_id)
    assert (newer.state, newer.execution_duration, newer.tags["t"]) == ("ERROR", 250, "2")


def test_the_spans_of_such_a_trace_are_in_a_file(store, experiment, tmp_path):
    with mlflow.start_span("root") as span:
        span.set_inputs({"q": 1})
    spans = [one.to_dict() for one in read(span.trace_id).data.spans]
    begun = begin(store, experiment)
    for one in spans:
        one["attributes"]["mlflow.traceRequestId"] = json.dumps(begun.request_id)
    path = tmp_path / "traces.json"
    path.write_text(json.dumps({"spans": spans}))
    uri = begun.tags["mlflow.artifactLocation"]
    get_artifact_repository(uri).log_artifact(str(path))
    store.deprecated_end_trace_v2(begun.request_id, START_MS + 1, TraceStatus.OK, {}, {})
    (root,) = mlflow.get_trace(begun.request_id).data.spans
    assert (root.name, root.inputs) == ("root", {"q": 1})


def test_mistakes(store, experiment, api):
    with pytest.raises(MlflowException, match="Trace with ID 'tr-nope' not found") as caught:
        store.deprecated_end_trace_v2("tr-nope", START_MS, TraceStatus.OK, {}, {})
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    with pytest.raises(MlflowException, match="No Experiment with id=987654321 exists"):
        store.deprecated_start_trace_v2("987654321", START_MS, {}, {})
    MlflowClient().delete_experiment(experiment.experiment_id)
    with pytest.raises(MlflowException, match="must be in the 'active' state"):
        begin(store, experiment)
    MlflowClient().restore_experiment(experiment.experiment_id)


def test_the_older_search(store, experiment, api):
    made = [begin(store, experiment, tags={"n": str(n)}).request_id for n in range(3)]
    query = {"experiment_ids": [experiment.experiment_id], "filter": "tags.n != '1'", "max_results": 5}
    found = api.ok("GET", "2.0/mlflow/traces", params={**query, "order_by": ["tags.n DESC"]})["traces"]
    assert [trace["request_id"] for trace in found] == [made[2], made[0]]
    one = api.ok("GET", f"2.0/mlflow/traces/{made[1]}/info")["trace_info"]
    assert (one["request_id"], one["status"], one["timestamp_ms"]) == (made[1], "IN_PROGRESS", START_MS)
    assert {"key": "n", "value": "1"} in one["tags"]


def test_models_that_live_among_a_runs_artifacts(experiment, api):
    client = MlflowClient()
    run_id = client.create_run(experiment.experiment_id).info.run_id
    for n in range(2):
        flavors = {"python_function": {"loader_module": "x", "config": {"secret": 1}}}
        client._record_logged_model(run_id, Model(artifact_path=f"m{n}", run_id=run_id, flavors=flavors))
    history = json.loads(client.get_run(run_id).data.tags["mlflow.log-model.history"])
    assert [model["artifact_path"] for model in history] == ["m0", "m1"]
    assert set(history[0]) == {"artifact_path", "flavors", "model_uuid", "run_id", "utc_time_created"}
    assert history[0]["flavors"] == {"python_function": {"loader_module": "x"}}
    for text, problem in (("{nope", "Malformed model info"), ('{"flavors": {}}', "missing mandatory fields")):
        answer = api.call("POST", "2.0/mlflow/runs/log-model", {"run_id": run_id, "model_json": text})
        assert (answer.status_code, problem in answer.json()["message"]) == (400, True)


@pytest.fixture
def traces(experiment):
    """Eleven traces: five of them good, of which four are also quick."""
    for n in range(11):
        with mlflow.start_span("s"):
            mlflow.update_current_trace(
                tags={"good": str(n < 5), "quick": str(n in (1, 2, 3, 4, 9)), "half": str(n % 2)}
            )
    read(mlflow.get_last_active_trace_id())
    return experiment


GOOD = "tags.good = 'True'"
QUICK = "tags.quick = 'True'"


@pytest.mark.parametrize(
    ("first", "second", "base", "counts", "npmi", "smoothed"),
    [
        (GOOD, QUICK, None, (5, 5, 4, 11), 0.5588, 0.4576),
        (GOOD, QUICK, "tags.half = '1'", (2, 3, 2, 5), 0.5575, 0.3664),
        (GOOD, "tags.good = 'False'", None, (5, 6, 0, 11), -1.0, -0.5727),
        (GOOD, "status = 'OK'", None, (5, 11, 5, 11), 0.0, -0.0081),
        ("status = 'OK'", "status = 'OK'", None, (11, 11, 11, 11), 1.0, 1.0),
    ],
)
def test_whether_two_filters_match_the_same_traces(traces, store, first, second, base, counts, npmi, smoothed):
    found = store.calculate_trace_filter_correlation([traces.experiment_id], first, second, base)
    assert (found.filter1_count, found.filter2_count, found.joint_count, found.total_count) == counts
    assert (found.npmi, found.npmi_smoothed) == pytest.approx((npmi, smoothed), abs=1e-4)


def test_what_matches_nothing_says_nothing(traces, store):
    found = store.calculate_trace_filter_correlation([traces.experiment_id], "tags.good = 'nope'", GOOD)
    assert (found.filter1_count, found.filter2_count, found.total_count) == (0, 5, 11)
    assert math.isnan(found.npmi)
    with pytest.raises(MlflowException, match="Invalid attribute key 'nope' specified"):
        store.calculate_trace_filter_correlation([traces.experiment_id], "nope = 'x'", GOOD)
