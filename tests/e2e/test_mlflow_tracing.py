"""The tracing API of the MLflow client: what is traced comes back the same."""

import asyncio
import contextvars
import json
from concurrent.futures import ThreadPoolExecutor

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Document, Link, SpanEvent, SpanStatusCode, SpanType, TraceState

from support.client import last, read, search, spans_of


def test_decorated_function(experiment):
    @mlflow.trace(span_type=SpanType.TOOL, attributes={"unit": "celsius"})
    def weather(city, days=1):
        return {"city": city, "days": days}

    weather("Rome", days=3)
    trace = last()
    (span,) = trace.data.spans
    assert trace.info.state == TraceState.OK
    assert trace.info.experiment_id == experiment.experiment_id
    assert trace.info.tags["mlflow.traceName"] == "weather"
    assert (span.name, span.span_type, span.parent_id) == ("weather", "TOOL", None)
    assert span.inputs == {"city": "Rome", "days": 3}
    assert span.outputs == {"city": "Rome", "days": 3}
    assert span.get_attribute("unit") == "celsius"
    assert span.status.status_code == SpanStatusCode.OK
    assert span.start_time_ns < span.end_time_ns
    assert trace.info.execution_duration is not None


def test_nested_calls_make_a_tree(experiment):
    @mlflow.trace
    def leaf(n):
        return n * 2

    @mlflow.trace
    def middle(n):
        return leaf(n) + 1

    @mlflow.trace
    def root(n):
        return middle(n) + middle_two(n)

    @mlflow.trace
    def middle_two(n):
        return n

    root(4)
    trace = last()
    spans = spans_of(trace)
    assert spans["root"].parent_id is None
    assert spans["middle"].parent_id == spans["middle_two"].parent_id == spans["root"].span_id
    assert spans["leaf"].parent_id == spans["middle"].span_id
    assert spans["root"].outputs == 13
    assert trace.data.spans[0].name == "root"


def test_async_function(experiment):
    @mlflow.trace
    async def child(n):
        await asyncio.sleep(0)
        return n + 1

    @mlflow.trace
    async def parent():
        return await asyncio.gather(child(1), child(2))

    assert asyncio.run(parent()) == [2, 3]
    trace = last()
    root, *children = trace.data.spans
    assert root.name == "parent" and root.outputs == [2, 3]
    assert sorted(span.inputs["n"] for span in children) == [1, 2]
    assert {span.parent_id for span in children} == {root.span_id}


def test_generator_records_every_chunk_and_the_reduced_output(experiment):
    @mlflow.trace(output_reducer=lambda chunks: "".join(chunks))
    def stream():
        yield "a"
        yield "b"
        yield "c"

    assert list(stream()) == ["a", "b", "c"]
    (span,) = last().data.spans
    assert span.outputs == "abc"
    chunks = [(event.name, event.attributes["mlflow.chunk.value"]) for event in span.events]
    assert chunks == [(f"mlflow.chunk.item.{i}", json.dumps(text)) for i, text in enumerate("abc")]


def test_async_generator(experiment):
    @mlflow.trace
    async def stream():
        for n in range(3):
            yield n

    async def drain():
        return [n async for n in stream()]

    assert asyncio.run(drain()) == [0, 1, 2]
    (span,) = last().data.spans
    assert span.outputs == [0, 1, 2]
    assert len(span.events) == 3


def test_threads_that_carry_the_context_join_the_trace(experiment):
    @mlflow.trace
    def worker(n):
        return n

    @mlflow.trace
    def fan_out():
        with ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(contextvars.copy_context().run, worker, n) for n in range(8)]
            return sum(job.result() for job in jobs)

    fan_out()
    trace = last()
    root, *workers = trace.data.spans
    assert root.outputs == 28
    assert sorted(span.outputs for span in workers) == list(range(8))
    assert {span.parent_id for span in workers} == {root.span_id}


def test_threads_without_the_context_make_their_own_traces(experiment):
    @mlflow.trace
    def lonely(n):
        return n

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lonely, range(12)))
    traces = search(experiment)
    assert sorted(trace.data.spans[0].outputs for trace in traces) == list(range(12))


def test_error_is_recorded_and_reraised(experiment):
    @mlflow.trace
    def broken():
        raise ValueError("no such city")

    with pytest.raises(ValueError, match="no such city"):
        broken()
    trace = last()
    (span,) = trace.data.spans
    assert trace.info.state == TraceState.ERROR
    assert span.status.status_code == SpanStatusCode.ERROR
    assert span.status.description == "ValueError: no such city"
    (event,) = span.events
    assert event.name == "exception"
    assert event.attributes["exception.type"] == "ValueError"
    assert event.attributes["exception.message"] == "no such city"
    assert "in broken" in event.attributes["exception.stacktrace"]


