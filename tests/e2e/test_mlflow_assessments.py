"""Feedback and expectations through the MLflow client."""

import mlflow
import pytest
from mlflow.entities import AssessmentError, AssessmentSource, Expectation, Feedback
from mlflow.exceptions import MlflowException

from support.client import flush, last, read, search

HUMAN = AssessmentSource(source_type="HUMAN", source_id="ada")


@pytest.fixture
def trace_id(experiment):
    """One finished trace."""
    with mlflow.start_span("t") as span:
        pass
    flush()
    return span.trace_id


def assessments(trace_id):
    """Returns the assessments that the trace carries, by id."""
    return {a.assessment_id: a for a in read(trace_id).info.assessments}


@pytest.mark.parametrize("value", [1, 0.5, True, False, "good", "", ["a", 1], {"k": True}], ids=repr)
def test_feedback_values(trace_id, value):
    made = mlflow.log_feedback(trace_id=trace_id, name="quality", value=value)
    stored = mlflow.get_assessment(trace_id, made.assessment_id)
    assert stored.feedback.value == value
    assert type(stored.feedback.value) is type(value) or isinstance(value, int)
    assert assessments(trace_id)[made.assessment_id].feedback.value == value


@pytest.mark.parametrize("value", ["Paris", 7, 1.5, True, ["a", "b"], {"facts": ["x", {"y": 1}]}], ids=repr)
def test_expectation_values(trace_id, value):
    made = mlflow.log_expectation(trace_id=trace_id, name="expected", value=value)
    assert mlflow.get_assessment(trace_id, made.assessment_id).expectation.value == value


def test_feedback_with_everything(trace_id):
    root = read(trace_id).data.spans[0]
    made = mlflow.log_feedback(
        trace_id=trace_id,
        name="quality",
        value=0.5,
        source=HUMAN,
        rationale="meh",
        metadata={"m": 1},
        span_id=root.span_id,
    )
    stored = mlflow.get_assessment(trace_id, made.assessment_id)
    assert stored.name == "quality"
    assert (stored.source.source_type, stored.source.source_id) == ("HUMAN", "ada")
    assert (stored.rationale, stored.metadata["m"], stored.span_id) == ("meh", "1", root.span_id)
    assert stored.valid is True
    assert 0 < stored.create_time_ms <= stored.last_update_time_ms


def test_feedback_of_a_scorer_that_failed(trace_id):
    error = AssessmentError(error_code="RATE_LIMIT", error_message="slow down", stack_trace="line 1\nline 2")
    made = mlflow.log_feedback(trace_id=trace_id, name="judge", error=error)
    stored = mlflow.get_assessment(trace_id, made.assessment_id)
    assert stored.feedback.value is None
    assert stored.error.error_code == "RATE_LIMIT" and stored.error.error_message == "slow down"
    assert stored.feedback.error.stack_trace == "line 1\nline 2"


def test_update_changes_what_is_given_and_merges_metadata(trace_id):
    made = mlflow.log_feedback(
        trace_id=trace_id,
        name="quality",
        value=0.5,
        source=HUMAN,
        rationale="meh",
        metadata={"kept": "1", "new": "old"},
    )
    mlflow.update_assessment(
        trace_id, made.assessment_id, Feedback(name="renamed", value=0.9, rationale="better", metadata={"new": "2"})
    )
    stored = mlflow.get_assessment(trace_id, made.assessment_id)
    assert (stored.name, stored.feedback.value, stored.rationale) == ("renamed", 0.9, "better")
    assert stored.metadata == {"kept": "1", "new": "2"}
    assert (stored.source.source_type, stored.source.source_id) == ("HUMAN", "ada")
    assert stored.create_time_ms == made.create_time_ms
    assert stored.last_update_time_ms >= made.last_update_time_ms


def test_update_of_an_expectation(trace_id):
    made = mlflow.log_expectation(trace_id=trace_id, name="answer", value="Paris")
    mlflow.update_assessment(trace_id, made.assessment_id, Expectation(name="answer", value=["Paris", "France"]))
    assert mlflow.get_assessment(trace_id, made.assessment_id).expectation.value == ["Paris", "France"]


def test_update_with_the_wrong_kind_is_refused(trace_id):
    made = mlflow.log_feedback(trace_id=trace_id, name="quality", value=1)
    with pytest.raises(MlflowException, match="Cannot update expectation value on a Feedback assessment"):
        mlflow.update_assessment(trace_id, made.assessment_id, Expectation(name="quality", value=1))


def test_override_and_its_deletion(trace_id):
    first = mlflow.log_feedback(trace_id=trace_id, name="quality", value=0.9)
    second = mlflow.override_feedback(
        trace_id=trace_id, assessment_id=first.assessment_id, value=0.1, rationale="wrong", source=HUMAN
    )
    both = assessments(trace_id)
    assert (both[first.assessment_id].valid, both[second.assessment_id].valid) == (False, True)
    assert both[second.assessment_id].overrides == first.assessment_id
    mlflow.delete_assessment(trace_id, second.assessment_id)
    (left,) = assessments(trace_id).values()
    assert left.valid is True


def test_only_valid_assessments_are_searched(experiment, trace_id):
    first = mlflow.log_feedback(trace_id=trace_id, name="verdict", value="good")
    mlflow.override_feedback(trace_id=trace_id, assessment_id=first.assessment_id, value="bad")
    assert search(experiment, "feedback.verdict = 'good'") == []
    assert len(search(experiment, "feedback.verdict = 'bad'")) == 1


def test_delete(trace_id):
    made = mlflow.log_feedback(trace_id=trace_id, name="quality", value=1)
    mlflow.delete_assessment(trace_id, made.assessment_id)
    mlflow.delete_assessment(trace_id, made.assessment_id)
    assert assessments(trace_id) == {}
    with pytest.raises(MlflowException) as caught:
        mlflow.get_assessment(trace_id, made.assessment_id)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_assessments_keep_the_order_they_were_made_in(trace_id):
    made = [mlflow.log_feedback(trace_id=trace_id, name=f"n{n}", value=n).assessment_id for n in range(5)]
    assert list(assessments(trace_id)) == made


def test_feedback_inside_an_active_trace(experiment):
    with mlflow.start_span("t") as span:
        mlflow.log_feedback(trace_id=span.trace_id, name="early", value=True)
        mlflow.log_expectation(trace_id=span.trace_id, name="target", value="x")
    info = last().info
    assert {(a.name, bool(a.feedback)) for a in info.assessments} == {("early", True), ("target", False)}
    assert all(a.assessment_id for a in info.assessments)


def test_unknown_trace_and_unknown_assessment(trace_id):
    with pytest.raises(MlflowException, match="not found") as caught:
        mlflow.log_feedback(trace_id="tr-" + "0" * 32, name="x", value=1)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    with pytest.raises(MlflowException, match="not found") as caught:
        mlflow.update_assessment(trace_id, "a-nope", Feedback(name="x", value=1))
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_session_level_feedback_is_found_on_every_trace_of_the_session(experiment):
    ids = []
    for _ in range(2):
        with mlflow.start_span("turn") as span:
            mlflow.update_current_trace(session_id="s1")
        ids.append(span.trace_id)
    with mlflow.start_span("elsewhere"):
        pass
    flush()
    mlflow.log_feedback(trace_id=ids[0], name="helpful", value="yes", metadata={"mlflow.trace.session": "s1"})
    assert {t.info.trace_id for t in search(experiment, "feedback.helpful = 'yes'")} == set(ids)
    assert not {t.info.trace_id for t in search(experiment, "feedback.helpful IS NULL")} & set(ids)
