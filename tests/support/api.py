"""MLflow's REST API as plain calls, for tests that look at the wire rather than through the client."""

from __future__ import annotations

from typing import Any

import requests

TIMEOUT_S = 60


class Api:
    """The routes under `/api` of one server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """Sends one request, e.g. `call("POST", "3.0/mlflow/traces/search", {...})`."""
        return self._session.request(method, f"{self.url}/api/{path}", json=body, timeout=TIMEOUT_S, **options)

    def ok(self, method: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        """Like `call`, but the answer must be 200; returns its JSON."""
        answer = self.call(method, path, body, **options)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return answer.json()

    def experiment(self, name: str) -> str:
        """Creates an experiment and returns its id."""
        return self.ok("POST", "2.0/mlflow/experiments/create", {"name": name})["experiment_id"]

    def search(self, experiment_id: str, **query: Any) -> dict[str, Any]:
        """Returns one page of `traces/search` over one experiment."""
        location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}}
        return self.ok("POST", "3.0/mlflow/traces/search", {"locations": [location], **query})

    def trace_ids(self, experiment_id: str, **query: Any) -> list[str]:
        """Returns the trace ids of one page, in its order."""
        return [trace["trace_id"] for trace in self.search(experiment_id, **query).get("traces", [])]

    def trace_info(self, trace_id: str) -> dict[str, Any]:
        """Returns a trace's record without its spans."""
        return self.ok("GET", f"3.0/mlflow/traces/{trace_id}")["trace"]["trace_info"]

    def spans(self, trace_id: str) -> list[dict[str, Any]]:
        """Returns a trace's spans as the wire has them."""
        query = {"trace_id": trace_id, "allow_partial": "True"}
        return self.ok("GET", "3.0/mlflow/traces/get", params=query)["trace"].get("spans", [])
