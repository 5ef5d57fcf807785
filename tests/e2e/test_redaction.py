"""Redaction at ingest: a corpus of secrets in every place, of which nothing may be left anywhere."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
from collections import Counter
from pathlib import Path

import grpc
import mlflow
import pytest
import requests
import zstandard
from google.protobuf.json_format import MessageToJson
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag
from mlflow.genai.datasets import create_dataset, get_dataset
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from support.api import Api
from support.cli import spanwise
from support.otlp import JSON, START_NS, any_value, export_request, key_values, mlflow_id, post, span, stored
from support.wait import until

pytestmark = pytest.mark.spanwise

# One of each kind; no other text of the tests holds any of their words. Those that scanners of source code would take
# for real ones are put together here.
SECRETS = {
    "email": "zelda.quux@postbox.example",
    "phone": "+49 30 5551234567",
    "card": "4539578763621486",
    "iban": "DE44500105175407324931",
    "ip": "203.0.113.77",
    "openai-key": "sk-proj-" + "Qz7Xw2Rv9Tn4Kb6Jm1Lp8Hs3",
    "anthropic-key": "sk-ant-" + "api03-Wm5Yt8Ub2Ri7Eo4Pq",
    "google-key": "AIza" + "SyD3fGh7JkLmN0pQrStUvWxYz12345abcdX",
    "aws-key": "AKIA" + "Z7Q2W4E6R8T0Y1U3",
    "github-token": "ghp_" + "k3J9dL2mN8bV5cX7zQ1wE4rT6yU0iO2pA5sD",
    "slack-token": "xoxb-" + "733129845566-aBcDeFgHiJkLmNop",
    "stripe-key": "sk_live_" + "9fK2mQ7xW4vB8nR3tY6u",
    "huggingface-token": "hf_" + "mVbQxKtRnWzYsLpJdHgFcAeUoI4729",
    "groq-key": "gsk_" + "H4jK8lM2nP6qR0sT3uV7wX1y",
    "xai-key": "xai-" + "B6cD0eF4gH8iJ2kL6mN0oP4q",
    "azure-key": "AccountKey=" + "u8Xk2Lq9Vb3Nz6Mw1Rt5Yp0Gs7Hd4Jf8Kc2Za6Ne1Bv==",
    "other-key": "nvapi-" + "T5rE9wQ3uI7oP1aS6dF0gH4j",
    "bearer-token": "Bearer " + "v9c2x7z4q1w8e5r3t6y0u",
    "credential": "password=" + "Tr0ub4dor-3x",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJuYW1lIjoiWmVsZGEifQ.s5Vq2Lx8Rn4Kt7Wm1Zb6",
    "private-key": "-----BEGIN PRIVATE KEY-----\nMIIBVwIBADANBgkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----",
    "ticket": "TCK-88472913",
}
# What a rule by key or path hides is told by nothing else.
MASKED = {"attribute": "marmalade sandwich", "path": "rhubarb crumble"}
RULES = {
    "detectors": ["all"],
    "patterns": [{"name": "ticket", "regex": r"TCK-\d{8}"}],
    "paths": ["$..diagnosis"],
    "attributes": ["http.request.header.*"],
}
# Parts that stay of a secret would be as bad: the longest stretch of letters and digits of each.
NEEDLES = {
    **{kind: secret for kind, secret in SECRETS.items()},
    **MASKED,
    "email's name": "zelda.quux",
    "phone's digits": "5551234567",
    "azure's value": SECRETS["azure-key"].removeprefix("AccountKey="),
    "bearer's value": SECRETS["bearer-token"].removeprefix("Bearer "),
    "credential's value": SECRETS["credential"].removeprefix("password="),
    "line of the private key": "MIIBVwIBADANBgkqhkiG9w0BAQEF",
    "part of the jwt": "eyJuYW1lIjoiWmVsZGEifQ",
}
# They look like secrets and are none.
KEPT = [
    "order 4539578763621487",
    "build v1.2.3.4 of version 10.0.19041.1",
    "127.0.0.1:5000",
    "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
    "1767323045000000000 2026-01-02T03:04:05.678+01:00",
    "score 0.5500000000000004",
    "DE45500105175407324931",
    "max_tokens: 1234567",
    "sk-fading-circle-container",
    "icon@2x.png @decorator",
    "std::string 12:34:56",
]


class Corpus:
    """Hands out secrets in every form, and counts how often each was handed out."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def plain(self, kind: str) -> str:
        """Returns the secret inside of a sentence."""
        self.counts[kind] += 1
        return f"here: {SECRETS[kind]} (kept words)"

    def bare(self, kind: str) -> str:
        self.counts[kind] += 1
        return SECRETS[kind]

    def json(self, kind: str) -> str:
        """Returns JSON that holds the secret as it is, escaped, and in JSON inside JSON."""
        self.counts[kind] += 4
        escaped = "".join(f"\\u{ord(c):04x}" for c in SECRETS[kind])
        half = "".join(f"\\u{ord(c):04x}" if i % 3 == 1 else json.dumps(c)[1:-1] for i, c in enumerate(SECRETS[kind]))
        inner = json.dumps({"arguments": json.dumps({"to": SECRETS[kind], "é": 'a "b" \\ c'})})
        head = json.dumps({"content": f"before\n{SECRETS[kind]}\tafter é /"})
        messages = f'{head}, "x {escaped} y", "\\/ {half} \\u00e9", {json.dumps(inner)}'
        return f'{{"messages": [{messages}], "n": [1, 2.5e3, null]}}'

    def attributes(self, kind: str) -> dict:
        return {
            "plain": self.plain(kind),
            "nested": {"deep": [{"er": self.plain(kind)}, 7, True]},
            "json": self.json(kind),
            "bytes": self.plain(kind).encode(),
            f"key {self.bare(kind)}": "a value",
            "map": {f"{self.bare(kind)} entry": 1},
            "http.request.header.cookie": self.masked("attribute"),
            "record": {"patient": {"diagnosis": self.masked("path")}},
            "text": json.dumps({"diagnosis": {"what": [self.masked("path")]}}),
        }

    def masked(self, kind: str) -> str:
        self.counts[kind] += 1
        return MASKED[kind]

    def request(self, ids, kind: str) -> ExportTraceServiceRequest:
        """Returns a trace of two spans with the secret everywhere."""
        trace = ids.trace()
        root = span(
            trace,
            ids.span(),
            f"call {self.plain(kind)}",
            attributes={**self.attributes(kind), "kept": KEPT},
            message=self.plain(kind),
            events=[
                Span.Event(
                    name=self.plain(kind), time_unix_nano=START_NS, attributes=key_values({"e": self.plain(kind)})
                )
            ],
            links=[Span.Link(trace_id=ids.trace(), span_id=ids.span(), attributes=key_values({"l": self.plain(kind)}))],
        )
        inputs = {
            "mlflow.spanInputs": self.json(kind),
            "mlflow.spanOutputs": json.dumps(self.plain(kind)),
            "mlflow.spanType": '"LLM"',
            "session.id": self.plain(kind),
            "user.id": self.plain(kind),
        }
        child = span(trace, ids.span(), "child", parent=root.span_id, attributes=inputs)
        scope = InstrumentationScope(name=self.plain(kind), version="1", attributes=key_values({"s": self.plain(kind)}))
        resource = {"service.name": "shop", "host.name": self.plain(kind)}
        # The same as a root, so that previews and the texts of lists are derived from it.
        second = span(
            ids.trace(),
            ids.span(),
            self.plain(kind),
            attributes={
                **inputs,
                "mlflow.spanInputs": self.json(kind),
                "mlflow.spanOutputs": json.dumps(self.plain(kind)),
                "session.id": self.plain(kind),
                "user.id": self.plain(kind),
            },
        )
        return export_request([root, child, second], resource, scope)


