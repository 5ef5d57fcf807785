"""Rust's LLM libraries with one line of Spanwise each: what the MLflow client and the API read of the programs in
`examples/rust/llm`, beside what the provider was asked."""

from __future__ import annotations

import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pytest
import requests
from mlflow.entities import SpanStatusCode, TraceState

from support.fake_llm import FakeLlm
from support.rust_examples import build_examples
from support.server import clean_env

pytestmark = pytest.mark.spanwise

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
WEATHER = "The answer is: sunny in Oslo"
VERSE = f"This is a canned answer to: A verse about: {WEATHER}"
# Where each library takes the address from, and where the provider has its API.
ADDRESSES = {
    "OPENAI_BASE_URL": "/openai/v1",
    "ANTHROPIC_BASE_URL": "/anthropic",
    "GEMINI_BASE_URL": "/gemini",
    "OLLAMA_HOST": "",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "/bedrock",
}
PROGRAMS = ("async_openai", "rig", "genai", "ollama", "async_anthropic", "gemini", "bedrock")
KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY")


@pytest.fixture(scope="session")
def examples() -> Path:
    """The folder of the built programs."""
    return build_examples()


@dataclass
class Call:
    """A call of a model: its span as the API and as the MLflow client have it, and what the provider was asked."""

    detail: dict[str, Any]
    span: mlflow.entities.Span
    request: dict[str, Any]
    provider: FakeLlm

    def told_usage(self) -> tuple[int, int]:
        """Asks the provider once more, whose answers are a function of the request, and returns the tokens it tells."""
        path = self.request["path"].replace("streamGenerateContent", "generateContent").removesuffix("-stream")
        prefix = f"/{self.request['provider']}" if self.request["provider"] else ""
        body = {**self.request["body"], "stream": False}
        answer = requests.post(f"{self.provider.url}{prefix}{path}", json=body, timeout=30).json()
        usage = answer.get("usage") or answer.get("usageMetadata") or answer
        names = [
            ("prompt_tokens", "completion_tokens"),
            ("input_tokens", "output_tokens"),
            ("promptTokenCount", "candidatesTokenCount"),
            ("inputTokens", "outputTokens"),
            ("prompt_eval_count", "eval_count"),
        ]
        input_name, output_name = next(pair for pair in names if pair[0] in usage)
        return usage[input_name], usage.get(output_name, 0)

    def said(self) -> str:
        """Returns the text of the answer."""
        (message,) = self.detail["output_messages"]
        return "".join(part.get("text", "") for part in message["parts"])


@dataclass
class Run:
    """What a program printed, and its one trace."""

    printed: str
    trace: mlflow.entities.Trace
    calls: list[Call]

    def tree(self) -> list[tuple[str, str, str | None]]:
        """Returns name, type and parent's name of each span, in the order in which they began."""
        by_id = {span.span_id: span for span in self.trace.data.spans}
        spans = sorted(by_id.values(), key=lambda span: span.start_time_ns)
        return [(s.name, s.span_type, by_id[s.parent_id].name if s.parent_id else None) for s in spans]


@pytest.fixture
def provider():
    """A provider of its own for each test, whose list of requests is that of one program."""
    started = FakeLlm(FIXTURES / "fake_llm/fake_llm.py", FIXTURES / "rust-llm/rules.json").start()
    yield started
    started.stop()


@pytest.fixture
def run(examples: Path, provider: FakeLlm, shared_server):
    """Runs an example to its end and reads its trace back."""

    def start(name: str) -> Run:
        experiment = f"rust-{name}-{uuid.uuid4().hex}"
        to_server = {"SPANWISE_TRACKING_URI": shared_server.url, "SPANWISE_EXPERIMENT": experiment}
        printed = start_program(examples / name, provider, **to_server)
        mlflow.set_tracking_uri(shared_server.url)
        found = mlflow.get_experiment_by_name(experiment)
        (trace,) = mlflow.search_traces(locations=[found.experiment_id], return_type="list")
        return Run(printed, trace, calls(shared_server, provider, trace))

    return start


