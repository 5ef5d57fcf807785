"""Review queues through the MLflow client."""

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.genai import label_schemas, review_queues
from mlflow.genai.label_schemas import InputText

from support.client import flush


@pytest.fixture
def create(experiment):
    def make(name: str, **fields):
        fields = {"queue_type": "custom", **fields}
        return review_queues.create_review_queue(name=name, experiment_id=experiment.experiment_id, **fields)

    return make


def trace() -> str:
    with mlflow.start_span("f") as span:
        pass
    flush()
    return span.trace_id


def test_a_queue_is_made_and_found(experiment, create):
    question = label_schemas.create_label_schema(
        "q", type="feedback", input=InputText(), experiment_id=experiment.experiment_id
    )
    made = create("Night shift", users=["Ann@x", "bob"], schema_ids=[question.schema_id])
    assert made.queue_id.startswith("rq-")
    assert (made.users, made.schema_ids) == (["ann@x", "bob"], [question.schema_id])
    assert review_queues.get_review_queue(queue_id=made.queue_id) == made
    with pytest.raises(MlflowException, match="names are case-insensitive") as caught:
        create("night SHIFT")
    assert caught.value.error_code == "RESOURCE_ALREADY_EXISTS"
    mine = review_queues.get_or_create_user_queue(user="Ann@x", experiment_id=experiment.experiment_id)
    assert (mine.name, mine.users, str(mine.queue_type)) == ("ann@x", ["ann@x"], "user")
    assert review_queues.get_or_create_user_queue(user="ann@x", experiment_id=experiment.experiment_id) == mine
    listed = review_queues.list_review_queues(experiment_id=experiment.experiment_id, user="ANN@x")
    assert [queue.name for queue in listed] == ["ann@x", "Night shift"]
    review_queues.delete_review_queue(made.queue_id)
    with pytest.raises(MlflowException, match="not found"):
        review_queues.get_review_queue(queue_id=made.queue_id)


def test_traces_are_reviewed(experiment, create):
    queue_id, first, second = create("q").queue_id, trace(), trace()
    added = review_queues.add_items_to_review_queue(queue_id, item_ids=[first, second])
    assert [(item.item_id, str(item.status)) for item in added] == [(first, "pending"), (second, "pending")]
    done = review_queues.set_review_queue_item_status(queue_id, item_id=first, status="complete", completed_by="Ann")
    assert (str(done.status), done.completed_by) == ("complete", "ann")
    pending = review_queues.list_review_queue_items(queue_id, status="pending")
    assert [item.item_id for item in pending] == [second]
    with pytest.raises(MlflowException, match="they do not exist in experiment") as caught:
        review_queues.add_items_to_review_queue(queue_id, item_ids=["tr-nope"])
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    mlflow.MlflowClient().delete_traces(experiment.experiment_id, trace_ids=[second])
    assert [item.item_id for item in review_queues.list_review_queue_items(queue_id)] == [first]
    review_queues.remove_items_from_review_queue(queue_id, item_ids=[first])
    assert list(review_queues.list_review_queue_items(queue_id)) == []


def test_questions_are_locked_once_traces_are_there(experiment, create):
    queue_id = create("q").queue_id
    question = label_schemas.create_label_schema(
        "q", type="feedback", input=InputText(), experiment_id=experiment.experiment_id
    )
    changed = review_queues.update_review_queue(queue_id, schema_ids=[question.schema_id], users=["ann"])
    assert (changed.schema_ids, changed.users) == ([question.schema_id], ["ann"])
    review_queues.add_items_to_review_queue(queue_id, item_ids=[trace()])
    with pytest.raises(MlflowException, match="questions are locked"):
        review_queues.update_review_queue(queue_id, schema_ids=[])
    assert review_queues.update_review_queue(queue_id, users=[]).users == []
