"""Issues through the store that the MLflow client asks."""

import mlflow
import pytest
from mlflow.entities.issue import IssueSeverity, IssueStatus
from mlflow.exceptions import MlflowException
from mlflow.tracking._tracking_service.utils import _get_store

from support.client import flush


@pytest.fixture
def create(experiment):
    def make(name: str, **fields):
        return _get_store().create_issue(experiment.experiment_id, name, "what it is", **fields)

    return make


def test_an_issue_is_made_found_and_changed(experiment, create):
    made = create("slow", severity=IssueSeverity.HIGH, root_causes=["a", "b"], categories=["c"], created_by="ann")
    assert made.issue_id.startswith("iss-")
    store = _get_store()
    assert store.get_issue(made.issue_id) == made
    assert (made.status, made.severity, made.root_causes) == (IssueStatus.PENDING, IssueSeverity.HIGH, ["a", "b"])
    changed = store.update_issue(made.issue_id, status=IssueStatus.RESOLVED, name="was slow")
    assert (changed.status, changed.name, changed.description) == (IssueStatus.RESOLVED, "was slow", "what it is")
    assert changed.last_updated_timestamp >= made.last_updated_timestamp
    with pytest.raises(MlflowException, match="Issue with ID 'iss-nope' not found") as caught:
        store.get_issue("iss-nope")
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_issues_are_searched(experiment, create):
    store = _get_store()
    run_id = mlflow.MlflowClient().create_run(experiment.experiment_id).info.run_id
    quiet, loud = create("quiet", source_run_id=run_id), create("loud", severity=IssueSeverity.MEDIUM)
    with mlflow.start_span("f") as span:
        pass
    flush()
    mlflow.log_issue(trace_id=span.trace_id, issue_id=quiet.issue_id, issue_name="quiet")
    found = store.search_issues(experiment.experiment_id, include_trace_count=True)
    assert [(issue.issue_id, issue.trace_count) for issue in found] == [(loud.issue_id, 0), (quiet.issue_id, 1)]
    for text, expected in [("status = 'pending'", 2), (f"source_run_id = '{run_id}'", 1), ("status != 'pending'", 0)]:
        assert len(store.search_issues(experiment.experiment_id, filter_string=text)) == expected, text
    page = store.search_issues(experiment.experiment_id, max_results=1)
    assert [issue.name for issue in page] == ["loud"]
    rest = store.search_issues(experiment.experiment_id, max_results=1, page_token=page.token)
    assert ([issue.name for issue in rest], rest.token) == (["quiet"], None)
    with pytest.raises(MlflowException, match="Invalid filter field 'foo'"):
        store.search_issues(filter_string="foo = 'x'")
