"""Retention and the commands of housekeeping: what they do, print and refuse, and that artifacts go too."""

from __future__ import annotations

import json
import sqlite3
import time

import pytest
import requests

from support.api import Api
from support.cli import on_terminal, plain, spanwise
from support.otlp import START_NS, mlflow_id, post_spans, span
from support.wait import until

pytestmark = pytest.mark.spanwise


@pytest.fixture
def server(new_server, ids):
    """A server with one trace that started long ago, and one that starts now."""
    server = new_server().start()
    add_traces(server, ids)
    return server


def add_traces(server, ids, service: str = "shop") -> None:
    old, young = ids.trace(), ids.trace()
    post_spans(server.url, [span(old, ids.span(), "old", start=START_NS)], **{"service.name": service})
    post_spans(server.url, [span(young, ids.span(), "young", start=time.time_ns())], **{"service.name": service})
    server.old, server.young = mlflow_id(old), mlflow_id(young)


def there(server, trace_id: str) -> bool:
    return requests.get(f"{server.url}/api/v1/traces/{trace_id}", timeout=30).status_code == 200


def artifact(server, trace_id: str):
    """Uploads an attachment of a trace, and returns its path on the disk."""
    experiment = Api(server.url).trace_info(trace_id)["trace_location"]["mlflow_experiment"]["experiment_id"]
    path = f"{experiment}/traces/{trace_id}/artifacts/attachments/a.txt"
    url = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{path}"
    assert requests.put(url, data=b"text", timeout=30).status_code == 200
    return server.data_dir / "artifacts" / path


def restart(server, *args: str) -> None:
    assert server.stop() == 0
    server.args = args
    server.start()


def test_old_traces_go_with_their_artifacts(server):
    gone, kept = artifact(server, server.old), artifact(server, server.young)
    restart(server, "--retention-max-age", "30d")
    until(lambda: not there(server, server.old) and not gone.exists(), "the old trace is gone")
    assert there(server, server.young) and kept.exists()
    status = requests.get(f"{server.url}/api/v1/retention", timeout=30).json()
    assert (status["max_age_s"], status["deleted_traces"], status["last"]["traces"]) == (30 * 86_400, 1, 1)


def test_an_experiment_has_its_own_age(server, ids, tmp_path):
    shop = server.old
    add_traces(server, ids, "docs")
    config = tmp_path / "spanwise.toml"
    config.write_text('[retention]\nmax_age = "30d"\n[retention.experiments."shop"]\nmax_age = "off"\n')
    restart(server, "--config", str(config))
    until(lambda: not there(server, server.old), "the old trace of the other experiment is gone")
    assert there(server, shop)
    shown = spanwise("config", "show", "--config", str(config)).stdout.decode()
    assert 'retention.experiments."shop".max_age' in shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[retention]\nmax_age = "30"', "`30` is no age; expected a number with a unit such as 12h, 30d or 8w, or off"),
        ('[retention]\nmax_bytes = "1KiB"', "`1KiB` is no bound; expected a size from 1MiB"),
        ("[retention.experiments.shop]\nmax_agee = 1", "is no text"),
        ('[retention.experiments.shop]\nmax_agee = "1d"', "expected max_age or max_bytes"),
    ],
)
def test_a_wrong_bound_is_explained(tmp_path, text, expected):
    config = tmp_path / "spanwise.toml"
    config.write_text(text)
    done = spanwise("config", "show", "--config", str(config), check=False)
    assert done.returncode == 2 and expected in done.stderr.decode()


def test_a_command_that_opens_the_store_itself_deletes_nothing(server):
    data_dir = str(server.data_dir)
    assert server.stop() == 0
    spanwise("compact", "--data-dir", data_dir, "--port", "0", env={"SPANWISE_RETENTION_MAX_AGE": "1d"})
    server.start()
    assert there(server, server.old)


def test_every_way_to_delete_takes_artifacts_along(server, ids):
    api = Api(server.url)
    paths = [artifact(server, server.old), artifact(server, server.young)]
    add_traces(server, ids)
    paths.append(artifact(server, server.old))
    spanwise("delete", server.old, "--yes", server=server)
    experiment = paths[0].relative_to(server.data_dir / "artifacts").parts[0]
    body = {"experiment_id": experiment, "max_timestamp_millis": int(time.time() * 1000) + 60_000}
    api.ok("POST", "2.0/mlflow/traces/delete-traces", body)
    until(lambda: not any(path.exists() for path in paths), "all artifacts are gone")


