"""Runs through the MLflow client."""

import math

import mlflow
import pytest
import requests
from mlflow import MlflowClient
from mlflow.entities import LoggedModelInput, LoggedModelOutput, Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

from support.client import flush

WIDER = pytest.mark.differs("OR, NOT and parentheses in every filter")


@pytest.fixture
def client(experiment):
    return MlflowClient()


def test_a_run_and_what_is_logged_to_it(experiment, client):
    with mlflow.start_run(run_name="first", tags={"team": "a"}, description="d") as active:
        mlflow.log_param("p", 1)
        mlflow.log_params({"q": "x", "r": None})
        mlflow.log_metric("m", 0.5, step=1)
        mlflow.log_metrics({"m": 0.25, "n": 2}, step=2)
        mlflow.set_tag("t", "v")
        mlflow.set_tags({"u": 1})
    run = client.get_run(active.info.run_id)
    assert (run.info.run_name, run.info.status, run.info.lifecycle_stage) == ("first", "FINISHED", "active")
    assert run.info.experiment_id == experiment.experiment_id
    assert run.info.artifact_uri == f"mlflow-artifacts:/{experiment.experiment_id}/{run.info.run_id}/artifacts"
    assert 0 < run.info.start_time <= run.info.end_time
    assert run.data.params == {"p": "1", "q": "x", "r": "None"}
    assert run.data.metrics == {"m": 0.25, "n": 2.0}
    assert {k: run.data.tags[k] for k in ("team", "t", "u", "mlflow.runName", "mlflow.note.content")} == {
        "team": "a", "t": "v", "u": "1", "mlflow.runName": "first", "mlflow.note.content": "d",
    }  # fmt: skip


def test_a_run_that_fails_says_so(client):
    with pytest.raises(ValueError, match="on purpose"), mlflow.start_run() as active:
        raise ValueError("on purpose")
    assert client.get_run(active.info.run_id).info.status == "FAILED"


def test_a_nameless_run_gets_a_name(experiment, client):
    run = client.create_run(experiment.experiment_id)
    assert run.info.run_name.count("-") == 2
    client.update_run(run.info.run_id, status="KILLED", name="renamed")
    run = client.get_run(run.info.run_id)
    assert (run.info.status, run.info.run_name, run.data.tags["mlflow.runName"]) == ("KILLED", "renamed", "renamed")
    client.set_tag(run.info.run_id, "mlflow.runName", "by tag")
    assert client.get_run(run.info.run_id).info.run_name == "by tag"
    client.set_terminated(run.info.run_id)
    assert client.get_run(run.info.run_id).info.end_time is not None


def test_metrics_have_a_history(experiment, client):
    run_id = client.create_run(experiment.experiment_id).info.run_id
    points = [Metric("m", n / 10, 1_000 + n, n) for n in range(2_500)]
    for start in range(0, len(points), 1_000):
        client.log_batch(run_id, metrics=points[start : start + 1_000])
    client.log_metric(run_id, "m", math.nan, timestamp=9_000, step=2_500)
    history = client.get_metric_history(run_id, "m")
    assert [(point.step, point.value) for point in history[:2_500]] == [(n, n / 10) for n in range(2_500)]
    assert math.isnan(history[2_500].value)
    assert math.isnan(client.get_run(run_id).data.metrics["m"])
    assert list(client.get_metric_history(run_id, "nope")) == []


@pytest.mark.differs("infinity stays infinite; MLflow's store keeps the largest number that there is")
def test_a_metric_without_end(experiment, client):
    run_id = client.create_run(experiment.experiment_id).info.run_id
    client.log_metric(run_id, "m", math.inf)
    assert client.get_run(run_id).data.metrics == {"m": math.inf}


def test_a_batch_has_limits_and_is_taken_whole(experiment, client, api):
    run_id = client.create_run(experiment.experiment_id).info.run_id
    client.log_batch(run_id, [Metric("m", 1, 1, 1)], [Param("p", "v")], [RunTag("t", "v")])
    with pytest.raises(MlflowException, match="Changing param values is not allowed") as caught:
        client.log_batch(run_id, [Metric("n", 1, 1, 1)], [Param("p", "w")])
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert client.get_run(run_id).data.metrics == {"m": 1.0}
    tags = [{"key": f"k{n}", "value": "v"} for n in range(101)]
    answer = api.call("POST", "2.0/mlflow/runs/log-batch", {"run_id": run_id, "tags": tags})
    assert (answer.status_code, answer.json()["message"].split(".")[0]) == (
        400,
        "A batch logging request can contain at most 100 tags",
    )


def test_unknown_runs_and_tags(experiment, client):
    with pytest.raises(MlflowException, match="Run with id=nope not found") as caught:
        client.get_run("nope")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    run_id = client.create_run(experiment.experiment_id, tags={"t": "v"}).info.run_id
    client.delete_tag(run_id, "t")
    with pytest.raises(MlflowException, match="No tag with name: t in run with id"):
        client.delete_tag(run_id, "t")
    with pytest.raises(MlflowException, match="No Experiment with id=987654321 exists"):
        client.create_run("987654321")


def test_deleting_and_restoring(experiment, client):
    run_id = client.create_run(experiment.experiment_id).info.run_id
    client.delete_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    with pytest.raises(MlflowException, match="must be in the 'active' state"):
        client.log_metric(run_id, "m", 1)
    client.restore_run(run_id)
    client.log_metric(run_id, "m", 1)


