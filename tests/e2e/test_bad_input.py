"""Bad input: stored sanely or refused by name, never a 5xx, never a panic, never lost silently."""

from __future__ import annotations

import json
import socket

import mlflow
import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from support.otlp import JSON, MS, START_NS, export_request, mlflow_id, post, post_spans, span, stored_spans

pytestmark = pytest.mark.spanwise

U64_MAX = 2**64 - 1
I64_MAX = 2**63 - 1


@pytest.fixture(autouse=True)
def server_survives(shared_server):
    """Whatever a test has sent, the server still answers and has not panicked."""
    yield
    assert requests.get(f"{shared_server.url}/health", timeout=30).status_code == 200
    assert "panicked" not in shared_server.log_path.read_text(errors="replace")


def send(server, *spans) -> ExportTraceServiceResponse:
    """Posts spans of which some may be refused; the request itself must be taken."""
    answer = post(server.url, export_request(spans).SerializeToString())
    assert answer.status_code == 200, answer.text
    return ExportTraceServiceResponse.FromString(answer.content)


def check_refused(server, ids, bad, *names: str) -> None:
    """Sends a bad span beside a good one: the good one is kept, and the bad one is refused by name."""
    trace_id, good = ids.trace(), ids.span()
    answer = send(server, bad, span(trace_id, good))
    assert answer.partial_success.rejected_spans == 1
    message = answer.partial_success.error_message.lower()
    assert all(name in message for name in names), message
    assert set(stored_spans(server.url, trace_id)) == {good}


@pytest.mark.parametrize("trace_id", [b"", b"\x01", b"\x01" * 15, b"\x01" * 17, bytes(16)], ids=len)
def test_a_wrong_trace_id_is_refused(shared_server, ids, trace_id):
    check_refused(shared_server, ids, span(trace_id, ids.span()), "trace")


@pytest.mark.parametrize("span_id", [b"", b"\x01", b"\x01" * 7, b"\x01" * 9, bytes(8)], ids=len)
def test_a_wrong_span_id_is_refused(shared_server, ids, span_id):
    check_refused(shared_server, ids, span(ids.trace(), span_id), "span")


@pytest.mark.parametrize("parent", [b"\x01", b"\x01" * 9], ids=len)
def test_a_wrong_parent_id_is_refused(shared_server, ids, parent):
    check_refused(shared_server, ids, span(ids.trace(), ids.span(), parent=parent), "parent")


@pytest.mark.parametrize("start", [I64_MAX + 1, U64_MAX], ids=str)
def test_a_start_outside_the_range_is_refused(shared_server, ids, start):
    check_refused(shared_server, ids, span(ids.trace(), ids.span(), start=start, end=start), "start", str(start))


def test_an_end_outside_the_range_is_refused(shared_server, ids):
    check_refused(shared_server, ids, span(ids.trace(), ids.span(), end=U64_MAX), "end", str(U64_MAX))


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, 0), (0, 1), (1, 2), (START_NS, START_NS - MS), (I64_MAX - 1, I64_MAX), (START_NS, I64_MAX)],
    ids=["zero", "epoch", "one", "end before start", "last", "290 years"],
)
def test_odd_times_are_kept(shared_server, api, ids, start, end):
    trace_id, span_id = ids.trace(), ids.span()
    send(shared_server, span(trace_id, span_id, start=start, end=end))
    back = stored_spans(shared_server.url, trace_id)[span_id]
    assert (back.start_time_unix_nano, back.end_time_unix_nano) == (start, end)
    info = api.trace_info(mlflow_id(trace_id))
    assert not info.get("execution_duration", "0s").startswith("-")
    assert mlflow_id(trace_id) in api.trace_ids("0", filter=f"request_id = '{mlflow_id(trace_id)}'")


