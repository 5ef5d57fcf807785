"""The native API beside MLflow's: what the unmodified client wrote, taken into another server and read there."""

from __future__ import annotations

import gzip
import json
import re

import mlflow
import pytest
import requests

from support.api import Api
from support.client import flush, search
from support.otlp import post_spans, span

pytestmark = pytest.mark.spanwise

TIMEOUT_S = 60


def trace_with_everything() -> str:
    """Traces with the client: nested spans, an error, tags, assessments; returns the trace's id."""
    with mlflow.start_span("agent", span_type="AGENT") as root:
        root.set_inputs({"question": "what?"})
        mlflow.update_current_trace(tags={"env": "dev"}, session_id="s", user="u", metadata={"k": "v"})
        with mlflow.start_span("call", span_type="LLM") as call:
            call.set_attribute("mlflow.chat.tokenUsage", {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7})
        with pytest.raises(ValueError), mlflow.start_span("tool", span_type="TOOL"):
            raise ValueError("no")
        root.set_outputs("that")
    flush()
    wrong = mlflow.log_feedback(trace_id=root.trace_id, name="good", value=False, rationale="why")
    mlflow.override_feedback(trace_id=root.trace_id, assessment_id=wrong.assessment_id, value=True)
    mlflow.log_expectation(trace_id=root.trace_id, name="answer", value={"text": ["that"]})
    return root.trace_id


def test_what_the_client_wrote_is_read_from_another_server(shared_server, api, experiment, new_server):
    trace_id = trace_with_everything()
    selected = {"experiment": experiment.name}
    answer = requests.get(f"{shared_server.url}/api/v1/export", params=selected, timeout=TIMEOUT_S)
    assert answer.status_code == 200 and answer.headers["x-spanwise-total"] == "1"
    other = new_server().start()
    body, packed = gzip.compress(answer.content), {"Content-Encoding": "gzip"}
    result = requests.post(f"{other.url}/api/v1/import", data=body, headers=packed, timeout=TIMEOUT_S).json()
    assert result == {"lines": 1, "traces": 1, "spans": 3, "errors": [], "error_count": 0}
    assert requests.get(f"{other.url}/api/v1/export", params=selected, timeout=TIMEOUT_S).content == answer.content
    info, there = api.trace_info(trace_id), Api(other.url).trace_info(trace_id)
    # Experiments have numbers of their own there, and artifacts are named by them.
    for one in (info, there):
        del one["trace_location"], one["tags"]["mlflow.artifactLocation"]
    assert there == info
    assert Api(other.url).spans(trace_id) == api.spans(trace_id)
    mlflow.set_tracking_uri(other.url)
    try:
        (found,) = search(mlflow.get_experiment_by_name(experiment.name), "feedback.good = 'true' AND tag.env = 'dev'")
        assert found.info.trace_id == trace_id and len(found.data.spans) == 3
    finally:
        mlflow.set_tracking_uri(shared_server.url)


def test_the_stream_tells_of_a_trace_as_it_happens(shared_server, ids, experiment_name):
    url = f"{shared_server.url}/api/v1"
    made = requests.post(f"{url}/experiments", json={"name": experiment_name}, timeout=TIMEOUT_S).json()
    params = {"experiment": experiment_name}
    with requests.get(f"{url}/traces/stream", params=params, stream=True, timeout=TIMEOUT_S) as stream:
        lines = stream.iter_lines(decode_unicode=True)
        assert next(line for line in lines if line.startswith("event:")) == "event: ready"
        post_spans(shared_server.url, [span(ids.trace(), ids.span(), "live")], made["experiment_id"])
        told = next(line for line in lines if line.startswith("data:") and line != "data: {}")
    assert json.loads(told.removeprefix("data:"))["name"] == "live"


def test_a_browser_gets_the_page_and_a_program_the_error(shared_server):
    page = requests.get(f"{shared_server.url}/traces/tr-x", timeout=TIMEOUT_S)
    assert page.status_code == 200 and page.headers["Content-Type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    missing = requests.get(f"{shared_server.url}/api/v1/traces/tr-x", timeout=TIMEOUT_S)
    assert (missing.status_code, missing.headers["Content-Type"]) == (404, "application/problem+json")


def test_an_answer_says_how_long_it_took(shared_server):
    for path in ("/api/v1/traces", "/api/2.0/mlflow/experiments/get?experiment_id=0", "/api/v1/nothing"):
        timing = requests.get(shared_server.url + path, timeout=TIMEOUT_S).headers["Server-Timing"]
        assert re.fullmatch(r"total;dur=\d+\.\d{3}", timing), path
