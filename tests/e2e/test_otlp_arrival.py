"""Spans out of order, late, twice, or not yet closed: the trace says the same in the end."""

from __future__ import annotations

import itertools
import json

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from support.otlp import MS, START_NS, mlflow_id, post_spans, span, stored_spans

pytestmark = pytest.mark.spanwise

USAGE = {"gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5}


def usage_of(info: dict) -> dict:
    """Returns the token totals of a trace."""
    return json.loads(info["trace_metadata"]["mlflow.trace.tokenUsage"])


def three_spans(trace_id, ids):
    """Returns a root with a model call and a failed tool."""
    root = ids.span()
    return [
        span(trace_id, root, "root", end=START_NS + 10 * MS, attributes={"input.value": "q", "output.value": "a"}),
        span(trace_id, ids.span(), "llm", parent=root, start=START_NS + MS, attributes=USAGE),
        span(trace_id, ids.span(), "tool", parent=root, start=START_NS + 3 * MS, status=Status.STATUS_CODE_ERROR),
    ]


@pytest.mark.parametrize("order", itertools.permutations(range(3)), ids=lambda order: "".join(map(str, order)))
def test_every_order_of_arrival_gives_the_same_trace(shared_server, api, ids, order):
    trace_id = ids.trace()
    spans = three_spans(trace_id, ids)
    for n in order:
        post_spans(shared_server.url, [spans[n]])
    info = api.trace_info(mlflow_id(trace_id))
    assert info["state"] == "OK"
    assert info["execution_duration"] == "0.010s"
    assert info["request_time"] == "2026-01-02T03:04:05Z"
    assert info["tags"]["mlflow.traceName"] == "root"
    assert info["request_preview"] == '"q"'
    assert usage_of(info) == {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    assert [s["name"] for s in api.spans(mlflow_id(trace_id))] == ["root", "llm", "tool"]


def test_a_trace_without_its_root_is_in_progress(shared_server, api, ids):
    trace_id = ids.trace()
    post_spans(shared_server.url, [span(trace_id, ids.span(), parent=ids.span())])
    assert api.trace_info(mlflow_id(trace_id))["state"] == "IN_PROGRESS"


def test_a_trace_whose_root_is_elsewhere_has_name_state_and_previews(shared_server, api, ids):
    trace_id, entry = ids.trace(), ids.span()
    # The flags say that the parent is known to be remote.
    remote = {"parent": ids.span(), "flags": 0x300, "attributes": {"input.value": "q", "output.value": "a"}}
    child = span(trace_id, ids.span(), "child", parent=entry)
    post_spans(shared_server.url, [child])
    assert api.trace_info(mlflow_id(trace_id))["state"] == "IN_PROGRESS"
    post_spans(shared_server.url, [span(trace_id, entry, "entry", **remote)])
    info = api.trace_info(mlflow_id(trace_id))
    assert (info["state"], info["tags"]["mlflow.traceName"]) == ("OK", "entry")
    assert (info["request_preview"], info["response_preview"]) == ('"q"', '"a"')
    caller = span(trace_id, remote["parent"], "caller", status=Status.STATUS_CODE_ERROR)
    post_spans(shared_server.url, [caller])
    info = api.trace_info(mlflow_id(trace_id))
    assert (info["state"], info["tags"]["mlflow.traceName"]) == ("ERROR", "caller")


def test_an_error_at_the_root_is_the_traces_error(shared_server, api, ids):
    trace_id = ids.trace()
    post_spans(shared_server.url, [span(trace_id, ids.span(), status=Status.STATUS_CODE_ERROR, message="boom")])
    assert api.trace_info(mlflow_id(trace_id))["state"] == "ERROR"


def test_a_repeated_request_changes_nothing(shared_server, api, ids):
    trace_id = ids.trace()
    spans = three_spans(trace_id, ids)
    for _ in range(3):
        post_spans(shared_server.url, spans)
    assert len(stored_spans(shared_server.url, trace_id)) == 3
    assert usage_of(api.trace_info(mlflow_id(trace_id)))["total_tokens"] == 15


def test_a_span_twice_in_one_request_is_one_span(shared_server, ids):
    trace_id, span_id = ids.trace(), ids.span()
    post_spans(shared_server.url, [span(trace_id, span_id), span(trace_id, span_id)])
    assert len(stored_spans(shared_server.url, trace_id)) == 1


def test_a_later_version_of_a_span_replaces_the_earlier(shared_server, api, ids):
    trace_id, root, call = ids.trace(), ids.span(), ids.span()
    post_spans(shared_server.url, [span(trace_id, root), span(trace_id, call, parent=root, attributes=USAGE)])
    changed = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 1}
    post_spans(shared_server.url, [span(trace_id, call, "changed", parent=root, attributes=changed)])
    assert stored_spans(shared_server.url, trace_id)[call].name == "changed"
    assert usage_of(api.trace_info(mlflow_id(trace_id)))["total_tokens"] == 101


def test_what_a_replaced_span_gave_is_taken_back(shared_server, api, ids):
    trace_id, root, call = ids.trace(), ids.span(), ids.span()
    post_spans(shared_server.url, [span(trace_id, root), span(trace_id, call, parent=root, attributes=USAGE)])
    post_spans(shared_server.url, [span(trace_id, call, parent=root)])
    assert "mlflow.trace.tokenUsage" not in api.trace_info(mlflow_id(trace_id)).get("trace_metadata", {})


def test_an_open_span_is_shown_and_then_closed(shared_server, api, ids):
    trace_id, root = ids.trace(), ids.span()
    post_spans(shared_server.url, [span(trace_id, root, "root", end=0)])
    opened = api.trace_info(mlflow_id(trace_id))
    assert opened["state"] == "IN_PROGRESS"
    assert not opened.get("execution_duration", "0s").startswith("-")
    assert not api.spans(mlflow_id(trace_id))[0].get("end_time_unix_nano")
    post_spans(shared_server.url, [span(trace_id, root, "root", end=START_NS + 7 * MS)])
    closed = api.trace_info(mlflow_id(trace_id))
    assert (closed["state"], closed["execution_duration"]) == ("OK", "0.007s")


def test_an_open_span_never_replaces_a_closed_one(shared_server, api, ids):
    trace_id, root = ids.trace(), ids.span()
    post_spans(shared_server.url, [span(trace_id, root, "closed")])
    post_spans(shared_server.url, [span(trace_id, root, "open", end=0)])
    assert stored_spans(shared_server.url, trace_id)[root].name == "closed"
    assert api.trace_info(mlflow_id(trace_id))["state"] == "OK"


def test_usage_of_a_wrapper_is_not_added_to_its_childs(shared_server, api, ids):
    trace_id, root = ids.trace(), ids.span()
    child = span(trace_id, ids.span(), parent=root, attributes=USAGE)
    post_spans(shared_server.url, [child])
    post_spans(shared_server.url, [span(trace_id, root, "wrapper", attributes=USAGE)])
    assert usage_of(api.trace_info(mlflow_id(trace_id)))["total_tokens"] == 15


def test_a_late_span_does_not_stretch_a_finalized_trace(shared_server, api, ids):
    trace_id, root = ids.trace(), ids.span()
    location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}
    info = {
        "trace_id": mlflow_id(trace_id), "trace_location": location, "request_time": "2026-01-02T03:04:05Z",
        "execution_duration": "1s", "state": "OK",
    }  # fmt: skip
    post_spans(shared_server.url, [span(trace_id, root)])
    api.ok("POST", "3.0/mlflow/traces", {"trace": {"trace_info": info}})
    late = span(
        trace_id, ids.span(), parent=root, start=START_NS - 5_000 * MS, end=START_NS + 9_000 * MS, attributes=USAGE
    )
    post_spans(shared_server.url, [late])
    after = api.trace_info(mlflow_id(trace_id))
    assert (after["request_time"], after["execution_duration"], after["state"]) == ("2026-01-02T03:04:05Z", "1s", "OK")
    assert usage_of(after)["total_tokens"] == 15


def test_a_request_may_mix_many_traces(shared_server, api, ids):
    traces = [ids.trace() for _ in range(50)]
    post_spans(shared_server.url, [span(trace_id, ids.span()) for trace_id in traces])
    for trace_id in traces:
        assert len(stored_spans(shared_server.url, trace_id)) == 1


def test_session_user_and_tags_of_the_root(shared_server, api, ids):
    trace_id = ids.trace()
    attributes = {"session.id": "s-1", "user.id": "ada", "mlflow.traceTag.team": "red"}
    post_spans(shared_server.url, [span(trace_id, ids.span(), attributes=attributes)])
    info = api.trace_info(mlflow_id(trace_id))
    assert info["trace_metadata"]["mlflow.trace.session"] == "s-1"
    assert info["trace_metadata"]["mlflow.trace.user"] == "ada"
    assert info["tags"]["team"] == "red"
    assert info["tags"]["mlflow.trace.spansLocation"] == "TRACKING_STORE"
