"""Which experiment a span belongs to, however it says so and in whatever order its parts arrive."""

from __future__ import annotations

import json

import pytest
from google.rpc.status_pb2 import Status as RpcStatus

from support.otlp import JSON, START_NS, export_request, mlflow_id, post, post_spans, span

pytestmark = pytest.mark.spanwise


def experiment_of(api, trace_id: bytes) -> str:
    """Returns the name of the experiment that a trace is in."""
    location = api.trace_info(mlflow_id(trace_id))["trace_location"]
    experiment_id = location["mlflow_experiment"]["experiment_id"]
    found = api.ok("GET", "2.0/mlflow/experiments/get", params={"experiment_id": experiment_id})
    return found["experiment"]["name"]


def send(server, trace_id, span_id, *, path="/v1/traces", experiment=None, **resource):
    """Posts one root span."""
    names = {key.replace("_", "."): value for key, value in resource.items()}
    body = export_request([span(trace_id, span_id)], names).SerializeToString()
    return post(server.url, body, path=path, experiment=experiment)


def test_by_header(shared_server, api, ids, experiment_name):
    trace_id, experiment_id = ids.trace(), api.experiment(experiment_name)
    assert send(shared_server, trace_id, ids.span(), experiment=experiment_id, service_name="x").status_code == 200
    assert experiment_of(api, trace_id) == experiment_name


@pytest.mark.parametrize("port", ["main", "otlp"])
def test_by_url_prefix(shared_server, api, ids, experiment_name, port):
    trace_id, experiment_id = ids.trace(), api.experiment(experiment_name)
    url = shared_server.url if port == "main" else shared_server.otlp_http_url
    body = export_request([span(trace_id, ids.span())], {"service.name": "x"}).SerializeToString()
    assert post(url, body, path=f"/otlp/{experiment_id}/v1/traces").status_code == 200
    assert experiment_of(api, trace_id) == experiment_name


def test_by_resource_attribute(shared_server, api, ids, experiment_name):
    trace_id = ids.trace()
    send(shared_server, trace_id, ids.span(), spanwise_experiment=experiment_name, service_name="x")
    assert experiment_of(api, trace_id) == experiment_name


def test_by_service_name(shared_server, api, ids, experiment_name):
    first, second = ids.trace(), ids.trace()
    send(shared_server, first, ids.span(), service_name=experiment_name)
    send(shared_server, second, ids.span(), service_name=experiment_name)
    assert experiment_of(api, first) == experiment_of(api, second) == experiment_name


@pytest.mark.parametrize("service", [None, "", "unknown_service", "unknown_service:python"], ids=str)
def test_without_a_name_it_is_the_default(shared_server, api, ids, service):
    trace_id = ids.trace()
    send(shared_server, trace_id, ids.span(), **({} if service is None else {"service_name": service}))
    assert experiment_of(api, trace_id) == "Default"


def test_header_wins_over_url_and_url_over_resource(shared_server, api, ids, experiment_name):
    by_header, by_url = api.experiment(f"{experiment_name} header"), api.experiment(f"{experiment_name} url")
    first, second = ids.trace(), ids.trace()
    path = f"/otlp/{by_url}/v1/traces"
    send(shared_server, first, ids.span(), path=path, experiment=by_header, service_name="x")
    send(shared_server, second, ids.span(), path=path, spanwise_experiment="y", service_name="x")
    assert experiment_of(api, first) == f"{experiment_name} header"
    assert experiment_of(api, second) == f"{experiment_name} url"


@pytest.mark.parametrize(("experiment", "status"), [("987654321", 404), ("abc", 400)])
@pytest.mark.parametrize("by", ["header", "url"])
def test_a_wrong_experiment_is_refused_by_name(shared_server, ids, experiment, status, by):
    options = {"experiment": experiment} if by == "header" else {"path": f"/otlp/{experiment}/v1/traces"}
    answer = send(shared_server, ids.trace(), ids.span(), **options)
    assert answer.status_code == status
    assert experiment in RpcStatus.FromString(answer.content).message