def test_compact_says_what_it_changed(server):
    out = spanwise("compact", server=server).stdout.decode()
    assert out.startswith("rewrote 2 traces, removed 1 segment file\n") and "word index" in out
    result = json.loads(spanwise("compact", "--json", server=server).stdout)
    assert result["traces"] == 0 and result["after"]["segments"] > 0
    assert there(server, server.old)


def test_what_an_older_release_derived_is_derived_again(server, ids):
    assert server.stop() == 0
    with sqlite3.connect(server.data_dir / "index.db") as index:
        index.execute("UPDATE trace SET name = 'an old name', input_text = 'an old text'")
    index.close()
    server.start()
    info = f"{server.url}/api/v1/traces/{server.old}"
    assert requests.get(info, timeout=30).json()["name"] == "an old name"
    done = spanwise("renormalize", "--experiment", "elsewhere", server=server, check=False)
    assert done.returncode == 2 and b"no experiment is named `elsewhere`" in done.stderr, done.stderr
    out = spanwise("renormalize", "--experiment", "shop", server=server).stdout.decode()
    assert out == "2 traces with 2 spans: 2 traces and 0 spans changed\n", out
    assert requests.get(info, timeout=30).json()["name"] == "old"
    result = json.loads(spanwise("renormalize", "--json", server=server).stdout)
    assert (result["traces"], result["changed_traces"]) == (2, 0)


def test_a_backup_of_a_server_is_restored_with_its_artifacts(server, new_server, tmp_path):
    artifact(server, server.old)
    backup, restored = str(tmp_path / "backup"), str(tmp_path / "restored")
    first = spanwise("backup", backup, server=server)
    assert b"files, " in first.stdout and first.stderr == b""
    again = spanwise("backup", backup, server=server).stdout
    assert b"of which 0 bytes were copied" in again, again
    out = spanwise("restore", backup, "--data-dir", restored).stdout
    assert b"as of " in out
    spanwise("check", "--data-dir", restored)
    copy = new_server("restored").start()
    assert there(copy, server.old) and there(copy, server.young)
    experiment = next((copy.data_dir / "artifacts").glob("*/traces")).parent.name
    url = f"{copy.url}/api/2.0/mlflow-artifacts/artifacts/{experiment}/traces/{server.old}/artifacts/attachments/a.txt"
    assert requests.get(url, timeout=30).content == b"text"


def test_a_terminal_shows_how_far_it_is(server, tmp_path):
    shown, code = on_terminal("backup", str(tmp_path / "backup"), server=server)
    assert code == 0 and "copying the index" in plain(shown), shown


def test_folders_in_the_way_are_named(server, tmp_path):
    backup = tmp_path / "backup"
    spanwise("backup", str(backup), server=server)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("")
    done = spanwise("restore", str(backup), "--data-dir", str(tmp_path / "full"), check=False)
    assert done.returncode == 2 and b"it holds `notes.txt`" in done.stderr
    assert sorted(path.name for path in (tmp_path / "full").iterdir()) == ["notes.txt"]
    done = spanwise("backup", str(tmp_path / "full"), server=server, check=False)
    assert done.returncode == 2 and b"is not empty and holds no backup" in done.stderr
    done = spanwise("restore", str(tmp_path / "none"), "--data-dir", str(tmp_path / "new"), check=False)
    assert done.returncode == 2 and b"holds no whole backup" in done.stderr


def test_a_changed_backup_is_refused(server, tmp_path):
    backup = tmp_path / "backup"
    spanwise("backup", str(backup), server=server)
    manifest = backup / "manifest.jsonl"
    sound = manifest.read_bytes()
    manifest.write_bytes(sound.replace(b"index.db", b"index.dc"))
    done = spanwise("restore", str(backup), "--data-dir", str(tmp_path / "new"), check=False)
    assert done.returncode == 2 and b"is damaged" in done.stderr
    manifest.write_bytes(sound)
    (content, *_) = (backup / "files").iterdir()
    content.unlink()
    done = spanwise("restore", str(backup), "--data-dir", str(tmp_path / "new"), check=False)
    assert done.returncode == 2 and b"the backup lacks" in done.stderr
    assert not (tmp_path / "new").exists()


def test_check_names_the_damage_and_the_trace(server):
    assert server.stop() == 0
    (segment,) = (server.data_dir / "segments").iterdir()
    sound = segment.read_bytes()
    segment.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    done = spanwise("check", "--data-dir", str(server.data_dir), check=False)
    assert done.returncode == 1
    assert f"trace {server.young} loses 1 span" in done.stdout.decode()
    server.start()
    assert there(server, server.young)
    whole = requests.get(f"{server.url}/api/v1/traces/{server.old}/otlp", timeout=30)
    assert whole.status_code == 200
