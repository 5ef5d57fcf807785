"""What MLflow's client reads from a server, as one document that can be compared with that of another server."""

from __future__ import annotations

import math

import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.genai import label_schemas, review_queues
from mlflow.tracking._tracking_service.utils import _get_store


def view(url: str) -> dict:
    """Reads everything that `mlflow_store.fill` makes."""
    mlflow.set_tracking_uri(url)
    client = MlflowClient()
    experiments = client.search_experiments(view_type=ViewType.ALL)
    ids = sorted(experiment.experiment_id for experiment in experiments)
    return {
        "experiments": {e.experiment_id: plain(e) for e in experiments},
        "runs": runs(client, ids),
        "models": {m.model_id: plain(m) for m in client.search_logged_models(experiment_ids=ids)},
        "traces": traces(client, ids),
        "run links": run_links(client, ids),
        "registry": registry(client),
        "datasets": datasets(client),
        "scorers": scorers(ids),
        "issues": {i.issue_id: plain(i) for e in ids for i in pages(_get_store().search_issues, e)},
        "reviews": reviews(ids),
        "webhooks": [plain(hook) for hook in client.list_webhooks()],
    }


def plain(value):
    """Returns an entity as texts, numbers, lists and dictionaries; what is not a number equals itself."""
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return str(value) if isinstance(value, str) else value
    if not hasattr(value, "__dict__") or isinstance(value, type):
        return str(value)
    attributes = {key.lstrip("_"): item for key, item in vars(value).items()}
    return {key: plain(item) for key, item in attributes.items() if key not in ("client", "store")}


def pages(search, *args) -> list:
    return list(search(*args))


def runs(client: MlflowClient, ids: list[str]) -> dict:
    found = {}
    for run in client.search_runs(ids, run_view_type=ViewType.ALL):
        run = client.get_run(run.info.run_id)
        metrics = {key: plain(client.get_metric_history(run.info.run_id, key)) for key in run.data.metrics}
        active = run.info.lifecycle_stage == "active"
        found[run.info.run_id] = {
            "info": plain(run.info),
            "params": plain(run.data.params),
            "tags": plain(run.data.tags),
            "latest": plain(run.data.metrics),
            "history": metrics,
            "datasets": plain(run.inputs.dataset_inputs),
            "models": plain(run.inputs.model_inputs) if run.inputs else [],
            "outputs": plain(run.outputs.model_outputs) if run.outputs else [],
            "artifacts": artifacts(client, run.info.run_id) if active else [],
        }
    return found


def artifacts(client: MlflowClient, run_id: str, path: str | None = None) -> list:
    found = []
    for entry in client.list_artifacts(run_id, path):
        if entry.is_dir:
            found += artifacts(client, run_id, entry.path)
        else:
            local = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=entry.path)
            with open(local, "rb") as file:
                found.append((entry.path, entry.file_size, hash(file.read())))
    return sorted(found)


def traces(client: MlflowClient, ids: list[str]) -> dict:
    found = {}
    for experiment in ids:
        for trace in client.search_traces(locations=[experiment], max_results=500):
            trace = client.get_trace(trace.info.trace_id)
            info = trace.info.to_dict()
            info["assessments"] = sorted(info.get("assessments", []), key=lambda one: one["assessment_id"])
            spans = sorted((span.to_dict() for span in trace.data.spans), key=lambda span: span["span_id"])
            found[trace.info.trace_id] = {"info": info, "spans": spans, "request": trace.data.request}
    return found


def run_links(client: MlflowClient, ids: list[str]) -> dict:
    found = {}
    for run in client.search_runs(ids, run_view_type=ViewType.ALL):
        traces = client.search_traces(locations=ids, filter_string=f"attributes.run_id = '{run.info.run_id}'")
        found[run.info.run_id] = sorted(trace.info.trace_id for trace in traces)
    return found


def registry(client: MlflowClient) -> dict:
    found = {}
    prompts = list(mlflow.genai.search_prompts())
    for name in sorted(
        [model.name for model in client.search_registered_models()] + [prompt.name for prompt in prompts]
    ):
        model = client._get_registry_client().store.get_registered_model(name)
        found[name] = {
            "tags": plain(model.tags),
            "aliases": {alias: str(version) for alias, version in model.aliases.items()},
            "times": (model.creation_timestamp, model.last_updated_timestamp),
            "description": model.description,
        }
    for name, versions in [("greet", 2), ("talk", 1)]:
        for version in range(1, versions + 1):
            found[f"{name}/{version}"] = plain(client.get_prompt_version(name, str(version)))
    for version in client.search_model_versions("name = 'classifier'"):
        found[f"classifier/{version.version}"] = plain(version)
    return found


def datasets(client: MlflowClient) -> dict:
    found = {}
    for dataset in client.search_datasets():
        dataset = client.get_dataset(dataset.dataset_id)
        frame = dataset.to_df()
        found[dataset.dataset_id] = {
            "dataset": {
                key: getattr(dataset, key)
                for key in (
                    "name",
                    "tags",
                    "schema",
                    "created_time",
                    "last_update_time",
                    "created_by",
                    "last_updated_by",
                )
            },
            "experiments": sorted(dataset.experiment_ids),
            "records": [plain(record.to_dict()) for record in dataset._mlflow_dataset.records]
            if hasattr(dataset, "_mlflow_dataset")
            else plain(frame.to_dict("records")),
        }
    return found


def scorers(ids: list[str]) -> dict:
    store = _get_store()
    found = {}
    for experiment in ids:
        try:
            listed = store.list_scorers(experiment)
        except mlflow.exceptions.MlflowException:
            # A deleted experiment has none to show.
            continue
        for scorer in listed:
            found[f"{experiment}/{scorer.scorer_name}"] = [
                plain(version) for version in store.list_scorer_versions(experiment, scorer.scorer_name)
            ]
    return found


def reviews(ids: list[str]) -> dict:
    found = {}
    for experiment in ids:
        if experiment != "1":
            continue
        found[f"{experiment} questions"] = {
            schema.schema_id: plain(schema) for schema in label_schemas.list_label_schemas(experiment_id=experiment)
        }
        for queue in review_queues.list_review_queues(experiment_id=experiment):
            items = review_queues.list_review_queue_items(queue.queue_id)
            found[queue.queue_id] = {
                "queue": plain(queue),
                "items": sorted((plain(item) for item in items), key=lambda item: item["item_id"]),
            }
    return found


def differences(one, other, path: str = "") -> list[str]:
    """Returns where two documents differ, each place with both values."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted({*one, *other}, key=str)
        return [
            line
            for key in keys
            for line in differences(one.get(key, "<absent>"), other.get(key, "<absent>"), f"{path}/{key}")
        ]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [line for at, pair in pairs for line in differences(*pair, f"{path}/{at}")]
    return [] if one == other else [f"{path}: {one!r} != {other!r}"]
