"""The Rust SDK's examples, as the MLflow client and the API read them."""

from __future__ import annotations

import uuid
from pathlib import Path

import mlflow
import pytest
import requests
from mlflow.entities import SpanStatusCode, TraceState

from support.rust_examples import run_example
from support.server import Server
from support.wait import until

pytestmark = pytest.mark.spanwise


def test_an_agent_is_one_tree(shared_server):
    name = f"rust-{uuid.uuid4().hex}"
    printed = run_example("agent", SPANWISE_TRACKING_URI=shared_server.url, SPANWISE_EXPERIMENT=name)
    assert printed.strip() == "So: 4 °C in Oslo, 17 °C in Rome, 2000 km to Rome."
    mlflow.set_tracking_uri(shared_server.url)
    experiment = mlflow.get_experiment_by_name(name)
    (trace,) = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list")
    assert (trace.info.state, trace.info.tags["mlflow.traceName"]) == (TraceState.OK, "weather agent")
    assert trace.info.tags["env"] == "example"
    assert trace.info.trace_metadata["mlflow.trace.session"] == "s-1"
    assert trace.info.trace_metadata["mlflow.trace.user"] == "ada"
    assert trace.info.trace_metadata["release"] == "1.0"
    spans = trace.data.spans
    by_id = {span.span_id: span for span in spans}
    above = sorted((span.name, by_id[span.parent_id].name if span.parent_id else None) for span in spans)
    assert above == [
        ("answer", None),
        ("distance", "elsewhere"),
        ("elsewhere", "answer"),
        ("forecast", "weather"),
        ("forecast", "weather"),
        ("forecast", "weather"),
        ("gather", "answer"),
        ("parse", "answer"),
        ("plan", "answer"),
        ("weather", "gather"),
        ("weather", "gather"),
        ("write", "answer"),
    ]
    one = {span.name: span for span in spans}
    assert one["answer"].inputs == {"question": "Where is it warmer, in Oslo or in Rome?"}
    assert one["answer"].outputs == printed.strip()
    assert one["answer"].span_type == "AGENT"
    assert one["plan"].outputs == ["Oslo", "Rome"]
    assert one["write"].outputs == printed.strip()
    assert one["parse"].status.status_code == SpanStatusCode.ERROR
    assert one["parse"].status.description == "invalid digit found in string"
    assert [event.name for event in one["parse"].events] == ["exception"]
    states = [span.status.status_code for span in spans if span.name == "forecast"]
    assert (states.count(SpanStatusCode.ERROR), states.count(SpanStatusCode.OK)) == (1, 2)
    # Metadata is the trace's, for filters of both APIs.
    (found,) = mlflow.search_traces(
        locations=[experiment.experiment_id], filter_string="metadata.release = '1.0'", return_type="list"
    )
    assert found.info.trace_id == trace.info.trace_id
    asked = {"experiment": name, "filter": "metadata.release = '1.0'"}
    page = requests.get(f"{shared_server.url}/api/v1/traces", params=asked, timeout=30).json()
    assert [one["trace_id"] for one in page["traces"]] == [trace.info.trace_id]


def test_spans_come_over_grpc(shared_server):
    mlflow.set_tracking_uri(shared_server.url)
    experiment = mlflow.create_experiment(f"rust-grpc-{uuid.uuid4().hex}")
    run_example(
        "agent",
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{shared_server.otlp_grpc_address}",
        OTEL_EXPORTER_OTLP_PROTOCOL="grpc",
        MLFLOW_EXPERIMENT_ID=experiment,
    )
    (trace,) = mlflow.search_traces(locations=[experiment], return_type="list")
    assert (trace.info.tags["mlflow.traceName"], len(trace.data.spans)) == ("weather agent", 12)


@pytest.mark.parametrize(
    ("name", "spans"),
    [
        ("functions", ["ask", "ask", "ask_twice", "fails", "functions", "largest", "tokens", "weather"]),
        ("context", ["nightly report", "part", "part", "part", "send mail"]),
        ("feedback", ["ask"]),
        ("headers", ["call", "handled"]),
    ],
)
def test_an_example_records_what_it_says(shared_server, name: str, spans: list[str]):
    experiment = f"rust-{name}-{uuid.uuid4().hex}"
    run_example(name, SPANWISE_TRACKING_URI=shared_server.url, SPANWISE_EXPERIMENT=experiment)
    mlflow.set_tracking_uri(shared_server.url)
    found = mlflow.get_experiment_by_name(experiment)
    traces = mlflow.search_traces(locations=[found.experiment_id], return_type="list")
    assert sorted(span.name for trace in traces for span in trace.data.spans) == spans


def test_redaction_counters_and_sampling(shared_server):
    experiment = f"rust-control-{uuid.uuid4().hex}"
    printed = run_example("control", SPANWISE_TRACKING_URI=shared_server.url, SPANWISE_EXPERIMENT=experiment)
    assert "dropped: 0" in printed and "filtered: " in printed
    mlflow.set_tracking_uri(shared_server.url)
    found = mlflow.get_experiment_by_name(experiment)
    traces = mlflow.search_traces(locations=[found.experiment_id], return_type="list", max_results=1000)
    spans = [span for trace in traces for span in trace.data.spans]
    (login,) = [span for span in spans if span.name == "login"]
    assert login.inputs == {"user": "ada", "password": "***"}
    # One in a hundred of 1,000.
    assert len([span for span in spans if span.name == "health"]) < 100
    assert {span.name for span in spans} <= {"login", "health"}


