"""Images, audio and files inside messages: stored once, and whole again wherever spans are read."""

from __future__ import annotations

import base64
import hashlib
import json
import random

import mlflow
import pytest
import requests
from mlflow.entities import SpanType
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from support.cli import check_store, spanwise
from support.client import read
from support.otlp import JSON, START_NS, any_value, export_request, mlflow_id, post, post_spans, span, stored_spans
from support.wait import until

pytestmark = pytest.mark.spanwise

CALLS = 20
MIB = 1 << 20
PNG = b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(MIB)
WAV = b"RIFF\x00\x00\x00\x00WAVEfmt " + random.Random(2).randbytes(5_000)


@pytest.fixture
def server(new_server):
    return new_server().start()


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def url_of(content: bytes) -> str:
    return f"/api/v1/attachments/{hashlib.sha256(content).hexdigest()}"


def path_of(server, content: bytes):
    name = hashlib.sha256(content).hexdigest()
    return server.data_dir / "attachments" / name[:2] / name


def files(server) -> list[str]:
    return [path.name for path in (server.data_dir / "attachments").glob("??/*")]


def disk_bytes(server) -> int:
    """Returns what spans and their attachments take; the log of the index is as large as its pages make it."""
    folders = [server.data_dir / name for name in ("segments", "attachments", "artifacts")]
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())


def chat(content: bytes, text: str = "what is this?") -> str:
    """Returns the input of an OpenAI call that shows a picture, as instrumentations write it."""
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{encoded(content)}"}}
    return json.dumps({"messages": [{"role": "user", "content": [{"type": "text", "text": text}, picture]}]})


def call(trace: bytes, ids, content: bytes = PNG, **attributes):
    """Returns a span of a call of a model with a picture."""
    wanted = {"openinference.span.kind": "LLM", "input.value": chat(content), "input.mime_type": JSON, **attributes}
    return span(trace, ids.span(), "chat", attributes=wanted)