def test_error_in_a_child_that_the_parent_handles(experiment):
    @mlflow.trace
    def child():
        raise KeyError("k")

    @mlflow.trace
    def parent():
        try:
            child()
        except KeyError:
            return "fallback"

    parent()
    trace = last()
    spans = spans_of(trace)
    assert trace.info.state == TraceState.OK
    assert spans["child"].status.status_code == SpanStatusCode.ERROR
    assert spans["parent"].status.status_code == SpanStatusCode.OK


def test_error_in_async_code_and_in_a_generator(experiment):
    @mlflow.trace
    async def coroutine():
        raise RuntimeError("async")

    @mlflow.trace
    def generator():
        yield 1
        raise RuntimeError("stream")

    with pytest.raises(RuntimeError, match="async"):
        asyncio.run(coroutine())
    first = last()
    with pytest.raises(RuntimeError, match="stream"):
        list(generator())
    second = last()
    assert first.info.state == second.info.state == TraceState.ERROR
    assert "RuntimeError: async" in first.data.spans[0].status.description
    assert any(event.name == "exception" for event in second.data.spans[0].events)


def test_start_span_with_everything_a_span_can_hold(experiment):
    with mlflow.start_span("outer", span_type=SpanType.AGENT, attributes={"a": 1}) as outer:
        outer.set_inputs({"question": "why?", "nested": {"list": [1, 2.5, None, True, "x"]}})
        with mlflow.start_span("inner", span_type=SpanType.RETRIEVER) as inner:
            inner.set_inputs("text")
            inner.set_outputs([Document(page_content="because", metadata={"doc_uri": "a.md"}, id="1")])
            inner.set_attributes({"flag": True, "ratio": 0.5, "none": None, "list": ["x", "y"], "map": {"k": {"v": 1}}})
            inner.add_event(SpanEvent(name="cache_miss", attributes={"key": "why?", "size": 3, "tags": ["a", "b"]}))
        outer.set_outputs({"answer": "because"})
        outer.set_status("OK")
    spans = spans_of(last())
    outer, inner = spans["outer"], spans["inner"]
    assert outer.inputs == {"question": "why?", "nested": {"list": [1, 2.5, None, True, "x"]}}
    assert outer.outputs == {"answer": "because"}
    assert outer.get_attribute("a") == 1
    assert (outer.span_type, inner.span_type) == ("AGENT", "RETRIEVER")
    assert inner.inputs == "text"
    assert inner.outputs[0]["page_content"] == "because"
    expected = {"flag": True, "ratio": 0.5, "none": None, "list": ["x", "y"], "map": {"k": {"v": 1}}}
    assert {key: inner.get_attribute(key) for key in expected} == expected
    (event,) = inner.events
    assert (event.name, dict(event.attributes)["key"], dict(event.attributes)["size"]) == ("cache_miss", "why?", 3)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "plain",
        'héllo 🦀\n\t"quoted"',
        '{"json": "text"}',
        0,
        -1,
        2**53,
        1.5,
        1e300,
        True,
        None,
        [],
        {},
        [[[]]],
        "null",
        "123",
    ],
    ids=repr,
)
def test_output_values_come_back_as_they_were(experiment, value):
    with mlflow.start_span("value") as span:
        span.set_outputs({"value": value})
    assert last().data.spans[0].outputs == {"value": value}


def test_span_types_of_the_client_and_free_text(experiment):
    types = [SpanType.LLM, SpanType.CHAIN, SpanType.EMBEDDING, SpanType.GUARDRAIL, SpanType.EVALUATOR, "MY_OWN"]
    with mlflow.start_span("root"):
        for span_type in types:
            with mlflow.start_span(span_type, span_type=span_type):
                pass
    spans = spans_of(last())
    assert {span.name: span.span_type for span in spans.values()} == {"root": "UNKNOWN", **{t: t for t in types}}


def test_links_point_to_another_trace(experiment):
    with mlflow.start_span("cause") as cause:
        pass
    link = Link(trace_id=cause.trace_id, span_id=cause.span_id, attributes={"why": "retry"})
    with mlflow.start_span("effect", links=[link]):
        pass
    (span,) = last().data.spans
    (found,) = span.links
    assert (found.trace_id, found.span_id, found.attributes) == (cause.trace_id, cause.span_id, {"why": "retry"})


