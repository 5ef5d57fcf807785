"""The exporters of the OpenTelemetry Python SDK: what they send comes back, byte for byte and to MLflow's client."""

from __future__ import annotations

import json

import grpc
import mlflow
import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace.span import TraceState

from support.cli import spanwise
from support.otlp import MS, START_NS, export_request, mlflow_id, span, stored, stored_spans

pytestmark = pytest.mark.spanwise

SCALARS = {"text": "héllo 🦀", "empty": "", "yes": True, "no": False, "int": 42, "min": -(2**63), "max": 2**63 - 1}
LISTS = {"texts": ["a", "b"], "bools": [True, False], "ints": [1, 2, 3], "doubles": [0.5, -1e300], "nothing": []}
ATTRIBUTES = {**SCALARS, "double": 0.1, **LISTS}


def exporters(server):
    """Returns one exporter for each protocol and compression."""
    http = f"{server.otlp_http_url}/v1/traces"
    grpc_options = {"endpoint": server.otlp_grpc_address, "insecure": True}
    return {
        "http": lambda: HttpExporter(endpoint=http),
        "http gzip": lambda: HttpExporter(endpoint=http, compression=Compression.Gzip),
        "http deflate": lambda: HttpExporter(endpoint=http, compression=Compression.Deflate),
        "http main port": lambda: HttpExporter(endpoint=f"{server.url}/v1/traces"),
        "grpc": lambda: GrpcExporter(**grpc_options),
        "grpc gzip": lambda: GrpcExporter(**grpc_options, compression=grpc.Compression.Gzip),
    }


EXPORTERS = ["http", "http gzip", "http deflate", "http main port", "grpc", "grpc gzip"]


def make_trace(provider: TracerProvider) -> int:
    """Makes a trace with everything that the SDK can put on a span, and returns its id."""
    tracer = provider.get_tracer("weather", "1.2.3", schema_url="https://example.com/s", attributes={"scope": "yes"})
    elsewhere = SpanContext(0xABC, 0xDEF, is_remote=True, trace_flags=TraceFlags(1))
    parent = trace.NonRecordingSpan(
        SpanContext(0x1, 0x2, True, TraceFlags(1), TraceState([("vendor", "a:b"), ("other", "c")]))
    )
    links = [Link(elsewhere, {"why": "retry", "n": 1})]
    with tracer.start_as_current_span("root", kind=SpanKind.SERVER, attributes=ATTRIBUTES, links=links) as root:
        root.add_event("cache.miss", {"key": "k", "size": 3}, timestamp=START_NS)
        for kind in (SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER, SpanKind.INTERNAL):
            with tracer.start_as_current_span(kind.name, kind=kind) as child:
                child.set_status(Status(StatusCode.ERROR, "boom"))
                child.record_exception(ValueError("boom"))
    with tracer.start_as_current_span("remote child", context=trace.set_span_in_context(parent)):
        pass
    return root.get_span_context().trace_id


@pytest.mark.parametrize("name", EXPORTERS)
def test_what_an_exporter_sends_comes_back_byte_for_byte(shared_server, name):
    resource = Resource.create({"service.name": f"otlp {name}", "host.cores": 8, "tags": ["x", "y"]})
    provider, seen = TracerProvider(resource=resource), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(seen))
    trace_id = make_trace(provider)
    spans = seen.get_finished_spans()
    assert exporters(shared_server)[name]().export(spans) == SpanExportResult.SUCCESS
    sent = encode_spans([s for s in spans if s.context.trace_id == trace_id])
    back = stored(shared_server.url, trace_id.to_bytes(16, "big"))
    (sent_resource,), (back_resource,) = sent.resource_spans, back.resource_spans
    (sent_scope,), (back_scope,) = sent_resource.scope_spans, back_resource.scope_spans
    assert back_resource.resource == sent_resource.resource
    assert back_scope.scope == sent_scope.scope and back_scope.schema_url == sent_scope.schema_url
    assert by_id(back_scope.spans) == by_id(sent_scope.spans)


def by_id(spans):
    """Returns serialized spans by their id."""
    return {s.span_id: s.SerializeToString(deterministic=True) for s in spans}


def test_trace_state_of_a_remote_parent_is_kept(shared_server):
    provider, seen = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(seen))
    make_trace(provider)
    exporters(shared_server)["grpc"]().export(seen.get_finished_spans())
    (child,) = [s for s in seen.get_finished_spans() if s.name == "remote child"]
    back = stored_spans(shared_server.url, (0x1).to_bytes(16, "big"))[child.context.span_id.to_bytes(8, "big")]
    assert back.trace_state == "vendor=a:b,other=c"
    assert back.parent_span_id == (0x2).to_bytes(8, "big")
    assert back.flags == encode_spans([child]).resource_spans[0].scope_spans[0].spans[0].flags


