"""`tag`, `delete`, `experiments`, `config`, `completions`: what they change, ask, refuse and print."""

from __future__ import annotations

import json
import subprocess

import pytest

from support.cli import on_terminal, plain, spanwise
from support.otlp import mlflow_id, post_spans, span

pytestmark = pytest.mark.spanwise


@pytest.fixture
def server(new_server, ids):
    """A server with three traces of `shop`, one of them failed, and one of `docs`."""
    server = new_server().start()
    server.trace_ids = [ids.trace() for _ in range(4)]
    for index, trace_id in enumerate(server.trace_ids):
        one = span(trace_id, ids.span(), f"trace {index}")
        if index == 0:
            one.status.code = 2
        post_spans(server.url, [one], **{"service.name": "docs" if index == 3 else "shop"})
    server.ids = [mlflow_id(trace_id) for trace_id in server.trace_ids]
    return server


def found(server, *args: str) -> set[str]:
    lines = spanwise("search", *args, "--jsonl", "--limit", "1000", server=server).stdout.splitlines()
    return {json.loads(line)["trace_id"] for line in lines}


def test_tags_are_set_and_removed_by_id(server):
    out = spanwise("tag", server.ids[0], server.ids[1], "env=prod", "query=a=b", server=server).stdout
    assert out == b"tagged 2 traces\n"
    assert found(server, "tags.env = 'prod' AND tags.query = 'a=b'") == set(server.ids[:2])
    spanwise("tag", server.ids[0], "--remove", "env", server=server)
    assert found(server, "tags.env = 'prod'") == {server.ids[1]}


def test_tags_are_set_by_filter(server):
    would = spanwise("tag", "--where", "status = 'ERROR'", "queue=review", "--dry-run", server=server).stdout
    assert would == b"would tag 1 trace\n" and found(server, "tags.queue = 'review'") == set()
    out = spanwise("tag", "--where", "status = 'ERROR'", "queue=review", "--json", server=server).stdout
    assert json.loads(out) == {"matched": 1, "changed": 1}
    assert found(server, "tags.queue = 'review'") == {server.ids[0]}


def test_all_traces_of_an_experiment_are_tagged_only_when_asked_for(server):
    done = spanwise("tag", "--experiment", "docs", "k=v", server=server, check=False)
    assert done.returncode == 2 and b"--all" in done.stderr
    spanwise("tag", "--experiment", "docs", "--all", "k=v", server=server)
    assert found(server, "tags.k = 'v'") == {server.ids[3]}


@pytest.mark.parametrize(
    ("args", "named"),
    [
        ([], "TRACE_ID"),
        (["tr-1"], "KEY=VALUE"),
        (["k=v"], "--where"),
        (["tr-1", "=v"], "no key"),
        (["tr-1", "k=v", "--remove", "k"], "both"),
        (["tr-1", "k=v", "--where", "has:error"], "not both"),
        (["--where", "nmae = 'x'", "k=v"], "  nmae = 'x'\n  ^^^^ "),
    ],
)
def test_wrong_tags_are_refused(server, args, named):
    done = spanwise("tag", *args, server=server, check=False)
    assert done.returncode == 2
    assert named in done.stderr.decode()


def test_delete_needs_a_yes_where_nobody_can_answer(server):
    done = spanwise("delete", server.ids[0], server=server, check=False)
    assert done.returncode == 2 and b"--yes" in done.stderr and b"--dry-run" in done.stderr
    assert found(server) == set(server.ids)
    assert spanwise("delete", server.ids[0], "--yes", server=server).stdout == b"deleted 1 trace\n"
    assert found(server) == set(server.ids[1:])


def test_traces_that_are_not_there_are_bad_news(server):
    missing = "tr-" + "0" * 32
    for command, done_text in [(["tag", "k=v"], b"tagged 1 trace\n"), (["delete", "--yes"], b"deleted 1 trace\n")]:
        done = spanwise(*command, server.ids[0], missing, missing, server=server, check=False)
        assert (done.returncode, done.stdout) == (1, done_text)
        assert done.stderr == b"not there: 1 of the 2 traces named\n"


def test_delete_asks_on_a_terminal(server):
    args = ["delete", "--where", "name LIKE 'trace %'", "--experiment", "shop"]
    shown, code = on_terminal(*args, server=server, answers={"[y/N]": "n"})
    assert code == 0 and "delete 3 traces? [y/N]" in plain(shown) and "nothing was deleted" in shown
    assert found(server) == set(server.ids)
    shown, code = on_terminal(*args, server=server, answers={"[y/N]": "y"})
    assert code == 0 and "deleted 3 traces" in shown
    assert found(server) == {server.ids[3]}


