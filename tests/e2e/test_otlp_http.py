"""OTLP over HTTP by hand: encodings, both formats, what the answers look like."""

from __future__ import annotations

import base64
import http.client
import json

import pytest
import requests
from google.rpc.status_pb2 import Status as RpcStatus
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from support.otlp import (
    JSON,
    MS,
    PROTOBUF,
    START_NS,
    any_value,
    export_request,
    key_values,
    mlflow_id,
    post,
    span,
    stored,
    stored_spans,
)

pytestmark = pytest.mark.spanwise

BODY_BYTES_MAX = 64 << 20


def full_request(trace_id: bytes, span_id: bytes) -> ExportTraceServiceRequest:
    """Returns a request in which every field of a span, its scope and its resource is set."""
    attributes = {
        "text": "x", "bool": True, "int": -1, "double": 0.1, "bytes": bytes(range(256)), "none": None,
        "list": ["a", 1, [2.5, None]], "map": {"k": {"deep": [b"\xff"]}},
    }  # fmt: skip
    event = Span.Event(
        time_unix_nano=START_NS + 1, name="e", attributes=key_values(attributes), dropped_attributes_count=1
    )
    link = Span.Link(
        trace_id=span_id * 2, span_id=span_id, trace_state="l=1", attributes=key_values(attributes), flags=257
    )
    one = span(
        trace_id, span_id, "full", parent=b"\x01" * 8, attributes=attributes, message="fine",
        kind=Span.SPAN_KIND_CONSUMER,
        trace_state="a=1,b=2", flags=0x301, dropped_attributes_count=2, dropped_events_count=3, dropped_links_count=4,
        events=[event], links=[link],
    )  # fmt: skip
    scope = InstrumentationScope(name="lib", version="1", attributes=key_values(attributes), dropped_attributes_count=5)
    request = export_request([one], {"service.name": "full", **attributes}, scope)
    request.resource_spans[0].schema_url = "https://example.com/resource"
    request.resource_spans[0].scope_spans[0].schema_url = "https://example.com/scope"
    return request


@pytest.mark.parametrize("port", ["main", "otlp"])
@pytest.mark.parametrize("encoding", [None, "identity", "gzip", "deflate", "deflate-raw", "zstd"])
def test_every_encoding_on_both_ports(shared_server, ids, port, encoding):
    url = shared_server.url if port == "main" else shared_server.otlp_http_url
    trace_id = ids.trace()
    request = full_request(trace_id, ids.span())
    answer = post(url, request.SerializeToString(), encoding=encoding)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == PROTOBUF
    assert ExportTraceServiceResponse.FromString(answer.content) == ExportTraceServiceResponse()
    assert stored(shared_server.url, trace_id) == request


def test_every_field_comes_back_byte_for_byte(shared_server, ids):
    trace_id = ids.trace()
    body = full_request(trace_id, ids.span()).SerializeToString(deterministic=True)
    post(shared_server.url, body)
    assert stored(shared_server.url, trace_id).SerializeToString(deterministic=True) == body


def test_unknown_protobuf_fields_are_kept(shared_server, ids):
    trace_id = ids.trace()
    request = export_request([span(trace_id, ids.span())])
    unknown = b"\xba\x3e\x03new"  # field 999, length-delimited
    one = request.resource_spans[0].scope_spans[0].spans[0]
    one.MergeFromString(one.SerializeToString() + unknown)
    post(shared_server.url, request.SerializeToString())
    (back,) = stored_spans(shared_server.url, trace_id).values()
    assert unknown in back.SerializeToString()


def json_span(trace_id: bytes, span_id: bytes, **fields) -> dict:
    """Returns a span as OTLP/JSON writes it."""
    return {
        "traceId": trace_id.hex(), "spanId": span_id.hex(), "name": "json", "kind": 3,
        "startTimeUnixNano": str(START_NS), "endTimeUnixNano": str(START_NS + MS), "status": {"code": 1}, **fields,
    }  # fmt: skip


def json_body(*spans: dict, resource: dict | None = None) -> str:
    """Returns an OTLP/JSON request."""
    return json.dumps({"resourceSpans": [{"resource": resource or {}, "scopeSpans": [{"spans": list(spans)}]}]})


def post_json(server, body: str, **options) -> requests.Response:
    """Posts OTLP/JSON that must be taken, and answered in JSON."""
    answer = post(server.url, body, content_type=JSON, **options)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith(JSON)
    return answer


def test_json_in_json_out(shared_server, ids):
    trace_id, span_id = ids.trace(), ids.span()
    answer = post_json(shared_server, json_body(json_span(trace_id, span_id)))
    assert answer.json() == {}
    assert stored_spans(shared_server.url, trace_id)[span_id].kind == Span.SPAN_KIND_CLIENT


def check_json(server, ids, fields: dict, expected: dict) -> None:
    """Posts one JSON span with some fields written in an odd way, and compares those fields in protobuf."""
    trace_id, span_id = ids.trace(), ids.span()
    post_json(server, json_body(json_span(trace_id, span_id, **fields)))
    back = stored_spans(server.url, trace_id)[span_id]
    assert {name: getattr(back, name) for name in expected} == expected


