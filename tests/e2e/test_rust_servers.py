"""Programs of the Rust SDK that call each other over HTTP and gRPC (examples/rust/servers)."""

from __future__ import annotations

import subprocess
import uuid

import mlflow
import pytest
from mlflow.entities import SpanStatusCode

from support.rust_examples import build_examples
from support.server import clean_env

pytestmark = pytest.mark.spanwise


def run_servers(**env: str) -> str:
    program = build_examples() / "spanwise-examples-servers"
    done = subprocess.run([program], env=clean_env(**env), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout


def test_a_tree_goes_on_beyond_http_and_grpc(shared_server):
    name = f"rust-servers-{uuid.uuid4().hex}"
    printed = run_servers(SPANWISE_TRACKING_URI=shared_server.url, SPANWISE_EXPERIMENT=name)
    assert printed == "4 °C in Oslo\nnobody knows `Atlantis`\n"
    mlflow.set_tracking_uri(shared_server.url)
    experiment = mlflow.get_experiment_by_name(name)
    traces = mlflow.search_traces(locations=[experiment.experiment_id], return_type="list")
    by_city = {trace.data.spans[0].inputs["city"]: in_order(trace.data.spans) for trace in traces}
    names = ["ask", "GET", "GET /cities/{city}", "weather.Weather/Ask", "weather.Weather/Ask", "measure"]
    assert {city: [span.name for span in spans] for city, spans in by_city.items()} == {
        "Oslo": names,
        "Atlantis": names,
    }
    assert {span.status.status_code for span in by_city["Oslo"]} == {SpanStatusCode.OK}
    # A caller's mistake fails the caller and the function that says so, and not the servers in between.
    failed = [span.status.status_code is SpanStatusCode.ERROR for span in by_city["Atlantis"]]
    assert failed == [False, True, False, True, False, True]
    _, get, route, call, _, _ = by_city["Atlantis"]
    assert get.attributes["http.response.status_code"] == 404
    assert (route.attributes["http.route"], route.attributes["url.path"]) == ("/cities/{city}", "/cities/Atlantis")
    assert (call.attributes["rpc.method"], call.attributes["rpc.grpc.status_code"]) == ("Ask", 5)


def in_order(spans):
    """Returns spans of which each is the child of the one before."""
    child = {span.parent_id: span for span in spans}
    chain = [child[None]]
    while chain[-1].span_id in child:
        chain.append(child[chain[-1].span_id])
    assert len(chain) == len(spans)
    return chain