@pytest.fixture
def server(new_server):
    return new_server(
        args=[
            "--log-level",
            "info,spanwise=trace,spanwise_server=trace,spanwise_ingest=trace,spanwise_store_sqlite=trace",
        ]
    ).start()


@pytest.fixture
def corpus() -> Corpus:
    return Corpus()


def redact(server, experiment: str, rules=None) -> None:
    url = f"{server.url}/api/v1/experiments/{experiment}/redaction"
    answer = requests.put(url, json=RULES if rules is None else rules, timeout=60)
    assert answer.status_code == 200, answer.text


def replaced(server, experiment: str) -> dict[str, int]:
    answer = requests.get(f"{server.url}/api/v1/experiments/{experiment}/redaction", timeout=60).json()
    return {count["detector"]: count["count"] for count in answer["replaced"]}


def send_everything(server, ids, corpus: Corpus, experiment: str) -> None:
    """Sends each secret by each of the ways in."""
    channel = grpc.insecure_channel(server.otlp_grpc_address)
    for kind in SECRETS:
        answer = post(server.url, corpus.request(ids, kind).SerializeToString(), experiment=experiment)
        assert answer.status_code == 200, answer.text
        request = MessageToJson(corpus.request(ids, kind))
        answer = post(server.otlp_http_url, request, content_type=JSON, experiment=experiment)
        assert (answer.status_code, answer.json()) == (200, {}), answer.text
        metadata = [("x-mlflow-experiment-id", experiment)]
        TraceServiceStub(channel).Export(corpus.request(ids, kind), metadata=metadata, timeout=60)
        send_logs(server, ids, corpus, kind, experiment)
        send_records(server, ids, corpus, kind, experiment)
    channel.close()


