"""Trace metrics through the store that the MLflow client asks."""

import time

import mlflow
import pytest
from mlflow.entities import AssessmentSource, SpanType
from mlflow.entities.trace_metrics import AggregationType, MetricAggregation, MetricViewType
from mlflow.exceptions import MlflowException
from mlflow.tracking._tracking_service.utils import _get_store

from support.client import flush

COUNT = MetricAggregation(AggregationType.COUNT)
AVG = MetricAggregation(AggregationType.AVG)
SUM = MetricAggregation(AggregationType.SUM)


@pytest.fixture
def query(experiment):
    def ask(view: MetricViewType, metric: str, aggregations: list[MetricAggregation], **options):
        points = _get_store().query_trace_metrics([experiment.experiment_id], view, metric, aggregations, **options)
        return [(point.dimensions, point.values) for point in points]

    return ask


def trace(name: str, *, session: str | None = None, fail: bool = False) -> str:
    with pytest.raises(ValueError) if fail else mlflow.start_span("outer") as outer:  # noqa: PT011
        if fail:
            with mlflow.start_span(name) as span:
                raise ValueError("on purpose")
        with mlflow.start_span(name, span_type=SpanType.LLM) as span:
            usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
            span.set_attribute("mlflow.chat.tokenUsage", usage)
        if session:
            mlflow.update_current_trace(metadata={"mlflow.trace.session": session}, tags={"env": "dev"})
        return outer.trace_id
    return span.trace_id


def test_traces_are_counted_and_measured(query):
    trace("a", session="s")
    trace("b", session="s")
    trace("bad", fail=True)
    flush()
    traces = MetricViewType.TRACES
    assert query(traces, "trace_count", [COUNT]) == [({}, {"COUNT": 3.0})]
    assert query(traces, "trace_count", [COUNT], dimensions=["trace_status", "trace_name"]) == [
        ({"trace_status": "ERROR", "trace_name": "bad"}, {"COUNT": 1.0}),
        ({"trace_status": "OK", "trace_name": "outer"}, {"COUNT": 2.0}),
    ]
    assert query(traces, "session_count", [COUNT]) == [({}, {"COUNT": 1.0})]
    assert query(traces, "total_tokens", [SUM, AVG]) == [({}, {"SUM": 30.0, "AVG": 15.0})]
    assert query(traces, "trace_count", [COUNT], filters=["trace.tag.env = 'dev'", "trace.status = 'OK'"]) == [
        ({}, {"COUNT": 2.0})
    ]
    percentile = MetricAggregation(AggregationType.PERCENTILE, percentile_value=95.0)
    [(_, values)] = query(traces, "latency", [percentile, AVG])
    assert set(values) == {"P95.0", "AVG"}


def test_metrics_over_time(query):
    trace("a")
    flush()
    now = int(time.time() * 1_000)
    options = {"start_time_ms": now - 3_600_000, "end_time_ms": now + 1_000}
    for width in (60, 900, 86_400):
        [(dimensions, values)] = query(
            MetricViewType.TRACES, "trace_count", [COUNT], time_interval_seconds=width, **options
        )
        assert dimensions["time_bucket"].endswith("+00:00")
        assert values == {"COUNT": 1.0}
    assert query(MetricViewType.TRACES, "trace_count", [COUNT], end_time_ms=now - 3_600_000) == [({}, {"COUNT": 0.0})]


def test_spans_are_counted_and_measured(query):
    trace("a")
    trace("a")
    flush()
    spans = MetricViewType.SPANS
    assert query(spans, "span_count", [COUNT]) == [({}, {"COUNT": 4.0})]
    assert query(spans, "span_count", [COUNT], dimensions=["span_name", "span_type"]) == [
        ({"span_name": "a", "span_type": "LLM"}, {"COUNT": 2.0}),
        ({"span_name": "outer", "span_type": "UNKNOWN"}, {"COUNT": 2.0}),
    ]
    assert query(spans, "span_count", [COUNT], filters=["span.name = 'a'"]) == [({}, {"COUNT": 2.0})]
    assert len(query(spans, "latency", [AVG], dimensions=["span_name", "span_status"])) == 2


def test_assessments_are_counted_and_measured(query):
    trace_id = trace("a")
    flush()
    for value in (True, False, "yes"):
        mlflow.log_feedback(trace_id=trace_id, name="good", value=value, source=AssessmentSource("HUMAN", "ann"))
    mlflow.log_feedback(trace_id=trace_id, name="score", value=0.5)
    view, by_name = MetricViewType.ASSESSMENTS, {"dimensions": ["assessment_name"]}
    assert query(view, "assessment_count", [COUNT], **by_name) == [
        ({"assessment_name": "good"}, {"COUNT": 3.0}),
        ({"assessment_name": "score"}, {"COUNT": 1.0}),
    ]
    assert query(view, "assessment_value", [AVG], filters=["assessment.name = 'score'"]) == [({}, {"AVG": 0.5})]
    [(_, values)] = query(view, "assessment_value", [AVG], filters=["assessment.name = 'good'"])
    assert values["AVG"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("view", "metric", "options", "message"),
    [
        (MetricViewType.TRACES, "foo", {}, "metric_name must be one of"),
        (MetricViewType.TRACES, "latency", {}, "Found invalid aggregation_type"),
        (MetricViewType.TRACES, "trace_count", {"dimensions": ["foo"]}, "Found invalid dimension"),
        (MetricViewType.TRACES, "trace_count", {"time_interval_seconds": 60}, "are required if time_interval_seconds"),
        (MetricViewType.TRACES, "trace_count", {"filters": ["span.name = 'x'"]}, "only supported for SPANS view type"),
        (MetricViewType.SPANS, "span_count", {"filters": ["assessment.name = 'x'"]}, "for ASSESSMENTS view type"),
    ],
)
def test_what_is_wrong_is_said(query, view, metric, options, message):
    with pytest.raises(MlflowException, match=message) as caught:
        query(view, metric, [COUNT], **options)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
