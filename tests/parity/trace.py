"""Traces as the unmodified MLflow client reads them, without what only says where a server keeps them."""

from __future__ import annotations

import json
from typing import Any

import mlflow

# Of the server rather than of the trace.
PLACES = {"trace_location", "mlflow.artifactLocation", "mlflow.trace.spansLocation"}


def read_traces(url: str, experiment_id: str) -> dict[str, dict[str, Any]]:
    """Returns all traces of an experiment by id, as the client's search gives them."""
    mlflow.set_tracking_uri(url)
    traces = mlflow.search_traces(locations=[experiment_id], return_type="list", max_results=500)
    return {trace.info.trace_id: decoded(trace.to_dict()) for trace in traces}


def read_trace(url: str, trace_id: str) -> dict[str, Any]:
    """Returns one trace as the client gets it by its id."""
    mlflow.set_tracking_uri(url)
    return decoded(mlflow.get_trace(trace_id).to_dict())


def decoded(trace: dict[str, Any]) -> dict[str, Any]:
    """Returns a trace where attributes and metadata are values rather than their JSON, whose spacing means nothing."""
    info = {key: value for key, value in trace["info"].items() if key not in PLACES}
    info["tags"] = {key: value for key, value in info.get("tags", {}).items() if key not in PLACES}
    info["trace_metadata"] = values_of(info.get("trace_metadata", {}))
    spans = [{**span, "attributes": values_of(span["attributes"])} for span in trace["data"]["spans"]]
    return {"info": info, "spans": spans}


def values_of(texts: dict[str, str]) -> dict[str, Any]:
    """Returns the values whose JSON these texts are; other texts stay."""
    return {key: value_of(text) for key, text in texts.items()}


def value_of(text: Any) -> Any:
    """Returns the value whose JSON a text is, else the text."""
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text