def send_logs(server, ids, corpus: Corpus, kind: str, experiment: str) -> None:
    """Sends log records of a span, and the span after them."""
    trace, span_id = ids.trace(), ids.span()
    body = any_value({"content": corpus.plain(kind), "more": [corpus.json(kind)]})
    record = LogRecord(
        trace_id=trace,
        span_id=span_id,
        time_unix_nano=START_NS,
        body=body,
        event_name=corpus.plain(kind),
        attributes=key_values({"a": corpus.plain(kind)}),
    )
    resource = Resource(attributes=key_values({"service.name": "shop", "host.name": corpus.plain(kind)}))
    group = ResourceLogs(resource=resource, scope_logs=[ScopeLogs(log_records=[record])])
    request = ExportLogsServiceRequest(resource_logs=[group]).SerializeToString()
    assert post(server.url, request, path="/v1/logs", experiment=experiment).status_code == 200
    post(server.url, export_request([span(trace, span_id)]).SerializeToString(), experiment=experiment)


def send_records(server, ids, corpus: Corpus, kind: str, experiment: str) -> None:
    """Sends what MLflow's and the native API take beside spans."""
    api, trace = Api(server.url), mlflow_id(ids.trace())

    def assessment(name: str) -> dict:
        return {
            "assessment_name": name,
            "source": {"source_type": "HUMAN", "source_id": corpus.plain(kind)},
            "feedback": {"value": corpus.plain(kind)},
            "rationale": corpus.plain(kind),
            "metadata": {"m": corpus.plain(kind)},
        }

    info = {
        "trace_id": trace,
        "client_request_id": corpus.plain(kind),
        "state": "OK",
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}},
        "request_time": "2026-01-02T03:04:05Z",
        "execution_duration": "1s",
        "request_preview": corpus.json(kind),
        "response_preview": corpus.plain(kind),
        "trace_metadata": {"meta": corpus.plain(kind), "http.request.header.cookie": corpus.masked("attribute")},
        "tags": {"tag": corpus.json(kind), "mlflow.traceName": corpus.plain(kind)},
        "assessments": [assessment("quality")],
    }
    api.ok("POST", "3.0/mlflow/traces", {"trace": {"trace_info": info}})
    api.ok("PATCH", f"3.0/mlflow/traces/{trace}/tags", {"key": "set", "value": corpus.plain(kind)})
    created = api.ok("POST", f"3.0/mlflow/traces/{trace}/assessments", {"assessment": assessment("later")})
    identity = created["assessment"]["assessment_id"]
    change = {"assessment": {"rationale": corpus.plain(kind)}, "update_mask": "rationale"}
    api.ok("PATCH", f"3.0/mlflow/traces/{trace}/assessments/{identity}", change)
    native = f"{server.url}/api/v1/traces/{trace}"
    answers = [
        requests.put(f"{native}/tags/native", json={"value": corpus.plain(kind)}, timeout=60),
        requests.post(
            f"{native}/assessments",
            json={"name": "native", "kind": "feedback", "value": corpus.plain(kind), "rationale": corpus.plain(kind)},
            timeout=60,
        ),
        requests.post(
            f"{server.url}/api/v1/traces/tag",
            json={"trace_ids": [trace], "set": {"bulk": corpus.plain(kind)}},
            timeout=60,
        ),
        requests.put(
            f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{experiment}/traces/{trace}/artifacts/notes.txt",
            data=corpus.plain(kind).encode(),
            timeout=60,
        ),
    ]
    assert all(answer.ok for answer in answers), [answer.text for answer in answers]


