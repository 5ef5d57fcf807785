"""Datasets through the native API, the command line and files, as the MLflow client sees them."""

import json

import mlflow
import pandas
import pyarrow
import pyarrow.parquet
import pytest
import requests
from mlflow.genai.datasets import create_dataset, get_dataset
from mlflow.genai.scorers import scorer

from support.cli import spanwise
from support.client import flush

pytestmark = pytest.mark.spanwise

ROWS = [
    {"inputs": {"q": "1", "n": 1, "deep": {"a": [1, None]}}, "expectations": {"expected_response": "é"}},
    {"inputs": {"q": 'line\nbreak, "quoted"'}, "outputs": "o", "tags": {"t": "v"}},
]


@pytest.fixture
def dataset(experiment, experiment_name):
    made = create_dataset(name=experiment_name, experiment_id=experiment.experiment_id)
    made.merge_records(ROWS)
    return made


@pytest.fixture
def native(target):
    """Calls the native API and returns its JSON."""

    def call(method, path, body=None, status=200, **options):
        if body is not None:
            options["json"] = body
        answer = requests.request(method, f"{target.url}/api/v1{path}", timeout=30, **options)
        assert answer.status_code == status, answer.text
        is_json = answer.headers.get("content-type", "") in ("application/json", "application/problem+json")
        return answer.json() if is_json else answer.content

    return call


def frame(dataset_id):
    """Returns inputs, outputs and expectations of each record as the client reads them."""
    table = get_dataset(dataset_id=dataset_id).to_df()
    return [(row["inputs"], row["outputs"], row["expectations"]) for _, row in table.iterrows()]


def test_the_client_sees_what_was_changed_natively(dataset, native):
    path = f"/datasets/{dataset.dataset_id}"
    first, second = native("GET", f"{path}/records")["records"]
    edit = {"version": first["version"], "inputs": {"q": "edited"}, "expectations": {"e": [1]}, "user": "eve"}
    native("PUT", f"{path}/records/{first['record_id']}", edit)
    stale = native("PUT", f"{path}/records/{first['record_id']}", edit, status=409)
    assert {"inputs", "expectations"} <= set(stale["changed"])
    assert stale["current"]["inputs"] == {"q": "edited"}
    native("POST", f"{path}/records", {"records": [{"inputs": {"q": "new"}}]})
    native("POST", f"{path}/records/delete", {"record_ids": [second["record_id"]]})
    native("PATCH", path, {"name": "renamed"})
    assert [(inputs, expectations) for inputs, _, expectations in frame(dataset.dataset_id)] == [
        ({"q": "edited"}, {"e": [1]}),
        ({"q": "new"}, None),
    ]
    record = get_dataset(dataset_id=dataset.dataset_id).to_df().iloc[0]
    assert record["dataset_record_id"] == first["record_id"]
    assert get_dataset(dataset_id=dataset.dataset_id).name == "renamed"
    changes = [(one["added"], one["changed"], one["removed"]) for one in native("GET", f"{path}/versions")["versions"]]
    assert changes == [(0, 0, 1), (1, 0, 0), (0, 1, 0), (2, 0, 0)]
    diff = native("GET", f"{path}/diff?from=1")
    assert (diff["added"], diff["changed"], diff["removed"]) == (1, 1, 1)


def test_an_evaluation_names_the_version_it_used(dataset, native):
    @scorer
    def is_text(outputs):
        return isinstance(outputs, str)

    read = get_dataset(dataset_id=dataset.dataset_id)
    native("POST", f"/datasets/{dataset.dataset_id}/records", {"records": [{"inputs": {"q": "later"}}]})
    result = mlflow.genai.evaluate(data=read, predict_fn=lambda q, n=0, deep=None: "answer", scorers=[is_text])
    flush()
    (used,) = native("GET", f"/runs/{result.run_id}/results")["run"]["datasets"]
    assert (used["dataset_id"], used["version"]) == (dataset.dataset_id, 1)
    newest = get_dataset(dataset_id=dataset.dataset_id)
    result = mlflow.genai.evaluate(data=newest, predict_fn=lambda q, n=0, deep=None: "answer", scorers=[is_text])
    assert native("GET", f"/runs/{result.run_id}")["datasets"][0]["version"] == 2
    assert result.metrics["is_text/mean"] == 1.0


def test_records_of_traces_are_those_that_the_client_makes(experiment, experiment_name, native):
    with mlflow.start_span("answer") as span:
        span.set_inputs({"q": "x", "options": {"k": 1}})
        span.set_outputs({"text": "o"})
        with mlflow.start_span("search", span_type="RETRIEVER") as inner:
            inner.set_inputs({"term": "x"})
    flush()
    mlflow.log_expectation(trace_id=span.trace_id, name="expected_response", value="o")
    by_client = create_dataset(name=f"{experiment_name} client", experiment_id=experiment.experiment_id)
    by_client.merge_records(mlflow.search_traces(locations=[experiment.experiment_id]))
    by_server = create_dataset(name=f"{experiment_name} server", experiment_id=experiment.experiment_id)
    path = f"/datasets/{by_server.dataset_id}/traces"
    native("POST", path, {"traces": {"experiments": [experiment.experiment_id], "all": True}})
    assert frame(by_server.dataset_id) == frame(by_client.dataset_id)
    row = get_dataset(dataset_id=by_server.dataset_id).to_df().iloc[0]
    assert (row["source_type"], row["source_id"]) == ("TRACE", span.trace_id)
    spans = [{"trace_id": span.trace_id, "span_id": inner.span_id}]
    mapping = [{"from": "inputs.term", "to": "inputs.q"}]
    result = native("POST", path, {"spans": spans, "mapping": mapping})["result"]
    assert (result["added"], result["version"]) == (1, 2)