def start_program(path: Path, provider: FakeLlm, **env: str) -> str:
    """Runs a program whose providers are all `provider`, and returns what it prints."""
    addresses = {variable: f"{provider.url}{prefix}" for variable, prefix in ADDRESSES.items()}
    env = clean_env(**env, **addresses, **dict.fromkeys(KEYS, "none"))
    done = subprocess.run([path], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "spanwise:" not in done.stderr, done.stderr
    return done.stdout.strip()


def calls(server, provider: FakeLlm, trace: mlflow.entities.Trace) -> list[Call]:
    """Pairs the spans of calls with the provider's requests; the programs make one after the other."""
    types = ("CHAT_MODEL", "LLM", "EMBEDDING")
    spans = [span for span in trace.data.spans if span.span_type in types]
    spans.sort(key=lambda span: span.start_time_ns)
    asked = requests.get(f"{provider.url}/__fake/requests", timeout=30).json()
    assert len(asked) == len(spans), [request["path"] for request in asked]
    url = f"{server.url}/api/v1/traces/{trace.info.trace_id}/spans"
    details = [requests.get(f"{url}/{span.span_id}", timeout=30).json() for span in spans]
    return [Call(*both, provider) for both in zip(details, spans, asked, strict=True)]


def usage(call: Call) -> tuple[int, int]:
    told = call.detail["usage"]
    return told["input"], told["output"]


def texts(messages: list[dict[str, Any]]) -> list[str]:
    return ["".join(part.get("text", "") for part in message["parts"]) for message in messages]


def check_agent(run: Run, name: str, said: str) -> None:
    """Checks the root and the tool, which are the same in all programs: these say something, and what failed."""
    assert run.printed.startswith(f"{said} (")
    assert run.trace.info.state == TraceState.OK
    root = next(span for span in run.trace.data.spans if span.parent_id is None)
    assert (root.name, root.span_type, root.outputs) == (name, "AGENT", run.printed)
    assert root.inputs == {"question": "How is the weather in Oslo?"}
    (tool,) = [span for span in run.trace.data.spans if span.span_type == "TOOL"]
    assert tool.name == "weather"
    # The trace used what its calls did.
    known = [usage(call) for call in run.calls if call.detail["usage"]]
    tokens = run.trace.info.token_usage
    assert (tokens["input_tokens"], tokens["output_tokens"]) == tuple(map(sum, zip(*known, strict=True)))


def check_tool_round(
    calls: list[Call], provider: str, model: str, reasons: tuple[str | None, str | None], span_type: str = "CHAT_MODEL"
) -> None:
    """Checks the first two calls: one that asks for the tool, one that answers with what it returned."""
    first, second = calls
    for call, reason in zip(calls, reasons, strict=True):
        detail = call.detail
        assert (detail["type"], detail["kind"]) == (span_type, "CLIENT")
        assert (detail["provider"], detail["model"], detail["asked_model"]) == (provider, model, model)
        assert detail["finish_reasons"] == ([reason] if reason else [])
        assert usage(call) == call.told_usage()
        assert [tool["name"] for tool in detail["tools"]] == ["weather"]
        assert detail["error"] is None
    roles = [message["role"] for message in first.detail["input_messages"]]
    assert roles == ["system", "user"]
    assert texts(first.detail["input_messages"]) == ["Be brief.", "How is the weather in Oslo?"]
    (asked,) = first.detail["output_messages"]
    (wanted,) = [part for part in asked["parts"] if part["type"] == "tool_call"]
    assert (wanted["name"], wanted["arguments"]) == ("weather", {"city": "Oslo"})
    assert "sunny in Oslo" in str(second.detail["input_messages"][-1])
    assert second.said() == WEATHER


def check_stream(call: Call, model: str, reason: str | None, span_type: str = "CHAT_MODEL") -> None:
    """Checks a streamed answer."""
    detail = call.detail
    assert (detail["type"], detail["model"]) == (span_type, model)
    assert detail["finish_reasons"] == ([reason] if reason else [])
    assert texts(detail["input_messages"]) == [f"A verse about: {WEATHER}"]
    assert call.said() == VERSE
    assert usage(call) == call.told_usage()
    assert 0 < detail["time_to_first_token_ns"] <= detail["duration_ns"]


def check_embedding(call: Call, model: str, dimensions: int = 64, knows_tokens: bool = True) -> None:
    """Checks a request for embeddings."""
    detail = call.detail
    assert (detail["type"], detail["model"]) == ("EMBEDDING", model)
    assert VERSE in str(detail["inputs"]["value"])
    assert detail["embedding_dimensions"] == dimensions
    if knows_tokens:
        assert usage(call)[0] == call.told_usage()[0]


def check_failure(call: Call) -> None:
    """Checks the call of a model that does not exist."""
    assert call.detail["asked_model"] == "no-such-model"
    assert call.span.status.status_code == SpanStatusCode.ERROR
    assert "does not exist" in call.detail["error"]


def check_propagation(run: Run) -> None:
    """Checks that the provider was told the span of each call."""
    trace_id = run.trace.info.trace_id.removeprefix("tr-")
    for call in run.calls:
        assert call.request["headers"]["traceparent"] == f"00-{trace_id}-{call.span.span_id}-01"


def check_cost(run: Run) -> None:
    """Checks that each call of a known model has a cost."""
    costs = [call.detail["cost"] for call in run.calls if call.detail["error"] is None and call.detail["usage"]]
    assert costs
    assert all(cost["total"] > 0 for cost in costs)


def test_async_openai(run):
    ran = run("async_openai")
    assert ran.tree() == [
        ("async-openai", "AGENT", None),
        ("chat gpt-4o-mini", "CHAT_MODEL", "async-openai"),
        ("weather", "TOOL", "async-openai"),
        ("chat gpt-4o-mini", "CHAT_MODEL", "async-openai"),
        ("stream_verse", "CHAIN", "async-openai"),
        ("chat gpt-4o-mini", "CHAT_MODEL", "stream_verse"),
        ("embeddings text-embedding-3-small", "EMBEDDING", "async-openai"),
        # Each attempt of the library is one.
        ("chat gpt-4o-mini", "CHAT_MODEL", "async-openai"),
        ("chat gpt-4o-mini", "CHAT_MODEL", "async-openai"),
        ("chat no-such-model", "CHAT_MODEL", "async-openai"),
    ]
    check_agent(ran, "async-openai", "Sun over Oslo")
    check_tool_round(ran.calls[:2], "openai", "gpt-4o-mini", ("tool_calls", "stop"))
    assert ran.calls[0].detail["parameters"]["temperature"] == 0.5
    check_stream(ran.calls[2], "gpt-4o-mini", "stop")
    check_embedding(ran.calls[3], "text-embedding-3-small")
    refused, responded = ran.calls[4:6]
    assert "Slow down" in refused.detail["error"]
    assert refused.span.attributes["http.response.status_code"] == 429
    assert responded.said() == "Sun over Oslo"
    assert usage(responded) == responded.told_usage()
    check_failure(ran.calls[6])
    check_propagation(ran)
    check_cost(ran)


def test_rig(run):
    ran = run("rig")
    assert ran.tree() == [
        ("rig", "AGENT", None),
        ("chat gpt-4o-mini", "CHAT_MODEL", "rig"),
        ("weather", "TOOL", "rig"),
        ("chat gpt-4o-mini", "CHAT_MODEL", "rig"),
        ("chat gpt-4o-mini", "CHAT_MODEL", "rig"),
        ("embeddings text-embedding-3-small", "EMBEDDING", "rig"),
        ("chat no-such-model", "CHAT_MODEL", "rig"),
    ]
    check_agent(ran, "rig", VERSE)
    check_tool_round(ran.calls[:2], "openai", "gpt-4o-mini", ("tool_calls", "stop"))
    check_stream(ran.calls[2], "gpt-4o-mini", "stop")
    check_embedding(ran.calls[3], "text-embedding-3-small", dimensions=1536)
    check_failure(ran.calls[4])
    check_propagation(ran)
    check_cost(ran)


def test_agents_and_tools_of_rig_come_from_tracing(run):
    ran = run("rig_agents")
    assert ran.printed == WEATHER
    assert ran.tree() == [
        ("rig-agents", "CHAIN", None),
        ("invoke_agent", "AGENT", "rig-agents"),
        ("chat gpt-4o-mini", "CHAT_MODEL", "invoke_agent"),
        ("execute_tool", "TOOL", "invoke_agent"),
        ("look_up", "TASK", "execute_tool"),
        ("chat gpt-4o-mini", "CHAT_MODEL", "invoke_agent"),
    ]
    check_tool_round(ran.calls, "openai", "gpt-4o-mini", ("tool_calls", "stop"))
    check_propagation(ran)
    # The agent repeats what its calls used.
    told = [call.told_usage() for call in ran.calls]
    tokens = ran.trace.info.token_usage
    assert (tokens["input_tokens"], tokens["output_tokens"]) == tuple(map(sum, zip(*told, strict=True)))


def test_genai(run):
    ran = run("genai")
    title = f"This is a canned answer to: A title for: {VERSE}"
    assert ran.tree() == [
        ("genai", "AGENT", None),
        ("chat gpt-4o-mini", "CHAT_MODEL", "genai"),
        ("weather", "TOOL", "genai"),
        ("chat gpt-4o-mini", "CHAT_MODEL", "genai"),
        ("chat claude-sonnet-4-5", "CHAT_MODEL", "genai"),
        ("embeddings text-embedding-3-small", "EMBEDDING", "genai"),
        ("chat gemini-2.5-flash", "CHAT_MODEL", "genai"),
        ("chat no-such-model", "CHAT_MODEL", "genai"),
    ]
    check_agent(ran, "genai", title)
    check_tool_round(ran.calls[:2], "openai", "gpt-4o-mini", ("tool_calls", "stop"))
    check_stream(ran.calls[2], "claude-sonnet-4-5", "end_turn")
    assert ran.calls[2].detail["provider"] == "anthropic"
    check_embedding(ran.calls[3], "text-embedding-3-small")
    assert (ran.calls[4].detail["provider"], ran.calls[4].said()) == ("gcp.gemini", title)
    assert usage(ran.calls[4]) == ran.calls[4].told_usage()
    check_failure(ran.calls[5])
    assert ran.calls[5].span.attributes["http.response.status_code"] == 404
    check_cost(ran)


def test_ollama_rs(run):
    ran = run("ollama")
    assert ran.tree() == [
        ("ollama-rs", "AGENT", None),
        ("chat llama3.2", "CHAT_MODEL", "ollama-rs"),
        ("weather", "TOOL", "ollama-rs"),
        ("chat llama3.2", "CHAT_MODEL", "ollama-rs"),
        ("chat llama3.2", "CHAT_MODEL", "ollama-rs"),
        ("embeddings nomic-embed-text", "EMBEDDING", "ollama-rs"),
        ("chat no-such-model", "CHAT_MODEL", "ollama-rs"),
    ]
    check_agent(ran, "ollama-rs", VERSE)
    # The library does not tell why an answer ended, nor the tokens of embeddings.
    check_tool_round(ran.calls[:2], "ollama", "llama3.2", (None, None))
    check_stream(ran.calls[2], "llama3.2", None)
    check_embedding(ran.calls[3], "nomic-embed-text", knows_tokens=False)
    check_failure(ran.calls[4])


def test_async_anthropic(run):
    ran = run("async_anthropic")
    assert ran.tree() == [
        ("async-anthropic", "AGENT", None),
        ("chat claude-sonnet-4-5", "CHAT_MODEL", "async-anthropic"),
        ("weather", "TOOL", "async-anthropic"),
        ("chat claude-sonnet-4-5", "CHAT_MODEL", "async-anthropic"),
        ("chat claude-sonnet-4-5", "CHAT_MODEL", "async-anthropic"),
        ("chat no-such-model", "CHAT_MODEL", "async-anthropic"),
    ]
    check_agent(ran, "async-anthropic", VERSE)
    check_tool_round(ran.calls[:2], "anthropic", "claude-sonnet-4-5", ("tool_use", "end_turn"))
    check_stream(ran.calls[2], "claude-sonnet-4-5", "end_turn")
    check_failure(ran.calls[3])
    check_cost(ran)


def test_gemini_over_reqwest(run):
    ran = run("gemini")
    assert ran.tree() == [
        ("reqwest", "AGENT", None),
        ("generate_content gemini-2.5-flash", "LLM", "reqwest"),
        ("weather", "TOOL", "reqwest"),
        ("generate_content gemini-2.5-flash", "LLM", "reqwest"),
        ("generate_content gemini-2.5-flash", "LLM", "reqwest"),
        ("embeddings gemini-embedding-001", "EMBEDDING", "reqwest"),
        ("generate_content no-such-model", "LLM", "reqwest"),
    ]
    check_agent(ran, "reqwest", VERSE)
    check_tool_round(ran.calls[:2], "gcp.gemini", "gemini-2.5-flash", ("STOP", "STOP"), "LLM")
    check_stream(ran.calls[2], "gemini-2.5-flash", "STOP", "LLM")
    check_embedding(ran.calls[3], "gemini-embedding-001", knows_tokens=False)
    check_failure(ran.calls[4])
    check_propagation(ran)
    check_cost(ran)


def test_bedrock_over_hyper(run):
    ran = run("bedrock")
    model = "anthropic.claude-sonnet-4-5-20250929-v1:0"
    assert ran.tree() == [
        ("hyper", "AGENT", None),
        (f"chat {model}", "CHAT_MODEL", "hyper"),
        ("weather", "TOOL", "hyper"),
        (f"chat {model}", "CHAT_MODEL", "hyper"),
        (f"chat {model}", "CHAT_MODEL", "hyper"),
        ("chat no-such-model", "CHAT_MODEL", "hyper"),
    ]
    check_agent(ran, "hyper", VERSE)
    check_tool_round(ran.calls[:2], "aws.bedrock", model, ("tool_use", "end_turn"))
    check_stream(ran.calls[2], model, "end_turn")
    check_failure(ran.calls[3])
    check_propagation(ran)
    check_cost(ran)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_does_the_same_without_spans(name, examples, provider, shared_server):
    to_server = {"SPANWISE_TRACKING_URI": shared_server.url, "SPANWISE_EXPERIMENT": "never"}
    printed = start_program(examples / name, provider, SPANWISE_SDK_DISABLED="true", **to_server)
    assert "does not exist" in printed
    asked = requests.get(f"{provider.url}/__fake/requests", timeout=30).json()
    assert [request for request in asked if "traceparent" in request["headers"]] == []
    assert bodies(asked) == bodies_with_spans(examples / name, provider, shared_server)


def bodies_with_spans(path: Path, provider: FakeLlm, server) -> list[Any]:
    """Returns what a program sends while its spans are recorded."""
    requests.delete(f"{provider.url}/__fake/requests", timeout=30)
    start_program(path, provider, SPANWISE_TRACKING_URI=server.url, SPANWISE_EXPERIMENT=f"again-{uuid.uuid4().hex}")
    return bodies(requests.get(f"{provider.url}/__fake/requests", timeout=30).json())


def bodies(asked: list[dict[str, Any]]) -> list[Any]:
    return [(request["path"], request["body"]) for request in asked]
