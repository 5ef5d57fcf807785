"""Experiments through the MLflow client."""

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException


@pytest.fixture
def client(target):
    mlflow.set_tracking_uri(target.url)
    return MlflowClient()


@pytest.fixture
def three(client, experiment_name):
    """Three experiments with a tag; oldest first."""
    made = []
    for n in range(3):
        made.append(client.create_experiment(f"{experiment_name} {n}", tags={"n": str(n), "suite": experiment_name}))
    return made


def found(client, name, **query):
    """Returns the ids of the experiments of one test."""
    own = f"tags.suite = '{name}'"
    query["filter_string"] = f"{query['filter_string']} AND {own}" if "filter_string" in query else own
    return [experiment.experiment_id for experiment in client.search_experiments(**query)]


def test_default_experiment_is_there(client):
    default = client.get_experiment("0")
    assert (default.name, default.lifecycle_stage) == ("Default", "active")
    assert client.get_experiment_by_name("Default").experiment_id == "0"


def test_set_experiment_creates_and_then_reuses(client, experiment_name):
    first = mlflow.set_experiment(experiment_name)
    again = mlflow.set_experiment(experiment_name)
    assert first.experiment_id == again.experiment_id
    assert first.artifact_location == f"mlflow-artifacts:/{first.experiment_id}"
    assert first.lifecycle_stage == "active"
    assert 0 < first.creation_time <= first.last_update_time


def test_unknown_experiments(client):
    assert client.get_experiment_by_name("no such experiment") is None
    with pytest.raises(MlflowException, match="No Experiment with id=987654321 exists") as caught:
        client.get_experiment("987654321")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_names_are_unique(client, experiment_name):
    client.create_experiment(experiment_name)
    with pytest.raises(MlflowException, match="already exists") as caught:
        client.create_experiment(experiment_name)
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"


def test_rename(client, experiment_name):
    experiment_id = client.create_experiment(experiment_name)
    client.rename_experiment(experiment_id, f"{experiment_name} new")
    assert client.get_experiment(experiment_id).name == f"{experiment_name} new"
    assert client.get_experiment_by_name(experiment_name) is None


def test_tags(client, experiment_name):
    experiment_id = client.create_experiment(experiment_name, tags={"a": "1", "b": "2"})
    client.set_experiment_tag(experiment_id, "a", "changed")
    client.set_experiment_tag(experiment_id, "c", "3")
    client.delete_experiment_tag(experiment_id, "b")
    assert client.get_experiment(experiment_id).tags == {"a": "changed", "c": "3"}


def test_delete_and_restore(client, experiment_name):
    experiment_id = client.create_experiment(experiment_name)
    client.delete_experiment(experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "deleted"
    with pytest.raises(MlflowException, match="deleted experiment"):
        mlflow.set_experiment(experiment_name)
    client.restore_experiment(experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "active"


def test_search_is_newest_first_and_by_view(client, experiment_name, three):
    client.delete_experiment(three[1])
    assert found(client, experiment_name) == [three[2], three[0]]
    assert found(client, experiment_name, view_type=ViewType.DELETED_ONLY) == [three[1]]
    assert found(client, experiment_name, view_type=ViewType.ALL) == three[::-1]


def test_search_orders(client, experiment_name, three):
    assert found(client, experiment_name, order_by=["name ASC"]) == three
    assert found(client, experiment_name, order_by=["experiment_id DESC"]) == three[::-1]


@pytest.mark.parametrize(
    ("filter_string", "expected"),
    [
        ("tags.n = '1'", [1]),
        ("tags.n != '1'", [2, 0]),
        ("name LIKE '%2'", [2]),
        ("name ILIKE 'MLFLOW_EXP%1'", [1]),
        ("creation_time > 0", [2, 1, 0]),
        ("last_update_time < 1000", []),
    ],
    ids=str,
)
def test_search_filters(client, experiment_name, three, filter_string, expected):
    assert found(client, experiment_name, filter_string=filter_string) == [three[n] for n in expected]


def test_search_pages(client, experiment_name, three):
    pages, token = [], None
    while True:
        page = client.search_experiments(
            filter_string=f"tags.suite = '{experiment_name}'", max_results=2, page_token=token
        )
        pages.append([experiment.experiment_id for experiment in page])
        token = page.token
        if not token:
            break
    assert pages == [[three[2], three[1]], [three[0]]]


def test_traces_of_a_deleted_experiment_stay_readable(experiment, client):
    with mlflow.start_span("kept") as span:
        pass
    mlflow.flush_trace_async_logging()
    client.delete_experiment(experiment.experiment_id)
    assert mlflow.get_trace(span.trace_id) is not None
    (trace,) = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list")
    assert trace.info.trace_id == span.trace_id