def test_batches_of_a_real_pipeline_are_complete(shared_server):
    provider = TracerProvider(resource=Resource.create({"service.name": "pipeline"}))
    provider.add_span_processor(
        BatchSpanProcessor(exporters(shared_server)["grpc gzip"](), max_export_batch_size=50, max_queue_size=4096)
    )
    tracer = provider.get_tracer("t")
    with tracer.start_as_current_span("root") as root:
        for n in range(500):
            tracer.start_span(f"child {n}").end()
    assert provider.force_flush()
    spans = stored_spans(shared_server.url, root.get_span_context().trace_id.to_bytes(16, "big"))
    assert {s.name for s in spans.values()} == {"root", *(f"child {n}" for n in range(500))}
    provider.shutdown()


def test_the_mlflow_client_reads_an_otlp_trace(shared_server, target, experiment_name):
    provider = TracerProvider(resource=Resource.create({"service.name": experiment_name, "deployment": "prod"}))
    provider.add_span_processor(SimpleSpanProcessor(exporters(shared_server)["http"]()))
    tracer = provider.get_tracer("t")
    with tracer.start_as_current_span("chat gpt-4o-mini", attributes=GEN_AI):
        with tracer.start_as_current_span("execute_tool weather", attributes={"gen_ai.operation.name": "execute_tool"}):
            pass
    mlflow.set_tracking_uri(target.url)
    experiment = mlflow.get_experiment_by_name(experiment_name)
    (found,) = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list")
    root, tool = found.data.spans
    assert found.info.tags["mlflow.traceName"] == "chat gpt-4o-mini"
    assert found.info.tags["deployment"] == "prod"
    assert (root.span_type, tool.span_type) == ("CHAT_MODEL", "TOOL")
    assert tool.parent_id == root.span_id
    assert root.inputs == json.loads(GEN_AI["gen_ai.input.messages"])
    assert root.get_attribute("gen_ai.request.temperature") == 0.5
    assert found.info.token_usage == {"input_tokens": 12, "output_tokens": 7, "total_tokens": 19}
    assert root.model_name == "gpt-4o-mini"
    assert found.info.state == "OK"


GEN_AI = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.request.temperature": 0.5,
    "gen_ai.usage.input_tokens": 12,
    "gen_ai.usage.output_tokens": 7,
    "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]),
    "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": "Ho"}]}]),
}


def test_the_command_line_gives_the_same_bytes(shared_server, ids):
    trace_id = ids.trace()
    request = export_request(
        [span(trace_id, ids.span(), "cli", attributes={"raw": b"\x00\xff"})], {"service.name": "s"}
    )
    call_grpc(shared_server, request)
    as_protobuf = spanwise("get", mlflow_id(trace_id), "--format", "otlp", server=shared_server).stdout
    assert type(request).FromString(as_protobuf) == request
    as_json = json.loads(spanwise("get", mlflow_id(trace_id), "--format", "otlp-json", server=shared_server).stdout)
    (found,) = as_json["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert found["traceId"] == trace_id.hex() and found["name"] == "cli"
    assert found["startTimeUnixNano"] == str(START_NS) and found["endTimeUnixNano"] == str(START_NS + MS)
    assert found["attributes"] == [{"key": "raw", "value": {"bytesValue": "AP8="}}]


def call_grpc(server, request, metadata=(), compression=None) -> ExportTraceServiceResponse:
    """Sends one request without an SDK."""
    with grpc.insecure_channel(server.otlp_grpc_address) as channel:
        return TraceServiceStub(channel).Export(request, metadata=metadata, compression=compression, timeout=30)


def test_grpc_takes_the_experiment_from_metadata(shared_server, api, ids, experiment_name):
    experiment_id, trace_id = api.experiment(experiment_name), ids.trace()
    request = export_request([span(trace_id, ids.span())], {"service.name": "elsewhere"})
    call_grpc(shared_server, request, metadata=[("x-mlflow-experiment-id", experiment_id)])
    assert api.trace_ids(experiment_id) == [mlflow_id(trace_id)]


@pytest.mark.parametrize(
    ("experiment", "code"),
    [("987654321", grpc.StatusCode.NOT_FOUND), ("abc", grpc.StatusCode.INVALID_ARGUMENT)],
    ids=["unknown", "no number"],
)
def test_grpc_refuses_a_wrong_experiment(shared_server, ids, experiment, code):
    request = export_request([span(ids.trace(), ids.span())])
    with pytest.raises(grpc.RpcError) as caught:
        call_grpc(shared_server, request, metadata=[("x-mlflow-experiment-id", experiment)])
    assert caught.value.code() == code
    assert experiment in caught.value.details()


def test_grpc_reports_a_bad_span_and_keeps_the_others(shared_server, ids):
    trace_id, good = ids.trace(), ids.span()
    answer = call_grpc(shared_server, export_request([span(trace_id, good), span(trace_id, b"short")]))
    assert answer.partial_success.rejected_spans == 1
    assert "span" in answer.partial_success.error_message
    assert set(stored_spans(shared_server.url, trace_id)) == {good}
