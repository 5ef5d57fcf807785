"""`tail`: traces as they come in, filtered, over a restart of the server, until Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import threading

import pytest

from support.cli import command_env, spanwise
from support.otlp import mlflow_id, post_spans, span
from support.server import binary
from support.wait import until

pytestmark = pytest.mark.spanwise


class Tail:
    """A running `spanwise tail`, and the lines that it has printed."""

    def __init__(self, server, *args: str) -> None:
        self.process = subprocess.Popen(
            [str(binary()), "tail", *args],
            env=command_env(server.url),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.out: list[str] = []
        self.err: list[str] = []
        for stream, lines in [(self.process.stdout, self.out), (self.process.stderr, self.err)]:
            threading.Thread(target=self._read, args=(stream, lines), daemon=True).start()
        until(lambda: self.says("following"), "the tail has begun")

    @staticmethod
    def _read(stream, lines: list[str]) -> None:
        for line in stream:
            lines.append(line.decode().rstrip("\n"))

    def says(self, text: str) -> bool:
        return any(text in line for line in self.err)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=10)


@pytest.fixture
def tail(request):
    made: list[Tail] = []

    def start(server, *args: str) -> Tail:
        made.append(Tail(server, *args))
        return made[-1]

    yield start
    for one in made:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def post(server, ids, name: str, *, failed: bool = False, service: str = "tail") -> str:
    trace_id = ids.trace()
    one = span(trace_id, ids.span(), name)
    if failed:
        one.status.code = 2
    post_spans(server.url, [one], **{"service.name": service})
    return mlflow_id(trace_id)


def test_a_line_comes_for_each_trace_and_ctrl_c_is_no_error(new_server, ids, tail):
    server = new_server().start()
    following = tail(server)
    trace_id = post(server, ids, "hello")
    line = until(lambda: next((line for line in following.out if trace_id in line), None), "the trace is shown")
    assert "hello" in line and "OK" in line.split() or "-" in line.split()
    assert "\x1b" not in line
    assert following.stop() == 0
    assert following.err == [f"following {server.url}; Ctrl-C ends it"]


def test_json_lines_are_trace_summaries(new_server, ids, tail):
    server = new_server().start()
    following = tail(server, "--json")
    trace_id = post(server, ids, "hello")
    line = until(lambda: next(iter(following.out), None), "the trace is shown")
    trace = json.loads(line)
    assert (trace["trace_id"], trace["name"], trace["span_count"]) == (trace_id, "hello", 1)


def test_only_what_matches_is_shown(new_server, ids, tail):
    server = new_server().start()
    failures, docs = tail(server, "--where", "status = 'ERROR'"), None
    post(server, ids, "fine")
    failed = post(server, ids, "broken", failed=True, service="docs")
    until(lambda: any(failed in line for line in failures.out), "the failed trace is shown")
    assert all("fine" not in line for line in failures.out)
    docs = tail(server, "--experiment", "docs", "--json")
    post(server, ids, "elsewhere")
    shown = post(server, ids, "here", service="docs")
    until(lambda: any(shown in line for line in docs.out), "the trace of the experiment is shown")
    assert {json.loads(line)["name"] for line in docs.out} == {"here"}


def test_a_change_that_is_not_seen_makes_no_second_line(new_server, ids, tail):
    server = new_server().start()
    following = tail(server)
    first = post(server, ids, "first")
    until(lambda: any(first in line for line in following.out), "the first trace is shown")
    spanwise("tag", first, "k=v", server=server)
    second = post(server, ids, "second")
    until(lambda: any(second in line for line in following.out), "the second trace is shown")
    assert sum(first in line for line in following.out) == 1


def test_a_server_that_restarts_is_followed_again(new_server, ids, tail):
    server = new_server().start()
    following = tail(server)
    before = post(server, ids, "before")
    until(lambda: any(before in line for line in following.out), "the first trace is shown")
    server.kill()
    until(lambda: following.says("connecting again"), "the loss is reported")
    server.start()
    until(lambda: following.says("connected again"), "the connection is back")
    until(lambda: following.says("no longer knows"), "the gap is reported")
    after = post(server, ids, "after")
    until(lambda: any(after in line for line in following.out), "the second trace is shown")
    assert following.stop() == 0


def test_tail_needs_a_server(tmp_path):
    done = spanwise("tail", "--data-dir", str(tmp_path), "--port", "9", check=False)
    assert done.returncode == 2
    assert "spanwise serve" in done.stderr.decode() and "SPANWISE_TRACKING_URI" in done.stderr.decode()


def test_a_wrong_filter_is_explained(new_server):
    server = new_server().start()
    done = spanwise("tail", "--where", "nmae = 'x'", server=server, check=False)
    assert done.returncode == 2 and "  nmae = 'x'\n  ^^^^ " in done.stderr.decode()
