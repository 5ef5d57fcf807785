"""Answers wait for the disk: proved from the system calls, with a disk that fails, and with one that stalls."""

from __future__ import annotations

import random
import re
import threading
from pathlib import Path

import pytest
import requests

from faults.load import Batch, Writer, is_acknowledged, send, spans_in
from faults.syscalls import FILES, SYNCS, Call, early_answers, parse, requests_and_answers, status_of, strace
from support.otlp import PROTOBUF, export_request, post, span, stored
from support.server import Server

REQUESTS = 30
CLIENTS = 4
CLIENTS_OF_STALLED = 200
MIB = 1 << 20
QUEUE_BYTES_MAX = 48 * MIB
MEMORY_MAX_KIB = 400 * 1024


def traced(new_server, tmp_path: Path, name: str, *options: str) -> tuple[Server, Path]:
    """Starts a server under strace."""
    output = tmp_path / f"{name}.strace"
    return new_server(name, wrapper=strace(output, *options)).start(), output


def end(server: Server, output: Path) -> list[Call]:
    """Kills a traced server and returns what it called."""
    server.kill()
    return parse(output.read_text(errors="replace").splitlines())


def send_batches(url: str, seed: int, count: int) -> list[tuple[Batch, requests.Response]]:
    """Sends batches one after the other over one connection."""
    writer, session = Writer(seed), requests.Session()
    return [(batch, send(session, url, batch)) for batch in (writer.batch() for _ in range(count))]


@pytest.fixture(scope="module")
def calls(tmp_path_factory) -> list[Call]:
    """What a server called while it took requests one by one, and then several at once."""
    folder = tmp_path_factory.mktemp("traced")
    server = Server(folder / "data", wrapper=strace(folder / "strace")).start()
    try:
        assert all(is_acknowledged(answer) for _, answer in send_batches(server.url, 1, REQUESTS))
        threads = [threading.Thread(target=send_batches, args=(server.url, 10 + n, REQUESTS)) for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return end(server, folder / "strace")
    finally:
        server.close()


def test_every_answer_waits_for_the_segment_and_the_wal(calls):
    answers = [status_of(answer) for _, answer in requests_and_answers(calls)]
    assert answers == [200] * (REQUESTS + CLIENTS * REQUESTS)
    assert early_answers(calls) == []


@pytest.mark.parametrize("file", FILES)
def test_the_proof_fails_when_one_sync_is_taken_out(calls, file):
    # What is synced before the first request makes the store.
    (first, _) = next(iter(requests_and_answers(calls)))
    syncs = [call for call in calls if call.name in SYNCS and FILES[file](call.path) and call.begin > first.begin]
    without = [call for call in calls if call is not syncs[REQUESTS // 2]]
    assert len(early_answers(without)) >= 1


def nth_segment_sync(calls: list[Call], request: int) -> int:
    """Returns which fdatasync of its thread makes the segment of the n-th request durable; strace counts by thread."""
    (_, answer) = list(requests_and_answers(calls))[request]
    syncs = [call for call in calls if call.name == "fdatasync" and call.end < answer.begin]
    segment = [call for call in syncs if FILES["segment"](call.path)][-1]
    return sum(call.thread == segment.thread for call in syncs[: syncs.index(segment) + 1])


def test_a_failing_segment_costs_its_request_and_nothing_else(new_server, tmp_path):
    server, output = traced(new_server, tmp_path, "rehearsal")
    send_batches(server.url, 2, 6)
    when = nth_segment_sync(end(server, output), request=3)

    server, output = traced(new_server, tmp_path, "failing", "-e", f"inject=fdatasync:error=EIO:when={when}")
    sent = send_batches(server.url, 2, 6)
    failed = [call for call in end(server, output) if call.injected]
    assert len(failed) == 1 and FILES["segment"](failed[0].path), failed
    assert [answer.status_code for _, answer in sent] == [200, 200, 200, 503, 200, 200]
    assert all(
        call.begin < failed[0].begin for call in parse(output.read_text(errors="replace").splitlines())
        if call.name in SYNCS and call.path == failed[0].path and not call.injected
    ), "a file whose sync has failed must not be synced again"  # fmt: skip

    server.wrapper = ()
    server.start()
    verify_kept(server, [batch for batch, answer in sent if answer.status_code == 200])
    assert server.stop() == 0


def verify_kept(server: Server, batches: list[Batch]) -> None:
    """Fails unless every span of these batches is there once."""
    found: dict[bytes, list[bytes]] = {}
    for batch in batches:
        for trace_id, span_id in batch.spans:
            if trace_id not in found:
                found[trace_id] = spans_in(stored(server.url, trace_id))
            assert found[trace_id].count(span_id) == 1


def big_batch(seed: int) -> Batch:
    """Returns a span of one MiB that does not compress."""
    chance = random.Random(seed)
    trace_id, span_id = chance.randbytes(16), chance.randbytes(8)
    body = export_request([span(trace_id, span_id, attributes={"noise": chance.randbytes(MIB)})]).SerializeToString()
    return Batch(body, {(trace_id, span_id)})


@pytest.mark.alone
def test_a_stalled_disk_bounds_the_queue_and_refuses_with_a_hint(new_server, tmp_path, capsys):
    server, _ = traced(new_server, tmp_path, "stalled", "-e", "inject=fdatasync:delay_enter=300000")
    batches = [big_batch(n) for n in range(CLIENTS_OF_STALLED)]
    answers: dict[int, requests.Response] = {}
    threads = [
        threading.Thread(target=post_one, args=(server.url, n, batches[n], answers)) for n in range(len(batches))
    ]
    for thread in threads:
        thread.start()
    largest_queue = 0
    while any(thread.is_alive() for thread in threads):
        largest_queue = max(largest_queue, queue_bytes(server.url))
    for thread in threads:
        thread.join()
    peak_kib = server.memory_kib("VmHWM")
    server.kill()

    codes = [answers[n].status_code for n in range(len(batches))]
    with capsys.disabled():
        print(
            f"\nstalled disk: {codes.count(200)} taken, {codes.count(429)} refused, queue at most "
            f"{largest_queue / MIB:.0f} MiB, peak memory {peak_kib / 1024:.0f} MiB"
        )
    assert set(codes) == {200, 429}
    for answer in answers.values():
        if answer.status_code == 429:
            assert int(answer.headers["Retry-After"]) >= 1
    assert largest_queue <= QUEUE_BYTES_MAX
    assert peak_kib <= MEMORY_MAX_KIB

    server.wrapper = ()
    server.start()
    verify_kept(server, [batch for n, batch in enumerate(batches) if codes[n] == 200])
    assert is_acknowledged(post(server.url, batches[codes.index(429)].body, content_type=PROTOBUF))
    assert server.stop() == 0


def post_one(url: str, number: int, batch: Batch, answers: dict[int, requests.Response]) -> None:
    """Sends one batch over a connection of its own."""
    answers[number] = send(requests.Session(), url, batch)


def queue_bytes(url: str) -> int:
    """Returns how much waits to be written, as the server says."""
    text = requests.get(f"{url}/metrics", timeout=60).text
    return int(float(re.search(r"^spanwise_ingest_queue_bytes ([0-9.e+]+)$", text, re.M).group(1)))
