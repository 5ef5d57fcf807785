"""The ways in which the client may send a trace: in batches, one by one, as a file, through an OTLP exporter.

Each runs in a process of its own, because the client reads its environment once.
"""

import json
import subprocess
import sys
import textwrap
from base64 import b64encode

import mlflow
import pytest
import requests

from support.client import spans_of
from support.environment import ENVIRONMENT
from support.server import clean_env
from support.wait import until

# Over OTLP the client itself loses the root span of a trace that has tags, so that mode sets none.
PROGRAM = textwrap.dedent(
    """
    import sys
    import mlflow

    mlflow.set_tracking_uri(sys.argv[1])
    mlflow.set_experiment(experiment_id=sys.argv[2])

    @mlflow.trace
    def step(n):
        return n

    @mlflow.trace
    def job():
        if sys.argv[3] != "otlp":
            mlflow.update_current_trace(tags={"mode": sys.argv[3]}, session_id="s")
        return sum(step(n) for n in range(12))

    job()
    """
)


def run(target, experiment, mode, program=PROGRAM, **env):
    """Runs a program that makes one trace and exits without an explicit flush."""
    return subprocess.run(
        [sys.executable, "-c", program, target.url, experiment.experiment_id, mode],
        env=clean_env(**ENVIRONMENT, **env),
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )


def only_trace(experiment):
    """Returns the one trace of the experiment, with its spans."""
    (trace,) = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list")
    return trace


MODES = {
    "batch": {},
    "batches of one": {"MLFLOW_ASYNC_TRACE_LOGGING_MAX_SPAN_BATCH_SIZE": "1"},
    "batches of 100": {"MLFLOW_ASYNC_TRACE_LOGGING_MAX_SPAN_BATCH_SIZE": "100"},
    "simple processor": {"MLFLOW_USE_BATCH_SPAN_PROCESSOR": "false"},
    "synchronous": {"MLFLOW_ENABLE_ASYNC_TRACE_LOGGING": "false"},
}


@pytest.mark.parametrize("mode", MODES)
def test_the_whole_trace_arrives_before_the_process_ends(experiment, target, mode):
    run(target, experiment, mode, **MODES[mode])
    trace = only_trace(experiment)
    assert trace.info.tags["mode"] == mode
    assert trace.info.trace_metadata["mlflow.trace.session"] == "s"
    assert trace.info.state == "OK"
    assert [span.name for span in trace.data.spans] == ["job"] + ["step"] * 12
    assert trace.data.spans[0].outputs == 66
    assert sorted(span.outputs for span in trace.data.spans[1:]) == list(range(12))


def test_the_clients_own_otlp_export(experiment, target):
    run(
        target,
        experiment,
        "otlp",
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{target.url}/v1/traces",
        OTEL_EXPORTER_OTLP_TRACES_PROTOCOL="http/protobuf",
        OTEL_EXPORTER_OTLP_TRACES_HEADERS=f"x-mlflow-experiment-id={experiment.experiment_id}",
    )
    trace = only_trace(experiment)
    assert trace.info.state == "OK"
    assert [span.name for span in trace.data.spans] == ["job"] + ["step"] * 12
    assert trace.data.spans[0].outputs == "66"  # an OTLP exporter sends JSON text, and a scalar stays text


# A client that could not read `/version` sends no spans at all; they come as a file beside the trace instead.
def test_spans_that_come_as_a_file_are_the_traces_spans(experiment, target, api, ids):
    trace_id, root, child = ids.trace(), ids.span(), ids.span()
    mlflow_id = f"tr-{trace_id.hex()}"
    location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment.experiment_id}}
    info = {
        "trace_id": mlflow_id,
        "trace_location": location,
        "request_time": "2026-01-02T03:04:05Z",
        "execution_duration": "1s",
        "state": "OK",
        "tags": {"mlflow.traceName": "from-file"},
    }
    answer = api.ok("POST", "3.0/mlflow/traces", {"trace": {"trace_info": info}})["trace"]["trace_info"]
    path = answer["tags"]["mlflow.artifactLocation"].removeprefix("mlflow-artifacts:/")
    data = {"spans": [file_span(trace_id, root, None, "root"), file_span(trace_id, child, root, "child")]}
    put = requests.put(
        api.url + f"/api/2.0/mlflow-artifacts/artifacts/{path}/traces.json", data=json.dumps(data), timeout=30
    )
    assert put.status_code == 200, put.text
    trace = until(lambda: mlflow.get_trace(mlflow_id, silent=True), "the trace is readable")
    spans = spans_of(trace)
    assert spans["child"].parent_id == spans["root"].span_id == root.hex()
    assert spans["root"].inputs == {"q": "file"}
    assert spans["root"].get_attribute("n") == 1
    back = requests.get(
        f"{target.url}/ajax-api/3.0/mlflow/get-trace-artifact", params={"request_id": mlflow_id}, timeout=30
    )
    assert {span["name"] for span in json.loads(back.content)["spans"]} == {"root", "child"}


def file_span(trace_id, span_id, parent, name):
    """Returns a span in the form of `traces.json`: attributes are JSON text."""
    start = 1_767_323_045_000_000_000
    return {
        "trace_id": b64encode(trace_id).decode(),
        "span_id": b64encode(span_id).decode(),
        "parent_span_id": b64encode(parent).decode() if parent else None,
        "name": name,
        "start_time_unix_nano": start,
        "end_time_unix_nano": start + 1_000_000_000,
        "events": [],
        "status": {"code": "STATUS_CODE_OK", "message": ""},
        "attributes": {
            "mlflow.traceRequestId": json.dumps(f"tr-{trace_id.hex()}"),
            "mlflow.spanType": '"CHAIN"',
            "mlflow.spanInputs": '{"q": "file"}',
            "n": "1",
        },
        "links": [],
    }
