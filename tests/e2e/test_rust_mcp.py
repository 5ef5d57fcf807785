"""A client and a server of MCP in Rust, in two processes: what the MLflow client and the API read of
`examples/rust/mcp`, over standard input and output, and over HTTP."""

from __future__ import annotations

import signal
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pytest
import requests
from mlflow.entities import Span, SpanStatusCode, Trace, TraceState

from support.ports import lease_port
from support.rust_examples import build_examples
from support.server import Server, clean_env

pytestmark = pytest.mark.spanwise

DEADLINE_S = 60
PRINTED = """\
tool advise
tool forecast
tool plan
tool sky
1 resource
1 message
Some(3) None
Mcp error: -32602: a trip has at least one day
enough
It is 3 degrees in Oslo. What should I wear? A coat.
"""


@dataclass
class Run:
    """One run of the agent, as it was recorded."""

    transport: str
    server: Server
    trace: Trace

    def pair(self, name: str, **inputs: Any) -> tuple[Span, Span]:
        """Returns the spans of one request: the client's and the server's below it."""
        found = [span for span in self.trace.data.spans if span.name == name and span.inputs == (inputs or None)]
        kinds = {self.detail(span)["kind"]: span for span in found}
        assert (len(found), sorted(kinds)) == (2, ["CLIENT", "SERVER"]), name
        assert kinds["SERVER"].parent_id == kinds["CLIENT"].span_id
        return kinds["CLIENT"], kinds["SERVER"]

    def one(self, name: str) -> Span:
        (span,) = [span for span in self.trace.data.spans if span.name == name]
        return span

    def detail(self, span: Span) -> dict[str, Any]:
        """Returns what the native API says of a span."""
        url = f"{self.server.url}/api/v1/traces/{self.trace.info.trace_id}/spans/{span.span_id}"
        return requests.get(url, timeout=30).json()


@pytest.fixture(scope="module", params=["stdio", "http"])
def run(request: pytest.FixtureRequest, target) -> Iterator[Run]:
    """The agent, after it has used the weather service over a transport."""
    folder = build_examples()
    name = f"mcp-{request.param}-{uuid.uuid4().hex}"
    env = clean_env(SPANWISE_TRACKING_URI=target.url, SPANWISE_EXPERIMENT=name)
    if request.param == "stdio":
        run_client(folder, str(folder / "mcp-server"), env)
    else:
        service = start_service(folder, env)
        try:
            run_client(folder, service.stdout.readline().strip(), env)
            service.send_signal(signal.SIGINT)
            assert service.wait(DEADLINE_S) == 0, service.stderr.read()
        finally:
            service.kill()
    mlflow.set_tracking_uri(target.url)
    experiment = mlflow.get_experiment_by_name(name)
    (trace,) = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list")
    yield Run(request.param, target.server, trace)


def start_service(folder: Path, env: dict[str, str]) -> subprocess.Popen:
    command = [str(folder / "mcp-server"), "http", str(lease_port())]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run_client(folder: Path, server: str, env: dict[str, str]) -> None:
    command = [str(folder / "mcp-client"), server]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=DEADLINE_S)
    assert (done.returncode, done.stdout, done.stderr) == (0, PRINTED, "")


def test_two_processes_are_one_tree(run: Run):
    spans = run.trace.data.spans
    assert (run.trace.info.state, run.trace.info.tags["mlflow.traceName"]) == (TraceState.OK, "travel")
    assert [span.name for span in spans if span.parent_id is None] == ["travel"]
    by_id = {span.span_id: span for span in spans}
    above = sorted((span.name, by_id[span.parent_id].name if span.parent_id else "") for span in spans)
    of_both = ["initialize", "prompts/get packing", "resources/read", "tools/list"]
    of_both += ["tools/call advise", "tools/call plan", "tools/call plan", "tools/call sky"]
    assert above == sorted(
        [
            ("travel", ""),
            *((name, "travel") for name in of_both),
            *((name, name) for name in of_both),
            *[("forecast", "travel"), ("tools/call forecast", "forecast")] * 2,
            *[("tools/call forecast", "tools/call forecast"), ("look_up", "tools/call forecast")] * 2,
            ("look_up", "tools/call advise"),
            ("ask_the_model", "tools/call advise"),
            ("sampling/createMessage", "ask_the_model"),
            ("sampling/createMessage", "sampling/createMessage"),
            ("model", "sampling/createMessage"),
        ]
    )


