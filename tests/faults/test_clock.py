"""A clock that jumps: nothing is lost or disordered, and nothing waits or works without end."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest
import requests

from faults.rig import check_after_restart
from faults.scenario import Export, Outcome, check_there, make_steps, run_steps
from support.otlp import MS, START_NS, mlflow_id, post_spans, span
from support.wait import until

DAY_S = 86_400
JUMPS = {
    "an hour back": -3_600,
    "a day forward": DAY_S,
    "thirty years back": -30 * 365 * DAY_S,
    "to before 1970": -60 * 365 * DAY_S,
    "two hundred years forward": 200 * 365 * DAY_S,
}
CPU_S_MAX = 10.0


def cpu_s(pid: int) -> float:
    """Returns the CPU time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Stream(threading.Thread):
    """Follows the live stream and keeps the ids of the traces that it was told of."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.answer = requests.get(f"{url}/api/v1/traces/stream", stream=True, timeout=30)
        assert self.answer.status_code == 200
        self.seen: set[str] = set()

    def run(self) -> None:
        try:
            for line in self.answer.iter_lines():
                if line.startswith(b"data: {") and b"trace_id" in line:
                    self.seen.add(json.loads(line[6:])["trace_id"])
        except requests.exceptions.RequestException:
            return


def session_trace(url: str, number: int) -> str:
    """Sends a trace of a session that starts so many milliseconds after the others; returns its id."""
    trace_id = number.to_bytes(16, "big")
    start = START_NS + number * MS
    post_spans(url, [span(trace_id, b"root-id!", "turn", start=start, attributes={"session.id": "talk"})])
    return mlflow_id(trace_id)


@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_jumps(rig, jump):
    with rig.server() as (server, disk):
        stream = Stream(server.url)
        stream.start()
        done, turns = [], []
        for number, seconds in enumerate([0, JUMPS[jump], 0, JUMPS[jump]]):
            disk.shift_clock(seconds)
            outcome = run_steps(server.url, make_steps(number))
            assert not outcome.refused
            done += outcome.done
            turns.append(session_trace(server.url, number + 1))
            assert requests.post(f"{server.url}/api/v1/compact", timeout=60).status_code == 200
            check_there(server.url, done)
        ids = {mlflow_id(one.trace_id) for step in done if isinstance(step, Export) for one in step.spans}
        until(lambda: stream.seen >= ids, "the stream tells of every trace")
        listed = requests.get(f"{server.url}/api/v1/traces", params={"filter": "session = 'talk'"}, timeout=30)
        assert [trace["trace_id"] for trace in listed.json()["traces"]] == turns[::-1], listed.text
        assert cpu_s(server.pid()) < CPU_S_MAX
        assert server.stop() == 0
        assert "panicked" not in server.log()
        disk.shift_clock(0)
        check_after_restart(server, Outcome(done=done))
