"""The native API at size: the tree of a very large trace, and export and import of many traces in little memory."""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from faults.test_size import SPANS, big, check_memory  # noqa: F401  (`big` is a fixture)
from support.cli import check_store
from support.otlp import MS, START_NS, mlflow_id, post_spans, span
from support.server import Server
from support.wait import until

TREE_BYTES_MAX = 6_000_000
# 100,000 were measured by hand; a fifth of them shows the same within what CI has time for.
TRACES = int(os.environ.get("SPANWISE_TEST_TRACES", "20000"))
BATCH = 1_000
# What a server may need more for ten times the traces: caches that fill up, and the indexing of more at once.
GROWTH_MAX_KIB = 64 * 1024
# What is left of the write-ahead log soon after a stretch of writing, however long that was.
LOG_BYTES_MAX = 64 << 20
SEED = 20_260_103
CHUNK = 1 << 16
TIMEOUT_S = 300


def test_the_tree_of_100_000_spans_is_small(big, capsys):  # noqa: F811
    server, trace_id = big
    url = f"{server.url}/api/v1/traces/{mlflow_id(trace_id)}/tree"
    begun = time.monotonic()
    answer = requests.get(url, headers={"Accept-Encoding": "identity"}, timeout=60)
    seconds = time.monotonic() - begun
    tree = answer.json()
    assert tree["count"] == SPANS
    assert len(tree["ids"]) == 16 * SPANS
    assert tree["parents"].count(-1) == 1 and -2 not in tree["parents"]
    for column in ("parents", "starts", "durations"):
        assert len(tree[column]) == SPANS, column
    assert sum(tree["usage"]["total"]) == 11 * (len(tree["usage"]["rows"]))
    with capsys.disabled():
        size = len(answer.content)
        print(f"\ntree of {SPANS} spans: {size} bytes, {size / SPANS:.1f} a span, in {seconds:.2f} s")
    assert len(answer.content) < TREE_BYTES_MAX
    check_memory(server)


def make_traces(first: int, count: int) -> Iterator[list]:
    """Returns batches of spans: traces of a root and a call each, the same ones for the same numbers."""
    for start in range(first, first + count, BATCH):
        batch = []
        for n in range(start, min(start + BATCH, first + count)):
            trace_id = hashlib.sha256(f"{SEED}/{n}".encode()).digest()
            root, call, at = trace_id[16:24], trace_id[24:32], START_NS + n * MS
            said = {
                "input.value": f"question {n} {trace_id.hex()}",
                "output.value": f"answer {n}",
                "session.id": f"s{n % 97}",
            }
            used = {
                "gen_ai.request.model": "gpt-4o",
                "gen_ai.usage.input_tokens": n % 1000,
                "gen_ai.usage.output_tokens": 7,
            }
            batch.append(span(trace_id[:16], root, f"agent {n % 10}", start=at, end=at + 5 * MS, attributes=said))
            batch.append(span(trace_id[:16], call, "chat", parent=root, start=at + MS, attributes=used))
        yield batch


def export(server: Server) -> Iterator[bytes]:
    """Streams an export."""
    with requests.get(f"{server.url}/api/v1/export", stream=True, timeout=TIMEOUT_S) as answer:
        assert answer.status_code == 200, answer.text
        yield from answer.iter_content(CHUNK)


def digest(chunks: Iterator[bytes]) -> tuple[str, int]:
    """Returns a hash of what is streamed, and how much it is."""
    seen, size = hashlib.sha256(), 0
    for chunk in chunks:
        seen.update(chunk)
        size += len(chunk)
    return seen.hexdigest(), size


def import_lines(server: Server, body) -> dict:
    """Imports what must be taken whole, and returns what was done."""
    answer = requests.post(f"{server.url}/api/v1/import", data=body, timeout=TIMEOUT_S)
    assert answer.status_code == 200, answer.text
    result = answer.json()
    assert result["errors"] == [], result
    return result


def reset_peak(server: Server) -> None:
    """Lets `VmHWM` begin anew at what is resident now."""
    Path(f"/proc/{server.pid()}/clear_refs").write_text("5")


def test_many_traces_are_exported_and_imported_in_little_memory(new_server, capsys):
    there, here = new_server("there").start(), new_server("here").start()
    peaks, done = [], 0
    log = here.data_dir / "index.db-wal"
    for total in (TRACES // 10, TRACES):
        for batch in make_traces(done, total - done):
            post_spans(there.url, batch)
        done = total
        # What taking spans in needs is not what this is about.
        there.stop()
        there.start()
        begun = time.monotonic()
        expected, size = digest(export(there))
        exported = time.monotonic()
        reset_peak(here)
        assert import_lines(here, export(there))["traces"] == total
        imported = time.monotonic()
        peaks.append([server.memory_kib("VmHWM") for server in (there, here)])
        until(lambda: log.stat().st_size <= LOG_BYTES_MAX, "the write-ahead log is emptied")
        assert digest(export(here))[0] == expected
        with capsys.disabled():
            rates = [total / (exported - begun), total / (imported - exported)]
            memory = " and ".join(f"{peak / 1024:.0f} MiB" for peak in peaks[-1])
            print(f"\n{total} traces in {size / 2**20:.0f} MiB: export {rates[0]:.0f}/s, with import {rates[1]:.0f}/s")
            print(f"peaks of the exporting and the importing server: {memory}")
    for few, many in zip(*peaks, strict=True):
        assert many - few <= GROWTH_MAX_KIB, f"{few / 1024:.0f} MiB grew to {many / 1024:.0f} MiB"
    for server in (there, here):
        assert server.stop() == 0
        check_store(server.data_dir)


def test_an_import_that_was_killed_is_done_again(new_server):
    chance = random.Random(SEED)
    there, here = new_server("there").start(), new_server("here").start()
    for batch in make_traces(0, 2_000):
        post_spans(there.url, batch)
    lines = b"".join(export(there)).splitlines(keepends=True)
    requests_of = [lines[at : at + 100] for at in range(0, len(lines), 100)]
    acknowledged = chance.randrange(1, len(requests_of) - 1)
    for part in requests_of[:acknowledged]:
        import_lines(here, b"".join(part))
    pid = here.pid()

    def killing():
        under_way = requests_of[acknowledged]
        kill_at = chance.randrange(1, len(under_way))
        for number, line in enumerate(under_way):
            if number == kill_at:
                os.kill(pid, 9)
            yield line

    try:
        requests.post(f"{here.url}/api/v1/import", data=killing(), timeout=TIMEOUT_S)
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        pass
    assert here.process.wait() == -9
    check_store(here.data_dir)
    here.start()
    kept = set(b"".join(export(here)).splitlines(keepends=True))
    lost = [line for part in requests_of[:acknowledged] for line in part if line not in kept]
    assert not lost, f"{len(lost)} acknowledged lines of {100 * acknowledged} are gone"
    import_lines(here, b"".join(lines))
    assert b"".join(export(here)) == b"".join(lines)
    assert here.stop() == 0
    check_store(here.data_dir)
