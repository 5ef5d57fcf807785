"""Everything that MLflow's client can put into a server, once: the store that imports are tried with."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import tempfile
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import (
    AssessmentError,
    AssessmentSource,
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    Metric,
    Param,
    RunTag,
    SpanType,
)
from mlflow.entities.issue import IssueSeverity, IssueStatus
from mlflow.entities.span import Link
from mlflow.entities.webhook import WebhookAction, WebhookEntity, WebhookEvent
from mlflow.genai import datasets, label_schemas, review_queues
from mlflow.genai.label_schemas import InputCategorical, InputNumeric, InputPassFail, InputText
from mlflow.tracking._tracking_service.utils import _get_store

from support.client import flush

HUMAN = AssessmentSource(source_type="HUMAN", source_id="ann@example.com")
JUDGE = AssessmentSource(source_type="LLM_JUDGE", source_id="openai:/judge")
CODE = AssessmentSource(source_type="CODE", source_id="exact_match")


def fill(url: str) -> None:
    """Puts everything into the server at `url`."""
    mlflow.set_tracking_uri(url)
    client = MlflowClient()
    client.set_experiment_tag("0", "default", "yes")
    shop = client.create_experiment("shop", tags={"team": "müller", "mlflow.note.content": "a\nb"})
    gone = client.create_experiment("gone", tags={"old": "1"})
    client.create_experiment("empty", artifact_location="s3://bucket/elsewhere")
    prompts = fill_prompts()
    mlflow.set_experiment(experiment_id=gone)
    traces(3, "old")
    with mlflow.start_run(run_name="old run"):
        mlflow.log_metric("m", 1)
    mlflow.set_experiment(experiment_id=shop)
    fill_runs(client, shop)
    ids = traces(12, "shop", prompts)
    fill_assessments(ids)
    fill_links(client, shop, ids)
    fill_datasets(client, shop, gone, ids)
    fill_reviews(client, shop, ids)
    fill_scorers(shop)
    client.create_webhook(
        "hook",
        "https://93.184.216.34/hook",
        [WebhookEvent(WebhookEntity.PROMPT_VERSION, WebhookAction.CREATED)],
        description="tells",
    )
    client.delete_experiment(gone)


def fill_prompts() -> list:
    """Registers prompts in versions, and models."""
    client = MlflowClient()
    first = mlflow.genai.register_prompt("greet", "Hi {{name}}", commit_message="first", tags={"lang": "de"})
    second = mlflow.genai.register_prompt("greet", "Hello {{name}} – ünï", commit_message="second")
    chat = mlflow.genai.register_prompt("talk", [{"role": "system", "content": "be {{mood}}"}], tags={"k": "v"})
    mlflow.genai.set_prompt_alias("greet", "production", 1)
    mlflow.genai.set_prompt_alias("greet", "staging", 2)
    client.set_prompt_tag("greet", "owner", "ann")
    client.create_registered_model("classifier", tags={"kind": "m"}, description="a model")
    client.create_model_version("classifier", source="s3://bucket/model", description="v1", tags={"q": "1"})
    client.create_model_version("classifier", source="s3://bucket/model2")
    client.set_registered_model_alias("classifier", "champion", 2)
    client.transition_model_version_stage("classifier", "1", "Staging")
    client.create_model_version("classifier", source="s3://bucket/model3")
    client.delete_model_version("classifier", "3")
    return [first, second, chat]


def fill_runs(client: MlflowClient, experiment: str) -> None:
    """Logs runs with whatever they can have."""
    model = client.create_logged_model(
        experiment, name="agent", tags={"stage": "x"}, params={"temperature": "0.2"}, model_type="agent"
    )
    with mlflow.start_run(run_name="full", tags={"a": "b"}, description="why") as run:
        mlflow.log_params({"depth": 3, "name": "x" * 300})
        for step in range(25):
            mlflow.log_metric("loss", 1 / (step + 1), step=step, timestamp=1_700_000_000_000 + step)
        points = [("nan", float("nan")), ("inf", float("inf")), ("minus", float("-inf")), ("tiny", 1e-300)]
        client.log_batch(run.info.run_id, metrics=[Metric(k, v, 1_700_000_000_000, 0) for k, v in points])
        client.log_batch(run.info.run_id, params=[Param("p", "v")], tags=[RunTag("t", "ü" * 100)])
        mlflow.log_text("hello", "notes/hello.txt")
        mlflow.log_dict({"a": [1, 2]}, "data.json")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "big.bin")
            path.write_bytes(os.urandom(300_000))
            mlflow.log_artifact(str(path), "files")
        dataset = Dataset("train", "abc123", "local", '{"uri": "x"}', schema='{"c": 1}', profile='{"n": 2}')
        client.log_inputs(
            run.info.run_id,
            [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])],
            [LoggedModelInput(model.model_id)],
        )
        client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, 7)])
        mlflow.log_metric("accuracy", 0.75, step=1, model_id=model.model_id)
    client.finalize_logged_model(model.model_id, "READY")
    client.create_logged_model(experiment, name="pending")
    deleted = client.create_logged_model(experiment, name="deleted model")
    client.finalize_logged_model(deleted.model_id, "READY")
    client.delete_logged_model(deleted.model_id)
    failed = client.create_run(experiment, run_name="failed", start_time=1_650_000_000_000)
    client.set_terminated(failed.info.run_id, "FAILED", 1_650_000_060_000)
    client.delete_run(failed.info.run_id)
    client.create_run(experiment, run_name="open", tags={"mlflow.user": "bob"})
    child = client.create_run(experiment, tags={"mlflow.parentRunId": run.info.run_id})
    client.set_terminated(child.info.run_id)


def traces(count: int, name: str, prompts: list | None = None) -> list[str]:
    """Traces calls of a small agent."""
    ids = []
    for number in range(count):
        with contextlib.suppress(ValueError), mlflow.start_span(f"{name} agent", span_type=SpanType.AGENT) as root:
            ids.append(root.trace_id)
            root.set_inputs(
                {"question": f"Was kostet Nr. {number}? 😀", "nested": {"a": [1, 2.5, None, True], "e": {}}}
            )
            mlflow.update_current_trace(
                tags={"number": str(number), "ünï": "täg"},
                metadata={"mlflow.trace.session": f"s-{number % 3}", "mlflow.trace.user": "ann", "own": "x"},
                client_request_id=f"req-{name}-{number}",
            )
            if prompts and number < 2:
                mlflow.load_prompt(f"prompts:/greet/{number + 1}")
            with mlflow.start_span("call", span_type=SpanType.CHAT_MODEL) as call:
                call.set_inputs({"messages": [{"role": "user", "content": "hi"}]})
                call.set_outputs({"choices": [{"message": {"role": "assistant", "content": f"{number} €"}}]})
                call.set_attribute("mlflow.chat.tokenUsage", usage(number))
                call.set_attribute("mlflow.llm.model", "gpt-4o")
                call.set_attribute("model", "gpt-4o-mini")
                call.set_attributes({"big": 2**53 + 1, "float": 0.1, "list": ["a", "b"], "text": 'line\nline\t"q"'})
                if number:
                    call.add_link(Link(trace_id=ids[0], span_id="00000000000000ab", attributes={"why": "before"}))
            if number % 4 == 3:
                raise ValueError(f"broken {number}")
            root.set_outputs({"answer": f"{number} €"})
    # One that nobody ended.
    flush()
    return ids


def usage(number: int) -> dict:
    return {"input_tokens": 10 + number, "output_tokens": 5, "total_tokens": 15 + number}


def fill_assessments(ids: list[str]) -> None:
    """Judges traces in every way."""
    mlflow.log_feedback(trace_id=ids[0], name="correct", value=True, source=HUMAN, rationale="so – it is")
    mlflow.log_feedback(trace_id=ids[0], name="score", value=0.25, source=JUDGE, metadata={"cost": "0.1"})
    mlflow.log_feedback(trace_id=ids[0], name="object", value={"a": [1, {"b": None}]}, source=CODE)
    mlflow.log_feedback(
        trace_id=ids[1],
        name="broke",
        error=AssessmentError("TIMEOUT", "it took too long", "line 1\nline 2"),
        source=CODE,
    )
    mlflow.log_expectation(trace_id=ids[1], name="expected", value="12 €", source=HUMAN)
    mlflow.log_expectation(trace_id=ids[1], name="facts", value=["a", "b"], source=HUMAN)
    first = mlflow.log_feedback(trace_id=ids[2], name="tone", value="rude", source=JUDGE)
    mlflow.override_feedback(trace_id=ids[2], assessment_id=first.assessment_id, value="kind", source=HUMAN)
    root = mlflow.get_trace(ids[3]).data.spans[0]
    mlflow.log_feedback(trace_id=ids[3], name="on span", value=3, source=HUMAN, span_id=root.span_id)


def fill_links(client: MlflowClient, experiment: str, ids: list[str]) -> None:
    """Links traces to a run and to an issue."""
    with mlflow.start_run(run_name="evaluation") as run:
        pass
    client.link_traces_to_run(ids[:4], run.info.run_id)
    store = _get_store()
    issue = store.create_issue(
        experiment,
        "slow",
        "it is slow",
        severity=IssueSeverity.HIGH,
        root_causes=["a", "b"],
        categories=["c"],
        created_by="ann",
        source_run_id=run.info.run_id,
    )
    store.update_issue(issue.issue_id, status=IssueStatus.RESOLVED)
    store.create_issue(experiment, "plain", "nothing else")
    mlflow.log_issue(trace_id=ids[4], issue_id=issue.issue_id, issue_name="slow")


def fill_datasets(client: MlflowClient, shop: str, other: str, ids: list[str]) -> None:
    """Makes a dataset of two experiments, with records of every source."""
    made = datasets.create_dataset("golden", experiment_id=[shop, other], tags={"v": "1"})
    made.merge_records(
        [
            {
                "inputs": {"q": f"frage {n}", "deep": {"b": [1], "a": None}},
                "expectations": {"answer": n},
                "tags": {"n": n},
            }
            for n in range(30)
        ]
    )
    made.merge_records(
        [
            {
                "inputs": {"q": "out"},
                "outputs": {"a": "x"},
                "source": {"source_type": "HUMAN", "source_data": {"who": "ann"}},
            }
        ]
    )
    made.merge_records([{"inputs": {"q": "frage 3", "deep": {"b": [1], "a": None}}, "expectations": {"more": True}}])
    made.merge_records([mlflow.get_trace(ids[5])])
    datasets.create_dataset("nobody's", experiment_id=[])


def fill_reviews(client: MlflowClient, experiment: str, ids: list[str]) -> None:
    """Asks reviewers about traces."""
    inputs = [InputPassFail("good", "bad"), InputCategorical(["a", "b"], multi_select=True), InputNumeric(0, 1.5)]
    made = [
        label_schemas.create_label_schema(
            f"q{number}", type="feedback", input=given, experiment_id=experiment, instruction="do", enable_comment=True
        )
        for number, given in enumerate(inputs)
    ]
    label_schemas.create_label_schema(
        "expect", type="expectation", input=InputText(max_length=10), experiment_id=experiment
    )
    label_schemas.list_label_schemas(experiment_id=experiment)
    queue = review_queues.create_review_queue(
        name="Night shift",
        queue_type="custom",
        experiment_id=experiment,
        users=["ann", "bob"],
        schema_ids=[schema.schema_id for schema in made],
    )
    review_queues.get_or_create_user_queue(user="cid", experiment_id=experiment)
    review_queues.add_items_to_review_queue(queue.queue_id, item_ids=ids[:3])
    review_queues.set_review_queue_item_status(queue.queue_id, item_id=ids[0], status="complete", completed_by="ann")
    review_queues.set_review_queue_item_status(queue.queue_id, item_id=ids[1], status="declined", completed_by="bob")


def fill_scorers(experiment: str) -> None:
    """Registers scorers in versions, one of them to run on what arrives."""
    store = _get_store()
    for name, versions in [("tone", 2), ("length", 1)]:
        for version in range(versions):
            store.register_scorer(experiment, name, f'{{"name": "{name}", "version": {version}}}')


def grow(path: Path, traces: int, experiment: int = 1) -> None:
    """Adds traces of three spans each to a database of MLflow's, as its server would have written them."""
    start_ms = 1_760_000_000_000
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        for number in range(traces):
            trace_id = f"tr-{number + 1:032x}"
            at = start_ms + number // 3
            database.execute(
                "INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, execution_time_ms, status,"
                " request_preview, response_preview, trace_name, session_id)"
                " VALUES (?, ?, ?, 12, 'OK', 'q', 'a', 'made', ?)",
                (trace_id, experiment, at, f"s-{number % 50}"),
            )
            tags = [("mlflow.trace.spansLocation", "TRACKING_STORE"), ("n", str(number))]
            tags.append(("mlflow.artifactLocation", f"mlflow-artifacts:/{experiment}/traces/{trace_id}/artifacts"))
            database.executemany(
                "INSERT INTO trace_tags (request_id, key, value) VALUES (?, ?, ?)", [(trace_id, *tag) for tag in tags]
            )
            database.execute(
                "INSERT INTO trace_request_metadata (request_id, key, value) VALUES (?, 'mlflow.sourceRun', 'x')",
                (trace_id,),
            )
            for place in range(3):
                span_id = f"{number * 3 + place + 1:016x}"
                parent = None if place == 0 else f"{number * 3 + 1:016x}"
                content = span_content(trace_id, span_id, parent, at * 1_000_000 + place, place)
                database.execute(
                    "INSERT INTO spans (trace_id, experiment_id, span_id, parent_span_id, name, type, status,"
                    " start_time_unix_nano, end_time_unix_nano, content) VALUES (?, ?, ?, ?, ?, 'LLM', 'OK', ?, ?, ?)",
                    (
                        trace_id,
                        experiment,
                        span_id,
                        parent,
                        f"step {place}",
                        at * 1_000_000,
                        at * 1_000_000 + 9,
                        content,
                    ),
                )


def span_content(trace_id: str, span_id: str, parent: str | None, start_ns: int, place: int) -> str:
    """Returns a span as MLflow keeps it in a column."""
    return json.dumps(
        {
            "trace_id": trace_id,
            "span_id": span_id,
            "parent_span_id": parent,
            "name": f"step {place}",
            "start_time_unix_nano": start_ns,
            "end_time_unix_nano": start_ns + 5_000_000,
            "events": [],
            "status": {"code": "STATUS_CODE_OK", "message": ""},
            "attributes": {
                "mlflow.spanType": json.dumps("LLM" if place else "AGENT"),
                "mlflow.spanInputs": json.dumps({"question": f"what is {span_id}? " + "context " * 60}),
                "mlflow.spanOutputs": json.dumps({"answer": "so it is, " * 30}),
                "mlflow.chat.tokenUsage": json.dumps(usage(place)),
            },
            "links": [],
        }
    )
