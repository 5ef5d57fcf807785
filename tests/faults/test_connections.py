"""Hundreds of connections: all at work at once, or held by clients that send a byte now and then."""

from __future__ import annotations

import resource
import socket
import threading
import time
from contextlib import ExitStack, contextmanager

import pytest
import requests

from faults.load import Writer, is_acknowledged, send, spans_in
from support.otlp import PROTOBUF, stored

pytestmark = pytest.mark.alone

CONNECTIONS = 500
ROUNDS = 3
REQUESTS = 200
P99_MAX_S = 1.0
# Fewer than there are connections, as the soft limit of many systems is.
FILES = 256


@contextmanager
def soft_limit_of_files(count: int):
    """Lets processes that are started meanwhile begin with so many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect(port: int) -> socket.socket:
    """Opens a connection."""
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def read_answer(connection: socket.socket) -> bytes:
    """Reads the head of an answer, and its body if it is short."""
    answer = connection.recv(65_536)
    assert answer, "the connection was closed"
    return answer


def test_500_connections_at_work(new_server):
    server = new_server()
    with soft_limit_of_files(FILES):
        server.start()
    writers = [Writer(number) for number in range(CONNECTIONS)]
    sent = []
    with ExitStack() as stack:
        connections = [stack.enter_context(connect(server.port)) for _ in range(CONNECTIONS)]
        for _ in range(ROUNDS):
            batches = [writer.batch() for writer in writers]
            for connection, batch in zip(connections, batches, strict=True):
                head = (
                    f"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: {PROTOBUF}\r\n"
                    f"Content-Length: {len(batch.body)}\r\n\r\n"
                )
                connection.sendall(head.encode() + batch.body)
            for connection in connections:
                assert read_answer(connection).startswith(b"HTTP/1.1 200")
            sent += batches
    spans = set().union(*(batch.spans for batch in sent))
    for trace_id in {trace_id for trace_id, _ in spans}:
        found = spans_in(stored(server.url, trace_id))
        assert sorted(found) == sorted(own for of, own in spans if of == trace_id)
    assert server.stop() == 0


class Drip(threading.Thread):
    """Sends one byte after the other on each of many connections, as slowly as a round over all of them takes."""

    def __init__(self, port: int, head: bytes, body: bytes, count: int) -> None:
        super().__init__(daemon=True)
        self.connections = [connect(port) for _ in range(count)]
        self.bytes = body
        for connection in self.connections:
            connection.sendall(head)
        self.is_over = threading.Event()
        self.rounds = 0

    def run(self) -> None:
        while not self.is_over.wait(0.05):
            byte = self.bytes[self.rounds % len(self.bytes)]
            for connection in list(self.connections):
                try:
                    connection.sendall(bytes([byte]))
                except OSError:
                    self.connections.remove(connection)
            self.rounds += 1

    def end(self) -> int:
        """Hangs up; returns how many connections were still open."""
        self.is_over.set()
        self.join()
        for connection in self.connections:
            connection.close()
        return len(self.connections)


def test_slow_clients_do_not_hold_up_others(new_server, capsys):
    server = new_server()
    with soft_limit_of_files(FILES):
        server.start()
    body_head = (
        f"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: {PROTOBUF}\r\nContent-Length: 1000000\r\n\r\n"
    )
    drips = [
        Drip(server.port, b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", b"a", CONNECTIONS // 2),
        Drip(server.port, body_head.encode(), b"\n", CONNECTIONS // 2),
    ]
    for drip in drips:
        drip.start()
    writer, session, took = Writer(1), requests.Session(), []
    for _ in range(REQUESTS):
        begun = time.monotonic()
        assert is_acknowledged(send(session, server.url, writer.batch()))
        assert session.get(f"{server.url}/api/v1/traces", timeout=30).status_code == 200
        took.append(time.monotonic() - begun)
    still_open = [drip.end() for drip in drips]
    p99 = sorted(took)[REQUESTS * 99 // 100]
    with capsys.disabled():
        print(f"\n{CONNECTIONS} slow clients, {still_open} there at the end: p99 {p99 * 1000:.0f} ms")
    assert still_open == [CONNECTIONS // 2] * 2, "the slow ones were not there all the time"
    assert p99 <= P99_MAX_S
    assert server.stop() == 0
