"""What the MLflow client says about a trace beside its spans: tags, metadata, sessions, users, previews."""

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import TraceState
from mlflow.exceptions import MlflowException

from support.client import flush, last, read, search


def trace(name="t", **update):
    """Makes one trace, updated while it is active, and returns its id."""
    with mlflow.start_span(name) as span:
        if update:
            mlflow.update_current_trace(**update)
    return span.trace_id


def test_update_current_trace_sets_everything_it_can(experiment):
    trace(
        tags={"env": "dev", "empty": ""},
        metadata={"build": "42"},
        client_request_id="req-1",
        request_preview="asked",
        response_preview="told",
        session_id="session-1",
        user="ada",
    )
    info = last().info
    assert (info.tags["env"], info.tags["empty"]) == ("dev", "")
    assert info.trace_metadata["build"] == "42"
    assert info.client_request_id == "req-1"
    assert (info.request_preview, info.response_preview) == ("asked", "told")
    assert info.trace_metadata["mlflow.trace.session"] == "session-1"
    assert info.trace_metadata["mlflow.trace.user"] == "ada"


def test_update_current_trace_can_set_the_state(experiment):
    trace(state="ERROR")
    assert last().info.state == TraceState.ERROR


def test_values_that_are_not_text_become_text(experiment):
    trace(tags={"n": 1, "b": True}, metadata={"f": 0.5})
    info = last().info
    assert (info.tags["n"], info.tags["b"], info.trace_metadata["f"]) == ("1", "True", "0.5")


def test_metadata_that_the_client_adds_is_kept(experiment):
    metadata = read(trace()).info.trace_metadata
    assert metadata["mlflow.trace_schema.version"] == "3"
    assert metadata["mlflow.source.type"] == "LOCAL"
    assert {"mlflow.user", "mlflow.source.name", "mlflow.trace.sizeStats"} <= metadata.keys()


@pytest.mark.parametrize(
    ("inputs", "outputs", "request_preview", "response_preview"),
    [
        ("hi", "ho", '"hi"', '"ho"'),
        ({"q": 1}, {"a": [2]}, '{"q": 1}', '{"a": [2]}'),
        (
            {"messages": [{"role": "system", "content": "be kind"}, {"role": "user", "content": "hello"}]},
            {"choices": [{"message": {"role": "assistant", "content": "hi there"}}]},
            "hello",
            "hi there",
        ),
    ],
    ids=["text", "object", "messages"],
)
def test_previews_of_the_root_span(experiment, inputs, outputs, request_preview, response_preview):
    with mlflow.start_span("root") as span:
        span.set_inputs(inputs)
        span.set_outputs(outputs)
    info = last().info
    assert (info.request_preview, info.response_preview) == (request_preview, response_preview)


def test_tags_are_set_changed_and_deleted(experiment):
    trace_id = trace(tags={"kept": "1", "changed": "old", "gone": "x"})
    flush()
    mlflow.set_trace_tag(trace_id, "new", "n")
    MlflowClient().set_trace_tag(trace_id, "changed", "new")
    mlflow.delete_trace_tag(trace_id, "gone")
    tags = {k: v for k, v in read(trace_id).info.tags.items() if not k.startswith("mlflow.")}
    assert tags == {"kept": "1", "changed": "new", "new": "n"}


def test_deleting_a_tag_that_is_not_there_is_an_error(experiment):
    trace_id = trace()
    flush()
    with pytest.raises(MlflowException, match="No trace tag with key 'nope'") as caught:
        mlflow.delete_trace_tag(trace_id, "nope")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_tag_key_with_odd_characters_is_refused(experiment):
    trace_id = trace()
    flush()
    with pytest.raises(MlflowException, match="Names may only contain alphanumerics"):
        mlflow.set_trace_tag(trace_id, "a$b", "x")


def test_setting_the_name_tag_renames_the_trace(experiment):
    trace_id = trace("before")
    flush()
    mlflow.set_trace_tag(trace_id, "mlflow.traceName", "after")
    assert [t.info.trace_id for t in search(experiment, "name = 'after'")] == [trace_id]
    assert search(experiment, "name = 'before'") == []


def test_sessions_group_traces(experiment):
    first = [trace(session_id="s1") for _ in range(3)]
    second = [trace(session_id="s2") for _ in range(2)]
    trace()
    found = search(experiment, "metadata.`mlflow.trace.session` = 's1'", order_by=["timestamp_ms ASC"])
    assert {t.info.trace_id for t in found} == set(first)
    sessions = mlflow.search_sessions(locations=[experiment.experiment_id])
    assert {frozenset(t.info.trace_id for t in session) for session in sessions} == {
        frozenset(first),
        frozenset(second),
    }


def test_users_can_be_searched(experiment):
    ada, _bob = trace(user="ada"), trace(user="bob")
    found = search(experiment, "metadata.`mlflow.trace.user` = 'ada'")
    assert [t.info.trace_id for t in found] == [ada]


def test_a_session_id_that_is_too_long_is_refused(experiment, api):
    body = {
        "trace": {
            "trace_info": {
                "trace_id": "tr-" + "ab" * 16,
                "trace_location": {
                    "type": "MLFLOW_EXPERIMENT",
                    "mlflow_experiment": {"experiment_id": experiment.experiment_id},
                },
                "request_time": "2026-01-02T03:04:05Z",
                "state": "OK",
                "trace_metadata": {"mlflow.trace.session": "s" * 251},
            }
        }
    }
    answer = api.call("POST", "3.0/mlflow/traces", body)
    assert answer.status_code == 400
    assert "exceeds the maximum length of 250 characters" in answer.json()["message"]


def test_a_trace_that_does_not_exist_is_none(experiment):
    assert mlflow.get_trace("tr-" + "0" * 32, silent=True) is None
    with pytest.raises(MlflowException) as caught:
        MlflowClient().get_trace("tr-" + "0" * 32)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_trace_within_a_run_is_linked_to_it(experiment):
    with mlflow.start_span("outside"):
        pass
    run_id = "0123456789abcdef" * 2
    with mlflow.start_span("inside") as span:
        mlflow.update_current_trace(metadata={"mlflow.sourceRun": run_id})
    assert [t.info.trace_id for t in search(experiment, f"run_id = '{run_id}'")] == [span.trace_id]
