"""One trace across two processes, joined by the `traceparent` header."""

import json
import subprocess
import sys
import textwrap

import mlflow
import pytest
from mlflow.entities import SpanType
from mlflow.tracing import get_tracing_context_headers_for_http_request

from support.client import read, search, spans_of
from support.environment import ENVIRONMENT
from support.server import clean_env

# The client drops a callee's spans unless they are flushed inside the context.
CALLEE = textwrap.dedent(
    """
    import json, sys
    import mlflow
    from mlflow.tracing import set_tracing_context_from_http_request_headers

    mlflow.set_tracking_uri(sys.argv[1])
    mlflow.set_experiment(experiment_id=sys.argv[2])

    @mlflow.trace(span_type="TOOL")
    def handle(n):
        with mlflow.start_span("query"):
            return n + 1

    with set_tracing_context_from_http_request_headers(json.loads(sys.argv[3])):
        handle(41)
        mlflow.flush_trace_async_logging()
    """
)


def call_remote(target, experiment_id, headers, mode):
    """Runs the callee in a process of its own and waits for it."""
    subprocess.run(
        [sys.executable, "-c", CALLEE, target.url, experiment_id, json.dumps(headers)],
        env=clean_env(**ENVIRONMENT, MLFLOW_USE_BATCH_SPAN_PROCESSOR=mode),
        check=True,
        timeout=120,
    )


@pytest.mark.parametrize("batch", ["true", "false"], ids=["batch", "simple"])
def test_caller_and_callee_make_one_trace(experiment, target, batch):
    with mlflow.start_span("caller", span_type=SpanType.AGENT) as root:
        headers = get_tracing_context_headers_for_http_request()
        call_remote(target, experiment.experiment_id, headers, batch)
    trace = read(root.trace_id)
    spans = spans_of(trace)
    assert set(spans) == {"caller", "handle", "query"}
    assert spans["handle"].parent_id == root.span_id
    assert spans["query"].parent_id == spans["handle"].span_id
    assert spans["handle"].outputs == 42
    assert trace.info.tags["mlflow.traceName"] == "caller"
    assert trace.info.state == "OK"


def test_a_callee_in_another_experiment_follows_the_root(experiment, target):
    with mlflow.start_span("caller") as root:
        call_remote(target, "0", get_tracing_context_headers_for_http_request(), "true")
        before = mlflow.get_trace(root.trace_id, silent=True)
    read(root.trace_id)
    (trace,) = search(experiment)
    assert trace.info.trace_id == root.trace_id
    assert trace.info.experiment_id == experiment.experiment_id
    assert set(spans_of(trace)) == {"caller", "handle", "query"}
    assert before is None or before.info.experiment_id == "0"