def readings(server, experiment: str) -> dict[str, bytes]:
    """Reads everything back that the server tells of an experiment, in every form that it has."""
    api, native = Api(server.url), f"{server.url}/api/v1"
    found = {}

    def read(url: str, **options) -> bytes:
        answer = requests.get(url, timeout=60, **options)
        assert answer.status_code == 200, f"{url}: {answer.text}"
        found[f"{url} {options}"] = answer.content
        return answer.content

    read(f"{native}/export")
    read(f"{native}/experiments")
    read(f"{server.url}/metrics")
    read(f"{native}/traces", params={"limit": 500})
    read(f"{native}/sessions")
    read(f"{native}/traces/facets")
    for trace in api.trace_ids(experiment, max_results=500):
        read(f"{native}/traces/{trace}/otlp")
        read(f"{native}/traces/{trace}/otlp", headers={"Accept": "application/json"})
        read(f"{native}/traces/{trace}/tree")
        found[f"MLflow spans of {trace}"] = json.dumps(api.spans(trace), ensure_ascii=False).encode()
        found[f"MLflow record of {trace}"] = json.dumps(api.trace_info(trace), ensure_ascii=False).encode()
    return found


def files(folder: Path) -> dict[str, bytes]:
    """Reads all files below a folder, what is compressed in them, and what their databases hold."""
    found = {}
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        found[str(path)] = content
        found[f"{path} unpacked"] = unpacked(content)
        if path.name == "index.db":
            found[f"{path} rows"] = rows(path)
    return found


def unpacked(content: bytes) -> bytes:
    """Unpacks every frame of zstd in some bytes."""
    magic, parts, at = b"\x28\xb5\x2f\xfd", [], 0
    while (at := content.find(magic, at)) >= 0:
        try:
            parts.append(zstandard.ZstdDecompressor().decompressobj().decompress(content[at:]))
        except zstandard.ZstdError:
            pass
        at += len(magic)
    return b"\n".join(parts)


def rows(path: Path) -> bytes:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    values = [value for table in tables for row in connection.execute(f'SELECT * FROM "{table}"') for value in row]
    connection.close()
    texts = [value.encode() if isinstance(value, str) else value for value in values if isinstance(value, str | bytes)]
    return b"\n".join([*texts, *map(unpacked, texts)])


def leaks(contents: dict[str, bytes]) -> list[str]:
    """Names the places that hold a secret: as it is, with its escapes, in base64, in capital letters or small ones."""
    forms = {}
    for kind, secret in NEEDLES.items():
        raw = secret.encode()
        escaped = json.dumps(secret)[1:-1].encode()
        # Wherever in the bytes it begins, these letters of its base64 are the same.
        encoded = {base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 : -8] for shift in range(3)}
        forms[kind] = {raw, escaped, raw.lower(), raw.upper(), *(form for form in encoded if len(form) > 8)}
    return [
        f"{kind} in {place}"
        for place, content in contents.items()
        for kind, needles in forms.items()
        if any(needle in content for needle in needles)
    ]


