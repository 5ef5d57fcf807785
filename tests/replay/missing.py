"""Requests that the record lacks although later answers depend on them; each is sent before the named line."""

from __future__ import annotations

import json

from replay.record import Line

LONG = {"k": "v" * 300}
PREVIEW = "p" * 3_000
TIME = "2026-11-22T17:43:58.347Z"


def post(path: str, body: dict) -> Line:
    """Returns a request as if it had been recorded."""
    headers = {"content-type": "application/json"}
    return Line(0, "missing", "POST", path, "", headers, json.dumps(body).encode(), 200, b"")


def start_trace(trace_id: str, **fields) -> Line:
    """Returns a start_trace in the first experiment."""
    location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "1"}}
    info = {"trace_id": trace_id, "trace_location": location, "request_time": "2026-11-22T10:00:00Z", **fields}
    return post("/api/3.0/mlflow/traces", {"trace": {"trace_info": info}})


def feedback(trace_id: str, assessment_id: str, **fields) -> Line:
    """Returns a log_feedback with an id of the client's choice."""
    assessment = {"assessment_id": assessment_id, "assessment_name": "n", "feedback": {"value": 1}, **fields}
    return post(f"/api/3.0/mlflow/traces/{trace_id}/assessments", {"assessment": assessment})


MISSING: dict[int, list[Line]] = {
    528: [
        feedback(
            "tr-7ca8f91c6f9b160d3eac367ce94d9ba0", "a-eff055cff4564f12a60023042f43450f", create_time=TIME,
            last_update_time=TIME, source={"source_type": "HUMAN", "source_id": "x"}, metadata={"k": "1"},
        )
    ],
    575: [start_trace("tr-long2", trace_metadata=LONG, tags={"k": "v" * 4_096}, request_preview=PREVIEW)],
    584: [start_trace("tr-9")],
    706: [
        start_trace("tr-37f4176d44696900b77936e1a070fd0a"),
        feedback("tr-37f4176d44696900b77936e1a070fd0a", "a-mine"),
    ],
}  # fmt: skip