def detail(server, sent) -> dict:
    url = f"{server.url}/api/v1/traces/{mlflow_id(sent.trace_id)}/spans/{sent.span_id.hex()}"
    answer = requests.get(url, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_a_picture_in_twenty_calls_is_stored_once(server, protocol):
    memory = InMemorySpanExporter()
    over_http = protocol == "http"
    url, address = f"{server.otlp_http_url}/v1/traces", server.otlp_grpc_address
    exporter = HttpExporter(endpoint=url) if over_http else GrpcExporter(endpoint=address, insecure=True)
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    for number in range(CALLS):
        with provider.get_tracer("app").start_as_current_span("chat") as one:
            one.set_attribute("input.value", chat(PNG, f"question {number}"))
    provider.shutdown()
    sent = memory.get_finished_spans()
    assert files(server) == [hashlib.sha256(PNG).hexdigest()]
    assert disk_bytes(server) < 2 * MIB
    for one in sent:
        trace_id = one.context.trace_id.to_bytes(16, "big")
        (expected,) = encode_spans([one]).resource_spans[0].scope_spans[0].spans
        (back,) = stored_spans(server.url, trace_id).values()
        assert back.SerializeToString() == expected.SerializeToString()


def test_the_mlflow_client_reads_what_it_sent(experiment, shared_server):
    # A picture of its own, since the server is shared. The client itself takes out what it knows to be one.
    picture = b"\xff\xd8\xff" + random.Random(3).randbytes(MIB)
    before = disk_bytes(shared_server)
    traces = []
    for number in range(CALLS):
        inputs = {"question": f"number {number}", "screenshot": encoded(picture)}
        with mlflow.start_span("look", span_type=SpanType.TOOL) as one:
            one.set_inputs(inputs)
            one.set_outputs({"content": "a cat"})
        traces.append((one.trace_id, inputs))
    for trace_id, inputs in traces:
        (one,) = read(trace_id).data.spans
        assert one.inputs == inputs
    assert path_of(shared_server, picture).read_bytes() == picture
    assert disk_bytes(shared_server) - before < 2 * MIB


FORMS = {
    "padded": lambda content: base64.b64encode(content).decode(),
    "bare": lambda content: base64.b64encode(content).decode().rstrip("="),
    "url-safe": lambda content: base64.urlsafe_b64encode(content).decode(),
    "url-safe bare": lambda content: base64.urlsafe_b64encode(content).decode().rstrip("="),
}
AROUND = ["{}", "\ue0ff{}\ue0ff\ue0ff", '{{"a": "\\n{}", "b": "é\\u00e9 🦀"}}', "x {} y {} z", "\ue0ffs {}"]


def test_every_way_to_write_bytes_comes_back(server, ids):
    content = random.Random(4).randbytes(4_000)
    texts = [around.format(*[form(content)] * 2) for form in FORMS.values() for around in AROUND]
    trace = ids.trace()
    looks = f"\ue0ffs{hashlib.sha256(content).hexdigest()}4000\ue0ff"
    attributes = {f"text {n}": text for n, text in enumerate(texts)}
    sent = [
        span(trace, ids.span(), "texts", attributes={**attributes, "looks like one": looks, looks: "a key"}),
        span(trace, ids.span(), "looks", attributes={"alone": looks}),
        span(trace, ids.span(), "bytes", attributes={"bytes": content, "in": [{"a": content}], "few": looks.encode()}),
    ]
    post_spans(server.url, sent)
    assert files(server) == [hashlib.sha256(content).hexdigest()]
    assert stored_spans(server.url, trace) == {one.span_id: one for one in sent}
    shown = {one["key"]: one["value"] for one in detail(server, sent[0])["attributes"]}
    assert shown["text 0"] == texts[0] and shown["looks like one"] == looks
    spanwise("check", server=server)


def test_json_and_log_records_are_cut_too(server, ids):
    trace, span_id = ids.trace(), ids.span()
    attribute = {"key": "input.value", "value": {"stringValue": chat(PNG)}}
    one = {"traceId": trace.hex(), "spanId": span_id.hex(), "name": "chat", "startTimeUnixNano": str(START_NS)}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [{**one, "attributes": [attribute]}]}]}]}
    assert post(server.url, json.dumps(body), content_type=JSON).status_code == 200
    message = {"content": [{"type": "input_audio", "input_audio": {"data": encoded(WAV), "format": "wav"}}]}
    record = LogRecord(
        trace_id=trace,
        span_id=span_id,
        event_name="gen_ai.user.message",
        body=any_value(message),
        time_unix_nano=START_NS,
    )
    request = ExportLogsServiceRequest(resource_logs=[ResourceLogs(scope_logs=[ScopeLogs(log_records=[record])])])
    assert post(server.url, request.SerializeToString(), path="/v1/logs").status_code == 200
    assert sorted(files(server)) == sorted(hashlib.sha256(content).hexdigest() for content in (PNG, WAV))
    back = stored_spans(server.url, trace)[span_id]
    assert back.attributes[0].value.string_value == chat(PNG)
    (log,) = detail(server, back)["logs"]
    assert log["body"] == message


def test_a_message_names_the_address_of_its_attachment(server, ids):
    sent = call(ids.trace(), ids)
    post_spans(server.url, [sent])
    shown = detail(server, sent)
    text, picture = shown["input_messages"][0]["parts"]
    assert text["text"] == "what is this?"
    assert (picture["type"], picture["url"], picture["data"]) == ("image", url_of(PNG), None)
    assert (picture["mime_type"], picture["bytes"]) == ("image/png", len(PNG))
    url = shown["inputs"]["value"]["messages"][0]["content"][1]["image_url"]["url"]
    assert url == f"data:image/png;base64,{url_of(PNG)}"
    assert len(json.dumps(shown)) < 10_000
    whole = requests.get(
        f"{server.url}/api/v1/traces/{mlflow_id(sent.trace_id)}/spans/{sent.span_id.hex()}/attributes/input.value",
        timeout=60,
    )
    assert whole.text == chat(PNG)


