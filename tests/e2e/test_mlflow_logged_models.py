"""Logged models, the versions of an application, through the MLflow client."""

import math

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import LoggedModelStatus
from mlflow.exceptions import MlflowException

from support.client import read

WIDER = pytest.mark.differs("OR and IN in every filter")


@pytest.fixture
def client(experiment):
    return MlflowClient()


@pytest.fixture
def no_active_model():
    yield
    mlflow.clear_active_model()


@pytest.mark.usefixtures("no_active_model")
def test_set_active_model_makes_a_version_that_traces_name(experiment, client):
    active = mlflow.set_active_model(name="agent-v1")
    with mlflow.start_span("call") as span:
        pass
    assert read(span.trace_id).info.trace_metadata["mlflow.modelId"] == active.model_id
    model = client.get_logged_model(active.model_id)
    assert (model.name, model.status, model.experiment_id) == (
        "agent-v1", LoggedModelStatus.READY, experiment.experiment_id
    )  # fmt: skip
    assert model.tags["mlflow.model.isExternal"] == "true"
    assert mlflow.set_active_model(name="agent-v1").model_id == active.model_id
    found = mlflow.search_traces(locations=[experiment.experiment_id], model_id=active.model_id, return_type="list")
    assert [trace.info.trace_id for trace in found] == [span.trace_id]


def test_a_model_and_what_is_logged_to_it(experiment, client):
    model = client.create_logged_model(
        experiment.experiment_id, name="m", model_type="agent", params={"p": "1"}, tags={"t": "v"}
    )
    assert model.model_id.startswith("m-")
    assert model.status == LoggedModelStatus.PENDING
    client.log_model_params(model.model_id, {"q": "2"})
    client.set_logged_model_tags(model.model_id, {"u": "w"})
    client.delete_logged_model_tag(model.model_id, "t")
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    model = client.get_logged_model(model.model_id)
    assert (model.model_type, model.status) == ("agent", LoggedModelStatus.READY)
    assert model.params == {"p": "1", "q": "2"}
    assert model.tags == {"u": "w"}
    client.delete_logged_model(model.model_id)
    with pytest.raises(MlflowException, match="Logged model with ID 'm-.*' not found") as caught:
        client.get_logged_model(model.model_id)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_metrics_of_a_model(experiment, client):
    model = client.create_logged_model(experiment.experiment_id, name="m")
    with mlflow.start_run() as run:
        mlflow.log_metric("score", 0.5, step=1, model_id=model.model_id)
        mlflow.log_metrics({"other": 3}, model_id=model.model_id)
    metrics = {metric.key: metric for metric in client.get_logged_model(model.model_id).metrics}
    assert metrics["score"].value == 0.5
    assert (metrics["other"].value, metrics["other"].run_id) == (3.0, run.info.run_id)


@pytest.mark.differs("what is no number stays so; MLflow's store tells 0 of a model")
def test_a_metric_that_is_no_number(experiment, client):
    model = client.create_logged_model(experiment.experiment_id, name="m")
    with mlflow.start_run():
        mlflow.log_metric("score", math.nan, model_id=model.model_id)
    (metric,) = client.get_logged_model(model.model_id).metrics
    assert math.isnan(metric.value)


def test_wrong_names_are_refused(experiment, client):
    with pytest.raises(MlflowException, match="Invalid model name") as caught:
        client.create_logged_model(experiment.experiment_id, name="a/b")
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.fixture
def three(experiment, client):
    """Three models, oldest first, the second ready, with a metric each."""
    made = []
    with mlflow.start_run():
        for n in range(3):
            model = client.create_logged_model(experiment.experiment_id, name=f"m{n}", params={"p": str(n)})
            mlflow.log_metric("score", n, model_id=model.model_id)
            made.append(model.model_id)
    client.finalize_logged_model(made[1], LoggedModelStatus.READY)
    return made


@pytest.mark.parametrize(
    ("filter_string", "expected"),
    [
        (None, [2, 1, 0]),
        ("name = 'm1'", [1]),
        ("params.p = '2'", [2]),
        ("metrics.score >= 1", [2, 1]),
        pytest.param("params.p IN ('0', '1') OR name = 'm2'", [2, 1, 0], marks=WIDER),
    ],
    ids=str,
)
def test_search_filters(experiment, client, three, filter_string, expected):
    found = client.search_logged_models([experiment.experiment_id], filter_string=filter_string)
    assert [model.model_id for model in found] == [three[n] for n in expected]


def test_search_orders_and_pages(experiment, client, three):
    order = [{"field_name": "metrics.score", "ascending": True}]
    page = client.search_logged_models([experiment.experiment_id], order_by=order, max_results=2)
    assert [model.model_id for model in page] == three[:2]
    rest = client.search_logged_models([experiment.experiment_id], order_by=order, max_results=2, page_token=page.token)
    assert [model.model_id for model in rest] == three[2:]


def test_search_as_a_table(experiment, three):
    table = mlflow.search_logged_models([experiment.experiment_id])
    assert sorted(table["model_id"]) == sorted(three)
