"""A short conversation with a server that writes to every place there is, and how to see what each step did."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from faults.load import is_acknowledged
from support.otlp import MS, PROTOBUF, START_NS, export_request, mlflow_id, span

TIMEOUT_S = 30


def trace_path(trace_id: bytes) -> str:
    """Returns the path of a trace in MLflow's API."""
    return f"/api/3.0/mlflow/traces/{mlflow_id(trace_id)}"


def spans_of(url: str, trace_id: bytes) -> dict[bytes, Span]:
    """Returns the spans of a trace by id, none if it does not exist; none may be there twice."""
    answer = requests.get(f"{url}/api/v1/traces/{mlflow_id(trace_id)}/otlp", timeout=TIMEOUT_S)
    if answer.status_code == 404:
        return {}
    assert answer.status_code == 200, f"reading {mlflow_id(trace_id)}: {answer.status_code} {answer.text[:300]}"
    request = ExportTraceServiceRequest.FromString(answer.content)
    spans = [one for r in request.resource_spans for scope in r.scope_spans for one in scope.spans]
    by_id = {one.span_id: one for one in spans}
    assert len(by_id) == len(spans), f"{mlflow_id(trace_id)} has a span twice"
    return by_id


@dataclass
class Export:
    """Spans in one request: all of them are there, as they were sent, or none is."""

    spans: list[Span]

    def send(self, url: str) -> requests.Response:
        """Sends them."""
        body = export_request(self.spans, {"service.name": "faults"}).SerializeToString()
        answer = requests.post(f"{url}/v1/traces", data=body, headers={"Content-Type": PROTOBUF}, timeout=TIMEOUT_S)
        assert answer.status_code != 200 or is_acknowledged(answer), "some of good spans were rejected"
        return answer

    def is_there(self, url: str) -> bool:
        """Says whether the spans are there."""
        stored: dict[bytes, dict[bytes, Span]] = {one.trace_id: spans_of(url, one.trace_id) for one in self.spans}
        there = [stored[one.trace_id].get(one.span_id) == one for one in self.spans]
        assert all(there) or not any(there), "half of a request is there"
        return all(there)


@dataclass
class Call:
    """One request of MLflow's API, and how to see whether it was done."""

    method: str
    path: str
    body: object
    is_done: Callable[[str], bool]

    def send(self, url: str) -> requests.Response:
        """Sends it."""
        content = {"data": self.body} if isinstance(self.body, bytes) else {"json": self.body}
        return requests.request(self.method, url + self.path, timeout=TIMEOUT_S, **content)

    def is_there(self, url: str) -> bool:
        """Says whether it was done."""
        return self.is_done(url)


Step = Export | Call


def info_of(url: str, trace_id: bytes) -> dict:
    """Returns the record of a trace, empty if there is none."""
    answer = requests.get(url + trace_path(trace_id), timeout=TIMEOUT_S)
    if answer.status_code == 404:
        return {}
    assert answer.status_code == 200, f"the record of {mlflow_id(trace_id)}: {answer.status_code} {answer.text[:300]}"
    return answer.json()["trace"]["trace_info"]


def artifact_is(url: str, path: str, content: bytes) -> bool:
    """Says whether an artifact is there; it is whole or absent."""
    answer = requests.get(url + path, timeout=TIMEOUT_S)
    assert answer.status_code in (200, 404), f"reading an artifact: {answer.status_code} {answer.text[:300]}"
    assert answer.status_code == 404 or answer.content == content, "a part of an artifact is there"
    return answer.status_code == 200


def record(trace_id: bytes) -> dict:
    """Returns the record of a trace as MLflow's client sends it."""
    return {
        "trace_id": mlflow_id(trace_id),
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}},
        "request_time": "2026-01-02T03:04:05Z",
        "execution_duration": "1s",
        "state": "OK",
        "request_preview": "a question",
    }


def make_steps(seed: int = 1) -> list[Step]:
    """Returns the conversation: OTLP, a record made by MLflow's client, a tag, feedback, an artifact, late spans."""
    chance = random.Random(seed)
    first, second, started = (chance.randbytes(16) for _ in range(3))
    root = chance.randbytes(8)

    def some(trace_id: bytes, number: int) -> list[Span]:
        start = START_NS + number * MS
        text = {"input.value": chance.randbytes(300).hex()}
        return [span(trace_id, chance.randbytes(8), f"step {number}", parent=root, start=start, attributes=text)]

    source = {"source_type": "HUMAN", "source_id": "somebody"}
    feedback = {"assessment_name": "good", "source": source, "feedback": {"value": True}}
    artifact, content = f"/api/2.0/mlflow-artifacts/artifacts/0/some/{seed}.bin", chance.randbytes(1000) * 100
    return [
        Export([span(first, root, "root"), *some(first, 1), *some(second, 2)]),
        Call(
            "POST",
            "/api/3.0/mlflow/traces",
            {"trace": {"trace_info": record(started)}},
            lambda url: bool(info_of(url, started)),
        ),
        Call(
            "PATCH",
            f"{trace_path(first)}/tags",
            {"key": "env", "value": "prod"},
            lambda url: info_of(url, first).get("tags", {}).get("env") == "prod",
        ),
        Call(
            "POST",
            f"{trace_path(first)}/assessments",
            {"assessment": feedback},
            lambda url: len(info_of(url, first).get("assessments", [])) == 1,
        ),
        Export([*some(first, 3), *some(second, 4), *some(started, 5)]),
        Call("PUT", artifact, content, lambda url: artifact_is(url, artifact, content)),
        # So that there are calls, and deaths, after everything else was acknowledged.
        Export(some(second, 6)),
    ]


@dataclass
class Outcome:
    """What became of the steps."""

    done: list[Step] = field(default_factory=list)
    refused: list[Step] = field(default_factory=list)
    unanswered: list[Step] = field(default_factory=list)


def run_steps(url: str, steps: list[Step], check_reads: bool = True) -> Outcome:
    """Sends the steps, those that need a refused one excepted; what was acknowledged must be readable all along."""
    outcome = Outcome()
    for step in steps:
        try:
            answer = step.send(url)
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            outcome.unanswered.append(step)
            return outcome
        if answer.status_code == 200:
            outcome.done.append(step)
        elif answer.status_code == 404 and outcome.refused:
            # It speaks of a trace that an earlier step was refused.
            outcome.refused.append(step)
        else:
            assert answer.status_code in (503, 429), f"{step}: {answer.status_code} {answer.text[:300]}"
            assert int(answer.headers["Retry-After"]) >= 1
            outcome.refused.append(step)
        if check_reads:
            check_there(url, outcome.done)
    return outcome


def check_there(url: str, done: list[Step]) -> None:
    """Fails unless each of these steps was done."""
    for step in done:
        assert step.is_there(url), f"acknowledged, and not there: {step}"
