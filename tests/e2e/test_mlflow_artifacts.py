"""Artifacts of runs and logged models through the MLflow client."""

import mlflow
import pytest
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

BACKSLASH = pytest.param(
    "..\\x", marks=pytest.mark.differs("a backslash parts folders for some clients, and is refused")
)
LARGE = bytes(range(256)) * 40_000


@pytest.fixture
def client(experiment):
    return MlflowClient()


@pytest.fixture
def run(experiment):
    with mlflow.start_run() as active:
        yield active


def test_files_and_folders(run, client, tmp_path):
    folder = tmp_path / "out"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "large.bin").write_bytes(LARGE)
    (folder / "ä b.txt").write_text("é", encoding="utf-8")
    mlflow.log_artifact(str(folder / "ä b.txt"))
    mlflow.log_artifacts(str(folder), artifact_path="all")
    mlflow.log_text("hello", "d/a.txt")
    mlflow.log_dict({"a": 1}, "d/x.json")
    run_id = run.info.run_id
    assert [(file.path, file.is_dir) for file in client.list_artifacts(run_id)] == [
        ("all", True), ("d", True), ("ä b.txt", False),
    ]  # fmt: skip
    assert [(file.path, file.file_size) for file in client.list_artifacts(run_id, "d")][0] == ("d/a.txt", 5)
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/d/a.txt") == "hello"
    assert mlflow.artifacts.load_dict(f"runs:/{run_id}/d/x.json") == {"a": 1}
    local = tmp_path / "in"
    local.mkdir()
    client.download_artifacts(run_id, "all", str(local))
    assert (local / "all" / "deep" / "large.bin").read_bytes() == LARGE
    assert (local / "all" / "ä b.txt").read_text(encoding="utf-8") == "é"


def test_tables(run):
    mlflow.log_table({"q": ["a", "b"], "n": [1, 2]}, "t.json")
    mlflow.log_table({"q": ["c"], "n": [3]}, "t.json")
    table = mlflow.load_table("t.json", run_ids=[run.info.run_id])
    assert (list(table["q"]), list(table["n"])) == (["a", "b", "c"], [1, 2, 3])


def test_what_is_not_there(run, client, tmp_path):
    assert client.list_artifacts(run.info.run_id, "none") == []
    with pytest.raises((MlflowException, requests.HTTPError)):
        client.download_artifacts(run.info.run_id, "none.txt", str(tmp_path))


def test_listing_and_download_by_run(run, target, api):
    mlflow.log_text("hello", "d/a.txt")
    run_id = run.info.run_id
    files = api.ok("GET", "2.0/mlflow/artifacts/list", params={"run_id": run_id, "path": "d"})
    assert files == {
        "root_uri": run.info.artifact_uri, "files": [{"path": "d/a.txt", "is_dir": False, "file_size": 5}],
    }  # fmt: skip
    answer = requests.get(f"{target.url}/get-artifact", params={"run_id": run_id, "path": "d/a.txt"}, timeout=30)
    assert (answer.status_code, answer.content) == (200, b"hello")
    assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize("path", ["../x", "a/../../x", "%2e%2e/x", "/etc/passwd", BACKSLASH])
def test_no_path_leads_out(run, api, target, path):
    answer = api.call("GET", "2.0/mlflow/artifacts/list", params={"run_id": run.info.run_id, "path": path})
    assert answer.status_code == 400, answer.text
    answer = requests.get(f"{target.url}/get-artifact", params={"run_id": run.info.run_id, "path": path}, timeout=30)
    assert answer.status_code == 400, answer.text


def test_parts_of_a_file(run, target):
    mlflow.log_text("0123456789", "n.txt")
    folder = run.info.artifact_uri.removeprefix("mlflow-artifacts:/")
    url = f"{target.url}/api/2.0/mlflow-artifacts/artifacts/{folder}/n.txt"

    def get(value, **headers):
        return requests.get(url, headers={"Range": value, **headers}, timeout=30)

    part = get("bytes=2-4")
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    assert get("bytes=-3").content == b"789"
    assert get("bytes=7-").content == b"789"
    assert get("bytes=7-", **{"If-Range": '"other"'}).status_code == 200
    behind = get("bytes=10-")
    assert (behind.status_code, behind.headers["content-range"]) == (416, "bytes */10")
    whole = requests.get(url, timeout=30)
    assert (whole.content, whole.headers["accept-ranges"]) == (b"0123456789", "bytes")


def test_artifacts_of_a_model(experiment, client, api, tmp_path):
    model = client.create_logged_model(experiment.experiment_id, name="m")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("hello")
    client.log_model_artifacts(model.model_id, str(tmp_path))
    path = f"2.0/mlflow/logged-models/{model.model_id}/artifacts/directories"
    files = api.ok("GET", path, params={"artifact_directory_path": "sub"})["files"]
    assert files == [{"path": "sub/a.txt", "is_dir": False, "file_size": 5}]
