"""Calls of LLM providers that the Rust SDK recognises in HTTP traffic, as the MLflow client and the API read them."""

from __future__ import annotations

import uuid

import mlflow
import pytest
import requests
from mlflow.entities import TraceState

from support.rust_examples import run_example

pytestmark = pytest.mark.spanwise

SAID = "This is a canned answer to: Hi"


@pytest.fixture(scope="module")
def trace(target, fake_llm):
    """The trace of the example, which asks each provider once or twice."""
    name = f"rust-{uuid.uuid4().hex}"
    run_example("llm", fake_llm.url, SPANWISE_TRACKING_URI=target.server.url, SPANWISE_EXPERIMENT=name)
    mlflow.set_tracking_uri(target.server.url)
    experiment = mlflow.get_experiment_by_name(name)
    (trace,) = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list")
    return trace


@pytest.fixture(scope="module")
def spans(trace):
    """Its spans by name."""
    return {span.name: span for span in trace.data.spans}


def native(shared_server, span) -> dict:
    url = f"{shared_server.url}/api/v1/traces/{span.trace_id}/spans/{span.span_id}"
    return requests.get(url, timeout=30).json()


def text_of(message: dict) -> str:
    return "".join(part["text"] for part in message["parts"] if part["type"] == "text")


def test_each_call_is_a_span_below_the_agent(trace, spans):
    assert trace.info.state == TraceState.OK
    assert {name: span.span_type for name, span in spans.items()} == {
        "ask all": "AGENT",
        "chat gpt-4o-mini": "CHAT_MODEL",
        "chat gpt-4o": "CHAT_MODEL",
        "chat gpt-5-mini": "CHAT_MODEL",
        "embeddings text-embedding-3-small": "EMBEDDING",
        "chat claude-sonnet-4-5": "CHAT_MODEL",
        "generate_content gemini-2.5-flash": "LLM",
        "chat anthropic.claude-3-5-sonnet-20241022-v2:0": "CHAT_MODEL",
        "chat llama3.2": "CHAT_MODEL",
        "chat command-a-03-2025": "CHAT_MODEL",
        "rerank rerank-v3.5": "RERANKER",
    }
    root = spans["ask all"]
    assert all(span.parent_id == root.span_id for span in spans.values() if span is not root)


def test_tokens_and_cost_add_up(trace, spans):
    calls = [span.attributes.get("mlflow.chat.tokenUsage") for span in spans.values()]
    assert trace.info.token_usage["input_tokens"] == sum(call["input_tokens"] for call in calls if call) > 0
    assert trace.info.token_usage["output_tokens"] == sum(call.get("output_tokens", 0) for call in calls if call) > 0
    cost = spans["chat gpt-4o-mini"].attributes["mlflow.llm.cost"]
    assert cost["total_cost"] == pytest.approx((8 * 0.15 + 8 * 0.6) / 1e6)


def test_answers_are_messages_whoever_gave_them(shared_server, spans):
    for name, span in spans.items():
        if name.startswith(("chat", "generate")) and name != "chat gpt-4o":
            (answer,) = native(shared_server, span)["output_messages"]
            assert (answer["role"], text_of(answer)) == ("assistant", SAID), name
    assert spans["chat llama3.2"].inputs == [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]


def test_instructions_thoughts_and_streams_are_told(shared_server, spans):
    claude = native(shared_server, spans["chat claude-sonnet-4-5"])
    assert [(message["role"], text_of(message)) for message in claude["input_messages"]] == [
        ("system", "Be brief."),
        ("user", "Hi"),
    ]
    assert claude["output_messages"][0]["parts"][0] == {"type": "thinking", "text": "I think about it briefly."}
    assert claude["finish_reasons"] == ["end_turn"]
    assert claude["time_to_first_token_ns"] > 0
    assert claude["parameters"]["max_tokens"] == 2000


def test_a_call_of_a_tool_is_read_with_the_tool(shared_server, spans):
    span = native(shared_server, spans["chat gpt-4o"])
    (part,) = span["output_messages"][0]["parts"]
    assert (part["type"], part["name"], part["arguments"]) == ("tool_call", "weather", {"city": "Rome"})
    (tool,) = span["tools"]
    assert (tool["name"], tool["description"]) == ("weather", "The weather of a city")


def test_vectors_are_counted_and_documents_have_their_scores(shared_server, spans):
    embedding = spans["embeddings text-embedding-3-small"]
    assert embedding.inputs == ["one", "two"]
    assert native(shared_server, embedding)["embedding_dimensions"] == 64
    documents = native(shared_server, spans["rerank rerank-v3.5"])["documents"]
    assert [(document["content"], document["score"]) for document in documents] == [("this", 0.99), ("that", 0.89)]
