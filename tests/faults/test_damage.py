"""A byte that is not what was written: `spanwise check` finds and names it, and everything else can still be read."""

from __future__ import annotations

import random
import shutil
import sqlite3
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

from faults.rig import Rig
from support.cli import spanwise
from support.otlp import START_NS, any_value, mlflow_id, post, post_spans, span
from support.server import Server
from support.wait import until

SEED = 20_260_104
# Flipped bytes of each kind of block.
FLIPS = 6
TRACES = 4
FILE_HEADER_BYTES = 16
BLOCK_KINDS = ["spans", "logs", "interned", "deleted"]
PAGE_BYTES = 8192


def trace_id(number: int) -> bytes:
    """Returns the id of one of the traces."""
    return random.Random(number).randbytes(16)


def make_trace(url: str, number: int) -> None:
    """Sends a trace as two blocks of spans and a block of log records."""
    chance = random.Random(number)
    own = chance.randbytes(16)
    root = chance.randbytes(8)
    text = {"input.value": f"word{number} {chance.randbytes(200).hex()}"}
    post_spans(url, [span(own, root, "root", attributes=text)], service=f"s{number}")
    post_spans(url, [span(own, chance.randbytes(8), "call", parent=root, attributes=text)], service=f"s{number}")
    record = LogRecord(
        time_unix_nano=START_NS, trace_id=own, span_id=root, event_name="gen_ai.user.message", body=any_value("hello")
    )
    logs = ExportLogsServiceRequest(resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=[record])])])
    assert post(url, logs.SerializeToString(), path="/v1/logs").status_code == 200


@pytest.fixture(scope="module")
def sound_store(tmp_path_factory) -> Path:
    """A closed, indexed store with a block of each kind."""
    server = Server(tmp_path_factory.mktemp("sound") / "data", args=["--quiet"]).start()
    for number in range(TRACES + 1):
        make_trace(server.url, number)
    gone = {"experiment_id": "0", "request_ids": [mlflow_id(trace_id(TRACES))]}
    answer = requests.post(f"{server.url}/api/2.0/mlflow/traces/delete-traces", json=gone, timeout=30)
    assert answer.json() == {"traces_deleted": 1}
    until(
        lambda: "spanwise_store_unindexed_bytes 0" in requests.get(f"{server.url}/metrics", timeout=30).text, "indexed"
    )
    assert server.stop() == 0
    with sqlite3.connect(server.data_dir / "index.db") as index:
        index.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return server.data_dir


def blocks(segment: bytes) -> Iterator[tuple[str, int, int]]:
    """Yields the kind, place and length of each block of a segment file."""
    at = FILE_HEADER_BYTES
    while at < len(segment):
        header, payload = struct.unpack_from("<II", segment, at + 4)
        yield BLOCK_KINDS[segment[at + 18]], at, header + payload
        at += header + payload


def flip(path: Path, at: int) -> None:
    """Flips some bits of one byte."""
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 0x41]))


def problems(data_dir: Path) -> str:
    """Returns what `spanwise check` finds; it must find something."""
    done = spanwise("check", "--data-dir", str(data_dir), check=False)
    out = done.stdout.decode()
    assert done.returncode == 1, f"{done.returncode}: {out}{done.stderr.decode()}"
    return out


def readable(server: Server) -> list[int]:
    """Returns the traces that can be read whole; the server must be well, and say so of the others."""
    found = []
    for number in range(TRACES):
        try:
            url = f"{server.url}/api/v1/traces/{mlflow_id(trace_id(number))}/otlp"
            answer = requests.get(url, timeout=30)
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            # The answer was cut off where it met the damage.
            continue
        if answer.status_code == 200 and b"root" in answer.content and b"call" in answer.content:
            found.append(number)
    assert requests.get(f"{server.url}/health", timeout=30).status_code == 200
    assert "panicked" not in server.log()
    return found


def segment_of(store: Path) -> Path:
    """Returns the one segment file."""
    (path,) = (store / "segments").iterdir()
    return path


@pytest.mark.parametrize("kind", BLOCK_KINDS)
def test_a_flipped_byte_of_a_block_of(sound_store, tmp_path, capsys, kind):
    rig, chance = Rig(sound_store, tmp_path), random.Random(SEED)
    name = segment_of(sound_store).name
    places = [(at, length) for what, at, length in blocks(segment_of(sound_store).read_bytes()) if what == kind]
    for number in range(FLIPS):
        at, length = chance.choice(places)
        # The first one is of the length, without which the next block can't be found.
        place = at + (4 if number == 0 else chance.randrange(length))
        with rig.attempt(f"byte {place} is flipped", 0, started=False) as (server, _):
            flip(segment_of(server.data_dir), place)
            out = problems(server.data_dir)
            assert name in out and f"byte {at}" in out, out
            server.start()
            assert len(readable(server)) >= (TRACES - 1 if kind in ("spans", "logs") else TRACES)
    rig.report(capsys, f"flipped bytes of {kind}")