def test_nothing_of_a_secret_is_left_anywhere(server, ids, corpus, tmp_path):
    experiment = Api(server.url).experiment("redacted")
    redact(server, experiment)
    send_everything(server, ids, corpus, experiment)
    assert replaced(server, experiment) == corpus.counts

    def count(text: str) -> int:
        query = {"experiment": "redacted", "filter": f"text ~ '{text}'"}
        answer = requests.get(f"{server.url}/api/v1/traces/histogram", params=query, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()["total"]

    assert count("kept words") > 0
    words = {word for secret in NEEDLES.values() for word in secret.replace("'", " ").split() if len(word) > 8}
    words -= {"-----BEGIN", "KEY-----"}
    assert {word: count(word) for word in words} == dict.fromkeys(words, 0)
    read = readings(server, experiment)
    assert leaks(read) == []
    assert sum(b"[redacted:email]" in content for content in read.values()) > 20

    spanwise("compact", server=server)
    spanwise("backup", str(tmp_path / "backup"), server=server)
    assert leaks(readings(server, experiment)) == []
    assert server.stop() == 0
    on_disk = {**files(server.data_dir), **files(tmp_path / "backup"), "log": server.log_path.read_bytes()}
    assert leaks(on_disk) == []
    # The search itself works: what was kept is found where it should be.
    for part in ("segments", "index.db"):
        assert any(part in place and b"kept words" in content for place, content in on_disk.items()), part


def test_what_only_looks_like_a_secret_is_kept(server, ids):
    experiment = Api(server.url).experiment("redacted")
    redact(server, experiment, {"detectors": ["all"]})
    trace = ids.trace()
    attributes = {
        "list": KEPT,
        **{f"k{i}": text for i, text in enumerate(KEPT)},
        "json": json.dumps(KEPT),
        "n": 4539578763621487,
    }
    request = export_request([span(trace, ids.span(), attributes=attributes)], {"service.name": "shop"})
    assert post(server.url, request.SerializeToString(), experiment=experiment).status_code == 200
    assert stored(server.url, trace) == request
    assert replaced(server, experiment) == {}


def test_experiments_have_their_own_rules_and_others_none(server, ids):
    api = Api(server.url)
    one, two = api.experiment("one"), api.experiment("two")
    redact(server, one, {"detectors": ["email"]})
    texts = {}
    for experiment in (one, two):
        trace = ids.trace()
        request = export_request([span(trace, ids.span(), attributes={"a": "ada@example.org 4539578763621486"})])
        assert post(server.url, request.SerializeToString(), experiment=experiment).status_code == 200
        texts[experiment] = stored(server.url, trace).SerializeToString()
    assert b"[redacted:email] 4539578763621486" in texts[one]
    assert b"ada@example.org 4539578763621486" in texts[two]
    # Also where a resource names the experiment, and after a restart.
    server.stop()
    server.start()
    traces = [ids.trace(), ids.trace()]
    request = ExportTraceServiceRequest()
    for name, trace in zip(("one", "two"), traces, strict=True):
        part = export_request([span(trace, ids.span(), attributes={"a": "ada@example.org"})], {"service.name": name})
        request.MergeFrom(part)
    assert post(server.url, request.SerializeToString()).status_code == 200
    found = [b"ada@example.org" in stored(server.url, trace).SerializeToString() for trace in traces]
    assert found == [False, True]


def test_the_same_span_again_changes_nothing(server, ids):
    experiment = Api(server.url).experiment("redacted")
    redact(server, experiment)
    trace = ids.trace()
    request = export_request([span(trace, ids.span(), "call", attributes={"a": "ada@example.org"})])
    for _ in range(2):
        assert post(server.url, request.SerializeToString(), experiment=experiment).status_code == 200
    assert Api(server.url).trace_info(mlflow_id(trace))["trace_id"] == mlflow_id(trace)
    assert len(stored(server.url, trace).resource_spans[0].scope_spans[0].spans) == 1


def test_refused_spans_tell_no_secret(server, ids):
    """What is wrong with a span is answered and logged, and names it."""
    experiment = Api(server.url).experiment("redacted")
    redact(server, experiment)
    secret = SECRETS["openai-key"]
    bad = export_request([span(b"\0" * 16, ids.span(), f"call {secret}"), span(ids.trace(), ids.span(), "good")])
    answer = post(server.url, bad.SerializeToString(), experiment=experiment)
    assert answer.status_code == 200 and secret.encode() not in answer.content
    assert b"[redacted:openai-key]" in answer.content
    for value in (secret, f"{'x' * 70} {secret}"):
        wrong = {"traceId": "0" * 31 + "1", "spanId": "1" * 16, "name": secret, "startTimeUnixNano": value}
        body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [wrong]}]}]})
        answer = post(server.url, body, content_type=JSON, experiment=experiment)
        assert answer.status_code == 200 and secret not in answer.text and "rejectedSpans" in answer.text, answer.text
    server.stop()
    assert leaks({"log": server.log_path.read_bytes()}) == []