def test_a_tool_call_has_type_arguments_and_structured_content(run: Run):
    for span in run.pair("tools/call forecast", city="Oslo"):
        assert (span.span_type, span.status.status_code) == ("TOOL", SpanStatusCode.OK)
        assert span.outputs == {"city": "Oslo", "degrees": 3}
        assert span.attributes["mcp.method.name"] == "tools/call"
        assert span.attributes["gen_ai.operation.name"] == "execute_tool"
        assert span.attributes["gen_ai.tool.name"] == "forecast"
        assert span.attributes["mcp.protocol.version"] == "2025-11-25"
        assert span.attributes["jsonrpc.request.id"].isdigit()


def test_the_transport_is_told(run: Run):
    client, server = run.pair("tools/call forecast", city="Oslo")
    if run.transport == "stdio":
        assert {span.attributes["network.transport"] for span in (client, server)} == {"pipe"}
        assert "mcp.session.id" not in server.attributes
        return
    for span in (client, server):
        assert (span.attributes["network.transport"], span.attributes["network.protocol.name"]) == ("tcp", "http")
    assert server.attributes["network.protocol.version"] == "1.1"
    assert uuid.UUID(server.attributes["mcp.session.id"])


def test_what_a_tool_says_went_wrong_fails_both_spans(run: Run):
    for span in run.pair("tools/call forecast", city="Atlantis"):
        assert span.status.status_code == SpanStatusCode.ERROR
        assert span.status.description == "no station in Atlantis"
        assert span.attributes["error.type"] == "tool_error"
        assert span.outputs == "no station in Atlantis"


def test_a_json_rpc_error_fails_both_spans(run: Run):
    for span in run.pair("tools/call plan", days=0):
        assert span.status.status_code == SpanStatusCode.ERROR
        assert span.status.description == "a trip has at least one day"
        assert span.attributes["rpc.response.status_code"] == "-32602"
        assert span.attributes["error.type"] == "-32602"
        assert [event.name for event in span.events] == ["exception"]


def test_notifications_are_events_and_a_call_that_is_given_up_is_cancelled(run: Run):
    for span in run.pair("tools/call plan", days=7):
        assert span.status.status_code == SpanStatusCode.ERROR
        assert span.status.description == "cancelled: request abandoned by the caller"
        assert span.attributes["error.type"] == "cancelled"
        assert span.events[-1].name == "notifications/cancelled"
        (progress,) = [event for event in span.events if event.name == "notifications/progress"]
        assert progress.attributes["message"] == "day 1"
        assert (progress.attributes["progress"], progress.attributes["total"]) == ("1.0", "7.0")


def test_a_log_message_is_an_event(run: Run):
    client, server = run.pair("tools/call plan", days=7)
    # Over HTTP it comes on a stream of its own, which may be later than the end of the call.
    for span in [server] if run.transport == "http" else [client, server]:
        (message,) = [event for event in span.events if event.name == "notifications/message"]
        assert message.attributes["data"] == "this takes long"


def test_prompts_resources_and_images_are_outputs(run: Run):
    for span in run.pair("prompts/get packing", city="Oslo"):
        assert span.attributes["gen_ai.prompt.name"] == "packing"
        assert span.outputs["messages"][0]["content"]["text"] == "What should I pack for Oslo?"
    for span in run.pair("resources/read", uri="weather://stations"):
        assert span.attributes["mcp.resource.uri"] == "weather://stations"
        assert span.outputs["contents"][0]["text"] == "Oslo, Rome"
    sky = [span for span in run.trace.data.spans if span.name == "tools/call sky"]
    assert [span.outputs["content"][0]["mimeType"] for span in sky] == ["image/png"] * 2


def test_what_a_server_asks_back_has_messages(run: Run):
    asked = [span for span in run.trace.data.spans if span.name == "sampling/createMessage"]
    details = [run.detail(span) for span in asked]
    assert sorted(detail["kind"] for detail in details) == ["CLIENT", "SERVER"]
    for detail in details:
        assert detail["input_messages"][0]["parts"][0]["text"] == "It is 3 degrees in Oslo. What should I wear?"
        assert detail["output_messages"][0]["parts"][0]["text"].endswith("A coat.")
