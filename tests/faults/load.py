"""Clients that send spans as fast as they can and remember what was acknowledged."""

from __future__ import annotations

import os
import random
import threading
from dataclasses import dataclass, field

import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from support.otlp import MS, PROTOBUF, START_NS, export_request, span

SPANS_MAX = 20
USAGE = {"gen_ai.usage.input_tokens": 3, "gen_ai.usage.output_tokens": 2}


@dataclass
class Batch:
    """One request: a part of some traces, as bytes, and the spans in it as (trace id, span id)."""

    body: bytes
    spans: set[tuple[bytes, bytes]]


@dataclass
class Ledger:
    """What the server owes: the spans of every acknowledged batch, and the batches that got no answer."""

    acknowledged: set[tuple[bytes, bytes]] = field(default_factory=set)
    unanswered: list[Batch] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    count: int = 0

    def note(self, batch: Batch) -> int:
        """Notes an acknowledgement and returns how many there were so far."""
        with self.lock:
            self.acknowledged |= batch.spans
            self.count += 1
            return self.count


class Writer:
    """Makes batches from a seed: new traces, and more spans of earlier ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._roots: list[tuple[bytes, bytes]] = []

    def batch(self) -> Batch:
        """Returns the next batch."""
        spans = []
        for _ in range(self._random.randint(1, SPANS_MAX)):
            if not self._roots or self._random.random() < 0.2:
                root = (self._random.randbytes(16), self._random.randbytes(8))
                self._roots.append(root)
                spans.append(span(*root, "root", attributes={"input.value": self._random.randbytes(200).hex()}))
            else:
                trace_id, parent = self._random.choice(self._roots[-5:])
                start = START_NS + self._random.randrange(1000) * MS
                spans.append(
                    span(trace_id, self._random.randbytes(8), "call", parent=parent, start=start, attributes=USAGE)
                )
        body = export_request(spans, {"service.name": "load"}).SerializeToString()
        return Batch(body, {(s.trace_id, s.span_id) for s in spans})


def send(session: requests.Session, url: str, batch: Batch) -> requests.Response:
    """Posts one batch."""
    return session.post(f"{url}/v1/traces", data=batch.body, headers={"Content-Type": PROTOBUF}, timeout=60)


def is_acknowledged(answer: requests.Response) -> bool:
    """Says whether every span of the batch was taken."""
    if answer.status_code != 200:
        return False
    return not ExportTraceServiceResponse.FromString(answer.content).partial_success.rejected_spans


def send_until_killed(url: str, pid: int, writers: list[Writer], ledger: Ledger, kill_after: int) -> None:
    """Sends from one thread for each writer; whoever gets the `kill_after`-th acknowledgement kills the server."""
    goal = ledger.count + kill_after
    threads = [threading.Thread(target=send_all, args=(url, pid, writer, ledger, goal)) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def send_all(url: str, pid: int, writer: Writer, ledger: Ledger, goal: int) -> None:
    """Sends batches until the connection breaks."""
    session = requests.Session()
    while True:
        batch = writer.batch()
        try:
            answer = send(session, url, batch)
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            with ledger.lock:
                ledger.unanswered.append(batch)
            return
        assert is_acknowledged(answer), f"{answer.status_code} {answer.text[:500]}"
        if ledger.note(batch) == goal:
            os.kill(pid, 9)


def spans_in(request: ExportTraceServiceRequest) -> list[bytes]:
    """Returns the span ids of an exported trace, doubles included."""
    return [s.span_id for r in request.resource_spans for scope in r.scope_spans for s in scope.spans]