def test_default_rules_hold_for_all_that_have_none_and_for_names_of_experiments(new_server, ids, tmp_path):
    config = tmp_path / "spanwise.toml"
    config.write_text(
        "[redaction]\ndetectors = ['email']\npaths = ['$..ssn']\n[redaction.patterns]\nmrn = 'MRN-\\d{4}'\n"
    )
    server = new_server(
        args=[
            "--config",
            str(config),
            "--log-level",
            "info,spanwise=trace,spanwise_server=trace,spanwise_ingest=trace,spanwise_store_sqlite=trace",
        ]
    ).start()
    trace = ids.trace()
    attributes = {"a": "ada@example.org MRN-1234 4539578763621486", "b": '{"ssn": 1}'}
    request = export_request([span(trace, ids.span(), attributes=attributes)], {"service.name": "of ada@example.org"})
    assert post(server.url, request.SerializeToString()).status_code == 200
    spans = stored(server.url, trace).SerializeToString()
    assert b"[redacted:email] [redacted:mrn] 4539578763621486" in spans and b'{"ssn": "[redacted:path]"}' in spans
    experiments = requests.get(f"{server.url}/api/v1/experiments", timeout=60).json()["experiments"]
    assert {one["name"] for one in experiments} == {"Default", "of [redacted:email]"}
    redact(server, "0", {})
    other = ids.trace()
    request = export_request([span(other, ids.span(), attributes=attributes)])
    assert post(server.url, request.SerializeToString()).status_code == 200
    assert b"ada@example.org MRN-1234" in stored(server.url, other).SerializeToString()
    assert requests.delete(f"{server.url}/api/v1/experiments/0/redaction", timeout=60).status_code == 204
    last = ids.trace()
    request = export_request([span(last, ids.span(), attributes=attributes)])
    assert post(server.url, request.SerializeToString()).status_code == 200
    assert b"ada@example.org" not in stored(server.url, last).SerializeToString()


def test_an_import_and_a_traces_json_are_redacted_too(server, ids):
    api = Api(server.url)
    plain, redacted = api.experiment("plain"), api.experiment("redacted")
    trace = ids.trace()
    request = export_request([span(trace, ids.span(), "call ada@example.org", attributes={"a": "ada@example.org"})])
    assert post(server.url, request.SerializeToString(), experiment=plain).status_code == 200
    api.ok("PATCH", f"3.0/mlflow/traces/{mlflow_id(trace)}/tags", {"key": "k", "value": "ada@example.org"})
    exported = requests.get(f"{server.url}/api/v1/export", timeout=60).content
    assert b"ada@example.org" in exported
    assert requests.delete(f"{server.url}/api/v1/traces/{mlflow_id(trace)}", timeout=60).status_code == 204
    redact(server, redacted)
    answer = requests.post(f"{server.url}/api/v1/import?experiment=redacted", data=exported, timeout=60)
    assert (answer.status_code, answer.json()["errors"]) == (200, [])
    other = mlflow_id(ids.trace())
    file = {
        "spans": [
            {
                "span_id": ids.span().hex(),
                "name": "call ada@example.org",
                "start_time_unix_nano": START_NS,
                "attributes": {"mlflow.spanInputs": json.dumps({"q": "ada@example.org"})},
            }
        ]
    }
    path = f"{redacted}/traces/{other}/artifacts/traces.json"
    url = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{path}"
    assert requests.put(url, data=json.dumps(file).encode(), timeout=60).status_code == 200
    assert b"[redacted:email]" in requests.get(url, timeout=60).content
    after = requests.get(f"{server.url}/api/v1/export", timeout=60).content
    assert b"ada@" not in after and after.count(b"[redacted:email]") >= 4
    assert b"ada@" not in (server.data_dir / "artifacts" / path).read_bytes()


