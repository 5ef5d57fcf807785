"""The registry of scorers through the MLflow client."""

import pytest
from mlflow.exceptions import MlflowException
from mlflow.genai.judges import make_judge
from mlflow.genai.scorers import (
    Guidelines,
    Safety,
    ScorerSamplingConfig,
    delete_scorer,
    get_scorer,
    list_scorers,
    scorer,
)
from mlflow.genai.scorers.base import ScorerStatus
from mlflow.genai.scorers.registry import list_scorer_versions


def judge(text="Is {{ outputs }} polite?"):
    return make_judge(name="polite", instructions=text, model="openai:/gpt-4o-mini", feedback_value_type=bool)


def test_scorers_are_registered_in_versions(experiment):
    judge().register()
    judge("Is {{ outputs }} very polite?").register()
    Guidelines(name="rules", guidelines="be kind", model="openai:/gpt-4o-mini").register()
    assert sorted(one.name for one in list_scorers()) == ["polite", "rules"]
    assert "very polite" in get_scorer(name="polite").instructions
    assert "very" not in get_scorer(name="polite", version=1).instructions
    assert [version for _, version in list_scorer_versions(name="polite")] == [1, 2]
    delete_scorer(name="polite", version=2)
    assert [version for _, version in list_scorer_versions(name="polite")] == [1]
    delete_scorer(name="polite", version="all")
    with pytest.raises(MlflowException, match="Scorer with name 'polite' not found"):
        get_scorer(name="polite")


def test_code_is_refused(experiment):
    @scorer
    def exact(outputs):
        return True

    with pytest.raises(MlflowException, match="Custom scorer registration"):
        exact.register()


@pytest.mark.differs("a scorer may name any endpoint of a gateway, since there is none here to know them")
def test_a_scorer_is_started_changed_and_stopped(experiment):
    made = make_judge(name="polite", instructions="Is {{ outputs }} polite?", model="gateway:/e").register()
    assert made.status == ScorerStatus.STOPPED
    config = ScorerSamplingConfig(sample_rate=0.5, filter_string="status = 'OK'")
    started = made.start(sampling_config=config)
    assert (started.status, started.sample_rate, started.filter_string) == (
        ScorerStatus.STARTED, 0.5, "status = 'OK'",
    )  # fmt: skip
    assert get_scorer(name="polite").sample_rate == 0.5
    changed = started.update(sampling_config=ScorerSamplingConfig(sample_rate=0.7))
    assert (changed.sample_rate, changed.filter_string) == (0.7, None)
    assert changed.stop().status == ScorerStatus.STOPPED
    assert [(one.name, one.status) for one in list_scorers()] == [("polite", ScorerStatus.STOPPED)]


def test_online_scoring_wants_a_gateway(experiment, api):
    # Of scorers that the server itself can't run; those that it can run have tests of their own.
    Safety(model="openai:/gpt-4o-mini").register()
    body = {"experiment_id": experiment.experiment_id, "name": "safety"}
    off = api.ok("PUT", "3.0/mlflow/scorers/online-config", {**body, "sample_rate": 0})["config"]
    assert (off["sample_rate"], off["experiment_id"]) == (0, experiment.experiment_id)
    query = {"scorer_ids": [off["scorer_id"]]}
    assert api.ok("GET", "3.0/mlflow/scorers/online-configs", params=query)["configs"] == [off]
    for rate, text in ((0.5, "does not use a gateway model"), (2, "sample_rate must be between 0.0 and 1.0")):
        answer = api.call("PUT", "3.0/mlflow/scorers/online-config", {**body, "sample_rate": rate})
        assert (answer.status_code, text in answer.json()["message"]) == (400, True)