def test_each_of_several_targets_gets_all_spans(shared_server, tmp_path: Path):
    data_dir = tmp_path / "data"
    printed = run_example("delivery", str(data_dir), SPANWISE_TRACKING_URI=shared_server.url)
    assert printed.count(": 100 sent, 0 waiting") == 3, printed
    asked = {"experiment": "delivery", "limit": "1000"}
    page = requests.get(f"{shared_server.url}/api/v1/traces", params=asked, timeout=30).json()
    assert len(page["traces"]) == 100
    assert len(list((data_dir / "inbox").glob("*.otlp"))) == 1


def test_traces_of_a_program_without_a_server_come_in_later(tmp_path: Path):
    data_dir = tmp_path / "data"
    run_example("offline", str(data_dir))
    assert len(list((data_dir / "inbox").glob("*.otlp"))) == 1
    server = Server(data_dir).start()
    try:
        until(lambda: not list((data_dir / "inbox").iterdir()), "the inbox is taken in")
        # What was taken in is durable: nothing but the disk outlives this.
        server.kill()
        server.start()
        page = requests.get(f"{server.url}/api/v1/traces", params={"experiment": "offline"}, timeout=30).json()
        assert [trace["name"] for trace in page["traces"]] == ["measure"]
    finally:
        server.close()


def one_trace(server: Server, experiment: str):
    """Returns the only trace of an experiment, as MLflow's client reads it."""
    mlflow.set_tracking_uri(server.url)
    found = mlflow.get_experiment_by_name(experiment)
    (trace,) = mlflow.search_traces(locations=[found.experiment_id], return_type="list")
    return trace


def parents(spans) -> list[tuple[str, str | None]]:
    """Returns the names of all spans with those of their parents."""
    names = {span.span_id: span.name for span in spans}
    return sorted((span.name, names[span.parent_id] if span.parent_id else None) for span in spans)


def test_spans_of_tracing_are_in_the_same_tree(shared_server):
    name = f"rust-{uuid.uuid4().hex}"
    printed = run_example("tracing", SPANWISE_TRACKING_URI=shared_server.url, SPANWISE_EXPERIMENT=name)
    assert printed.strip() == "sunny in Oslo, no forecast"
    trace = one_trace(shared_server, name)
    spans = trace.data.spans
    assert parents(spans) == [
        ("answer", None),
        ("chat", "answer"),
        ("forecast", "task"),
        ("forecast", "task"),
        ("parse", "chat"),
        ("task", "answer"),
        ("task", "answer"),
    ]
    assert trace.info.tags["env"] == "example"
    one = {span.name: span for span in spans}
    chat = one["chat"]
    assert (chat.attributes["gen_ai.usage.input_tokens"], chat.attributes["gen_ai.usage.output_tokens"]) == (12, 4)
    assert [(event.name, event.attributes["attempt"]) for event in chat.events] == [("asking", 1)]
    assert trace.info.token_usage == {"input_tokens": 12, "output_tokens": 4, "total_tokens": 16}
    assert one["answer"].outputs == printed.strip()
    tools = [span for span in spans if span.name == "forecast"]
    assert {span.span_type for span in tools} == {"TOOL"}
    (failed,) = [span for span in tools if span.status.status_code == SpanStatusCode.ERROR]
    assert (failed.attributes["city"], failed.status.description) == ("Rome", "no station in Rome")
    assert [event.name for event in failed.events] == ["nobody measures here", "exception"]
    # What the fields of GenAI say is in the normal form.
    page = f"{shared_server.url}/api/v1/traces/{trace.info.trace_id}/spans/{chat.span_id}"
    normal = requests.get(page, timeout=30).json()
    assert (normal["type"], normal["model"], normal["provider"]) == ("CHAT_MODEL", "gpt-4o-mini", "openai")
    messages = normal["input_messages"] + normal["output_messages"]
    texts = [(message["role"], message["parts"][0]["text"]) for message in messages]
    assert texts == [("user", "Where is it warmer, in Oslo or in Rome?"), ("assistant", "Oslo, Rome")]


def test_spans_of_opentelemetry_are_in_the_same_tree(shared_server):
    name = f"rust-{uuid.uuid4().hex}"
    printed = run_example("opentelemetry", SPANWISE_TRACKING_URI=shared_server.url, SPANWISE_EXPERIMENT=name)
    assert printed.strip() == "There are 3 boxes of tea."
    trace = one_trace(shared_server, name)
    spans = trace.data.spans
    assert parents(spans) == [
        ("GET /advice", None),
        ("SELECT stock", "advice"),
        ("advice", "GET /advice"),
        ("count", "SELECT stock"),
        ("write", "advice"),
    ]
    assert (trace.info.state, trace.info.tags["mlflow.traceName"]) == (TraceState.OK, "GET /advice")
    one = {span.name: span for span in spans}
    assert one["advice"].attributes["stock"] == 3
    assert one["SELECT stock"].attributes["db.system.name"] == "sqlite"
    assert one["SELECT stock"].attributes["otel.scope.name"] == "database"
    assert one["write"].outputs == printed.strip()