def test_inputs_and_outputs(experiment, client):
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    dataset = MetaDataset(CodeDatasetSource(tags={}), name="ds")
    with mlflow.start_run() as active:
        mlflow.log_input(dataset, context="eval")
        client.log_inputs(active.info.run_id, models=[LoggedModelInput("m-1")])
        client.log_outputs(active.info.run_id, models=[LoggedModelOutput("m-2", 3)])
    run = client.get_run(active.info.run_id)
    (dataset_input,) = run.inputs.dataset_inputs
    assert (dataset_input.dataset.name, dataset_input.dataset.source_type) == ("ds", "code")
    assert [(tag.key, tag.value) for tag in dataset_input.tags] == [("mlflow.data.context", "eval")]
    assert [model.model_id for model in run.inputs.model_inputs] == ["m-1"]
    assert [(model.model_id, model.step) for model in run.outputs.model_outputs] == [("m-2", 3)]


@pytest.fixture
def three(experiment, client):
    """Three runs, oldest first."""
    made = []
    for n in range(3):
        run_id = client.create_run(
            experiment.experiment_id, start_time=1_000 * (n + 1), run_name=f"Run {n}"
        ).info.run_id
        client.log_batch(run_id, [Metric("m", n / 2, 1, 0)], [Param("p", f"v{n}")], [RunTag("t", str(n % 2))])
        made.append(run_id)
    client.set_terminated(made[1], "FAILED", end_time=5_000)
    return made


@pytest.mark.parametrize(
    ("filter_string", "expected"),
    [
        ("", [2, 1, 0]),
        ("metrics.m > 0.4", [2, 1]),
        ("metrics.m = 1.0 and tags.t = '0'", [2]),
        ("params.p LIKE 'v%' AND params.p != 'v1'", [2, 0]),
        ("attributes.status = 'FAILED'", [1]),
        ("attributes.run_name ILIKE 'run 0'", [0]),
        ("start_time >= 2000", [2, 1]),
        ("end_time = 5000", [1]),
        ("tags.missing IS NULL", [2, 1, 0]),
        pytest.param("tags.t = '1' OR metrics.m = 0", [1, 0], marks=WIDER),
        pytest.param("NOT params.p IN ('v0', 'v1')", [2], marks=WIDER),
    ],
    ids=str,
)
def test_search_filters(experiment, client, three, filter_string, expected):
    found = client.search_runs([experiment.experiment_id], filter_string)
    assert [run.info.run_id for run in found] == [three[n] for n in expected]


def test_search_orders_pages_and_views(experiment, client, three):
    def search(**query):
        return client.search_runs([experiment.experiment_id], **query)

    ordered = [run.info.run_id for run in search(order_by=["metrics.m ASC"])]
    assert ordered == three
    page = search(max_results=2)
    assert [run.info.run_id for run in page] == three[:0:-1]
    rest = search(max_results=2, page_token=page.token)
    assert ([run.info.run_id for run in rest], rest.token) == (three[:1], None)
    client.delete_run(three[0])
    assert [run.info.run_id for run in search(run_view_type=ViewType.DELETED_ONLY)] == three[:1]
    assert len(search(run_view_type=ViewType.ALL)) == 3


def test_search_as_a_table(experiment, three):
    table = mlflow.search_runs([experiment.experiment_id], order_by=["start_time ASC"])
    assert list(table["run_id"]) == three
    assert list(table["metrics.m"]) == [0.0, 0.5, 1.0]
    assert list(table["params.p"]) == ["v0", "v1", "v2"]


def test_a_wrong_filter_is_refused(experiment, client):
    with pytest.raises(MlflowException, match="Invalid attribute key 'foo' specified") as caught:
        client.search_runs([experiment.experiment_id], "foo = 'x'")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_runs_go_and_come_with_their_experiment(experiment, client, three):
    client.delete_experiment(experiment.experiment_id)
    assert client.get_run(three[0]).info.lifecycle_stage == "deleted"
    client.restore_experiment(experiment.experiment_id)
    assert client.get_run(three[0]).info.lifecycle_stage == "active"


def test_traces_of_a_run(experiment, client):
    with mlflow.start_run() as active, mlflow.start_span("inside") as inside:
        pass
    with mlflow.start_span("outside") as outside:
        pass
    flush()
    client.link_traces_to_run([outside.trace_id], active.info.run_id)
    found = mlflow.search_traces(locations=[experiment.experiment_id], run_id=active.info.run_id, return_type="list")
    assert {trace.info.trace_id for trace in found} == {inside.trace_id, outside.trace_id}


@pytest.fixture
def long(experiment, client):
    """Two runs with a history of a hundred points each."""
    run_ids = sorted(client.create_run(experiment.experiment_id).info.run_id for _ in range(2))
    for run_id in run_ids:
        client.log_batch(run_id, metrics=[Metric("m", n, n, n) for n in range(100)])
    return run_ids


def points_of(target, route, **query):
    """Returns (run, step) of each point that MLflow's own UI would draw."""
    answer = requests.get(f"{target.url}/ajax-api/2.0/mlflow/metrics/{route}", params=query, timeout=30)
    assert answer.status_code == 200, answer.text
    return [(point["run_id"], point["step"]) for point in answer.json()["metrics"]]


def test_metrics_of_several_runs(long, target):
    points = points_of(target, "get-history-bulk", run_id=long, metric_key="m")
    assert points == [(run_id, step) for run_id in long for step in range(100)]
    sample = points_of(target, "get-history-bulk-interval", run_ids=long, metric_key="m", max_results=200)
    assert sample == points


@pytest.mark.differs("the steps of a sample are as far from each other as they can be, the last one's too")
def test_metrics_of_several_runs_are_sampled(long, target):
    sample = points_of(target, "get-history-bulk-interval", run_ids=long, metric_key="m", max_results=4)
    assert sample == [(run_id, step) for run_id in long for step in (0, 33, 66, 99)]
