"""The commands beside `serve`: demo, get, search, check; against a server, and on a store that no server has open."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from support.api import Api
from support.cli import check_store, spanwise
from support.environment import ENVIRONMENT
from support.otlp import export_request, mlflow_id, post_spans, span
from support.server import clean_env
from support.wait import until

pytestmark = pytest.mark.spanwise


@pytest.fixture
def store(new_server, ids):
    """A stopped server with one trace in its store, and the trace's id."""
    server = new_server().start()
    trace_id = ids.trace()
    root = ids.span()
    post_spans(
        server.url,
        [span(trace_id, root, "root", attributes={"k": "v"}), span(trace_id, ids.span(), "child", parent=root)],
        **{"service.name": "cli"},
    )
    assert server.stop() == 0
    return server, mlflow_id(trace_id)


def test_help_and_version_name_the_commands():
    text = spanwise("--help").stdout.decode()
    assert all(command in text for command in ("serve", "demo", "get", "search", "check", "config"))
    assert spanwise("--version").stdout.decode().startswith("spanwise ")


def test_get_from_a_server_and_from_a_closed_store_are_the_same(store):
    server, trace_id = store
    from_store = spanwise("get", trace_id, "--format", "otlp", "--data-dir", str(server.data_dir)).stdout
    server.start()
    from_server = spanwise("get", trace_id, "--format", "otlp", server=server).stdout
    request = export_request([])
    assert type(request).FromString(from_store) == type(request).FromString(from_server)
    assert b"root" in from_store and b"child" in from_store


def test_get_is_readable_by_a_person(store):
    server, trace_id = store
    text = spanwise("get", trace_id, "--data-dir", str(server.data_dir)).stdout.decode()
    assert trace_id in text and "root" in text and "child" in text


def test_get_takes_the_bare_hex_id_too(store):
    server, trace_id = store
    bare = trace_id.removeprefix("tr-")
    out = spanwise("get", bare, "--format", "otlp-json", "--data-dir", str(server.data_dir)).stdout
    assert json.loads(out)["resourceSpans"]


def test_get_of_an_unknown_trace_fails_and_names_it(store):
    server, _ = store
    done = spanwise("get", "tr-" + "0" * 32, "--data-dir", str(server.data_dir), check=False)
    assert done.returncode != 0
    assert b"tr-" + b"0" * 32 in done.stderr and done.stdout == b""


def test_search_finds_by_filter(store):
    server, trace_id = store
    found = spanwise("search", "--filter", "name = 'root'", "--data-dir", str(server.data_dir)).stdout.decode()
    assert trace_id in found
    assert (
        trace_id
        not in spanwise("search", "--filter", "name = 'other'", "--data-dir", str(server.data_dir)).stdout.decode()
    )


def test_search_explains_a_wrong_filter(store):
    server, _ = store
    done = spanwise("search", "--filter", "nmae = 'root'", "--data-dir", str(server.data_dir), check=False)
    assert done.returncode != 0
    assert b"nmae" in done.stderr


def test_check_passes_on_a_sound_store_and_finds_every_damaged_byte(store):
    server, _ = store
    check_store(server.data_dir)
    (segment,) = (server.data_dir / "segments").iterdir()
    sound = segment.read_bytes()
    for offset in range(0, len(sound), 13):
        segment.write_bytes(sound[:offset] + bytes([sound[offset] ^ 0xFF]) + sound[offset + 1 :])
        done = spanwise("check", "--data-dir", str(server.data_dir), check=False)
        assert done.returncode != 0, f"byte {offset} of {len(sound)} is damaged, and nobody saw it"
        assert b"problem: segment" in done.stdout, done.stdout
    segment.write_bytes(sound)
    check_store(server.data_dir)


def test_demo_fills_a_server_with_realistic_traces(new_server):
    server = new_server().start()
    spanwise("demo", "--traces", "60", "--seed", "7", server=server)
    api = Api(server.url)
    experiments = api.ok("POST", "2.0/mlflow/experiments/search", {"max_results": 100})["experiments"]
    infos = [
        info
        for experiment in experiments
        for info in api.search(experiment["experiment_id"], max_results=500).get("traces", [])
    ]
    assert len(infos) == 60
    assert {info["state"] for info in infos} >= {"OK", "ERROR"}
    assert any("mlflow.trace.tokenUsage" in info["trace_metadata"] for info in infos)
    assert any("mlflow.trace.session" in info["trace_metadata"] for info in infos)
    types = set()
    for info in infos:
        for one in api.spans(info["trace_id"]):
            types |= {a["value"]["string_value"] for a in one["attributes"] if a["key"] == "mlflow.spanType"}
    assert types >= {"CHAT_MODEL", "TOOL", "RETRIEVER", "AGENT"}


def test_serve_demo_fills_an_empty_store_once(new_server):
    server = new_server(args=["--demo"]).start()
    until(lambda: "added demo traces" in server.log(), "the demo traces are added")
    count = len(all_traces(server))
    assert count > 0
    assert server.stop() == 0
    server.start()
    assert server.stop() == 0
    server.args = []
    assert len(all_traces(server.start())) == count


def all_traces(server) -> list[str]:
    """Returns the ids of all traces of a server."""
    api = Api(server.url)
    experiments = api.ok("POST", "2.0/mlflow/experiments/search", {"max_results": 100})["experiments"]
    return [i for e in experiments for i in api.trace_ids(e["experiment_id"], max_results=500)]


@pytest.mark.parametrize("tool", ["mlflow", "opentelemetry", "curl"])
def test_a_snippet_that_serve_prints_works_as_pasted(new_server, tool):
    server = new_server().start()
    snippet = printed_snippets(server.log())[tool]
    # `python3` must be the one that has the packages, as it would be for the person who pastes.
    path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
    subprocess.run(
        ["bash", "-ec", snippet], env=clean_env(**ENVIRONMENT, PATH=path), stdin=subprocess.DEVNULL,
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    assert len(all_traces(server)) == 1


def printed_snippets(log: str) -> dict[str, str]:
    """Returns what `serve` printed to be pasted: each a paragraph, or several up to the end of a here-document."""
    heredocs = re.findall(r"^\S[^\n]*<<'EOF'\n.*?^EOF$", log, re.M | re.S)
    curls = re.findall(r"^curl .*?(?=\n\n)", log, re.M | re.S)
    found = {
        "mlflow": [text for text in heredocs if "import mlflow" in text],
        "opentelemetry": [text for text in heredocs if "opentelemetry" in text],
        "curl": curls,
    }
    assert all(len(texts) == 1 for texts in found.values()), f"snippets {found} in:\n{log}"
    return {tool: texts[0] for tool, texts in found.items()}
