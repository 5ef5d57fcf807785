"""Sends what is promised of the recorded conversation to an empty server and compares every answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from replay.allowed import ALLOWED
from replay.compare import Difference, Names, compare, parse_json
from replay.missing import MISSING
from replay.record import Line, read_lines
from replay.routes import COMPARED, priority
from support.server import Server
from support.target import Target

VERSION_MIN = (3, 17)
EXPERIMENT_HEADER = "x-mlflow-experiment-id"


@pytest.fixture
def empty(request: pytest.FixtureRequest, new_server):
    """A server with nothing in it; one that `--target` names must be empty too."""
    if url := request.config.getoption("--target"):
        return Target(url.rstrip("/"))
    server: Server = new_server().start()
    return Target(server.url, server)


def test_recorded_conversation(empty: Target, capsys: pytest.CaptureFixture):
    names, session, compared = Names(), requests.Session(), 0
    failures, unused = [], list(ALLOWED) if empty.server else []
    for line in read_lines():
        for request in MISSING.get(line.id, []):
            assert send(session, empty.url, request, names).status_code == 200, request
        if priority(line.method, line.path) not in COMPARED:
            continue
        compared += 1
        answer = send(session, empty.url, line, names)
        for difference in differences(line, answer, names):
            reasons = [e for e in ALLOWED if empty.server and e.covers(line, answer.status_code, difference)]
            unused = [entry for entry in unused if entry not in reasons]
            if not reasons:
                failures.append(f"{line}\n    {difference}")
    with capsys.disabled():
        print(f"\nreplayed and compared {compared} recorded answers; {len(ALLOWED)} kinds of difference are allowed")
    failures += [f"no answer needs this allowed difference any more: {entry.reason}" for entry in unused]
    assert not failures, f"{len(failures)} differences:\n" + "\n".join(failures)


def send(session: requests.Session, url: str, line: Line, names: Names) -> requests.Response:
    """Sends one recorded request with this server's ids in it; the path goes out as it was recorded."""
    query = f"?{names.translate(line.query)}" if line.query else ""
    body = line.body
    if "json" in line.headers.get("content-type", ""):
        names.note_request(body.decode(errors="replace"))
        body = names.translate(body.decode(errors="surrogateescape")).encode(errors="surrogateescape")
    headers = dict(line.headers)
    if EXPERIMENT_HEADER in headers:
        headers[EXPERIMENT_HEADER] = names.experiments.get(headers[EXPERIMENT_HEADER], headers[EXPERIMENT_HEADER])
    request = requests.Request(line.method, url, headers=headers, data=body).prepare()
    request.url = f"{url}{names.translate(line.path)}{query}"
    return session.send(request, timeout=60)


def differences(line: Line, answer: requests.Response, names: Names) -> Iterator[Difference]:
    """Yields what is different from the recorded answer."""
    if answer.status_code != line.status:
        yield Difference("status", line.status, answer.status_code)
    if line.path == "/version":
        yield from check_version(answer)
    elif line.path.startswith("/v1/"):
        yield from check_otlp(answer)
    else:
        yield from compare_bodies(line, answer, names)


def check_version(answer: requests.Response) -> Iterator[Difference]:
    """The client only wants a version that is not too old."""
    numbers = tuple(int(part) for part in answer.text.split(".")[:2])
    if numbers < VERSION_MIN:
        yield Difference("version", VERSION_MIN, numbers)


def check_otlp(answer: requests.Response) -> Iterator[Difference]:
    """Success is an empty response in either encoding; an error says what is wrong."""
    if answer.status_code == 200 and answer.content not in (b"", b"{}"):
        yield Difference("body", "", answer.text)
    if answer.status_code >= 400 and not answer.content:
        yield Difference("body", "an error message", "")


def compare_bodies(line: Line, answer: requests.Response, names: Names) -> Iterator[Difference]:
    """Compares JSON by meaning, and anything else byte for byte; an HTML error page counts by its status alone."""
    expected = parse_json(line.answer)
    if line.path.endswith("/experiments/create") and line.status == answer.status_code == 200:
        names.experiments[expected["experiment_id"]] = answer.json()["experiment_id"]
    if expected is not None:
        actual = parse_json(answer.content)
        if actual is None and answer.content:
            yield Difference("body", expected, answer.text[:200])
        else:
            yield from compare(expected, actual or {}, names)
    elif line.status < 400 and line.answer != answer.content:
        yield Difference("body", line.answer.decode(errors="replace"), answer.text)
