"""`spanwise scorers`: what it makes, shows, tries, refuses and prints."""

from __future__ import annotations

import json

import pytest

from support.cli import spanwise
from support.otlp import mlflow_id, post_spans, span
from support.wait import until

pytestmark = pytest.mark.spanwise

LATENCY = '{"kind": "latency", "max_ms": 60000}'


@pytest.fixture
def server(new_server, ids):
    """A server with three traces of `shop`."""
    server = new_server(args=["--scoring-quiet", "1s"]).start()
    trace_ids = [ids.trace() for _ in range(3)]
    for trace_id in trace_ids:
        post_spans(server.url, [span(trace_id, ids.span(), "a trace")], **{"service.name": "shop"})
    server.ids = [mlflow_id(trace_id) for trace_id in trace_ids]
    return server


def run(server, *args: str, **options):
    return spanwise("scorers", *args, server=server, **options)


def said(done) -> str:
    return " ".join(done.stdout.decode().split())


def failed(server, *args: str) -> str:
    done = run(server, *args, check=False)
    assert done.returncode == 2
    return done.stderr.decode()


def test_a_scorer_is_made_and_shown(server):
    assert run(server).stdout == b"no scorers; make one with `spanwise scorers set`\n"
    assert "scorer fast (version 1," in said(run(server, "set", "fast", "-e", "shop", "-d", LATENCY))
    run(server, "set", "fast", "-e", "shop", "-d", '{"kind": "latency", "max_ms": 1}', "--description", "for people")
    shown = said(run(server, "show", "fast"))
    assert "version 2" in shown and '"max_ms": 1.0' in shown and "for people" in shown and "state off" in shown
    run(server, "set", "fast", "-e", "shop", "--usd-per-day", "2.5", "--calls-per-day", "9")
    shown = said(run(server, "show", "fast"))
    assert "version 2" in shown and "caps $2.5000 a day, 9 calls a day" in shown
    (listed,) = json.loads(run(server, "list", "-e", "shop", "--json").stdout)["scorers"]
    assert (listed["name"], listed["kind"], listed["state"]) == ("fast", "latency", "off")
    assert run(server, "delete", "fast").stdout.startswith(b"deleted fast of experiment ")
    assert run(server).stdout.startswith(b"no scorers")


def test_what_is_wrong_is_named(server, tmp_path):
    assert "is no JSON; expected an object such as" in failed(server, "set", "x", "-d", "latency")
    assert "unknown variant `speed`, expected one of `regex`" in failed(server, "set", "x", "-d", '{"kind": "speed"}')
    assert "no scorer is named `x`; there is none" in failed(server, "status", "x")
    run(server, "set", "fast", "-e", "shop", "-d", LATENCY)
    run(server, "set", "fast", "-e", "Default", "-d", LATENCY)
    assert "all have a scorer `fast`; name one with --experiment" in failed(server, "status", "fast")
    assert "no scorer is named `slow`; there are fast, fast" in failed(server, "status", "slow")
    assert "expected a number above 0" in failed(server, "start", "fast", "-e", "shop", "--rate", "0")
    assert "did you mean" in failed(server, "start", "fast", "-e", "shop", "--filter", "statu = 'OK'")
    assert "cannot read" in failed(server, "set", "x", "--file", str(tmp_path / "absent.json"))


def test_a_scorer_is_tried_and_started(server, ids):
    run(server, "set", "fast", "-e", "shop", "-d", LATENCY)
    assert said(run(server, "try", server.ids[0], "-s", "fast")).startswith("score true why the trace took")
    tried = json.loads(run(server, "try", server.ids[0], "-d", '{"kind": "regex", "pattern": "x"}', "--json").stdout)
    assert tried["skipped"] == "no output"
    assert "state on, 100% of traces" in said(run(server, "start", "fast"))
    trace_id = ids.trace()
    post_spans(server.url, [span(trace_id, ids.span(), "new")], **{"service.name": "shop"})
    until(lambda: "scored 1 trace, 100% passed" in said(run(server, "status", "fast")), "the new trace is scored")
    assert run(server, "stop", "fast").stdout == b"stopped fast\n"
    assert "state off" in said(run(server, "status", "fast"))
    run(server, "set", "kind", "-e", "shop", "-d", '{"kind": "guidelines", "guidelines": ["Be kind"]}')
    started = run(server, "start", "kind", check=False)
    assert started.returncode == 1 and "reason no endpoint configured" in said(started)


def test_stored_traces_are_scored(server):
    run(server, "set", "fast", "-e", "shop", "-d", LATENCY)
    done = said(run(server, "backfill", "fast", "--limit", "2"))
    assert done.endswith("is done: 2 of 2 traces done, 2 scored, 0 failed, 0 passed over")
    done = said(run(server, "backfill", "fast"))
    assert done.endswith("is done: 3 of 3 traces done, 1 scored, 0 failed, 2 passed over")
    assert said(run(server, "backfill", "fast", "--list")).count("done") == 2
    job = json.loads(run(server, "backfill", "fast", "--again", "--no-wait", "--json").stdout)
    cancelled = json.loads(run(server, "backfill", "fast", "--cancel", job["backfill_id"], "--json").stdout)
    assert cancelled["state"] in ("cancelled", "done")
    assert "no backfill `x`" in failed(server, "backfill", "fast", "--cancel", "x")
