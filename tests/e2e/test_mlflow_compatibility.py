"""What `docs/mlflow-compatibility.md` says is so, and it leaves out no route of MLflow's server."""

import re
from pathlib import Path

import pytest
import requests

pytestmark = pytest.mark.spanwise

REPO = Path(__file__).resolve().parents[2]
PAGE = (REPO / "docs" / "mlflow-compatibility.md").read_text()
WORKS, DIFFERS, ABSENT = re.split(r"^## What .*$", PAGE, flags=re.M)[1:]
ROUTE = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) ([^` ]+)`")
# Of MLflow's routes, the pages and files of its web UI, and a misspelt one.
OF_ITS_UI = r"/|/build/.*|/static-files/.*|/graphql|/(?:ajax-)?api/2\.0mlflow/.*"
# Whole families that are not there are named by their roots.
FAMILIES = (
    r"/(?:ajax-)?api/[23]\.0/mlflow/(?:gateway|mcp-servers|prompt-optimization)\b.*|/ajax-api/2\.0/mlflow/gateway-proxy"
)


def routes(text: str) -> list[tuple[str, str]]:
    """Returns the method and whole path of each route that a part of the page names."""
    return [(method, re.sub(r"^([23]\.0)/", r"/api/\1/mlflow/", path)) for method, path in ROUTE.findall(text)]


def answer(url: str, method: str, path: str) -> requests.Response:
    """Sends next to nothing to a route, with `x` for what stands in braces."""
    body = None if method == "GET" else {}
    return requests.request(method, url + re.sub(r"\{\w+\}", "x", path), json=body, timeout=30)


def is_unknown(answer: requests.Response) -> bool:
    """Says whether the server does not have the route, or not with the method."""
    no_endpoint = answer.status_code == 404 and "ENDPOINT_NOT_FOUND" in answer.text
    return no_endpoint or answer.status_code in (405, 501) or (answer.status_code == 404 and not answer.text)


def test_routes_that_work_are_there(shared_server):
    assert len(routes(WORKS)) > 140
    unknown = [
        f"{method} {path}" for method, path in routes(WORKS) if is_unknown(answer(shared_server.url, method, path))
    ]
    assert unknown == []


def test_routes_that_are_not_there_say_so(shared_server):
    found = {f"{m} {path}": answer(shared_server.url, m, path).status_code for m, path in routes(ABSENT)}
    assert {route: status for route, status in found.items() if status not in (404, 405, 501)} == {}


@pytest.mark.parametrize(
    "path", ["gateway/endpoints/list", "gateway", "mcp-servers/search", "prompt-optimization/jobs"]
)
def test_families_that_are_not_there_say_so(shared_server, path):
    for method in ("GET", "POST"):
        told = answer(shared_server.url, method, f"/api/3.0/mlflow/{path}")
        assert (told.status_code, told.json()["error_code"]) == (501, "NOT_IMPLEMENTED")
        assert "this server does not have" in told.json()["message"]


def test_every_route_of_mlflow_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("_MLFLOW_SERVER_SERVE_ARTIFACTS", "true")
    monkeypatch.setenv("_MLFLOW_SERVER_FILE_STORE", f"sqlite:///{tmp_path / 'unused.db'}")
    from mlflow.server import app

    named = {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in routes(PAGE)}
    left_out = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<[^>]+>", "{}", str(rule))
        if re.fullmatch(OF_ITS_UI, path) or re.fullmatch(FAMILIES, path):
            continue
        spellings = {path, path.replace("/ajax-api/", "/api/"), path.replace("/api/", "/ajax-api/")}
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            if not any((method, spelling) in named for spelling in spellings):
                left_out.append(f"{method} {path}")
    assert sorted(left_out) == []


def test_tests_that_are_named_are_there():
    names = set(re.findall(r"`(test_\w+\.py)`", WORKS))
    assert len(names) > 20
    assert sorted(name for name in names if not (REPO / "tests" / "e2e" / name).is_file()) == []


def test_every_difference_is_on_the_page():
    marked = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        marked |= set(re.findall(r'\bdiffers\(\s*"([^"]+)"', path.read_text()))
    listed = set(re.findall(r"^- (.+)$", DIFFERS.split("\n\n")[2], flags=re.M))
    assert marked == listed