def test_delete_says_what_it_would_do(server):
    out = spanwise("delete", "--where", "status = 'OK'", "--dry-run", server=server).stdout
    assert out == b"would delete 3 traces\n" and found(server) == set(server.ids)
    assert spanwise("delete", "--where", "name = 'nope'", "--yes", server=server).stdout == b"no traces match\n"
    done = spanwise("delete", "--yes", server=server, check=False)
    assert done.returncode == 2 and b"--where" in done.stderr


def test_delete_works_on_a_closed_store(server):
    assert server.stop() == 0
    data = ["--data-dir", str(server.data_dir), "--port", str(server.port)]
    assert spanwise("delete", "--all", "--experiment", "shop", "--yes", *data).stdout == b"deleted 3 traces\n"
    lines = spanwise("search", "--jsonl", *data).stdout.splitlines()
    assert [json.loads(line)["trace_id"] for line in lines] == [server.ids[3]]


def names(server, *args: str) -> set[str]:
    listed = json.loads(spanwise("experiments", *args, "--json", server=server).stdout)
    return {one["name"] for one in listed}


def test_experiments_are_listed_created_renamed_deleted_and_restored(server):
    assert names(server) == names(server, "list") >= {"shop", "docs"}
    table = spanwise("experiments", server=server).stdout.decode().splitlines()
    assert table[0].split() == ["ID", "NAME", "TRACES", "LAST", "TRACE"]
    assert any(line.split()[1:3] == ["shop", "3"] for line in table)
    assert b"created experiment `new one`" in spanwise("experiments", "create", "new one", server=server).stdout
    assert b"renamed experiment `newer`" in spanwise("experiments", "rename", "new one", "newer", server=server).stdout
    assert b"1 trace;" in spanwise("experiments", "delete", "docs", server=server).stdout
    assert names(server) & {"newer", "docs", "shop"} == {"newer", "shop"}
    assert names(server, "list", "--deleted") == names(server, "--deleted") == {"docs"}
    assert found(server) == set(server.ids[:3])
    spanwise("experiments", "restore", "docs", server=server)
    assert found(server) == set(server.ids)


def test_experiments_that_are_missing_or_taken_are_refused(server):
    for args, named in [
        (["delete", "nope"], "`nope`"),
        (["rename", "nope", "x"], "`nope`"),
        (["restore", "shop"], "`shop`"),
        (["create", "shop"], "shop"),
        (["rename", "docs", "shop"], "shop"),
    ]:
        done = spanwise("experiments", *args, server=server, check=False)
        assert done.returncode == 2, args
        assert named in done.stderr.decode() and done.stdout == b""


def test_config_path_names_the_file_that_is_in_use(tmp_path):
    data = ["--data-dir", str(tmp_path / "data")]
    done = spanwise("config", "path", *data, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, b"") and b"spanwise.toml" in done.stderr
    (tmp_path / "spanwise.toml").write_text("port = 5001\n")
    assert spanwise("config", "path", *data, cwd=tmp_path).stdout == b"spanwise.toml\n"
    shown = json.loads(spanwise("config", "show", "--json", *data, cwd=tmp_path).stdout)
    assert shown["port"] == {"value": "5001", "origin": "file spanwise.toml"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell", "elvish"])
def test_completions_name_every_command(shell):
    script = spanwise("completions", shell).stdout.decode()
    assert all(word in script for word in ("search", "experiments", "order-by", "restore"))


def test_bash_takes_its_completions(tmp_path):
    script = tmp_path / "spanwise.bash"
    script.write_bytes(spanwise("completions", "bash").stdout)
    words = "COMP_WORDS=(spanwise exp); COMP_CWORD=1"
    ask = f"source {script}; {words}; _spanwise spanwise exp spanwise; echo ${{COMPREPLY[@]}}"
    done = subprocess.run(["bash", "-c", ask], capture_output=True, check=True, timeout=30)
    assert set(done.stdout.decode().split()) == {"export", "experiments"}


COMMANDS = [
    "serve", "demo", "search", "get", "tail", "export", "import", "tag", "delete", "experiments", "check", "config",
    "completions",
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command):
    text = spanwise(command, "--help").stdout.decode()
    assert "Usage: spanwise" in text and f"  spanwise {command}" in text.split("Example", 1)[1]
    assert text == spanwise(command, "--help", "--color", "never").stdout.decode()


def test_help_names_the_exit_codes():
    text = spanwise("--help").stdout.decode()
    assert "Exit codes:" in text and "SPANWISE_TRACKING_URI" in text
