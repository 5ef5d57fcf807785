"""A store with many old traces, and some young ones, for the tests of housekeeping."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from faults.load import is_acknowledged
from support.otlp import MS, PROTOBUF, START_NS, export_request, mlflow_id, span, stored

DAY_NS = 86_400 * 1000 * MS
SPANS = 3
BATCH = 100


def id_of(number: int) -> bytes:
    """Returns the id of a trace; the id of zeros is no valid one."""
    return (number + 1).to_bytes(16, "big")


def spans_of(number: int, start: int) -> list:
    """Returns the spans of a trace with a text that does not compress well."""
    trace_id = id_of(number)
    root = (1).to_bytes(8, "big")
    text = "".join(f"{(n + 1) * (number + 7) * 0x9E3779B97F4A7C15 % (1 << 64):x}" for n in range(40))
    children = [span(trace_id, n.to_bytes(8, "big"), "call", parent=root, start=start) for n in range(2, SPANS + 1)]
    return [span(trace_id, root, "root", start=start, attributes={"input.value": text}), *children]


def fill(url: str, numbers: range, days: int = 20) -> None:
    """Sends traces that start on so many days, and fails unless all are acknowledged."""
    session = requests.Session()
    for first in range(numbers.start, numbers.stop, BATCH):
        spans = []
        for number in range(first, min(first + BATCH, numbers.stop)):
            spans += spans_of(number, START_NS + number % days * DAY_NS)
        send(session, url, spans)


def fill_young(url: str, numbers: range) -> None:
    """Sends traces that start now."""
    session = requests.Session()
    send(session, url, [one for number in numbers for one in spans_of(number, time.time_ns())])


def send(session: requests.Session, url: str, spans: list) -> None:
    """Posts spans, which must be acknowledged."""
    body = export_request(spans, {"service.name": "old"}).SerializeToString()
    answer = session.post(f"{url}/v1/traces", data=body, headers={"Content-Type": PROTOBUF}, timeout=60)
    assert is_acknowledged(answer), answer.text


def verify(url: str, numbers: range, some: int = 25) -> None:
    """Fails unless all of these traces are there, and some of them, read whole, have all spans."""
    for number in list(numbers)[:: max(1, len(numbers) // some)]:
        request = stored(url, id_of(number))
        count = sum(len(scope.spans) for r in request.resource_spans for scope in r.scope_spans)
        assert count == SPANS, f"{mlflow_id(number.to_bytes(16, 'big'))} has {count} spans"
    assert trace_count(url) >= len(numbers)


def trace_count(url: str) -> int:
    """Returns how many traces a server has."""
    return requests.get(f"{url}/api/v1/info", timeout=30).json()["traces"]


def compact_lines(url: str) -> Iterator[dict]:
    """Asks for a compaction, and yields its lines as they come."""
    return lines(f"{url}/api/v1/compact")


def renormalize_lines(url: str) -> Iterator[dict]:
    """Asks for a renormalization, and yields its lines as they come."""
    return lines(f"{url}/api/v1/renormalize")


def lines(url: str) -> Iterator[dict]:
    """Asks for long work, and yields its lines as they come."""
    with requests.post(url, stream=True, timeout=120) as answer:
        assert answer.status_code == 200, answer.text
        yield from (json.loads(line) for line in answer.iter_lines(chunk_size=1))


def files_in(folder: Path) -> int:
    """Counts the files below a folder."""
    return sum(1 for path in folder.rglob("*") if path.is_file()) if folder.exists() else 0