def test_pyarrow_reads_what_is_exported(dataset, native, tmp_path):
    file = tmp_path / "export.parquet"
    file.write_bytes(native("GET", f"/datasets/{dataset.dataset_id}/export?format=parquet"))
    table = pyarrow.parquet.read_table(file)
    assert [json.loads(text) for text in table.column("inputs").to_pylist()] == [row["inputs"] for row in ROWS]
    assert table.column("outputs").to_pylist() == [None, '"o"']
    assert str(table.schema.field("created_time").type) == "timestamp[ns, tz=UTC]"
    shown = pandas.read_parquet(file)
    assert shown["created_time"].dt.year.min() >= 2024


def import_file(native, name, file, parameters=""):
    made = native("POST", "/datasets", {"name": name}, status=201)["dataset"]["dataset_id"]
    result = native("POST", f"/datasets/{made}/import?{parameters}", data=file)
    return made, result


@pytest.mark.parametrize("compression", ["snappy", "gzip", "zstd", "none"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_parquet_of_pyarrow_is_imported(native, tmp_path, experiment_name, compression, version):
    rows = [
        {"inputs": {"q": f"question {n % 50}", "n": n, "list": [{"a": n}, {"a": None}] if n % 3 else []},
         "expectations": {"score": n / 4, "ok": n % 2 == 0} if n % 5 else None}
        for n in range(3_000)
    ]  # fmt: skip
    file = tmp_path / "rows.parquet"
    table = pyarrow.Table.from_pylist(rows)
    pyarrow.parquet.write_table(
        table, file, compression=compression, data_page_version=version, row_group_size=700, data_page_size=2_000
    )
    made, result = import_file(native, experiment_name, file.read_bytes(), "format=parquet")
    assert (result["rows"], result["problem_count"], result["result"]["added"]) == (3_000, 0, 3_000)
    read = [json.loads(line) for line in native("GET", f"/datasets/{made}/export").splitlines()]
    # A struct of Arrow has no fields that are missing, only null ones; both are left out.
    wanted = [
        ({"q": f"question {n % 50}", "n": n, "list": [{"a": n}, {}] if n % 3 else []},
         {"score": n / 4, "ok": n % 2 == 0} if n % 5 else {})
        for n in range(3_000)
    ]  # fmt: skip
    assert [(row["inputs"], row["expectations"]) for row in read] == wanted


def test_parquet_of_pandas_is_imported(native, tmp_path, experiment_name):
    file = tmp_path / "rows.parquet"
    rows = {
        "question": ["a", "b", None],
        "when": pandas.to_datetime(["2025-01-02", "2025-01-03", None]),
        "n": [1, 2, 3],
    }
    pandas.DataFrame(rows).to_parquet(file)
    columns = {"format": "parquet", "column": ["question=inputs.question", "when=tags.when", "n=expectations.n"]}
    made = native("POST", "/datasets", {"name": experiment_name}, status=201)["dataset"]["dataset_id"]
    path = f"/datasets/{made}/import"
    result = native("POST", path, data=file.read_bytes(), params=columns)
    assert [problem["origin"] for problem in result["problems"]] == ["3"]
    assert result["result"]["added"] == 2
    (first, _) = [json.loads(line) for line in native("GET", f"/datasets/{made}/export").splitlines()]
    assert (first["inputs"], first["expectations"]) == ({"question": "a"}, {"n": 1})
    assert first["tags"]["when"].startswith("2025-01-02T00:00:00")


def test_the_command_line_exports_and_imports(target, dataset, experiment_name, tmp_path):
    def run(*arguments, code=0):
        done = spanwise("datasets", *arguments, url=target.url, check=False)
        assert done.returncode == code, done.stderr.decode()
        return done.stdout.decode(), done.stderr.decode()

    assert experiment_name in run("list")[0]
    shown = run("show", experiment_name)[0]
    assert "2 records" in shown and "line break" in shown
    for ending in ("jsonl", "csv", "parquet"):
        file = tmp_path / f"records.{ending}"
        run("export", experiment_name, "--output", str(file))
        name = f"{experiment_name} {ending}"
        assert "2 added" in run("import", str(file), "--dataset", name, "--create")[0]
        copy = json.loads(run("list", "--name", name, "--json")[0])[0]
        assert frame(copy["dataset_id"]) == frame(dataset.dataset_id)
        assert "2 the same" in run("import", str(file), "--dataset", copy["dataset_id"])[0]
    bad = tmp_path / "bad.csv"
    bad.write_text("question,gold\nWho?,ann\nWhere?\n")
    columns = ["--column", "question=inputs.q"]
    out, err = run("import", str(bad), "--dataset", experiment_name, *columns, code=1)
    assert "1 added" in out
    assert "row 2: it has 1 cells" in err and "left out: gold" in err
    assert "give --create" in run("import", str(bad), "--dataset", "absent", *columns, code=2)[1]
