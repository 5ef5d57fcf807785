"""Size: of the binary, of an idle server, of a server with a very large trace and many slow readers."""

from __future__ import annotations

import os
import random
import socket

import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from support.cli import spanwise
from support.otlp import MS, START_NS, mlflow_id, post_spans, span
from support.server import Server, binary
from support.wait import until

# With the UI in it. The goal was 30 MB and is missed since the binary scores, imports, reviews and compares:
# docs/performance.md says what is in it. This keeps it from growing unnoticed.
BINARY_MAX = 32_200_000
IDLE_MAX_KIB = 40 * 1024
BIG_MAX_KIB = 400 * 1024
SPANS = 100_000
BATCH = 512
READERS = 100


def test_the_binary_is_small(capsys):
    size = os.path.getsize(binary())
    with capsys.disabled():
        print(f"\n{binary()}: {size / 1e6:.1f} MB")
    if binary().parent.name == "debug":
        pytest.skip("only a release build is held to the limit")
    assert size <= BINARY_MAX


def test_an_idle_server_is_small(new_server, capsys):
    server = new_server().start()
    requests.get(f"{server.url}/health", timeout=30)
    first = server.memory_kib("VmRSS")
    # What starting took goes back to the system after a second or two (.cargo/config.toml); only then is it idle.
    until(lambda: server.memory_kib("VmRSS") <= IDLE_MAX_KIB, f"at most {IDLE_MAX_KIB} KiB are resident")
    resident = server.memory_kib("VmRSS")
    with capsys.disabled():
        print(
            f"\nempty store: ready after {server.ready_s * 1000:.0f} ms, {first / 1024:.1f} MiB resident at first, "
            f"{resident / 1024:.1f} then"
        )


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """A server with one trace of 100,000 spans that came in batches, root last; and the trace's id."""
    server = Server(tmp_path_factory.mktemp("big") / "data").start()
    chance = random.Random(7)
    trace_id, root = chance.randbytes(16), chance.randbytes(8)
    parents, batch = [root], []
    for n in range(1, SPANS):
        own = chance.randbytes(8)
        batch.append(make_span(trace_id, own, chance.choice(parents[-50:]), n, chance))
        parents.append(own)
        if len(batch) == BATCH:
            post_spans(server.url, batch)
            batch = []
    post_spans(server.url, [*batch, span(trace_id, root, "root", end=START_NS + SPANS * MS)])
    yield server, trace_id
    try:
        assert server.stop() == 0
    finally:
        server.close()


def make_span(trace_id, own, parent, n, chance):
    """Returns one of the many: a step of an agent with some text and some usage."""
    attributes = {
        "openinference.span.kind": "LLM" if n % 10 == 0 else "TOOL",
        "input.value": f"step {n}: {chance.randbytes(60).hex()}",
        "output.value": f"done {n}",
        **({"llm.token_count.prompt": 10, "llm.token_count.completion": 1} if n % 10 == 0 else {}),
    }
    return span(trace_id, own, f"step {n % 100}", parent=parent, start=START_NS + n * MS, attributes=attributes)


def test_a_trace_of_100_000_spans_is_read_through_mlflows_api(big):
    server, trace_id = big
    query = {"trace_id": mlflow_id(trace_id)}
    answer = requests.get(f"{server.url}/api/3.0/mlflow/traces/get", params=query, timeout=120)
    trace = answer.json()["trace"]
    assert len(trace["spans"]) == SPANS
    assert trace["spans"][0]["name"] == "root"
    assert trace["trace_info"]["state"] == "OK"
    starts = [one["start_time_unix_nano"] for one in trace["spans"][1:]]
    assert starts == sorted(starts)
    check_memory(server)


def test_a_trace_of_100_000_spans_is_exported(big):
    server, trace_id = big
    out = spanwise("get", mlflow_id(trace_id), "--format", "otlp", server=server).stdout
    request = ExportTraceServiceRequest.FromString(out)
    ids = {s.span_id for r in request.resource_spans for scope in r.scope_spans for s in scope.spans}
    assert len(ids) == SPANS
    check_memory(server)


@pytest.mark.parametrize(
    "path",
    ["/api/v1/traces/{id}/otlp", "/api/3.0/mlflow/traces/get?trace_id={id}"],
    ids=["export", "mlflow"],
)
def test_a_hundred_slow_readers(big, path, capsys):
    server, trace_id = big
    readers = [slow_reader(server.port, path.format(id=mlflow_id(trace_id))) for _ in range(READERS)]
    # Each has begun to be answered, and nobody reads on: what the server holds for them is all there at once.
    heads = [reader.recv(1024) for reader in readers]
    assert all(head.startswith(b"HTTP/1.1 200") for head in heads)
    for _ in range(20):
        for reader in readers:
            assert reader.recv(16_384)
    assert requests.get(f"{server.url}/health", timeout=30).status_code == 200
    check_memory(server)
    with capsys.disabled():
        print(f"\n{READERS} slow readers: peak {server.memory_kib('VmHWM') / 1024:.0f} MiB")
    for reader in readers:
        reader.close()


def slow_reader(port: int, path: str) -> socket.socket:
    """Asks for a path over a connection that takes little at a time."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.settimeout(120)
    reader.connect(("127.0.0.1", port))
    reader.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return reader


def check_memory(server) -> None:
    """Fails if the server has ever needed more than the limit."""
    peak = server.memory_kib("VmHWM")
    assert peak <= BIG_MAX_KIB, f"{peak / 1024:.0f} MiB"
