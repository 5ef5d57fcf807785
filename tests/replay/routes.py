"""Which part of the wire contract a request belongs to: P0 and DONE are compared, the rest is not (yet) promised."""

from __future__ import annotations

import re

TRACE = r"/(?:ajax-)?api/[23]\.0/mlflow/traces"
ID = r"[^/]+"

# The first pattern that matches the method and path decides.
ROUTES: list[tuple[str, str, str]] = [
    # Probes that the client depends on, and the OTLP routes.
    ("P0", "GET", r"/version|/health"),
    ("P0", "*", r"/v1/(?:traces|logs|metrics)"),
    # Experiments.
    ("P0", "*", r"/api/2\.0/mlflow/experiments/(?:get|get-by-name|create|search|update|delete|restore)"),
    ("P0", "*", r"/api/2\.0/mlflow/experiments/(?:set|delete)-experiment-tag"),
    # Traces: the fixed names come before `{trace_id}`.
    ("DONE", "*", rf"{TRACE}/(?:link-to-run|link-prompts|metrics)"),
    ("DONE", "*", rf"{TRACE}/calculate-filter-correlation"),
    ("P0", "GET", rf"{TRACE}/(?:get|batchGet)"),
    ("P0", "POST", rf"{TRACE}/(?:batchGetInfos|search|delete-traces)"),
    ("P0", "POST", r"/api/3\.0/mlflow/traces"),
    ("DONE", "*", r"/api/2\.0/mlflow/traces"),
    ("P0", "*", rf"{TRACE}/{ID}/tags"),
    ("P0", "*", rf"{TRACE}/{ID}/assessments(?:/{ID})?"),
    ("P0", "GET", r"/api/2\.0/mlflow/traces/[^/]+/info"),
    ("P0", "GET", rf"/api/3\.0/mlflow/traces/{ID}"),
    ("P0", "GET", r"/ajax-api/[23]\.0/mlflow/get-trace-artifact"),
    # Of the artifact proxy only what belongs to a trace: attachments and `traces.json`.
    ("P0", "*", rf"/api/2\.0/mlflow-artifacts/artifacts/\d+/traces/{ID}/artifacts/.+"),
    # The artifacts of runs and logged models.
    ("DONE", "*", r"/api/2\.0/mlflow-artifacts/.+|/api/2\.0/mlflow/artifacts/list|/get-artifact"),
    # Runs and what is logged to them.
    ("DONE", "*", r"/api/2\.0/mlflow/(?:runs|metrics)/.+"),
    ("DONE", "*", r"/api/2\.0/mlflow/logged-models(?:/.+)?"),
    ("DONE", "*", r"/api/3\.0/mlflow/(?:datasets|scorers)(?:/.+)?"),
    ("DONE", "GET", r"/(?:ajax-)?api/[23]\.0/mlflow/(?:server-info|workspaces|ui-telemetry)"),
    ("DONE", "*", r"/api/2\.0/mlflow/(?:registered-models|model-versions)/.+"),
    ("DONE", "*", r"/api/3\.0/mlflow/(?:issues|label-schemas|review-queues)(?:/.+)?"),
    # What creating one answers depends on the network that the server is in.
    ("DONE", "GET", r"/api/2\.0/mlflow/webhooks(?:/.+)?"),
    ("P1", "*", r"/api/2\.0/mlflow/webhooks(?:/.+)?"),
    # An unknown path must be answered as such.
    ("P0", "GET", r"/api/2\.0/mlflow/nope"),
]

# What is compared.
COMPARED = {"P0", "DONE"}


def priority(method: str, path: str) -> str:
    """Returns `P0`, `DONE`, `P1` or `P2`; a request that no route describes is an error in the table."""
    for name, wanted, pattern in ROUTES:
        if wanted in ("*", method) and re.fullmatch(pattern, path):
            return name
    raise LookupError(f"no route of the table matches {method} {path}")