def test_json_enums_by_name(shared_server, ids):
    check_json(shared_server, ids, {"kind": "SPAN_KIND_PRODUCER"}, {"kind": Span.SPAN_KIND_PRODUCER})
    check_json(
        shared_server, ids, {"status": {"code": "STATUS_CODE_ERROR", "message": "m"}},
        {"status": span(b"", b"", status=2, message="m").status},
    )  # fmt: skip


def test_json_numbers_as_text_and_as_numbers(shared_server, ids):
    check_json(shared_server, ids, {"startTimeUnixNano": START_NS}, {"start_time_unix_nano": START_NS})
    check_json(shared_server, ids, {"droppedEventsCount": "7", "flags": 257}, {"dropped_events_count": 7, "flags": 257})


def test_json_snake_case_and_nulls(shared_server, ids):
    trace_id, span_id = ids.trace(), ids.span()
    snake = {
        "trace_id": trace_id.hex(), "span_id": span_id.hex(), "parent_span_id": None, "name": "snake",
        "start_time_unix_nano": str(START_NS), "end_time_unix_nano": str(START_NS + 5),
        "attributes": None, "events": None,
    }  # fmt: skip
    body = json.dumps({"resource_spans": [{"resource": None, "scope_spans": [{"scope": None, "spans": [snake]}]}]})
    post_json(shared_server, body)
    back = stored_spans(shared_server.url, trace_id)[span_id]
    assert (back.name, back.end_time_unix_nano, back.parent_span_id) == ("snake", START_NS + 5, b"")


def test_json_unknown_fields_are_ignored(shared_server, ids):
    check_json(shared_server, ids, {"someFutureField": {"a": [1, None]}, "name": "future"}, {"name": "future"})


def test_json_ids_in_capitals(shared_server, ids):
    trace_id, span_id = ids.trace(), ids.span()
    one = json_span(trace_id, span_id) | {"traceId": trace_id.hex().upper(), "spanId": span_id.hex().upper()}
    post_json(shared_server, json_body(one))
    assert set(stored_spans(shared_server.url, trace_id)) == {span_id}


def test_json_link_ids_are_hex(shared_server, ids):
    trace_id, span_id = ids.trace(), ids.span()
    link = {"traceId": trace_id.hex(), "spanId": span_id.hex(), "flags": 256}
    check_json(
        shared_server, ids, {"links": [link]}, {"links": [Span.Link(trace_id=trace_id, span_id=span_id, flags=256)]}
    )


VALUES = [
    ({"stringValue": "x"}, "x"),
    ({"boolValue": False}, False),
    ({"intValue": "-9223372036854775808"}, -(2**63)),
    ({"intValue": 5}, 5),
    ({"doubleValue": 0.1}, 0.1),
    ({"doubleValue": 1}, 1.0),
    ({"doubleValue": "Infinity"}, float("inf")),
    ({"doubleValue": "-Infinity"}, float("-inf")),
    ({"bytesValue": base64.b64encode(b"\x00\xff").decode()}, b"\x00\xff"),
    ({"arrayValue": {"values": [{"intValue": "1"}, {}]}}, [1, None]),
    ({"arrayValue": {}}, []),
    ({"kvlistValue": {}}, {}),
    ({"kvlistValue": {"values": [{"key": "k", "value": {"stringValue": "v"}}]}}, {"k": "v"}),
    ({"string_value": "snake"}, "snake"),
    ({}, None),
    (None, None),
]


@pytest.mark.parametrize(("written", "meant"), VALUES, ids=[json.dumps(written) for written, _ in VALUES])
def test_json_attribute_values(shared_server, ids, written, meant):
    trace_id, span_id = ids.trace(), ids.span()
    post_json(shared_server, json_body(json_span(trace_id, span_id, attributes=[{"key": "k", "value": written}])))
    (attribute,) = stored_spans(shared_server.url, trace_id)[span_id].attributes
    assert attribute.value == any_value(meant)


def test_json_nan(shared_server, ids):
    trace_id, span_id = ids.trace(), ids.span()
    attributes = [{"key": "k", "value": {"doubleValue": "NaN"}}]
    post_json(shared_server, json_body(json_span(trace_id, span_id, attributes=attributes)))
    (attribute,) = stored_spans(shared_server.url, trace_id)[span_id].attributes
    assert attribute.value.double_value != attribute.value.double_value


def test_json_partial_success(shared_server, ids):
    trace_id, span_id = ids.trace(), ids.span()
    bad = json_span(trace_id, ids.span()) | {"spanId": "xyz"}
    answer = post_json(shared_server, json_body(bad, json_span(trace_id, span_id)))
    partial = answer.json()["partialSuccess"]
    assert int(partial["rejectedSpans"]) == 1 and "xyz" in partial["errorMessage"]
    assert set(stored_spans(shared_server.url, trace_id)) == {span_id}