TEXTS = {
    "nul": "a\0b",
    "control": "\x01\x1b[31m\x7f",
    "newline": "a\r\n\tb",
    "emoji": "🦀" * 100,
    "odd": "\ufffe\uffff\u202e",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_odd_text_is_kept(shared_server, api, ids, text):
    trace_id, span_id = ids.trace(), ids.span()
    one = span(trace_id, span_id, f"name {text}", attributes={f"key {text}": text, "mlflow.spanInputs": text})
    post_spans(shared_server.url, [one], **{"service.name": "odd text", "host": text})
    assert stored_spans(shared_server.url, trace_id)[span_id] == one
    (back,) = api.spans(mlflow_id(trace_id))
    assert back["name"] == f"name {text}"


def test_text_that_is_not_utf8_costs_its_span_alone_or_is_repaired(shared_server, ids):
    trace_id, good, bad = ids.trace(), ids.span(), ids.span()
    body = export_request([span(trace_id, good), span(trace_id, bad, "QQQQ")]).SerializeToString()
    answer = post(shared_server.url, body.replace(b"QQQQ", b"\xff\xfe\xc0\x80"))
    assert answer.status_code == 200, answer.text
    rejected = ExportTraceServiceResponse.FromString(answer.content).partial_success.rejected_spans
    kept = requests.get(f"{shared_server.url}/api/v1/traces/{mlflow_id(trace_id)}/otlp", timeout=30)
    assert good in kept.content
    assert rejected == (0 if bad in kept.content else 1)


def post_number(server, ids, number) -> tuple[dict, bytes, bytes, bytes]:
    """Posts a JSON span with an `intValue` beside one without; returns the answer, the trace id and both span ids."""
    trace_id, odd, plain = ids.trace(), ids.span(), ids.span()
    times = {"startTimeUnixNano": "1", "endTimeUnixNano": "2"}
    attributes = [{"key": "odd", "value": {"intValue": number}}]
    spans = [
        {"traceId": trace_id.hex(), "spanId": odd.hex(), "name": "odd", "attributes": attributes, **times},
        {"traceId": trace_id.hex(), "spanId": plain.hex(), "name": "plain", **times},
    ]
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
    answer = post(server.url, body, content_type=JSON)
    assert answer.status_code == 200, answer.text
    return answer.json(), trace_id, odd, plain


@pytest.mark.parametrize("number", [I64_MAX + 1, U64_MAX, -(2**63) - 1, 10**40], ids=str)
@pytest.mark.parametrize("write", [int, str], ids=["number", "text"])
def test_a_json_integer_wider_than_64_bits_is_kept_as_text(shared_server, ids, number, write):
    answer, trace_id, odd, _ = post_number(shared_server, ids, write(number))
    assert answer == {}
    (attribute,) = stored_spans(shared_server.url, trace_id)[odd].attributes
    assert attribute.value.string_value == str(number)


@pytest.mark.parametrize("number", [1.5, "1.5", "abc", True, [1]], ids=str)
def test_what_is_no_integer_costs_its_span_by_name(shared_server, ids, number):
    answer, trace_id, _, plain = post_number(shared_server, ids, number)
    partial = answer["partialSuccess"]
    assert int(partial["rejectedSpans"]) == 1 and "intValue" in partial["errorMessage"]
    assert set(stored_spans(shared_server.url, trace_id)) == {plain}


def test_numbers_that_json_has_no_word_for(shared_server, api, ids):
    mlflow.set_tracking_uri(shared_server.url)
    trace_id, span_id = ids.trace(), ids.span()
    attributes = {"nan": float("nan"), "inf": float("inf"), "list": [float("-inf")]}
    send(shared_server, span(trace_id, span_id, attributes=attributes))
    (back,) = api.spans(mlflow_id(trace_id))
    assert {attribute["key"] for attribute in back["attributes"]} >= set(attributes)
    assert mlflow.get_trace(mlflow_id(trace_id)) is not None


def test_ten_thousand_attributes_are_kept(shared_server, api, ids):
    trace_id, span_id = ids.trace(), ids.span()
    send(shared_server, span(trace_id, span_id, attributes={f"key {n}": n for n in range(10_000)}))
    assert len(stored_spans(shared_server.url, trace_id)[span_id].attributes) == 10_000
    assert len(api.spans(mlflow_id(trace_id))[0]["attributes"]) >= 10_000


def test_the_same_attribute_twice_is_kept(shared_server, api, ids):
    trace_id, span_id = ids.trace(), ids.span()
    one = span(trace_id, span_id, attributes={"k": 1})
    one.attributes.append(KeyValue(key="k", value=AnyValue(int_value=2)))
    send(shared_server, one)
    assert stored_spans(shared_server.url, trace_id)[span_id] == one
    assert api.spans(mlflow_id(trace_id))


def nested_protobuf(depth: int) -> bytes:
    """Returns an AnyValue of lists in lists, by hand: Python's own encoder gives up at a hundred."""
    value = AnyValue(string_value="deep").SerializeToString()
    for _ in range(depth):
        value = field(5, field(1, value))  # AnyValue.array_value, ArrayValue.values
    return value


def field(number: int, payload: bytes) -> bytes:
    """Returns a length-delimited protobuf field."""
    length, size = b"", len(payload)
    while size >= 0x80:
        length, size = length + bytes([size & 0x7F | 0x80]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + payload


@pytest.mark.parametrize("depth", [20, 120])
def test_deep_nesting_up_to_the_limit_is_kept(shared_server, ids, depth):
    trace_id, span_id = ids.trace(), ids.span()
    answer = post_deep(shared_server, trace_id, span_id, ids.span(), depth)
    assert not answer.partial_success.rejected_spans, answer.partial_success.error_message
    kept = requests.get(f"{shared_server.url}/api/v1/traces/{mlflow_id(trace_id)}/otlp", timeout=30)
    assert nested_protobuf(depth) in kept.content


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_nesting_over_the_limit_costs_its_span_by_name(shared_server, ids, depth):
    trace_id, good = ids.trace(), ids.span()
    answer = post_deep(shared_server, trace_id, ids.span(), good, depth)
    assert answer.partial_success.rejected_spans == 1
    assert "deep" in answer.partial_success.error_message or "nest" in answer.partial_success.error_message
    assert set(stored_spans(shared_server.url, trace_id)) == {good}


def post_deep(server, trace_id, deep, good, depth) -> ExportTraceServiceResponse:
    """Posts one span with a deeply nested attribute and one without."""
    attribute = field(1, b"deep") + field(2, nested_protobuf(depth))
    nested = span(trace_id, deep).SerializeToString() + field(9, attribute)
    scope_spans = field(2, nested) + field(2, span(trace_id, good).SerializeToString())
    answer = post(server.url, field(1, field(2, scope_spans)))
    assert answer.status_code == 200, answer.text
    return ExportTraceServiceResponse.FromString(answer.content)


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_json_nested_too_deep_is_answered(shared_server, ids, depth):
    value = '{"arrayValue":{"values":[' * depth + "{}" + "]}}" * depth
    named = f'"traceId":"{ids.trace().hex()}","spanId":"{ids.span().hex()}"'
    one = f'{{{named},"attributes":[{{"key":"k","value":{value}}}]}}'
    answer = post(shared_server.url, f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{one}]}}]}}]}}', content_type=JSON)
    refused = answer.status_code == 200 and int(answer.json()["partialSuccess"]["rejectedSpans"]) == 1
    assert refused or answer.status_code == 400, answer.text


