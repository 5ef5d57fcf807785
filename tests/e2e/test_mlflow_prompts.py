"""Prompts and registered models through the MLflow client."""

from functools import partial

import mlflow
import pytest
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from pydantic import BaseModel

from support.client import flush, search
from support.target import RUN
from support.wait import until

IS_PROMPT = "tags.`mlflow.prompt.is_prompt` = 'true'"


@pytest.fixture
def name(request: pytest.FixtureRequest, experiment) -> str:
    """The name of a prompt or model that no other test uses."""
    return f"{request.node.originalname or request.node.name}-{RUN}"


@pytest.fixture
def client(experiment):
    return MlflowClient()


class Answer(BaseModel):
    city: str
    sure: bool


def test_a_prompt_is_registered_and_loaded(name):
    first = mlflow.genai.register_prompt(name, "Hello {{who}}", commit_message="c1", tags={"k": "v"})
    assert (first.name, first.version, first.template, first.commit_message) == (name, 1, "Hello {{who}}", "c1")
    assert first.tags == {"k": "v"}
    second = mlflow.genai.register_prompt(name, "Hi {{who}}, {{what}}")
    assert (second.version, second.variables) == (2, {"who", "what"})
    assert mlflow.genai.load_prompt(f"prompts:/{name}/1").template == "Hello {{who}}"
    assert mlflow.genai.load_prompt(name, version=2).format(who="a", what="b") == "Hi a, b"
    assert mlflow.genai.load_prompt(name).version == 2
    assert mlflow.genai.load_prompt(f"prompts:/{name}@latest", cache_ttl_seconds=0).version == 2


def test_a_chat_prompt_with_a_format_and_a_model(name):
    messages = [{"role": "system", "content": "Be {{tone}}."}, {"role": "user", "content": "{{question}}"}]
    config = {"model_name": "gpt-4o", "temperature": 0.1, "max_tokens": 7}
    mlflow.genai.register_prompt(name, messages, response_format=Answer, model_config=config)
    prompt = mlflow.genai.load_prompt(name, version=1)
    assert prompt.template == messages
    assert prompt.format(tone="kind", question="Why?")[1] == {"role": "user", "content": "Why?"}
    assert set(prompt.response_format["properties"]) == {"city", "sure"}
    assert {key: prompt.model_config[key] for key in config} == config
    mlflow.genai.set_prompt_model_config(name, 1, {"model_name": "o3"})
    assert mlflow.genai.load_prompt(name, version=1, cache_ttl_seconds=0).model_config["model_name"] == "o3"
    mlflow.genai.delete_prompt_model_config(name, 1)
    assert mlflow.genai.load_prompt(name, version=1, cache_ttl_seconds=0).model_config is None


def test_a_missing_prompt(name):
    assert mlflow.genai.load_prompt(name, version=1, allow_missing=True) is None
    assert mlflow.genai.load_prompt(f"prompts:/{name}@prod", allow_missing=True) is None
    with pytest.raises(MlflowException, match=f"{name}.*not found"):
        mlflow.genai.load_prompt(name, version=1)


def test_aliases(name):
    for text in ("one", "two"):
        mlflow.genai.register_prompt(name, text)
    mlflow.genai.set_prompt_alias(name, "prod", 1)
    prompt = mlflow.genai.load_prompt(f"prompts:/{name}@prod", cache_ttl_seconds=0)
    assert (prompt.version, prompt.template, prompt.aliases) == (1, "one", ["prod"])
    mlflow.genai.set_prompt_alias(name, "prod", 2)
    assert mlflow.genai.load_prompt(f"prompts:/{name}@prod", cache_ttl_seconds=0).version == 2
    with pytest.raises(MlflowException, match="reserved"):
        mlflow.genai.set_prompt_alias(name, "latest", 1)
    with pytest.raises(MlflowException, match="Version alias name 'v1' is reserved"):
        mlflow.genai.set_prompt_alias(name, "v1", 1)
    mlflow.genai.delete_prompt_alias(name, "prod")
    with pytest.raises(MlflowException, match="alias prod not found"):
        mlflow.genai.load_prompt(f"prompts:/{name}@prod", cache_ttl_seconds=0)


def test_tags(name):
    mlflow.genai.register_prompt(name, "text")
    mlflow.genai.set_prompt_tag(name, "team", "a")
    mlflow.genai.set_prompt_version_tag(name, 1, "state", "good")
    assert mlflow.genai.get_prompt_tags(name)["team"] == "a"
    assert mlflow.genai.load_prompt(name, version=1, cache_ttl_seconds=0).tags["state"] == "good"
    mlflow.genai.delete_prompt_tag(name, "team")
    mlflow.genai.delete_prompt_version_tag(name, 1, "state")
    assert "team" not in mlflow.genai.get_prompt_tags(name)
    assert "state" not in mlflow.genai.load_prompt(name, version=1, cache_ttl_seconds=0).tags


