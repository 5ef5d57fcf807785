"""A backup holds what evaluation needs too: a restored server answers the client as the first did."""

from __future__ import annotations

import mlflow
import pytest
from mlflow import MlflowClient

from support.cli import spanwise
from support.client import flush

pytestmark = pytest.mark.spanwise


@pytest.fixture
def server(new_server):
    server = new_server().start()
    mlflow.set_tracking_uri(server.url)
    yield server
    flush()


def fill() -> dict[str, str]:
    """Makes one of each noun in experiment `shop`, and returns their ids."""
    experiment = mlflow.set_experiment("shop").experiment_id
    with mlflow.start_run(run_name="baseline", tags={"team": "a"}) as run:
        mlflow.log_param("k", "3")
        for step in range(3):
            mlflow.log_metric("quality", step / 4, step=step)
        mlflow.log_text("a report", "reports/a.txt")
        model = mlflow.create_external_model("agent", params={"temperature": "0"}, tags={"commit": "abc"})
    dataset = mlflow.genai.datasets.create_dataset("questions", experiment_id=experiment, tags={"owner": "a"})
    dataset.merge_records([{"inputs": {"q": f"question {n}"}, "expectations": {"a": n}} for n in range(3)])
    mlflow.genai.register_prompt("greeting", "Hello {{ name }}")
    mlflow.genai.register_prompt("greeting", "Good day, {{ name }}")
    mlflow.genai.set_prompt_alias("greeting", "live", version=1)
    with mlflow.start_span("ask") as span:
        span.set_inputs({"q": "question 0"})
    flush()
    return {"run": run.info.run_id, "model": model.model_id, "dataset": dataset.dataset_id, "trace": span.trace_id}


def read(ids: dict[str, str]) -> dict[str, object]:
    """Returns what the client reads of all of it."""
    client = MlflowClient()
    dataset = mlflow.genai.datasets.get_dataset(dataset_id=ids["dataset"])
    return {
        "run": client.get_run(ids["run"]).to_dictionary(),
        "history": [(m.step, m.value, m.timestamp) for m in client.get_metric_history(ids["run"], "quality")],
        "file": mlflow.artifacts.load_text(f"runs:/{ids['run']}/reports/a.txt"),
        "model": mlflow.get_logged_model(ids["model"]).to_dictionary(),
        "records": dataset.to_df().to_dict("records"),
        "dataset": (dataset.name, dataset.tags, dataset.experiment_ids),
        "prompts": [mlflow.genai.load_prompt(f"prompts:/greeting{which}").template for which in ("/1", "/2", "@live")],
        "trace": mlflow.get_trace(ids["trace"]).to_dict(),
    }


def test_a_restored_server_answers_the_client_as_the_first(server, new_server, tmp_path):
    ids = fill()
    before = read(ids)
    assert (len(before["history"]), len(before["records"])) == (3, 3)
    spanwise("backup", str(tmp_path / "backup"), server=server)
    assert server.stop() == 0

    restored = new_server("restored")
    spanwise("restore", str(tmp_path / "backup"), "--data-dir", str(restored.data_dir))
    mlflow.set_tracking_uri(restored.start().url)
    assert read(ids) == before
    with mlflow.start_run(run_id=ids["run"]):
        mlflow.log_metric("quality", 1.0, step=3)
    assert MlflowClient().get_run(ids["run"]).data.metrics["quality"] == 1.0