def test_an_attachment_is_handed_out_as_what_it_is(server, ids):
    html = b"<!doctype html><script>alert(1)</script>" + b" " * 5_000
    post_spans(server.url, [call(ids.trace(), ids, content) for content in (PNG, html)])

    def get(content: bytes, **headers: str) -> requests.Response:
        return requests.get(server.url + url_of(content), headers=headers, timeout=60)

    answer = get(PNG)
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]
    assert get(PNG, **{"If-None-Match": answer.headers["ETag"]}).status_code == 304
    part = get(PNG, Range="bytes=5-9")
    assert (part.status_code, part.content) == (206, PNG[5:10])
    assert part.headers["Content-Range"] == f"bytes 5-9/{len(PNG)}"
    assert get(PNG, Range=f"bytes={len(PNG)}-").status_code == 416
    page = get(html)
    assert (page.content, page.headers["Content-Type"]) == (html, "application/octet-stream")
    assert page.headers["Content-Disposition"].startswith("attachment")
    assert get(b"unknown").status_code == 404
    assert requests.get(f"{server.url}/api/v1/attachments/../../etc", timeout=60).status_code in (400, 404)


def test_a_retry_is_a_duplicate_and_a_delete_frees_it(server, ids):
    sent = [call(ids.trace(), ids) for _ in range(2)]
    for _ in range(2):
        post_spans(server.url, sent)
    metrics = requests.get(f"{server.url}/metrics", timeout=60).text
    assert "spanwise_store_attachments 1" in metrics and "spanwise_store_spans 2" in metrics
    spanwise("delete", mlflow_id(sent[0].trace_id), "--yes", server=server)
    assert stored_spans(server.url, sent[1].trace_id) == {sent[1].span_id: sent[1]}
    spanwise("delete", mlflow_id(sent[1].trace_id), "--yes", server=server)
    until(lambda: not files(server), "the picture is gone")
    spanwise("check", server=server)


def test_backup_export_and_import_take_it_along(server, new_server, ids, tmp_path):
    sent = [call(ids.trace(), ids) for _ in range(2)]
    post_spans(server.url, sent)
    spanwise("backup", str(tmp_path / "backup"), server=server)
    exported = tmp_path / "all.jsonl"
    spanwise("export", "--output", str(exported), server=server)
    restored = new_server("restored")
    spanwise("restore", str(tmp_path / "backup"), "--data-dir", str(restored.data_dir))
    other = new_server("other").start()
    spanwise("import", str(exported), server=other)
    for copy in (restored.start(), other):
        assert files(copy) == [hashlib.sha256(PNG).hexdigest()]
        for one in sent:
            assert stored_spans(copy.url, one.trace_id) == {one.span_id: one}
        spanwise("check", server=copy)


def test_a_flipped_byte_is_named_and_the_rest_is_read(server, ids):
    bad, good = call(ids.trace(), ids), call(ids.trace(), ids, WAV)
    post_spans(server.url, [bad, good])
    assert server.stop() == 0
    path = path_of(server, PNG)
    content = bytearray(path.read_bytes())
    content[MIB // 2] ^= 1
    path.write_bytes(content)
    done = spanwise("check", "--data-dir", str(server.data_dir), check=False)
    said = done.stdout.decode()
    assert done.returncode != 0 and path.name in said and mlflow_id(bad.trace_id) in said, said
    server.start()
    assert stored_spans(server.url, good.trace_id) == {good.span_id: good}
    assert requests.get(server.url + url_of(PNG), timeout=60).status_code == 500
    assert server.stop() == 0
    content[MIB // 2] ^= 1
    path.write_bytes(content)
    check_store(server.data_dir)


def test_words_around_an_attachment_are_found(server, ids):
    sent = call(ids.trace(), ids)
    post_spans(server.url, [sent])

    def found(where: str) -> bool:
        done = spanwise("search", where, "--json", server=server)
        return mlflow_id(sent.trace_id).encode() in done.stdout

    assert found("text ~ 'what is this'")
    name = hashlib.sha256(PNG).hexdigest()
    assert not found(f"text ~ '{name}'") and not found(f"text ~ '{len(PNG)}'")


def test_one_request_may_hold_it_many_times(server, ids):
    trace = ids.trace()
    sent = [call(trace, ids) for _ in range(CALLS)]
    answer = post(server.url, export_request(sent).SerializeToString(), encoding="gzip")
    assert answer.status_code == 200
    assert stored_spans(server.url, trace) == {one.span_id: one for one in sent}
    assert disk_bytes(server) < 2 * MIB
