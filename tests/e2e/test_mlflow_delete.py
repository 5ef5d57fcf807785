"""Deleting traces through the MLflow client."""

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from support.client import flush, search


@pytest.fixture
def trace_ids(experiment):
    """Five traces, a second apart; oldest first."""
    made = []
    for n in range(5):
        span = mlflow.start_span_no_context("t", start_time_ns=(1_000 + n) * 1_000_000_000)
        span.end(end_time_ns=(1_000 + n) * 1_000_000_000 + 1_000_000)
        made.append(span.trace_id)
    flush()
    return made


def left(experiment):
    """Returns what is left, oldest first."""
    return [trace.info.trace_id for trace in search(experiment, order_by=["timestamp_ms ASC"])]


def test_by_id(experiment, trace_ids):
    experiment_id = experiment.experiment_id
    assert MlflowClient().delete_traces(experiment_id, trace_ids=[trace_ids[0], trace_ids[3], "tr-" + "0" * 32]) == 2
    assert left(experiment) == [trace_ids[1], trace_ids[2], trace_ids[4]]
    assert mlflow.get_trace(trace_ids[0], silent=True) is None


def test_by_time(experiment, trace_ids):
    assert MlflowClient().delete_traces(experiment.experiment_id, max_timestamp_millis=1_002_000) == 3
    assert left(experiment) == trace_ids[3:]


def test_by_time_takes_the_oldest_first(experiment, trace_ids):
    assert MlflowClient().delete_traces(experiment.experiment_id, max_timestamp_millis=1_009_000, max_traces=2) == 2
    assert left(experiment) == trace_ids[2:]


def test_only_in_the_named_experiment(experiment, trace_ids):
    assert MlflowClient().delete_traces("0", trace_ids=trace_ids) == 0
    assert left(experiment) == trace_ids


def test_everything_of_the_trace_goes_with_it(experiment, trace_ids):
    made = mlflow.log_feedback(trace_id=trace_ids[0], name="q", value=1)
    mlflow.set_trace_tag(trace_ids[0], "k", "v")
    MlflowClient().delete_traces(experiment.experiment_id, trace_ids=trace_ids[:1])
    with pytest.raises(MlflowException, match="not found"):
        mlflow.get_assessment(trace_ids[0], made.assessment_id)
    assert search(experiment, "tags.k = 'v'") == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Either `max_timestamp_millis` or `trace_ids` must be specified."),
        ({"max_timestamp_millis": 1, "request_ids": ["a"]}, "Only one of `max_timestamp_millis` and `trace_ids`"),
        ({"request_ids": ["a"], "max_traces": 1}, "`max_traces` can't be specified if `trace_ids` is specified."),
        ({"max_timestamp_millis": 1, "max_traces": 0}, "`max_traces` must be a positive integer, received 0."),
    ],
    ids=["neither", "both", "max with ids", "zero"],
)
def test_contradictions_are_refused(experiment, api, body, message):
    answer = api.call("POST", "2.0/mlflow/traces/delete-traces", {"experiment_id": experiment.experiment_id, **body})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert answer.json()["message"].startswith(message)