def test_prompts_are_searched(name, experiment, client):
    for suffix in ("a", "b"):
        mlflow.genai.register_prompt(f"{name}-{suffix}", "text", tags={"set": name})
    client.create_registered_model(f"{name}-model")

    def found(filter_string):
        return [prompt.name for prompt in mlflow.genai.search_prompts(filter_string)]

    assert found(f"name LIKE '{name}%'") == [f"{name}-a", f"{name}-b"]
    assert found(f"name = '{name}-b'") == [f"{name}-b"]
    # A thread of the client tells the server which experiment a prompt belongs to.
    of_experiment = f"experiment_id = '{experiment.experiment_id}'"
    assert until(lambda: found(of_experiment) == [f"{name}-a", f"{name}-b"], "prompts of the experiment")
    versions = client.search_prompt_versions(f"{name}-a")
    assert [version.version for version in versions] == [1]
    models = client.search_registered_models(f"name LIKE '{name}%'")
    assert [model.name for model in models] == [f"{name}-model"]
    both = client.search_registered_models(f"name LIKE '{name}%' AND {IS_PROMPT}", max_results=1)
    assert ([model.name for model in both], bool(both.token)) == ([f"{name}-a"], True)


def test_a_prompt_is_deleted(name, client):
    for text in ("one", "two"):
        mlflow.genai.register_prompt(name, text)
    client.delete_prompt_version(name, "2")
    assert mlflow.genai.load_prompt(f"prompts:/{name}@latest", cache_ttl_seconds=0).version == 1
    assert mlflow.genai.register_prompt(name, "three").version == 3
    for version in ("1", "3"):
        client.delete_prompt_version(name, version)
    client.delete_prompt(name)
    assert mlflow.genai.load_prompt(name, version=1, allow_missing=True, cache_ttl_seconds=0) is None


def test_a_prompt_and_a_model_share_no_name(name, client):
    mlflow.genai.register_prompt(name, "text")
    with pytest.raises(MlflowException, match="does not allow creating a model and a prompt with the same name"):
        client.create_registered_model(name)


def test_a_trace_tells_its_prompt(name, experiment):
    mlflow.genai.register_prompt(name, "Hello {{who}}")
    mlflow.genai.register_prompt(name, "Hi {{who}}")

    @mlflow.trace
    def greet(version):
        return mlflow.genai.load_prompt(name, version=version).format(who="you")

    traces = {}
    for version in (1, 2):
        assert greet(version)
        traces[version] = mlflow.get_last_active_trace_id()
    flush()
    for version, trace_id in traces.items():
        # A thread of the client links them.
        of_version = partial(search, experiment, f"prompt = '{name}/{version}'")
        found = until(of_version, "a trace of the prompt")
        assert [trace.info.trace_id for trace in found] == [trace_id]


def test_models_and_their_versions(name, client):
    client.create_registered_model(name, tags={"a": "b"}, description="d")
    versions = [client.create_model_version(name, f"s3://bucket/{n}", description=f"v{n}") for n in (1, 2)]
    assert [version.version for version in versions] == ["1", "2"]
    assert client.get_model_version_download_uri(name, "2") == "s3://bucket/2"
    client.update_model_version(name, "1", "changed")
    assert client.get_model_version(name, "1").description == "changed"
    client.update_registered_model(name, "other")
    client.rename_registered_model(name, f"{name}-renamed")
    name = f"{name}-renamed"
    model = client.get_registered_model(name)
    assert (model.name, model.description, model.tags) == (name, "other", {"a": "b"})
    assert [one.version for one in client.search_model_versions(f"name = '{name}'")] == ["2", "1"]
    with pytest.raises(MlflowException, match="Registered Model with name=nope not found"):
        client.get_registered_model("nope")
    with pytest.raises(MlflowException, match="cannot contain '/' or ':'"):
        client.create_registered_model("a/b")
    client.delete_registered_model(name)
    with pytest.raises(MlflowException, match="not found"):
        client.get_model_version(name, "1")


def test_a_version_made_of_a_logged_model(name, client, experiment, target, tmp_path):
    client.create_registered_model(name)
    with mlflow.start_run() as run:
        logged = client.create_logged_model(experiment.experiment_id, "m", source_run_id=run.info.run_id)
    version = client.create_model_version(name, f"models:/{logged.model_id}", model_id=logged.model_id)
    assert version.run_id == run.info.run_id
    assert client.get_model_version_download_uri(name, version.version) == logged.artifact_location
    (tmp_path / "a.txt").write_text("hello")
    client.log_model_artifacts(logged.model_id, str(tmp_path))
    query = {"name": name, "version": version.version, "path": "a.txt"}
    answer = requests.get(f"{target.url}/model-versions/get-artifact", params=query, timeout=30)
    assert (answer.status_code, answer.text) == (200, "hello")
    copy = client.create_model_version(name, f"models:/{name}/1")
    assert client.get_model_version_download_uri(name, copy.version) == logged.artifact_location


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_versions_have_stages(name, client):
    client.create_registered_model(name)
    for n in (1, 2, 3):
        client.create_model_version(name, f"s3://bucket/{n}")
    client.transition_model_version_stage(name, "1", "Production")
    client.transition_model_version_stage(name, "2", "production", archive_existing_versions=True)
    stages = {one.version: one.current_stage for one in client.get_latest_versions(name)}
    assert stages == {"1": "Archived", "2": "Production", "3": "None"}
    assert [one.version for one in client.get_latest_versions(name, ["Production"])] == ["2"]
    with pytest.raises(MlflowException, match="Invalid Model Version stage: nope"):
        client.transition_model_version_stage(name, "1", "nope")


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.differs("a mistake is 400; MLflow answers it with a 500, which its client tries again for minutes")
def test_only_versions_in_use_are_archived_by_others(name, client):
    client.create_registered_model(name)
    client.create_model_version(name, "s3://bucket/1")
    with pytest.raises(MlflowException, match="cannot archive existing model versions because 'None' is not an Active"):
        client.transition_model_version_stage(name, "1", "None", archive_existing_versions=True)
