"""`search` and `get`: what is printed in a pipe and on a terminal, filters that can't be understood, exit codes."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from support.cli import command_env, on_terminal, plain, spanwise
from support.otlp import mlflow_id, post_spans, span
from support.server import binary

pytestmark = pytest.mark.spanwise

TRACES = 30


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server with demo traces, and beside them an experiment `wide` whose trace has what demo traces lack."""
    from support.server import Server
    from support.target import Ids

    server = Server(tmp_path_factory.mktemp("cli-read") / "data").start()
    spanwise("demo", "--traces", str(TRACES), "--seed", "5", server=server)
    ids = Ids("cli-read")
    server.wide_id, root, failed = ids.trace(), ids.span(), ids.span()
    spans = [span(server.wide_id, root, "root 日本語 \x1b[31mred")]
    spans += [span(server.wide_id, ids.span(), "same", parent=root) for _ in range(25)]
    spans.append(span(server.wide_id, failed, "breaks", parent=root))
    spans[-1].start_time_unix_nano += 1
    spans[-1].status.code, spans[-1].status.message = 2, "connection refused by \x07 the tool"
    server.failed_span = failed.hex()
    post_spans(server.url, spans, **{"service.name": "wide"})
    yield server
    server.close()


def found(server, *args: str) -> list[dict]:
    return json.loads(spanwise("search", *args, "--json", server=server).stdout)


def test_search_prints_a_table_of_the_newest_traces(server):
    lines = spanwise("search", server=server).stdout.decode().splitlines()
    assert lines[0].split() == ["TIME", "TRACE", "ID", "NAME", "STATUS", "LATENCY", "TOKENS", "COST", "INPUT"]
    assert len(lines) == 1 + 20
    ids = re.findall(r"\btr-[0-9a-f]{32}\b", "\n".join(lines))
    assert ids == [trace["trace_id"] for trace in found(server)]


def test_json_and_jsonl_have_the_same_traces_over_all_pages(server):
    as_array = found(server, "--limit", "1000")
    lines = spanwise("search", "--limit", "1000", "--jsonl", server=server).stdout.splitlines()
    assert as_array == [json.loads(line) for line in lines]
    assert len(as_array) == TRACES + 1
    assert len({trace["trace_id"] for trace in as_array}) == TRACES + 1


def test_no_match_is_an_empty_array(server):
    assert found(server, "name = 'nothing has this name'") == []
    assert spanwise("search", "name = 'nope'", "--jsonl", server=server).stdout == b""
    assert spanwise("search", "name = 'nope'", server=server).stdout == b""


def test_the_filter_may_be_an_argument_or_a_flag(server):
    assert found(server, "status = 'ERROR'") == found(server, "--filter", "status = 'ERROR'")
    done = spanwise("search", "status = 'OK'", "--filter", "status = 'OK'", server=server, check=False)
    assert done.returncode == 2


