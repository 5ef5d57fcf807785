"""Evaluation datasets through the MLflow client."""

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.genai.datasets import (
    add_dataset_to_experiments,
    create_dataset,
    delete_dataset,
    delete_dataset_tag,
    get_dataset,
    remove_dataset_from_experiments,
    search_datasets,
    set_dataset_tags,
)

from support.client import flush


@pytest.fixture
def dataset(experiment, experiment_name):
    return create_dataset(name=experiment_name, experiment_id=experiment.experiment_id, tags={"team": "a"})


def rows(dataset):
    """Returns the records of a dataset as the client reads them, inputs to expectations."""
    table = get_dataset(dataset_id=dataset.dataset_id).to_df()
    return [(row["inputs"], row["expectations"]) for _, row in table.iterrows()]


def test_a_dataset_and_its_tags(dataset, experiment, experiment_name):
    assert dataset.dataset_id.startswith("d-")
    assert (dataset.name, dataset.tags["team"]) == (experiment_name, "a")
    assert dataset.experiment_ids == [experiment.experiment_id]
    set_dataset_tags(dataset_id=dataset.dataset_id, tags={"b": "c"})
    delete_dataset_tag(dataset_id=dataset.dataset_id, key="team")
    found = get_dataset(dataset_id=dataset.dataset_id)
    assert (found.tags["b"], "team" in found.tags) == ("c", False)
    assert get_dataset(name=experiment_name).dataset_id == dataset.dataset_id
    delete_dataset(dataset_id=dataset.dataset_id)
    with pytest.raises(MlflowException, match="Evaluation dataset with id 'd-.*' not found"):
        get_dataset(dataset_id=dataset.dataset_id)


def test_records_are_merged_by_their_inputs(dataset):
    dataset.merge_records(
        [
            {"inputs": {"q": "x"}, "expectations": {"a": 1}},
            {"inputs": {"q": "y"}, "expectations": {"a": 2}, "outputs": "o", "tags": {"t": "v"}},
        ]
    )
    dataset.merge_records([{"inputs": {"q": "x"}, "expectations": {"a": 3, "b": True}}])
    assert rows(dataset) == [({"q": "x"}, {"a": 3, "b": True}), ({"q": "y"}, {"a": 2})]
    found = get_dataset(dataset_id=dataset.dataset_id)
    assert '"num_records": 2' in found.profile.replace(":2", ": 2")
    assert '"q"' in found.schema
    record = found.to_df().iloc[1]
    assert (record["outputs"], record["tags"]["t"]) == ("o", "v")
    found.delete_records([record["dataset_record_id"]])
    assert rows(dataset) == [({"q": "x"}, {"a": 3, "b": True})]


def test_records_come_from_traces(dataset, experiment):
    with mlflow.start_span("answer") as span:
        span.set_inputs({"q": "x"})
        span.set_outputs("o")
    flush()
    mlflow.log_expectation(trace_id=span.trace_id, name="expected", value="o")
    dataset.merge_records(mlflow.search_traces(locations=[experiment.experiment_id]))
    (record,) = get_dataset(dataset_id=dataset.dataset_id).to_df().to_dict("records")
    assert (record["inputs"], record["expectations"]) == ({"q": "x"}, {"expected": "o"})
    assert (record["source_type"], record["source_id"]) == ("TRACE", span.trace_id)


@pytest.mark.differs("records come in the order in which they were added, not in that of random ids")
def test_many_records_come_page_by_page(dataset):
    dataset.merge_records([{"inputs": {"n": n}} for n in range(1_500)])
    assert [inputs["n"] for inputs, _ in rows(dataset)] == list(range(1_500))


def test_search(experiment, experiment_name):
    made = [
        create_dataset(name=f"{experiment_name} {n}", experiment_id=experiment.experiment_id, tags={"n": str(n)})
        for n in range(3)
    ]

    def search(filter_string=None, **query):
        found = search_datasets(experiment_ids=[experiment.experiment_id], filter_string=filter_string, **query)
        return [dataset.dataset_id for dataset in found]

    ids = [dataset.dataset_id for dataset in made]
    assert search() == ids[::-1]
    assert search("tags.n = '1'") == ids[1:2]
    assert search("name LIKE '%0'", order_by=["name ASC"]) == ids[:1]
    assert search(order_by=["created_time ASC"], max_results=2) == ids[:2]
    with pytest.raises(MlflowException, match="Invalid attribute key 'foo' specified"):
        search("foo = 'x'")


def test_experiments_of_a_dataset(dataset, experiment):
    add_dataset_to_experiments(dataset_id=dataset.dataset_id, experiment_ids=["0"])
    assert set(get_dataset(dataset_id=dataset.dataset_id).experiment_ids) == {"0", experiment.experiment_id}
    remove_dataset_from_experiments(dataset_id=dataset.dataset_id, experiment_ids=["0"])
    assert get_dataset(dataset_id=dataset.dataset_id).experiment_ids == [experiment.experiment_id]


@pytest.mark.differs("JSON in a text that is none is 400: the client tries a 5xx again for minutes")
def test_malformed_texts_are_refused(dataset, api):
    path = f"3.0/mlflow/datasets/{dataset.dataset_id}/records"
    for records in ("nope", "{}", '[{"inputs": 1}]'):
        assert api.call("POST", path, {"records": records}).status_code == 400, records
    assert api.call("POST", "3.0/mlflow/datasets/create", {"name": "x", "tags": "{nope"}).status_code == 400
