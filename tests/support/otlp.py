"""OTLP by hand: requests from plain values, posted over HTTP without any SDK in between."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable
from typing import Any

import requests
import zstandard
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

# 2026-01-02 03:04:05 UTC. Tests that don't care about time use this one.
START_NS = 1_767_323_045_000_000_000
MS = 1_000_000
PROTOBUF = "application/x-protobuf"
JSON = "application/json"


def any_value(value: Any) -> AnyValue:
    """Returns a Python value as an OTLP one; `None` is the unset value."""
    if value is None:
        return AnyValue()
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, bytes):
        return AnyValue(bytes_value=value)
    if isinstance(value, dict):
        return AnyValue(kvlist_value=KeyValueList(values=key_values(value)))
    if isinstance(value, (list, tuple)):
        return AnyValue(array_value=ArrayValue(values=[any_value(item) for item in value]))
    return AnyValue(string_value=value)


def key_values(values: dict[str, Any] | None) -> list[KeyValue]:
    """Returns a dict as OTLP attributes."""
    return [KeyValue(key=key, value=any_value(value)) for key, value in (values or {}).items()]


def span(
    trace_id: bytes,
    span_id: bytes,
    name: str = "span",
    *,
    parent: bytes = b"",
    start: int = START_NS,
    end: int | None = None,
    attributes: dict[str, Any] | None = None,
    status: int = Status.STATUS_CODE_OK,
    message: str = "",
    **fields: Any,
) -> Span:
    """Returns one span, closed a millisecond after its start unless `end` says otherwise (0 = still open)."""
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=parent,
        name=name,
        start_time_unix_nano=start,
        end_time_unix_nano=start + MS if end is None else end,
        attributes=key_values(attributes),
        status=Status(code=status, message=message),
        **fields,
    )


def export_request(
    spans: Iterable[Span], resource: dict[str, Any] | None = None, scope: InstrumentationScope | None = None
) -> ExportTraceServiceRequest:
    """Returns a request with one resource and one scope."""
    scope_spans = ScopeSpans(scope=scope, spans=spans)
    resource_spans = ResourceSpans(resource=Resource(attributes=key_values(resource)), scope_spans=[scope_spans])
    return ExportTraceServiceRequest(resource_spans=[resource_spans])


def compress(body: bytes, encoding: str | None) -> bytes:
    """Returns `body` in one of the encodings that OTLP exporters use; `deflate-raw` has no zlib header."""
    if encoding == "gzip":
        return gzip.compress(body, mtime=0)
    if encoding == "deflate":
        return zlib.compress(body)
    if encoding == "deflate-raw":
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        return packer.compress(body) + packer.flush()
    if encoding == "zstd":
        return zstandard.compress(body)
    return body


def post(
    base_url: str,
    body: bytes | str,
    *,
    content_type: str = PROTOBUF,
    encoding: str | None = None,
    experiment: str | None = None,
    path: str = "/v1/traces",
    headers: dict[str, str] | None = None,
) -> requests.Response:
    """Posts one OTLP body and returns whatever the server answers."""
    sent = {"Content-Type": content_type, **(headers or {})}
    if encoding is not None:
        sent["Content-Encoding"] = encoding.removesuffix("-raw")
    if experiment is not None:
        sent["x-mlflow-experiment-id"] = experiment
    data = compress(body.encode() if isinstance(body, str) else body, encoding)
    return requests.post(f"{base_url}{path}", data=data, headers=sent, timeout=60)


def post_spans(base_url: str, spans: Iterable[Span], experiment: str | None = None, **resource: Any) -> None:
    """Posts spans that must all be taken."""
    answer = post(base_url, export_request(spans, resource).SerializeToString(), experiment=experiment)
    assert answer.status_code == 200, answer.text
    taken = ExportTraceServiceResponse.FromString(answer.content)
    assert not taken.partial_success.rejected_spans, taken.partial_success.error_message


def mlflow_id(trace_id: bytes) -> str:
    """Returns a trace id as MLflow writes it."""
    return f"tr-{trace_id.hex()}"


def stored(base_url: str, trace_id: bytes) -> ExportTraceServiceRequest:
    """Returns a trace as Spanwise exports it, spans merged into one request."""
    answer = requests.get(f"{base_url}/api/v1/traces/{mlflow_id(trace_id)}/otlp", timeout=60)
    assert answer.status_code == 200, answer.text
    return ExportTraceServiceRequest.FromString(answer.content)


def stored_spans(base_url: str, trace_id: bytes) -> dict[bytes, Span]:
    """Returns the spans of a trace by their id; none may be there twice."""
    spans = [s for r in stored(base_url, trace_id).resource_spans for scope in r.scope_spans for s in scope.spans]
    by_id = {s.span_id: s for s in spans}
    assert len(by_id) == len(spans), "a span is stored twice"
    return by_id
