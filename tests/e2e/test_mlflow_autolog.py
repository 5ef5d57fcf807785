"""`mlflow.openai`, `mlflow.anthropic` and `mlflow.langchain` autologging against the fake LLM provider."""

from __future__ import annotations

import asyncio

import anthropic
import mlflow
import openai
import pytest
from mlflow.entities import SpanStatusCode, TraceState

from support.client import last, search

MODEL = "gpt-4o-mini"
CLAUDE = "claude-sonnet-4-5"
ASK = [{"role": "user", "content": "[[fake:say Hello there.]] Hi"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture
def openai_client(experiment, fake_llm):
    mlflow.openai.autolog()
    yield openai.OpenAI(base_url=f"{fake_llm.url}/openai/v1", api_key="x", max_retries=0)
    mlflow.openai.autolog(disable=True)


@pytest.fixture
def anthropic_client(experiment, fake_llm):
    mlflow.anthropic.autolog()
    yield anthropic.Anthropic(base_url=f"{fake_llm.url}/anthropic", api_key="x", max_retries=0)
    mlflow.anthropic.autolog(disable=True)


@pytest.fixture
def langchain_model(experiment, fake_llm):
    from langchain_openai import ChatOpenAI

    mlflow.langchain.autolog()
    yield ChatOpenAI(model=MODEL, base_url=f"{fake_llm.url}/openai/v1", api_key="x", max_retries=0)
    mlflow.langchain.autolog(disable=True)


def assert_usage(trace, input_tokens, output_tokens):
    """The trace's totals are those that the provider reported."""
    usage = {"input_tokens": input_tokens, "output_tokens": output_tokens, "total_tokens": input_tokens + output_tokens}
    assert {key: trace.info.token_usage[key] for key in usage} == usage


def test_openai_chat(openai_client):
    answer = openai_client.chat.completions.create(model=MODEL, messages=ASK)
    trace = last()
    (span,) = trace.data.spans
    assert trace.info.state == TraceState.OK
    assert span.span_type == "CHAT_MODEL"
    assert span.inputs["messages"] == ASK
    assert span.outputs["choices"][0]["message"]["content"] == "Hello there."
    assert span.model_name == MODEL
    assert_usage(trace, answer.usage.prompt_tokens, answer.usage.completion_tokens)
    assert trace.info.response_preview == "Hello there."


def test_openai_stream(openai_client):
    stream = openai_client.chat.completions.create(
        model=MODEL, messages=ASK, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    trace = last()
    (span,) = trace.data.spans
    assert span.outputs["choices"][0]["message"]["content"] == "Hello there."
    assert len([event for event in span.events if event.name.startswith("mlflow.chunk.item.")]) == len(chunks)
    usage = chunks[-1].usage
    assert_usage(trace, usage.prompt_tokens, usage.completion_tokens)


def test_openai_async(experiment, fake_llm):
    mlflow.openai.autolog()
    client = openai.AsyncOpenAI(base_url=f"{fake_llm.url}/openai/v1", api_key="x", max_retries=0)

    async def ask_twice():
        ask = client.chat.completions.create
        return await asyncio.gather(ask(model=MODEL, messages=ASK), ask(model=MODEL, messages=ASK))

    try:
        asyncio.run(ask_twice())
    finally:
        mlflow.openai.autolog(disable=True)
    traces = search(experiment)
    assert len(traces) == 2
    assert {trace.data.spans[0].outputs["choices"][0]["message"]["content"] for trace in traces} == {"Hello there."}


def test_openai_tools_in_an_agent_loop(openai_client):
    @mlflow.trace(span_type="TOOL")
    def get_weather(city):
        return f"sunny in {city}"

    @mlflow.trace(span_type="AGENT")
    def agent(question):
        messages = [{"role": "user", "content": question}]
        first = openai_client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER])
        call = first.choices[0].message.tool_calls[0]
        messages.append(first.choices[0].message.model_dump(exclude_none=True))
        result = get_weather("Rome")
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
        return openai_client.chat.completions.create(model=MODEL, messages=messages, tools=[WEATHER]), first

    final, first = agent("What is the weather in Rome?")
    trace = last()
    root, *children = trace.data.spans
    assert (root.name, root.span_type) == ("agent", "AGENT")
    assert [span.span_type for span in children] == ["CHAT_MODEL", "TOOL", "CHAT_MODEL"]
    assert {span.parent_id for span in children} == {root.span_id}
    called = children[0].outputs["choices"][0]["message"]["tool_calls"][0]["function"]
    assert called["name"] == "get_weather"
    assert children[0].get_attribute("mlflow.chat.tools")[0]["function"]["name"] == "get_weather"
    assert children[1].outputs == "sunny in Rome"
    assert_usage(
        trace,
        first.usage.prompt_tokens + final.usage.prompt_tokens,
        first.usage.completion_tokens + final.usage.completion_tokens,
    )


def test_openai_error(openai_client):
    with pytest.raises(openai.RateLimitError):
        openai_client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "[[fake:429]] Hi"}])
    trace = last()
    (span,) = trace.data.spans
    assert trace.info.state == TraceState.ERROR
    assert span.status.status_code == SpanStatusCode.ERROR
    assert any(event.name == "exception" for event in span.events)


