"""`kill -9` in the middle of the work: what was acknowledged is there, once, and the store is sound."""

from __future__ import annotations

import json
import random

import requests

from faults.load import Ledger, Writer, is_acknowledged, send, send_until_killed, spans_in
from support.api import Api
from support.cli import check_store
from support.otlp import mlflow_id, stored

ROUNDS = 50
CLIENTS = 4
SEED = 20_260_102


def verify(url: str, traces: dict[bytes, set[bytes]]) -> None:
    """Fails unless every span is there, and none twice."""
    for trace_id, acknowledged in traces.items():
        ids = spans_in(stored(url, trace_id))
        assert len(ids) == len(set(ids)), f"{mlflow_id(trace_id)} has a span twice"
        lost = acknowledged - set(ids)
        assert not lost, f"{mlflow_id(trace_id)} lost {len(lost)} of {len(acknowledged)} acknowledged spans"


def resend_unanswered(url: str, ledger: Ledger) -> None:
    """Sends again what got no answer, as an exporter does; whether it had been stored or not, it is there once."""
    session = requests.Session()
    for batch in ledger.unanswered:
        assert is_acknowledged(send(session, url, batch))
        ledger.note(batch)
    ledger.unanswered.clear()


def test_fifty_kills_under_load(new_server, capsys):
    chance, ledger, server = random.Random(SEED), Ledger(), new_server()
    writers = [Writer(SEED + n) for n in range(CLIENTS)]
    for _ in range(ROUNDS):
        server.start()
        resend_unanswered(server.url, ledger)
        before = set(ledger.acknowledged)
        send_until_killed(server.url, server.pid(), writers, ledger, chance.randint(1, 60))
        assert server.process.wait() == -9
        check_store(server.data_dir)
        server.start()
        verify(server.url, by_trace(ledger.acknowledged - before))
        server.kill()
    server.start()
    resend_unanswered(server.url, ledger)
    traces = by_trace(ledger.acknowledged)
    verify(server.url, traces)
    verify_totals(server.url, ledger.acknowledged)
    with capsys.disabled():
        counts = f"{ledger.count} acknowledgements, {len(ledger.acknowledged)} spans, {len(traces)} traces"
        print(f"\n{2 * ROUNDS} kills, {counts}")
    assert server.stop() == 0
    check_store(server.data_dir)


def by_trace(spans: set[tuple[bytes, bytes]]) -> dict[bytes, set[bytes]]:
    """Returns the spans of each trace."""
    traces: dict[bytes, set[bytes]] = {}
    for trace_id, span_id in spans:
        traces.setdefault(trace_id, set()).add(span_id)
    return traces


def verify_totals(url: str, spans: set[tuple[bytes, bytes]]) -> None:
    """Fails if a total counts a span twice, or not at all; every span but the root has used five tokens."""
    api = Api(url)
    for trace_id, ids in by_trace(spans).items():
        metadata = api.trace_info(mlflow_id(trace_id)).get("trace_metadata", {})
        used = json.loads(metadata.get("mlflow.trace.tokenUsage", '{"total_tokens": 0}'))["total_tokens"]
        assert used == 5 * (len(ids) - 1), mlflow_id(trace_id)
    stats = requests.get(f"{url}/metrics", timeout=30).text
    (counted,) = [line for line in stats.splitlines() if line.startswith("spanwise_store_spans ")]
    assert float(counted.split()[1]) == len(spans)
