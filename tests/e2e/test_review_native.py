"""Review queues worked through the native API, and what the MLflow client sees of them."""

from __future__ import annotations

import mlflow
import pytest
import requests
from mlflow.genai import label_schemas, review_queues
from mlflow.genai.label_schemas import InputCategorical, InputPassFail, InputText

from support.client import flush, read

pytestmark = pytest.mark.spanwise

TIMEOUT_S = 60


@pytest.fixture
def native(shared_server):
    def call(path: str, body: dict | None = None, *, method: str | None = None, status: int = 200):
        method = method or ("GET" if body is None else "POST")
        answer = requests.request(method, f"{shared_server.url}/api/v1{path}", json=body, timeout=TIMEOUT_S)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    return call


@pytest.fixture
def schemas(experiment):
    def create(name: str, kind: str, shape) -> str:
        made = label_schemas.create_label_schema(
            name, type=kind, input=shape, experiment_id=experiment.experiment_id, enable_comment=True
        )
        return made.schema_id

    return [
        create("correct", "feedback", InputPassFail(positive_label="Yes", negative_label="No")),
        create("tone", "feedback", InputCategorical(options=["warm", "cold"])),
        create("expected", "expectation", InputText()),
    ]


def traces(count: int) -> list[str]:
    ids = []
    for number in range(count):
        with mlflow.start_span(f"call {number}") as span:
            span.set_inputs({"question": f"what is {number}?"})
            span.set_outputs(str(number))
        ids.append(span.trace_id)
    flush()
    return ids


@pytest.fixture
def queue(experiment, schemas):
    made = review_queues.create_review_queue(
        name="Week 48", queue_type="custom", experiment_id=experiment.experiment_id, schema_ids=schemas
    )
    return made.queue_id


def test_what_the_client_made_is_worked_natively_and_read_by_the_client(experiment, native, schemas, queue):
    first, second = traces(2)
    review_queues.add_items_to_review_queue(queue, item_ids=[first, second])
    detail = native(f"/review-queues/{queue}")
    assert [question["name"] for question in detail["questions"]] == ["correct", "tone", "expected"]
    claimed = native(f"/review-queues/{queue}/claim", {"reviewer": "Ann", "count": 2})
    assert {item["trace_id"] for item in claimed["items"]} == {first, second}
    answers = [
        {"schema_id": schemas[0], "value": True, "comment": "it is"},
        {"schema_id": schemas[1], "value": "warm"},
        {"schema_id": schemas[2], "value": "zero"},
    ]
    native(f"/review-queues/{queue}/items/{first}/complete", {"reviewer": "Ann", "answers": answers})

    said = {one.name: one for one in read(first).info.assessments}
    assert (said["correct"].value, said["correct"].rationale) == (True, "it is")
    assert (said["tone"].feedback.value, said["expected"].expectation.value) == ("warm", "zero")
    assert {(one.source.source_type, one.source.source_id) for one in said.values()} == {("HUMAN", "ann")}
    (done,) = review_queues.list_review_queue_items(queue, status="complete")
    assert (done.item_id, done.completed_by) == (first, "ann")
    found = mlflow.search_traces(
        locations=[experiment.experiment_id], filter_string="feedback.tone = 'warm'", return_type="list"
    )
    assert [trace.info.trace_id for trace in found] == [first]

    native(f"/review-queues/{queue}/items/{first}/reopen", {"reviewer": "ann"})
    assert read(first).info.assessments == []
    assert [item.item_id for item in review_queues.list_review_queue_items(queue, status="complete")] == []


def test_what_the_client_completes_is_no_longer_handed_out(experiment, native, queue):
    ids = traces(3)
    added = native(f"/review-queues/{queue}/items", {"filter": "name LIKE 'call %'"})
    assert added == {"added": 3, "present": 0, "missing": 0, "is_cut": False}
    assert native(f"/review-queues/{queue}/items", {"trace_ids": ids})["present"] == 3
    review_queues.set_review_queue_item_status(queue, item_id=ids[0], status="complete", completed_by="Cyd")
    handed = [
        {item["trace_id"] for item in native(f"/review-queues/{queue}/claim", {"reviewer": who, "count": 1})["items"]}
        for who in ("ann", "bob", "dan")
    ]
    assert handed[0] | handed[1] == set(ids[1:]) and handed[2] == set()
    (listed,) = native(f"/review-queues?experiment={experiment.experiment_id}")["queues"]
    progress = listed["progress"]
    assert (progress["total"], progress["in_progress"], progress["complete"]) == (3, 2, 1)
    # Reopened by the client, it is to be done again.
    review_queues.set_review_queue_item_status(queue, item_id=ids[0], status="pending")
    assert native(f"/review-queues/{queue}/claim", {"reviewer": "dan"})["items"][0]["trace_id"] == ids[0]


def test_answers_of_the_client_count_for_agreement(native, schemas, queue):
    ids = traces(3)
    review_queues.add_items_to_review_queue(queue, item_ids=ids)
    for trace_id, ann, bob in zip(ids, (True, True, False), (True, False, False), strict=True):
        answers = [{"schema_id": schemas[0], "value": ann}]
        native(f"/review-queues/{queue}/items/{trace_id}/complete", {"reviewer": "ann", "answers": answers})
        mlflow.log_feedback(
            trace_id=trace_id,
            name="correct",
            value=bob,
            source=mlflow.entities.AssessmentSource(source_type="HUMAN", source_id="bob"),
        )
    correct = native(f"/review-queues/{queue}/agreement")["questions"][0]
    assert (correct["name"], correct["traces"], correct["unanimous"]) == ("correct", 3, 2)
    assert correct["share"] == pytest.approx(2 / 3)
    assert correct["kappa"] == pytest.approx(0.4)


def test_a_queue_made_natively_is_the_clients(experiment, native):
    schema = native(
        "/label-schemas",
        {
            "experiment": experiment.name,
            "name": "stars",
            "kind": "feedback",
            "input": {"type": "numeric", "min_value": 1, "max_value": 5},
        },
        status=201,
    )
    made = native(
        "/review-queues",
        {"experiment": experiment.name, "name": "Native", "users": ["Ann"], "schema_ids": [schema["schema_id"]]},
        status=201,
    )
    queue = review_queues.get_review_queue(queue_id=made["queue"]["queue_id"])
    assert (queue.name, queue.users, queue.schema_ids) == ("Native", ["ann"], [schema["schema_id"]])
    question = label_schemas.get_label_schema(schema_id=schema["schema_id"])
    assert (question.name, question.input.min_value, question.input.max_value) == ("stars", 1, 5)
    native(f"/review-queues/{queue.queue_id}", method="DELETE", status=204)
    assert list(review_queues.list_review_queues(experiment_id=experiment.experiment_id)) == []