def test_openai_responses_and_embeddings(openai_client):
    openai_client.responses.create(model=MODEL, input="[[fake:say Done.]] Go")
    responses = last()
    assert responses.data.spans[0].outputs["output"][0]["content"][0]["text"] == "Done."
    assert responses.info.token_usage["total_tokens"] > 0
    openai_client.embeddings.create(model="text-embedding-3-small", input="hello", encoding_format="float")
    embeddings = last()
    assert embeddings.data.spans[0].span_type == "EMBEDDING"
    assert embeddings.data.spans[0].inputs["input"] == "hello"


def test_anthropic_message(anthropic_client):
    answer = anthropic_client.messages.create(model=CLAUDE, max_tokens=100, messages=ASK)
    trace = last()
    (span,) = trace.data.spans
    assert span.span_type == "CHAT_MODEL"
    assert span.inputs["messages"] == ASK
    assert span.outputs["content"][0]["text"] == "Hello there."
    assert_usage(trace, answer.usage.input_tokens, answer.usage.output_tokens)


def test_anthropic_tools(anthropic_client):
    tool = {"name": "get_weather", "input_schema": WEATHER["function"]["parameters"]}
    anthropic_client.messages.create(
        model=CLAUDE, max_tokens=100, messages=[{"role": "user", "content": "Weather in Rome?"}], tools=[tool]
    )
    (span,) = last().data.spans
    (block,) = [block for block in span.outputs["content"] if block["type"] == "tool_use"]
    assert block["name"] == "get_weather"
    assert span.get_attribute("mlflow.chat.tools")[0]["function"]["name"] == "get_weather"


def test_anthropic_error(anthropic_client):
    with pytest.raises(anthropic.APIStatusError):
        anthropic_client.messages.create(
            model=CLAUDE, max_tokens=100, messages=[{"role": "user", "content": "[[fake:529]] Hi"}]
        )
    trace = last()
    assert trace.info.state == TraceState.ERROR
    assert trace.data.spans[0].status.status_code == SpanStatusCode.ERROR


def test_langchain_chain(langchain_model):
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.prompts import ChatPromptTemplate

    chain = ChatPromptTemplate.from_template("[[fake:say Fine.]] How is {name}?") | langchain_model | StrOutputParser()
    assert chain.invoke({"name": "Ada"}) == "Fine."
    trace = last()
    root, *children = trace.data.spans
    assert (root.span_type, root.inputs, root.outputs) == ("CHAIN", {"name": "Ada"}, "Fine.")
    assert [span.span_type for span in children] == ["CHAIN", "CHAT_MODEL", "CHAIN"]
    assert {span.parent_id for span in children} == {root.span_id}
    assert trace.info.token_usage["total_tokens"] > 0


def test_langchain_stream(langchain_model):
    assert "".join(chunk.content for chunk in langchain_model.stream("[[fake:say One two.]] Go")) == "One two."
    (span,) = last().data.spans
    assert span.span_type == "CHAT_MODEL"
    assert "One two." in str(span.outputs)


def test_langchain_tool_call_and_tool(langchain_model):
    from langchain_core.tools import tool

    @tool
    def get_weather(city: str) -> str:
        """The weather of a city."""
        return f"sunny in {city}"

    answer = langchain_model.bind_tools([get_weather]).invoke("Weather in Rome?")
    model_span = last().data.spans[0]
    assert answer.tool_calls[0]["name"] == "get_weather"
    assert "get_weather" in str(model_span.outputs)
    assert get_weather.invoke({"city": "Rome"}) == "sunny in Rome"
    (tool_span,) = last().data.spans
    assert (tool_span.name, tool_span.span_type) == ("get_weather", "TOOL")


def test_langchain_agent(langchain_model):
    from langchain.agents import create_agent
    from langchain_core.tools import tool

    @tool
    def get_weather(city: str) -> str:
        """The weather of a city."""
        return f"sunny in {city}"

    agent = create_agent(langchain_model, [get_weather])
    agent.invoke({"messages": [{"role": "user", "content": "Weather in Rome?"}]})
    types = [span.span_type for span in last().data.spans]
    assert types.count("CHAT_MODEL") == 2
    assert types.count("TOOL") == 1


def test_langchain_error(langchain_model):
    with pytest.raises(openai.APIStatusError):
        langchain_model.invoke("[[fake:500]] Hi")
    trace = last()
    assert trace.info.state == TraceState.ERROR
    assert trace.data.spans[0].status.status_code == SpanStatusCode.ERROR
