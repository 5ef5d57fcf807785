"""What tests of the MLflow client share: flush, read back, find spans by name."""

from __future__ import annotations

import mlflow
from mlflow.entities import Span, Trace
from mlflow.tracing.processor import base_mlflow
from mlflow.tracking.fluent import _get_experiment_id


def flush() -> None:
    """Returns when the client has sent everything.

    `mlflow.flush_trace_async_logging()` says the same, but it also stops and restarts its threads, which poll
    once a second; over a hundred tests that would be minutes.
    """
    for processor in list(base_mlflow._batch_processor_registry):
        processor.force_flush()
        processor.span_exporter._async_queue._queue.join()


def read(trace_id: str) -> Trace:
    """Flushes and returns one trace with its spans; it must be there."""
    flush()
    trace = mlflow.get_trace(trace_id)
    assert trace is not None, f"trace {trace_id} cannot be read back"
    return trace


def last() -> Trace:
    """Reads back the trace that this thread finished last, which must be of this test."""
    trace_id = mlflow.get_last_active_trace_id()
    assert trace_id is not None, "the client has not finished a trace"
    trace = read(trace_id)
    assert trace.info.experiment_id == _get_experiment_id(), "the last trace is another test's: this one made none"
    return trace


def spans_of(trace: Trace) -> dict[str, Span]:
    """Returns the spans of a trace by name; the names must differ."""
    spans = {span.name: span for span in trace.data.spans}
    assert len(spans) == len(trace.data.spans), [span.name for span in trace.data.spans]
    return spans


def search(experiment, filter_string: str | None = None, **options) -> list[Trace]:
    """Flushes and searches one experiment."""
    flush()
    found = mlflow.search_traces(
        locations=[experiment.experiment_id], filter_string=filter_string, return_type="list", **options
    )
    return list(found)