@pytest.mark.parametrize("root_first", [True, False], ids=["root first", "child first"])
def test_the_roots_service_decides_for_a_trace_of_two_services(shared_server, api, ids, experiment_name, root_first):
    trace_id, root = ids.trace(), ids.span()
    frontend = lambda: post_spans(
        shared_server.url, [span(trace_id, root, "root")], **{"service.name": f"{experiment_name} front"}
    )
    backend = lambda: post_spans(
        shared_server.url, [span(trace_id, ids.span(), parent=root)], **{"service.name": f"{experiment_name} back"}
    )
    for part in (frontend, backend) if root_first else (backend, frontend):
        part()
    assert experiment_of(api, trace_id) == f"{experiment_name} front"
    assert len(api.spans(mlflow_id(trace_id))) == 2


@pytest.mark.parametrize("explicit_first", [True, False], ids=["explicit first", "derived first"])
def test_an_explicit_choice_wins_over_a_derived_one(shared_server, api, ids, experiment_name, explicit_first):
    trace_id, root, chosen = ids.trace(), ids.span(), api.experiment(experiment_name)
    derived = lambda: send(shared_server, trace_id, root, service_name="some service")
    explicit = lambda: post_spans(shared_server.url, [span(trace_id, ids.span(), parent=root)], chosen)
    for part in (explicit, derived) if explicit_first else (derived, explicit):
        part()
    assert experiment_of(api, trace_id) == experiment_name


def test_an_explicit_choice_for_a_span_that_is_there_already(shared_server, api, ids, experiment_name):
    trace_id, root, chosen = ids.trace(), ids.span(), api.experiment(experiment_name)
    send(shared_server, trace_id, root, service_name="some service")
    send(shared_server, trace_id, root, service_name="some service", experiment=chosen)
    assert experiment_of(api, trace_id) == experiment_name


def test_start_trace_wins_over_a_derived_choice(shared_server, api, ids, experiment_name):
    trace_id, chosen = ids.trace(), api.experiment(experiment_name)
    send(shared_server, trace_id, ids.span(), service_name="some service")
    location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": chosen}}
    info = {
        "trace_id": mlflow_id(trace_id),
        "trace_location": location,
        "request_time": "2026-01-02T03:04:05Z",
        "state": "OK",
    }
    api.ok("POST", "3.0/mlflow/traces", {"trace": {"trace_info": info}})
    send(shared_server, trace_id, ids.span(), service_name="another service")
    assert experiment_of(api, trace_id) == experiment_name


def test_one_request_for_two_experiments(shared_server, api, ids, experiment_name):
    first, second = ids.trace(), ids.trace()
    request = export_request([span(first, ids.span())], {"service.name": f"{experiment_name} 1"})
    request.MergeFrom(export_request([span(second, ids.span())], {"service.name": f"{experiment_name} 2"}))
    assert post(shared_server.url, request.SerializeToString()).status_code == 200
    assert experiment_of(api, first) == f"{experiment_name} 1"
    assert experiment_of(api, second) == f"{experiment_name} 2"


def test_json_is_routed_alike(shared_server, api, ids, experiment_name):
    trace_id = ids.trace()
    one = {"traceId": trace_id.hex(), "spanId": ids.span().hex(), "startTimeUnixNano": str(START_NS), "name": "n"}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": experiment_name}}]}
    body = json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [one]}]}]})
    assert post(shared_server.url, body, content_type=JSON).status_code == 200
    assert experiment_of(api, trace_id) == experiment_name


def test_resource_attributes_become_tags(shared_server, api, ids):
    trace_id = ids.trace()
    resource = {"service.name": "tagged", "cores": 8, "list": ["a"], "telemetry.sdk.name": "x", "mlflow.secret": "y"}
    post_spans(shared_server.url, [span(trace_id, ids.span())], **resource)
    tags = api.trace_info(mlflow_id(trace_id))["tags"]
    assert (tags["service.name"], tags["cores"], json.loads(tags["list"])) == ("tagged", "8", ["a"])
    assert "telemetry.sdk.name" not in tags and "mlflow.secret" not in tags