def test_cycles_of_parents_are_kept(shared_server, api, ids):
    trace_id, a, b, own = ids.trace(), ids.span(), ids.span(), ids.span()
    usage = {"gen_ai.usage.input_tokens": 1, "gen_ai.usage.output_tokens": 1}
    send(
        shared_server,
        span(trace_id, a, "a", parent=b, attributes=usage),
        span(trace_id, b, "b", parent=a, attributes=usage),
        span(trace_id, own, "own parent", parent=own, attributes=usage),
    )
    assert len(stored_spans(shared_server.url, trace_id)) == 3
    assert len(api.spans(mlflow_id(trace_id))) == 3
    assert api.trace_info(mlflow_id(trace_id))["state"] == "IN_PROGRESS"


def test_a_chain_of_ten_thousand_parents(shared_server, api, ids):
    trace_id, chain = ids.trace(), [ids.span() for _ in range(10_000)]
    spans = [span(trace_id, own, parent=parent) for parent, own in zip([b"", *chain[:-1]], chain, strict=True)]
    post_spans(shared_server.url, spans)
    assert len(api.spans(mlflow_id(trace_id))) == 10_000


def test_a_large_attribute_is_kept(shared_server, api, ids):
    trace_id, span_id, text = ids.trace(), ids.span(), "x" * (8 << 20)
    send(shared_server, span(trace_id, span_id, attributes={"big": text}))
    (attribute,) = stored_spans(shared_server.url, trace_id)[span_id].attributes
    assert attribute.value.string_value == text


def test_an_empty_name_and_empty_keys_are_kept(shared_server, api, ids):
    trace_id, span_id = ids.trace(), ids.span()
    one = span(trace_id, span_id, "", attributes={"": "no key"})
    send(shared_server, one)
    assert stored_spans(shared_server.url, trace_id)[span_id] == one
    assert api.trace_info(mlflow_id(trace_id))["state"] == "OK"


