"""`mlflow.genai.evaluate` with the unmodified client and code scorers."""

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Feedback
from mlflow.genai.datasets import create_dataset
from mlflow.genai.scorers import scorer

from support.client import flush


@scorer
def exact(outputs, expectations):
    return outputs == expectations["expected_response"]


@scorer
def length(outputs):
    return Feedback(value=len(outputs), rationale="counted")


def predict(question):
    return question.upper()


ROWS = [
    {"inputs": {"question": "a"}, "expectations": {"expected_response": "A"}},
    {"inputs": {"question": "bcd"}, "expectations": {"expected_response": "no"}},
]


def check(experiment, result, scorers, rows):
    """Checks that a run has the results, each row linked to its trace with an assessment of each scorer."""
    run = MlflowClient().get_run(result.run_id)
    assert (run.info.status, run.data.tags["mlflow.runType"]) == ("FINISHED", "genai_evaluate")
    assert set(run.data.metrics) == {f"{name}/mean" for name in scorers}
    assert run.data.metrics == result.metrics
    traces = mlflow.search_traces(locations=[experiment.experiment_id], run_id=result.run_id, return_type="list")
    assert len(traces) == rows
    for trace in traces:
        names = {one.name for one in trace.info.assessments if one.feedback is not None}
        assert names == set(scorers), trace.info.trace_id
    return run, traces


def test_rows_with_a_function(experiment):
    result = mlflow.genai.evaluate(data=ROWS, predict_fn=predict, scorers=[exact, length])
    run, traces = check(experiment, result, ["exact", "length"], 2)
    assert run.data.metrics == {"exact/mean": 0.5, "length/mean": 2.0}
    assert {trace.data.response for trace in traces} == {'"A"', '"BCD"'}
    (rationale,) = {a.rationale for trace in traces for a in trace.info.assessments if a.name == "length"}
    assert rationale == "counted"
    assert len(run.inputs.dataset_inputs) == 1
    found = mlflow.search_runs([experiment.experiment_id], "metrics.`exact/mean` < 1")
    assert list(found["run_id"]) == [result.run_id]


def test_rows_with_answers(experiment):
    answered = [{**row, "outputs": "A"} for row in ROWS]
    result = mlflow.genai.evaluate(data=answered, scorers=[exact])
    check(experiment, result, ["exact"], 2)
    assert result.metrics == {"exact/mean": 0.5}


def test_a_dataset(experiment, experiment_name):
    dataset = create_dataset(name=experiment_name, experiment_id=experiment.experiment_id)
    dataset.merge_records(ROWS)
    result = mlflow.genai.evaluate(data=dataset, predict_fn=predict, scorers=[exact])
    run, _ = check(experiment, result, ["exact"], 2)
    (used,) = run.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.source_type) == (experiment_name, "mlflow_evaluation_dataset")


def test_existing_traces(experiment):
    for question in ("a", "bcd"):
        with mlflow.start_span("answer") as span:
            span.set_inputs({"question": question})
            span.set_outputs(predict(question))
    flush()
    traces = mlflow.search_traces(locations=[experiment.experiment_id])
    result = mlflow.genai.evaluate(data=traces, scorers=[length])
    check(experiment, result, ["length"], 2)
    assert result.metrics == {"length/mean": 2.0}


def test_the_version_of_the_application(experiment):
    model = mlflow.set_active_model(name="agent-v1")
    try:
        result = mlflow.genai.evaluate(data=ROWS, predict_fn=predict, scorers=[length])
    finally:
        mlflow.clear_active_model()
    _, traces = check(experiment, result, ["length"], 2)
    assert {trace.info.trace_metadata["mlflow.modelId"] for trace in traces} == {model.model_id}


@pytest.mark.parametrize("rows", [150])
def test_more_rows_than_one_request_links(experiment, rows):
    data = [{"inputs": {"question": f"q{n}"}} for n in range(rows)]
    result = mlflow.genai.evaluate(data=data, predict_fn=predict, scorers=[length])
    run = MlflowClient().get_run(result.run_id)
    assert run.info.status == "FINISHED"
    found = mlflow.search_traces(
        locations=[experiment.experiment_id], run_id=result.run_id, return_type="list", include_spans=False
    )
    assert len(found) == rows