def test_a_flipped_byte_below_a_running_server(sound_store, tmp_path):
    rig = Rig(sound_store, tmp_path)
    with rig.server() as (server, _):
        at = next(at for kind, at, _ in blocks(segment_of(sound_store).read_bytes()) if kind == "spans")
        flip(segment_of(server.data_dir), at + 20)
        done = spanwise("check", server=server, check=False)
        out = done.stdout.decode()
        assert done.returncode == 1 and f"damaged at byte {at}:" in out and "loses 1 span" in out, out
        assert len(readable(server)) == TRACES - 1


def test_a_flipped_byte_where_a_segment_begins(sound_store, tmp_path, capsys):
    rig = Rig(sound_store, tmp_path)
    for place in range(FILE_HEADER_BYTES):
        with rig.attempt(f"byte {place} is flipped", 0, started=False) as (server, _):
            flip(segment_of(server.data_dir), place)
            assert segment_of(sound_store).name in problems(server.data_dir)
            if place == 0:
                server.start()
                assert len(readable(server)) == TRACES
    rig.report(capsys, "flipped bytes of a segment's header")


def test_a_flipped_byte_of_the_packed_columns(sound_store, tmp_path, capsys):
    rig, chance = Rig(sound_store, tmp_path), random.Random(SEED)
    with sqlite3.connect(sound_store / "index.db") as index:
        rows = index.execute(
            "SELECT block_id, columns, lower(hex(trace_id)) FROM block JOIN trace USING (trace_key)"
        ).fetchall()
    for _ in range(2 * FLIPS):
        block_id, columns, trace = chance.choice(rows)
        place = chance.randrange(len(columns))
        with rig.attempt(f"byte {place} of block {block_id} is flipped", 0, started=False) as (server, _):
            flipped = columns[:place] + bytes([columns[place] ^ 0x41]) + columns[place + 1 :]
            with sqlite3.connect(server.data_dir / "index.db") as index:
                index.execute("UPDATE block SET columns = ? WHERE block_id = ?", (flipped, block_id))
            index.close()
            assert f"trace tr-{trace}: packed columns" in problems(server.data_dir)
            server.start()
            assert len(readable(server)) == TRACES - 1
    rig.report(capsys, "flipped bytes of packed columns")


def test_a_flipped_byte_of_a_part_of_the_word_index(sound_store, tmp_path, capsys):
    rig, chance = Rig(sound_store, tmp_path), random.Random(SEED)
    (part,) = (sound_store / "postings").iterdir()
    for place in chance.sample(range(part.stat().st_size), FLIPS):
        with rig.attempt(f"byte {place} is flipped", 0, started=False) as (server, _):
            flip(server.data_dir / "postings" / part.name, place)
            assert part.name in problems(server.data_dir)
            # Checking has begun to build the index again.
            shutil.copy(part, server.data_dir / "postings" / part.name)
            flip(server.data_dir / "postings" / part.name, place)
            server.start()
            for number in range(TRACES):
                query = {"filter": f"text ~ 'word{number}'"}
                found = requests.get(f"{server.url}/api/v1/traces", params=query, timeout=30).json()["traces"]
                assert [trace["trace_id"] for trace in found] == [mlflow_id(trace_id(number))]
            assert len(readable(server)) == TRACES
    rig.report(capsys, "flipped bytes of a part")


def test_a_damaged_page_of_the_index(sound_store, tmp_path, capsys):
    """The first byte of a page says what it is; every page has one but those that values overflow to."""
    rig, chance = Rig(sound_store, tmp_path), random.Random(SEED)
    pages = (sound_store / "index.db").stat().st_size // PAGE_BYTES
    trees = [
        page for page in range(1, pages)
        if (sound_store / "index.db").read_bytes()[page * PAGE_BYTES] in (2, 5, 10, 13)
    ]  # fmt: skip
    for page in chance.sample(trees, 2 * FLIPS):
        with rig.attempt(f"page {page} is damaged", 0, started=False) as (server, _):
            flip(server.data_dir / "index.db", page * PAGE_BYTES)
            done = spanwise("check", "--data-dir", str(server.data_dir), check=False)
            said = done.stdout.decode() + done.stderr.decode()
            # Opening needs some of the pages.
            assert done.returncode in (1, 2) and "malformed" in said or "index.db: " in said, said
            assert "panicked" not in said
            if done.returncode == 1:
                server.start()
                readable(server)
    rig.report(capsys, "damaged pages of the index")