def test_what_evaluation_keeps_is_redacted_too(server):
    mlflow.set_tracking_uri(server.url)
    experiment = Api(server.url).experiment("redacted")
    redact(server, experiment)
    mail = SECRETS["email"]
    client = MlflowClient()
    run = client.create_run(experiment, run_name=f"run of {mail}", tags={"first": mail}).info.run_id
    client.log_param(run, "asked by", mail)
    client.log_param(run, "http.request.header.cookie", MASKED["attribute"])
    client.set_tag(run, "seen by", mail)
    client.update_run(run, name=f"again by {mail}")
    description = Dataset(name="d", digest="1", source_type="local", source=f"/home/{mail}", profile=mail)
    client.log_inputs(run, [DatasetInput(description, [InputTag("for", mail)])])
    model = client.create_logged_model(experiment, name="agent", params={"to": mail}, tags={"by": mail})
    client.set_logged_model_tags(model.model_id, {"then": mail})
    dataset = create_dataset("questions", experiment_id=experiment)
    record = {
        "inputs": {"q": f"write to {mail}", "chart": {"diagnosis": MASKED["path"]}},
        "expectations": {"a": {"mail": mail}},
        "tags": {"from": mail},
    }
    dataset.merge_records([record, record])

    kept = client.get_run(run)
    assert kept.info.run_name == "again by [redacted:email]"
    assert kept.data.params == {"asked by": "[redacted:email]", "http.request.header.cookie": "[redacted:attribute]"}
    assert (kept.data.tags["first"], kept.data.tags["seen by"]) == ("[redacted:email]",) * 2
    (read,) = get_dataset(dataset_id=dataset.dataset_id).to_df().to_dict("records")
    assert read["inputs"] == {"q": "write to [redacted:email]", "chart": {"diagnosis": "[redacted:path]"}}
    assert read["expectations"] == {"a": {"mail": "[redacted:email]"}}
    send_natively(server, experiment, dataset.dataset_id)
    assert server.stop() == 0
    assert leaks({**files(server.data_dir), "log": server.log_path.read_bytes()}) == []