def test_order_limit_experiment_and_time(server):
    tokens = [trace["usage"]["total"] for trace in found(server, "tokens > 0", "--order-by", "tokens DESC")]
    assert tokens == sorted(tokens, reverse=True) and len(tokens) > 5
    assert [trace["trace_id"] for trace in found(server, "--experiment", "wide")] == [mlflow_id(server.wide_id)]
    assert len(found(server, "--limit", "3")) == 3
    starts = [int(trace["start_ns"]) // 1_000_000 for trace in found(server, "--limit", "1000")]
    middle = sorted(starts)[len(starts) // 2]
    before, after = (
        found(server, "--to", str(middle), "--limit", "999"),
        found(server, "--from", str(middle), "--limit", "999"),
    )
    assert len(before) + len(after) == len(starts)
    assert found(server, "--from", "-7d", "--to", "-6d") == []


def test_exit_code_says_whether_something_matches(server):
    assert spanwise("search", "--exit-code", server=server).returncode == 0
    assert spanwise("search", "name = 'nope'", "--exit-code", server=server, check=False).returncode == 1


def test_every_problem_of_a_filter_has_its_carets(server):
    text = "nmae = 'chat' AND tokens > 'many'"
    done = spanwise("search", text, server=server, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    lines = done.stderr.decode().splitlines()
    shown = lines.index(f"  {text}")
    carets = [(line.index("^") - 2, line.count("^")) for line in lines[shown + 1 :] if "^" in line]
    assert carets[0] == (0, len("nmae")) and len(carets) == 2
    assert "`name`" in lines[shown + 1]
    assert text[carets[1][0] :][: carets[1][1]] == "'many'"


def test_a_wrong_order_is_explained_too(server):
    done = spanwise("search", "status = 'OK'", "--order-by", "tokns DESC", server=server, check=False)
    assert done.returncode == 2
    text = done.stderr.decode()
    assert "cannot understand the order" in text and "  tokns DESC\n  ^^^^^ " in text and "tokens" in text
    assert "the filter" not in text


def test_what_is_missing_is_named(server):
    for args, named in [
        (["search", "--experiment", "no such"], "no such"),
        (["search", "--from", "yesterdayish"], "yesterdayish"),
        (["search", "--limit", "0"], "0"),
        (["get", "tr-" + "0" * 32], "tr-" + "0" * 32),
        (["get", mlflow_id(server.wide_id), "--span", "f" * 16], "f" * 16),
        (["get", mlflow_id(server.wide_id), "--span", "xyz"], "16 hexadecimal digits"),
        (["serach"], "search"),
    ]:
        done = spanwise(*args, server=server, check=False)
        assert done.returncode == 2, args
        assert named in done.stderr.decode(), done.stderr
        assert done.stdout == b""


def test_no_server_and_no_data_is_said(tmp_path):
    done = spanwise("search", "--data-dir", str(tmp_path / "none"), "--port", "9", check=False)
    assert done.returncode == 2
    assert "spanwise serve" in done.stderr.decode()
    done = spanwise("search", url="http://127.0.0.1:9", check=False)
    assert done.returncode == 2 and b"http://127.0.0.1:9" in done.stderr


@pytest.mark.parametrize("columns", [80, 100, 120, 200])
def test_a_table_fits_the_terminal(server, columns):
    shown, code = on_terminal("search", columns=columns, server=server)
    assert code == 0 and "\x1b[" in shown
    lines = plain(shown).splitlines()
    # Wide characters are in the name, which every width has.
    assert all(len(line.encode("utf-16-le")) // 2 <= columns for line in lines)
    assert len(re.findall(r"\btr-[0-9a-f]{32}\b", plain(shown))) == 20
    assert lines[-1] == f"20 of {TRACES + 1} traces"


def test_colours_are_for_terminals_unless_told_otherwise(server):
    args = ["search", "--limit", "2"]
    assert b"\x1b[" not in spanwise(*args, server=server).stdout
    assert b"\x1b[" in spanwise(*args, "--color", "always", server=server).stdout
    assert b"\x1b[" in spanwise(*args, server=server, env={"CLICOLOR_FORCE": "1"}).stdout
    assert "\x1b[" not in on_terminal(*args, server=server, env={"NO_COLOR": "1"})[0]
    assert "\x1b[" not in on_terminal(*args, "--color", "never", server=server)[0]
    error = spanwise("search", "nmae = 'x'", server=server, check=False)
    assert b"\x1b[" not in error.stderr


def test_get_draws_the_tree_with_bars_and_errors(server):
    shown, code = on_terminal("get", mlflow_id(server.wide_id), columns=120, server=server)
    assert code == 0
    text = plain(shown)
    assert re.search(r"^experiment +wide$", text, re.M)
    assert re.search(r"^SPAN +TIMELINE +DURATION$", text, re.M)
    assert "root 日本語 [31mred" in text and "\x1b[31mred" not in shown
    assert text.count("same") == 4 and "22 more same" in text
    assert re.search(r"^└─ breaks .*\n +✗ connection refused by the tool$", text, re.M)
    assert "█" in text


def test_get_shows_as_much_as_is_asked_for(server):
    trace_id = mlflow_id(server.wide_id)
    assert spanwise("get", trace_id, "--all", server=server).stdout.decode().count("same") == 25
    errors = spanwise("get", trace_id, "--errors", server=server).stdout.decode()
    assert "same" not in errors and "breaks" in errors and "root" in errors
    top = spanwise("get", trace_id, "--depth", "1", server=server).stdout.decode()
    assert "breaks" not in top and "(+26 below)" in top
    assert server.failed_span in spanwise("get", trace_id, "--ids", server=server).stdout.decode()


def test_get_is_ascii_where_the_locale_is(server):
    text = spanwise("get", mlflow_id(server.wide_id), server=server, env={"LC_ALL": "C"}).stdout.decode()
    assert "`- breaks" in text and "=" in text and "└" not in text and "█" not in text


def test_get_of_one_span_shows_its_conversation(server):
    (trace,) = found(server, "span.type = 'CHAT_MODEL' AND status = 'OK'", "--limit", "1")
    spans = json.loads(spanwise("get", trace["trace_id"], "--format", "json", server=server).stdout)["spans"]
    chat = next(one for one in spans if one["type"] == "CHAT_MODEL")
    shown = spanwise("get", trace["trace_id"], "--span", chat["span_id"], server=server).stdout.decode()
    assert shown.startswith(f"{chat['name']}  CHAT_MODEL")
    assert re.search(r"^INPUT$", shown, re.M) and re.search(r"^OUTPUT$", shown, re.M)
    assert re.search(r"^  user$", shown, re.M) and re.search(r"^  assistant", shown, re.M)
    assert re.search(r"^model +" + re.escape(chat["model"]), shown, re.M)
    alone = json.loads(
        spanwise("get", trace["trace_id"], "--span", chat["span_id"], "--format", "json", server=server).stdout
    )
    assert alone == chat


def test_get_json_has_the_record_and_every_span(server):
    whole = json.loads(spanwise("get", mlflow_id(server.wide_id), "--format", "json", server=server).stdout)
    assert whole["trace"]["experiment_name"] == "wide"
    assert len(whole["spans"]) == whole["trace"]["span_count"] == 27


def test_a_reader_that_goes_away_is_no_error(server):
    command = f"{binary()} search --limit 1000 --jsonl | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], env=command_env(server.url), capture_output=True, timeout=60)
    assert (done.stdout, done.stderr) == (b"0\n", b"")


def stats(server, *args: str) -> list[list[str]]:
    """The lines of a table of sums, each in its cells."""
    lines = spanwise("stats", *args, "--utc", server=server).stdout.decode().splitlines()
    return [re.split(r"  +", line.strip()) for line in lines]


def test_stats_add_up_traces_over_time(server):
    header, *rows = stats(server, "--from", "2020-01-01", "--every", "1mo")
    assert header == ["TIME (UTC)", "TRACES", "ERRORS", "P50", "P95", "P99", "TOKENS", "COST"]
    assert rows[-1][:2] == ["total", str(TRACES + 1)]
    assert sum(int(row[1]) for row in rows[:-1]) == TRACES + 1
    answer = json.loads(spanwise("stats", "--from", "2020-01-01", "--every", "1mo", "--json", server=server).stdout)
    assert answer["series"][0]["total"]["count"] == TRACES + 1
    failed = found(server, "status = 'ERROR'", "--limit", "1000")
    assert answer["series"][0]["total"]["errors"] == len(failed)
    tokens = sum((trace["usage"] or {"total": 0})["total"] for trace in found(server, "--limit", "1000"))
    assert answer["series"][0]["total"]["total_tokens"] == tokens
    selected = stats(server, "status = 'ERROR'", "--from", "2020-01-01", "--every", "1mo")
    assert selected[-1][1] == str(len(failed))


def test_stats_add_up_calls_by_model(server):
    header, *rows = stats(server, "--by", "model", "--from", "2020-01-01")
    assert header[:2] == ["MODEL", "CALLS"]
    answer = json.loads(spanwise("stats", "--by", "model", "--from", "2020-01-01", "--json", server=server).stdout)
    assert [row[0] for row in rows] == [series["group"]["model"] for series in answer["series"]]
    assert len(rows) > 1
    total = json.loads(spanwise("stats", "--from", "2020-01-01", "--json", server=server).stdout)["series"][0]["total"]
    assert sum(series["total"]["total_tokens"] for series in answer["series"]) == total["total_tokens"]
    header, *rows = stats(server, "--by", "experiment", "--from", "2020-01-01", "--every", "1mo")
    assert header[:3] == ["TIME (UTC)", "EXPERIMENT", "TRACES"]
    assert ["total", "wide", "1"] in [row[:3] for row in rows]


def test_stats_refuse_what_they_can_not_answer(server):
    for args, reason in [(["--every", "7m"], "expected one of `15m`"), (["nmae = 'x'"], "did you mean `name`?")]:
        failed = spanwise("stats", *args, server=server, check=False)
        assert failed.returncode == 2
        assert reason in failed.stderr.decode(), failed.stderr
