"""The samples of all conventions (`crates/genai/tests/samples`) as OTLP requests."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from support.otlp import START_NS, export_request, key_values

SAMPLES = Path(__file__).resolve().parents[2] / "crates" / "genai" / "tests" / "samples"
# MLflow's server takes no log records, so those of a sample stay out.
LOGS = ".logs.binpb"


def sample_names() -> list[str]:
    """Returns the names of all samples."""
    paths = [path for path in SAMPLES.iterdir() if not path.name.endswith(LOGS)]
    return sorted(path.stem for path in paths if path.suffix in (".binpb", ".json"))


def sample_body(name: str) -> bytes:
    """Returns a sample's spans as one export request: as a library sent them, or as they were written."""
    sent = SAMPLES / f"{name}.binpb"
    if sent.exists():
        return sent.read_bytes()
    written = json.loads((SAMPLES / f"{name}.json").read_text())
    spans = [written_span(name, index, span) for index, span in enumerate(written["spans"])]
    scope = InstrumentationScope(name=written["scope"], version=written.get("version", ""))
    return export_request(spans, scope=scope).SerializeToString()


def sample_spans(body: bytes) -> list[Span]:
    """Returns the spans of an export request."""
    request = ExportTraceServiceRequest.FromString(body)
    return [span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans]


def written_span(name: str, index: int, span: dict[str, Any]) -> Span:
    """Returns a span that is written as a plain map; `parent` is the index of its parent."""
    parent = span.get("parent")
    status = span.get("status", {})
    return Span(
        # All samples go to one server, so each needs an id of its own.
        trace_id=hashlib.sha256(name.encode()).digest()[:16],
        span_id=span_id(index),
        parent_span_id=b"" if parent is None else span_id(parent),
        name=span["name"],
        start_time_unix_nano=START_NS + index,
        end_time_unix_nano=START_NS + 2_000_000_000 + index,
        attributes=key_values(span["attributes"]),
        events=[written_event(event) for event in span.get("events", [])],
        status=Status(code=status.get("code", 0), message=status.get("message", "")),
    )


def written_event(event: dict[str, Any]) -> Span.Event:
    """Returns an event that is written as a plain map."""
    return Span.Event(
        time_unix_nano=START_NS + 1_000_000, name=event["name"], attributes=key_values(event["attributes"])
    )


def span_id(index: int) -> bytes:
    """Returns the id of a written span."""
    return (index + 1).to_bytes(8, "big")