def send_natively(server, experiment: str, dataset: str) -> None:
    """Sends records, and a run and records of another store, by the native API."""
    native, mail = f"{server.url}/api/v1", SECRETS["email"]

    def send(path: str, data: bytes, media_type: str) -> dict:
        answer = requests.post(f"{native}/{path}", data=data, headers={"Content-Type": media_type}, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    fresh = {"inputs": {"q": f"natively to {mail}"}, "expectations": {"a": mail}, "tags": {"from": mail}}
    send(f"datasets/{dataset}/records", json.dumps({"records": [fresh]}).encode(), "application/json")
    times = {"created_ns": START_NS, "last_updated_ns": START_NS}
    lines = [
        {
            "run": {
                "run_id": "0" * 32,
                "experiment_id": int(experiment),
                "name": f"by {mail}",
                "status": "FINISHED",
                "start_ns": START_NS,
                "artifact_uri": "",
                "params": {"to": mail},
            }
        },
        {"dataset": {"dataset_id": "d-1", "name": "other", "experiments": [int(experiment)], **times}},
        {"records": {"dataset_id": "d-1", "records": [{"record_id": "dr-1", "inputs": {"q": mail}, **times}]}},
    ]
    taken = send("import/catalog", "\n".join(map(json.dumps, lines)).encode(), "application/x-ndjson")
    assert (taken["lines"], taken["errors"]) == (3, [])
    assert MlflowClient().get_run("0" * 32).data.params == {"to": "[redacted:email]"}
    (imported,) = get_dataset(dataset_id="d-1").to_df().to_dict("records")
    assert imported["inputs"] == {"q": "[redacted:email]"}


def test_bad_rules_are_refused_and_change_nothing(server):
    experiment = Api(server.url).experiment("redacted")
    redact(server, experiment, {"detectors": ["email"]})
    url = f"{server.url}/api/v1/experiments/{experiment}/redaction"
    for rules, problem in [
        ({"detectors": ["mail"]}, "unknown detector `mail`; expected one of all, personal, secrets"),
        ({"patterns": [{"name": "a", "regex": "x(y"}]}, "the pattern `a` is wrong at character 2: unclosed group"),
        ({"paths": ["ssn"]}, "path `ssn` is wrong at character 1: expected `$`"),
        ({"detector": []}, "unknown field `detector`"),
    ]:
        answer = requests.put(url, json=rules, timeout=60)
        assert answer.status_code in (400, 422) and problem in answer.json()["detail"], answer.text
    assert requests.get(url, timeout=60).json()["rules"]["detectors"] == ["email"]
    assert requests.put(f"{server.url}/api/v1/experiments/999/redaction", json={}, timeout=60).status_code == 404


def test_the_command_line_sets_shows_and_tries_rules(server):
    Api(server.url).experiment("shop")
    rules = ["--detect", "email", "--pattern", r"mrn=MRN-\d{4}", "--path", "$..ssn", "--attribute", "secret.*"]
    shown = spanwise("redaction", "set", "shop", *rules, server=server).stdout.decode()
    assert shown.splitlines() == [
        "rules of the experiment",
        "  detect     email",
        r"  pattern    mrn=MRN-\d{4}",
        "  path       $..ssn",
        "  attribute  secret.*",
    ]
    tried = spanwise("redaction", "test", "shop", r'{"a": "ada\u0040example.org", "ssn": 1}', server=server).stdout
    assert tried.decode().splitlines()[0] == '{"a": "[redacted:email]", "ssn": "[redacted:path]"}'
    tried = spanwise("redaction", "test", "shop", "x", "--key", "secret.a", server=server).stdout
    assert tried.decode().splitlines()[0] == "[redacted:attribute]"
    assert b"nothing is replaced" in spanwise("redaction", "set", "shop", "--off", server=server).stdout
    assert b"default rules" in spanwise("redaction", "set", "shop", "--default", server=server).stdout
    refused = spanwise("redaction", "set", "shop", server=server, check=False)
    assert refused.returncode == 2 and b"no rules are given" in refused.stderr
    assert b"private-key" in spanwise("redaction", "detectors", server=server).stdout


def test_rules_that_cannot_be_used_let_nothing_in(new_server, ids):
    """A newer build may have written rules that this one does not know: without them nothing must be stored."""
    server = new_server().start()
    experiment = Api(server.url).experiment("redacted")
    redact(server, experiment)
    assert server.stop() == 0
    connection = sqlite3.connect(server.data_dir / "index.db")
    connection.execute("""UPDATE redaction SET rules = '{"detectors": ["from the future"]}'""")
    connection.commit()
    connection.close()
    server.start()
    trace = ids.trace()
    request = export_request([span(trace, ids.span(), attributes={"a": "ada@example.org"})]).SerializeToString()
    assert post(server.url, request, experiment=experiment).status_code == 503
    assert requests.get(f"{server.url}/api/v1/traces/{mlflow_id(trace)}", timeout=60).status_code == 404
    # New rules mend it.
    redact(server, experiment)
    assert post(server.url, request, experiment=experiment).status_code == 200
    assert until(lambda: b"[redacted:email]" in stored(server.url, trace).SerializeToString(), "the trace is there")


def test_with_a_key_equal_values_stay_comparable(new_server, ids):
    key = "correct horse battery staple"
    env = {"SPANWISE_REDACTION_KEY": key, "SPANWISE_REDACTION_DETECTORS": "email"}
    server = new_server(env=env).start()
    sessions = []
    for name in ("ada", "ada", "bob"):
        trace = ids.trace()
        root = span(trace, ids.span(), attributes={"session.id": f"{name}@example.org"})
        assert post(server.url, export_request([root]).SerializeToString()).status_code == 200
        sessions.append(Api(server.url).trace_info(mlflow_id(trace))["trace_metadata"]["mlflow.trace.session"])
    assert sessions[0] == sessions[1] != sessions[2]
    assert all(re.fullmatch(r"\[redacted:email:[0-9a-f]{16}\]", session) for session in sessions)
    shown = spanwise("config", "show", env=env).stdout.decode()
    assert "redaction.key" in shown and key not in shown
    refused = spanwise("config", "show", env={"SPANWISE_REDACTION_KEY": "short"}, check=False)
    assert refused.returncode == 2 and b"is too short; expected at least 16 bytes" in refused.stderr