def test_client_api_starts_and_ends_spans_by_hand(experiment):
    client = MlflowClient()
    root = client.start_trace("job", inputs={"n": 1}, attributes={"a": "b"}, tags={"team": "red"})
    child = client.start_span(
        "step", trace_id=root.trace_id, parent_id=root.span_id, span_type=SpanType.TASK, inputs=[1]
    )
    client.end_span(root.trace_id, child.span_id, outputs=[2], attributes={"rows": 7})
    failed = client.start_span("failed", trace_id=root.trace_id, parent_id=root.span_id)
    client.end_span(root.trace_id, failed.span_id, status="ERROR")
    client.end_trace(root.trace_id, outputs={"n": 2}, status="OK")
    trace = read(root.trace_id)
    spans = spans_of(trace)
    assert trace.info.tags["team"] == "red"
    assert trace.info.state == TraceState.OK
    assert spans["job"].inputs == {"n": 1} and spans["job"].outputs == {"n": 2}
    assert (spans["step"].inputs, spans["step"].outputs, spans["step"].span_type) == ([1], [2], "TASK")
    assert spans["step"].get_attribute("rows") == 7
    assert spans["step"].parent_id == spans["failed"].parent_id == spans["job"].span_id
    assert spans["failed"].status.status_code == SpanStatusCode.ERROR


def test_client_api_keeps_the_times_it_is_given(experiment):
    client = MlflowClient()
    start, end = 1_767_323_045_123_000_000, 1_767_323_047_623_000_000
    root = client.start_trace("timed", start_time_ns=start)
    client.end_trace(root.trace_id, end_time_ns=end)
    trace = read(root.trace_id)
    assert trace.info.request_time == 1_767_323_045_123
    assert trace.info.execution_duration == 2_500
    assert (trace.data.spans[0].start_time_ns, trace.data.spans[0].end_time_ns) == (start, end)


def test_spans_without_context(experiment):
    root = mlflow.start_span_no_context("root", inputs={"q": 1}, tags={"k": "v"}, metadata={"m": "n"})
    child = mlflow.start_span_no_context("child", parent_span=root)
    child.end(outputs="done")
    root.end()
    trace = read(root.trace_id)
    assert spans_of(trace)["child"].parent_id == root.span_id
    assert trace.info.tags["k"] == "v"
    assert trace.info.trace_metadata["m"] == "n"


def test_log_trace_in_one_call(experiment):
    trace_id = mlflow.log_trace(
        name="imported",
        request={"q": "hi"},
        response={"a": "ho"},
        intermediate_outputs={"docs": ["x"]},
        tags={"origin": "csv"},
        start_time_ms=1_767_323_045_000,
        execution_time_ms=1_500,
    )
    trace = read(trace_id)
    assert trace.info.tags["mlflow.traceName"] == "imported" and trace.info.tags["origin"] == "csv"
    assert (trace.info.request_time, trace.info.execution_duration) == (1_767_323_045_000, 1_500)
    assert trace.data.spans[0].inputs == {"q": "hi"} and trace.data.spans[0].outputs == {"a": "ho"}
    assert trace.data.intermediate_outputs == {"docs": ["x"]}


def test_a_trace_of_many_batches_is_complete(experiment):
    with mlflow.start_span("root") as root:
        for n in range(100):
            with mlflow.start_span(f"child {n}"):
                pass
    trace = read(root.trace_id)
    assert len(trace.data.spans) == 101
    assert trace.data.spans[0].name == "root"
    assert [span.name for span in trace.data.spans[1:]] == [f"child {n}" for n in range(100)]
    assert json.loads(trace.info.trace_metadata["mlflow.trace.sizeStats"])["num_spans"] == 101


def test_a_large_prompt_is_not_cut(experiment):
    prompt = "".join(f"{n:07d} " for n in range(131_072))  # 1 MiB
    with mlflow.start_span("big") as span:
        span.set_inputs({"prompt": prompt})
    trace = last()
    assert trace.data.spans[0].inputs == {"prompt": prompt}
    assert len(trace.info.request_preview) == 1_000 and trace.info.request_preview.endswith("...")


def test_token_usage_counts_the_topmost_span_once(experiment):
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    with mlflow.start_span("wrapper") as wrapper:
        wrapper.set_attribute("mlflow.chat.tokenUsage", usage)
        with mlflow.start_span("call", span_type=SpanType.LLM) as call:
            call.set_attribute("mlflow.chat.tokenUsage", usage)
    assert last().info.token_usage == usage


def test_token_usage_of_siblings_is_added(experiment):
    with mlflow.start_span("root"):
        for n in (1, 2):
            with mlflow.start_span(f"call {n}", span_type=SpanType.LLM) as call:
                call.set_attribute(
                    "mlflow.chat.tokenUsage", {"input_tokens": 10 * n, "output_tokens": n, "total_tokens": 11 * n}
                )
    assert last().info.token_usage == {"input_tokens": 30, "output_tokens": 3, "total_tokens": 33}


def test_nothing_is_sent_while_tracing_is_disabled(experiment):
    mlflow.tracing.disable()
    try:
        with mlflow.start_span("unseen"):
            pass
    finally:
        mlflow.tracing.enable()
    assert search(experiment) == []
