"""`kill -9` while pictures come in: acknowledged spans have theirs, and nothing else stays on the disk."""

from __future__ import annotations

import base64
import hashlib
import random

import requests

from faults.load import Batch, Ledger, Writer, is_acknowledged, send, send_until_killed
from faults.syscalls import SYNCS, WRITES, parse, strace
from support.cli import check_store
from support.otlp import export_request, post_spans, span, stored_spans
from support.wait import until

ROUNDS = 12
CLIENTS = 3
# Pictures that all writers share, so that one is often written by two at once.
PICTURES = 40
SEED = 20_260_103


def picture(number: int) -> bytes:
    return random.Random(SEED + number).randbytes(20_000 + number)


class PictureWriter(Writer):
    """Sends a trace with a picture in each batch."""

    def __init__(self, seed: int, texts: list[str]) -> None:
        self._random = random.Random(seed)
        self._texts = texts

    def batch(self) -> Batch:
        trace_id = self._random.randbytes(16)
        spans = [
            span(
                trace_id,
                self._random.randbytes(8),
                "look",
                attributes={"input.value": self._random.choice(self._texts)},
            )
            for _ in range(self._random.randint(1, 3))
        ]
        body = export_request(spans, {"service.name": "load"}).SerializeToString()
        return Batch(body, {(one.trace_id, one.span_id) for one in spans})


def test_kills_while_pictures_come_in(new_server):
    content = [picture(number) for number in range(PICTURES)]
    names = {base64.b64encode(one).decode(): hashlib.sha256(one).hexdigest() for one in content}
    chance, ledger, server = random.Random(SEED), Ledger(), new_server()
    writers = [PictureWriter(SEED + n, list(names)) for n in range(CLIENTS)]
    for _ in range(ROUNDS):
        server.start()
        send_until_killed(server.url, server.pid(), writers, ledger, chance.randint(1, 10))
        assert server.process.wait() == -9
        check_store(server.data_dir)
    server.start()
    session = requests.Session()
    for batch in ledger.unanswered:
        assert is_acknowledged(send(session, server.url, batch))
        ledger.note(batch)
    used = set()
    for trace_id in {trace_id for trace_id, _ in ledger.acknowledged}:
        back = stored_spans(server.url, trace_id)
        wanted = {span_id for trace, span_id in ledger.acknowledged if trace == trace_id}
        assert wanted <= set(back)
        used |= {names[one.attributes[0].value.string_value] for one in back.values()}
    assert server.stop() == 0
    check_store(server.data_dir)
    # What kills left without a use is removed after a start.
    server.start()
    folder = server.data_dir / "attachments"
    until(lambda: {path.name for path in folder.glob("??/*")} == used, "only what is used is there")
    assert server.stop() == 0


def test_a_picture_is_on_the_disk_before_what_refers_to_it(new_server, tmp_path):
    output = tmp_path / "strace"
    server = new_server(wrapper=strace(output)).start()
    # The folders that a picture is put into are made with the first.
    for number in range(2):
        text = base64.b64encode(picture(number)).decode()
        post_spans(server.url, [span(bytes([number + 1]) * 16, bytes(7) + b"1", attributes={"input.value": text})])
    server.kill()
    calls = [call for call in parse(output.read_text(errors="replace").splitlines()) if call.ok]
    for number in range(2):
        shard = f"/attachments/{hashlib.sha256(picture(number)).hexdigest()[:2]}"
        written = next(c for c in calls if c.name in WRITES and c.path.endswith(f"/attachments/incoming/{number}"))
        synced = next(c for c in calls if c.name in SYNCS and c.path == written.path and c.begin > written.end)
        placed = next(c for c in calls if c.name in SYNCS and c.path.endswith(shard) and c.begin > synced.end)
        block = next(c for c in calls if c.name in WRITES and c.path.endswith(".seg") and c.begin > written.end)
        log = next(c for c in calls if c.name in WRITES and c.path.endswith("-wal") and c.begin > block.begin)
        assert placed.end < block.begin and placed.end < log.begin
        if number == 0:
            above = next(c for c in calls if c.name in SYNCS and c.path.endswith("/attachments"))
            assert above.end < block.begin