@pytest.mark.parametrize("size", [0, 1, 7, 100, 5_000])
def test_random_bytes_are_answered_with_4xx_or_kept(shared_server, ids, size):
    noise = b"".join(ids.trace() for _ in range(size // 16 + 1))[:size]
    for content_type in ("application/x-protobuf", JSON):
        assert post(shared_server.url, noise, content_type=content_type).status_code in (200, 400)


def test_every_prefix_of_a_request_is_answered(shared_server, ids):
    body = export_request(
        [span(ids.trace(), ids.span(), attributes={"k": [1, {"a": "b"}]})], {"r": 1}
    ).SerializeToString()
    codes = {post(shared_server.url, body[:end]).status_code for end in range(len(body))}
    assert codes <= {200, 400}


def test_http_garbage_is_answered_or_dropped(shared_server):
    for garbage in (
        b"\x00\xff\x16\x03\x01",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/traces HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", shared_server.port), timeout=30) as client:
            client.sendall(garbage)
            client.shutdown(socket.SHUT_WR)
            reply = client.recv(4096)
        assert reply == b"" or b" 400 " in reply or b" 505 " in reply, reply


REQUESTS = [
    ("POST", "2.0/mlflow/experiments/create", {"name": {"a": 1}}),
    ("POST", "2.0/mlflow/experiments/create", {"name": "x" * 501}),
    ("POST", "2.0/mlflow/experiments/create", {"name": "t", "tags": "no list"}),
    ("GET", "2.0/mlflow/experiments/get?experiment_id=99999999999999999999", None),
    ("GET", "2.0/mlflow/experiments/get?experiment_id=%00", None),
    ("POST", "2.0/mlflow/experiments/search", {"max_results": -1}),
    ("POST", "2.0/mlflow/experiments/search", {"max_results": 10, "page_token": "%%%"}),
    ("POST", "2.0/mlflow/experiments/search", {"max_results": 10, "filter": "name = 'x' ORR"}),
    ("GET", "3.0/mlflow/traces/tr-%00", None),
    ("GET", "3.0/mlflow/traces/" + "x" * 5_000, None),
    ("GET", "3.0/mlflow/traces/get", None),
    ("GET", "3.0/mlflow/traces/get?trace_id=tr-x&allow_partial=perhaps", None),
    ("POST", "3.0/mlflow/traces", {"trace": {"trace_info": []}}),
    ("POST", "3.0/mlflow/traces", {"trace": {"trace_info": {"trace_id": "", "request_time": "x"}}}),
    ("POST", "3.0/mlflow/traces/search", {}),
    ("POST", "3.0/mlflow/traces/search", {"locations": 5}),
    ("POST", "3.0/mlflow/traces/search", {"locations": [], "max_results": 501}),
    ("POST", "3.0/mlflow/traces/search", {"locations": [], "max_results": 0}),
    ("POST", "3.0/mlflow/traces/search", {"locations": [], "page_token": "x"}),
    ("POST", "3.0/mlflow/traces/search", {"locations": [], "filter": "span.name > 'x'"}),
    ("POST", "3.0/mlflow/traces/search", {"locations": [], "filter": "(" * 100_000}),
    ("POST", "3.0/mlflow/traces/search", {"locations": [], "order_by": ["nope"]}),
    ("PATCH", "3.0/mlflow/traces/tr-x/tags", {"key": "a$b", "value": "c"}),
    ("PATCH", "3.0/mlflow/traces/tr-x/tags", {"key": "k", "value": "v"}),
    ("DELETE", "3.0/mlflow/traces/tr-x/tags", {"key": "k"}),
    ("POST", "3.0/mlflow/traces/tr-x/assessments", {"assessment": {"feedback": {"value": 1}}}),
    ("POST", "3.0/mlflow/traces/tr-x/assessments", {}),
    ("PATCH", "3.0/mlflow/traces/tr-x/assessments/a-x", {"assessment": {}, "update_mask": "rationale"}),
    ("POST", "3.0/mlflow/traces/delete-traces", {"experiment_id": "0"}),
    ("POST", "3.0/mlflow/traces/delete-traces", {"experiment_id": "abc", "request_ids": ["x"]}),
    ("GET", "2.0/mlflow-artifacts/artifacts/0/traces/tr-x/artifacts/..%2f..%2f..%2fetc%2fpasswd", None),
    ("PUT", "2.0/mlflow-artifacts/artifacts/..%2f..%2fescape", None),
    ("GET", "2.0/mlflow/no/such/endpoint", None),
]


@pytest.mark.parametrize(
    ("method", "path", "body"), REQUESTS, ids=[f"{m} {p[:60]} {str(b)[:40]}" for m, p, b in REQUESTS]
)
def test_bad_requests_are_4xx_with_a_code_and_a_message(api, method, path, body):
    answer = api.call(method, path, body)
    assert 400 <= answer.status_code < 500, f"{answer.status_code} {answer.text[:500]}"
    error = answer.json()
    assert error["error_code"] and error["message"]


@pytest.mark.parametrize("body", [b"{nope", b"\xff\xfe", b"[1]", b"5", b"null", b'"text"'], ids=repr)
def test_a_body_that_is_no_object_is_a_missing_parameter(api, body):
    answer = requests.post(
        f"{api.url}/api/3.0/mlflow/traces/search", data=body, headers={"Content-Type": JSON}, timeout=30
    )
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