def test_protobuf_partial_success(shared_server, ids):
    trace_id, good = ids.trace(), ids.span()
    request = export_request([span(trace_id, b""), span(trace_id, good), span(b"\x01", ids.span())])
    answer = post(shared_server.url, request.SerializeToString())
    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert (answer.status_code, partial.rejected_spans) == (200, 2)
    assert partial.error_message
    assert set(stored_spans(shared_server.url, trace_id)) == {good}


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_an_empty_request_is_fine(shared_server, content_type):
    answer = post(shared_server.url, b"" if content_type == PROTOBUF else b"{}", content_type=content_type)
    assert answer.status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", ""], ids=str)
def test_a_wrong_type_is_415(shared_server, content_type):
    answer = post(shared_server.url, b"", content_type=content_type)
    assert answer.status_code == 415
    assert "application/x-protobuf" in answer.text


@pytest.mark.parametrize("path", ["/v1/traces", "/api/3.0/mlflow/traces", "/api/2.0/mlflow/nope"])
def test_an_error_answered_before_the_body_is_read_does_not_break_the_next_request(shared_server, path):
    # The client sends head and body apart, so the answer may come in between. A server that then closes the connection
    # without saying so breaks whatever the client sends next over it.
    session = requests.Session()
    for _ in range(300):
        answer = session.post(
            f"{shared_server.url}{path}", data=b"x" * 500, headers={"Content-Type": "text/plain"}, timeout=30
        )
        assert answer.status_code in (400, 404, 415)


def test_an_unknown_encoding_is_415(shared_server):
    answer = post(shared_server.url, b"x", headers={"Content-Encoding": "br"})
    assert answer.status_code == 415
    assert b"br" in answer.content


def test_another_method_is_405(shared_server):
    assert requests.get(f"{shared_server.url}/v1/traces", timeout=30).status_code == 405


def test_malformed_protobuf_is_400_with_its_position(shared_server):
    answer = post(shared_server.url, b"\x0a\x05\x12\x03\xff\xff\xff")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == PROTOBUF
    message = RpcStatus.FromString(answer.content).message
    assert "byte" in message or "offset" in message, message


@pytest.mark.parametrize(
    "body", ["{nope", '{"resourceSpans": 5}', "[]", '{"resourceSpans": [{"scopeSpans": "x"}]}', '"text"'], ids=str
)
def test_malformed_json_is_400_with_its_position(shared_server, body):
    answer = post(shared_server.url, body, content_type=JSON)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith(JSON)
    message = answer.json()["message"]
    assert any(word in message for word in ("byte", "line", "column", "offset", "$", "resourceSpans")), message


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_a_broken_encoding_is_400(shared_server, encoding):
    answer = post(shared_server.url, b"\xff\xfe\x00not compressed", headers={"Content-Encoding": encoding})
    assert answer.status_code == 400
    assert encoding.encode() in answer.content


def test_a_body_over_the_limit_is_413_before_it_is_read(shared_server):
    connection = http.client.HTTPConnection("127.0.0.1", shared_server.port, timeout=30)
    connection.putrequest("POST", "/v1/traces")
    connection.putheader("Content-Type", PROTOBUF)
    connection.putheader("Content-Length", str(BODY_BYTES_MAX + 1))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    assert str(BODY_BYTES_MAX) in answer.read().decode(errors="replace")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_a_body_over_the_limit_after_decompression_is_413(shared_server, encoding):
    answer = post(shared_server.url, bytes(BODY_BYTES_MAX + 1), encoding=encoding)
    assert answer.status_code == 413
    assert str(BODY_BYTES_MAX).encode() in answer.content


def test_metrics_are_answered(shared_server):
    body = ExportMetricsServiceRequest().SerializeToString()
    assert post(shared_server.url, body, path="/v1/metrics").status_code == 200
    assert post(shared_server.url, '{"resourceMetrics": []}', content_type=JSON, path="/v1/metrics").status_code == 200


def log_request(trace_id: bytes, span_id: bytes, role: str, content: str) -> bytes:
    """Returns a GenAI event as a log record."""
    record = LogRecord(
        time_unix_nano=START_NS, trace_id=trace_id, span_id=span_id, event_name=f"gen_ai.{role}.message",
        attributes=key_values({"gen_ai.system": "openai"}), body=any_value({"content": content, "role": role}),
    )  # fmt: skip
    return ExportLogsServiceRequest(
        resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=[record])])]
    ).SerializeToString()


@pytest.mark.parametrize("log_first", [True, False], ids=["log first", "span first"])
def test_a_log_event_is_attached_to_its_span(shared_server, api, ids, log_first):
    trace_id, span_id = ids.trace(), ids.span()
    log = lambda: post(shared_server.url, log_request(trace_id, span_id, "user", "What is up?"), path="/v1/logs")
    trace = lambda: post(shared_server.url, export_request([span(trace_id, span_id)]).SerializeToString())
    for send in (log, trace) if log_first else (trace, log):
        assert send().status_code == 200
    (back,) = api.spans(mlflow_id(trace_id))
    assert "What is up?" in json.dumps(back)


def test_a_log_record_without_a_span_is_answered(shared_server):
    assert post(shared_server.url, log_request(b"", b"", "user", "x"), path="/v1/logs").status_code == 200
