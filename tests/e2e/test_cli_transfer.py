"""`export` and `import`: the same bytes after a round trip, files that are whole or not there, imports that go on."""

from __future__ import annotations

import json
import random
import re
import time
from pathlib import Path

import pytest
import zstandard

from support.cli import on_terminal, peak_memory_kib, plain, spanwise
from support.otlp import post_spans, span
from support.proxy import Call, Proxy, Verdict

pytestmark = pytest.mark.spanwise

TRACES = 40
# More than two chunks of an import, which end after 1,000 lines.
LINES = 3_500
START_NS = 1_764_000_000_000_000_000


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The export of a store with demo traces, feedback and tags, and its data directory."""
    folder = tmp_path_factory.mktemp("cli-transfer")
    data, path = folder / "data", folder / "traces.jsonl"
    spanwise("demo", "--traces", str(TRACES), "--seed", "3", "--data-dir", str(data))
    spanwise("tag", "--where", "status = 'ERROR'", "queue=review", "--data-dir", str(data))
    spanwise("export", "--output", str(path), "--data-dir", str(data))
    return data, path


def export(data: Path, *args: str) -> bytes:
    return spanwise("export", *args, "--data-dir", str(data)).stdout


def test_an_export_says_what_it_wrote(exported, tmp_path):
    data, path = exported
    out = spanwise("export", "--output", str(tmp_path / "a.jsonl"), "--data-dir", str(data)).stdout.decode()
    assert out.startswith(f"exported {TRACES} traces to {tmp_path / 'a.jsonl'} (")
    assert (tmp_path / "a.jsonl").read_bytes() == path.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_line_is_a_trace_by_experiment_and_start(exported):
    _, path = exported
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert len(lines) == TRACES and all(line["resourceSpans"] for line in lines)
    places = [(line["trace"]["experiment"], int(line["trace"]["start_ns"])) for line in lines]
    assert places == sorted(places)


def test_an_import_gives_back_the_same_bytes(exported, tmp_path):
    data, path = exported
    copy = tmp_path / "copy"
    out = spanwise("import", str(path), "--data-dir", str(copy)).stdout.decode()
    assert out.startswith(f"{path}: imported {TRACES} traces, ")
    assert export(copy) == path.read_bytes() == export(data)
    spanwise("check", "--data-dir", str(copy))


def test_a_second_import_changes_nothing(exported, tmp_path):
    _, path = exported
    copy = tmp_path / "copy"
    spanwise("import", str(path), "--data-dir", str(copy))
    spanwise("import", str(path), "--data-dir", str(copy))
    assert export(copy) == path.read_bytes()


def test_compressed_files_and_standard_input_are_taken_too(exported, tmp_path):
    data, path = exported
    packed = tmp_path / "a.jsonl.zst"
    export(data, "--output", str(packed))
    assert zstandard.ZstdDecompressor().stream_reader(packed.open("rb")).read() == path.read_bytes()
    assert export(data, "--compress")[:4] == packed.read_bytes()[:4] == b"\x28\xb5\x2f\xfd"
    spanwise("import", str(packed), "--data-dir", str(tmp_path / "file"))
    spanwise("import", "-", "--data-dir", str(tmp_path / "pipe"), stdin=packed.read_bytes())
    spanwise("import", "-", "--data-dir", str(tmp_path / "plain"), stdin=path.read_bytes())
    for name in ("file", "pipe", "plain"):
        assert export(tmp_path / name) == path.read_bytes()


def test_otlp_json_is_taken_back_into_an_experiment(exported, tmp_path):
    data, _ = exported
    copy = tmp_path / "copy"
    lines = export(data, "--format", "otlp-json")
    assert all(json.loads(line)["resourceSpans"] for line in lines.splitlines())
    spanwise("import", "-", "--experiment", "replayed", "--data-dir", str(copy), stdin=lines)
    found = json.loads(
        spanwise("search", "--experiment", "replayed", "--limit", "1000", "--json", "--data-dir", str(copy)).stdout
    )
    assert len(found) == TRACES


def test_an_export_may_be_a_part(exported):
    data, path = exported
    failed = [json.loads(line) for line in export(data, "status = 'ERROR'").splitlines()]
    assert 0 < len(failed) < TRACES and all(line["trace"]["state"] == "ERROR" for line in failed)
    assert export(data, "name = 'nope'") == b""


def test_a_file_is_replaced_only_when_told(exported, tmp_path):
    data, path = exported
    target = tmp_path / "a.jsonl"
    target.write_text("mine")
    done = spanwise("export", "-o", str(target), "--data-dir", str(data), check=False)
    assert done.returncode == 2 and b"--force" in done.stderr and target.read_text() == "mine"
    spanwise("export", "-o", str(target), "--force", "--data-dir", str(data))
    assert target.read_bytes() == path.read_bytes()


def test_an_export_that_fails_leaves_no_file_of_that_name(exported, tmp_path):
    data, _ = exported
    done = spanwise("export", "nmae = 'x'", "-o", str(tmp_path / "a"), "--data-dir", str(data), check=False)
    assert done.returncode == 2 and "  nmae = 'x'\n  ^^^^ " in done.stderr.decode()
    done = spanwise("export", "-o", str(tmp_path / "no" / "a"), "--data-dir", str(data), check=False)
    assert done.returncode == 2 and str(tmp_path / "no").encode() in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_is_said_on_a_terminal_is_not_said_in_a_pipe(exported, tmp_path):
    data, path = exported
    shown, code = on_terminal("export", "-o", str(tmp_path / "a"), "--data-dir", str(data))
    assert code == 0 and f"exported {TRACES} traces" in plain(shown)
    shown, code = on_terminal("import", str(path), "--data-dir", str(tmp_path / "copy"))
    assert code == 0 and f"imported {TRACES} traces" in plain(shown)
    assert spanwise("import", str(path), "--data-dir", str(tmp_path / "copy")).stderr == b""
    assert spanwise("export", "-o", str(tmp_path / "b"), "--data-dir", str(data)).stderr == b""


def test_bad_lines_are_named_by_file_and_line(exported, tmp_path):
    _, path = exported
    sound = path.read_bytes().splitlines(keepends=True)
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_bytes(b"".join([sound[0], b"not json\n", *sound[1:], b'{"spanwise":99}\n']))
    done = spanwise("import", str(mixed), "--data-dir", str(tmp_path / "copy"), check=False)
    assert done.returncode == 1
    named = done.stderr.decode().splitlines()
    assert [line.split(": ")[0] for line in named] == [f"{mixed}:2", f"{mixed}:{TRACES + 2}"]
    assert b"2 bad lines" in done.stdout
    assert export(tmp_path / "copy") == path.read_bytes()


def test_more_bad_lines_than_an_answer_names_are_all_counted(tmp_path):
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(b"oops\n" * 250)
    done = spanwise("import", str(bad), "--data-dir", str(tmp_path / "data"), check=False)
    assert done.returncode == 1 and b"250 bad lines" in done.stdout
    assert f"{bad}:100: ".encode() in done.stderr and b"and 150 more bad lines" in done.stderr


def test_a_file_that_is_missing_or_broken_is_an_error(exported, tmp_path):
    data, path = exported
    done = spanwise("import", str(tmp_path / "none"), "--data-dir", str(tmp_path / "a"), check=False)
    assert done.returncode == 2 and str(tmp_path / "none").encode() in done.stderr
    assert not (tmp_path / "a").exists()
    packed = zstandard.ZstdCompressor().compress(path.read_bytes())
    (tmp_path / "cut.zst").write_bytes(packed[: len(packed) // 2])
    done = spanwise("import", str(tmp_path / "cut.zst"), "--data-dir", str(tmp_path / "b"), check=False)
    assert done.returncode == 2 and b"cut.zst" in done.stderr


def post_large(server, ids, experiment: str | None = None) -> None:
    """Posts a trace of 64 MiB: 256 spans of 256 KiB each, which no compression makes small."""
    chance = random.Random(64)
    trace_id, root = ids.trace(), ids.span()
    post_spans(server.url, [span(trace_id, root, "root")], experiment, **{"service.name": "large"})
    for _ in range(32):
        texts = [chance.randbytes(128 << 10).hex() for _ in range(8)]
        spans = [span(trace_id, ids.span(), "part", parent=root, attributes={"text": text}) for text in texts]
        post_spans(server.url, spans, experiment, **{"service.name": "large"})


def test_a_large_trace_needs_little_memory_and_comes_back_the_same(new_server, ids, tmp_path):
    server = new_server().start()
    spanwise("experiments", "create", "elsewhere", server=server)
    (made,) = [
        one for one in json.loads(spanwise("experiments", "--json", server=server).stdout) if one["name"] == "elsewhere"
    ]
    post_large(server, ids, made["experiment_id"])
    path = tmp_path / "large.jsonl"
    limit_kib = 48 << 10
    assert peak_memory_kib("export", "-o", str(path), server=server) < limit_kib
    assert path.stat().st_size > 64 << 20
    copy = new_server("copy").start()
    assert peak_memory_kib("import", str(path), server=copy) < limit_kib
    out = spanwise("export", "-o", str(tmp_path / "again.jsonl"), server=copy).stdout.decode()
    assert out.startswith("exported 1 trace to ")
    assert (tmp_path / "again.jsonl").read_bytes() == path.read_bytes()


def many_lines(path: Path, seed: int) -> list[str]:
    """Writes a file of small OTLP/JSON lines; returns their trace ids."""
    chance = random.Random(seed)
    ids = [f"{chance.getrandbits(128):032x}" for _ in range(LINES)]
    with path.open("w") as file:
        for index, trace_id in enumerate(ids):
            span = {
                "traceId": trace_id, "spanId": f"{index + 1:016x}", "name": f"line {index + 1}",
                "startTimeUnixNano": str(START_NS + index), "endTimeUnixNano": str(START_NS + 1_000_000_000),
            }  # fmt: skip
            file.write(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}) + "\n")
    return ids


def stored(server) -> set[str]:
    lines = spanwise("search", "--limit", "10000", "--jsonl", server=server).stdout.splitlines()
    return {json.loads(line)["trace_id"].removeprefix("tr-") for line in lines}


def imports(proxy: Proxy) -> list[bytes]:
    return [call.body for call in proxy.calls if call.path.startswith("/api/v1/import")]


def is_import(call: Call) -> bool:
    return call.path.startswith("/api/v1/import")


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "lost"])
@pytest.mark.parametrize("is_packed", [True, False], ids=["zst", "plain"])
def test_an_interrupted_import_goes_on_after_what_was_acknowledged(new_server, tmp_path, seed, is_kept, is_packed):
    server = new_server().start()
    path = tmp_path / "lines.jsonl"
    ids = many_lines(path, seed)
    if is_packed:
        path.write_bytes(zstandard.ZstdCompressor().compress(path.read_bytes()))
    acknowledged = random.Random(seed).randrange(1, 4)

    def decide(call: Call) -> Verdict:
        # The connection is lost after so many chunks: before the server has the next one, or before its answer.
        is_lost = is_import(call) and len(imports(proxy)) > acknowledged
        return Verdict(is_passed_on=is_kept or not is_lost, is_answered=not is_lost)

    with Proxy(server.url, decide) as proxy:
        done = spanwise("import", str(path), url=proxy.url, check=False)
        assert done.returncode == 2, done.stdout
        assert f"after line {acknowledged:,},000" in done.stderr.decode()
        assert b"the same command goes on from there" in done.stderr
        state = json.loads((tmp_path / "lines.jsonl.import-state").read_bytes())
        assert state["lines"] == acknowledged * 1_000
        sent_before = len(imports(proxy))
        proxy.decide = lambda call: Verdict()
        done = spanwise("import", str(path), url=proxy.url)
        assert f"going on from line {acknowledged},001" in done.stderr.decode()
        assert f"imported {LINES:,} spans" in done.stdout.decode()
        first = json.loads(imports(proxy)[sent_before].split(b"\n", 1)[0])
        assert first["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"] == f"line {acknowledged * 1_000 + 1}"
    assert stored(server) == set(ids)
    assert [p.name for p in tmp_path.glob("lines*")] == ["lines.jsonl"]


def interrupted(server, path: Path, proxy_url: str | None = None) -> Proxy:
    """Interrupts an import of `path` after its first chunk; returns the proxy, which then passes everything on."""
    proxy = Proxy(server.url, lambda call: Verdict())
    proxy.decide = lambda call: Verdict(is_answered=not is_import(call) or len(imports(proxy)) < 2)
    assert spanwise("import", str(path), url=proxy.url, check=False).returncode == 2
    proxy.decide = lambda call: Verdict()
    proxy.calls.clear()
    return proxy


def test_an_import_begins_anew_when_it_must(new_server, tmp_path):
    server = new_server().start()
    path = tmp_path / "lines.jsonl"
    ids = many_lines(path, 7)
    with interrupted(server, path) as proxy:
        done = spanwise("import", str(path), "--restart", url=proxy.url)
        assert b"going on" not in done.stderr and len(imports(proxy)) == 4
    with interrupted(server, path) as proxy:
        done = spanwise("import", str(path), server=server)
        assert b"another server" in done.stderr
    with interrupted(server, path) as proxy:
        with path.open("a") as file:
            file.write("\n")
        done = spanwise("import", str(path), url=proxy.url, check=False)
        assert b"the file has changed since" in done.stderr and len(imports(proxy)) == 4
    assert stored(server) == set(ids)


def test_a_busy_server_is_given_time(new_server, tmp_path):
    server = new_server().start()
    path = tmp_path / "lines.jsonl"
    ids = many_lines(path, 8)
    refused: list[float] = []

    def decide(call: Call) -> Verdict:
        if is_import(call) and len(imports(proxy)) == 2:
            refused.append(time.monotonic())
            return Verdict(is_passed_on=False, status=429, headers={"Retry-After": "1"})
        if refused and len(refused) == 1:
            refused.append(time.monotonic())
        return Verdict()

    with Proxy(server.url, decide) as proxy:
        spanwise("import", str(path), url=proxy.url)
        bodies = imports(proxy)
    assert bodies[1] == bodies[2] and len(bodies) == 5
    assert refused[1] - refused[0] >= 1.0
    assert stored(server) == set(ids)


def test_progress_is_shown_on_a_terminal(new_server, tmp_path):
    server = new_server().start()
    path = tmp_path / "lines.jsonl"
    many_lines(path, 9)

    def decide(call: Call) -> Verdict:
        is_refused = is_import(call) and len(imports(proxy)) == 2
        return Verdict(is_passed_on=not is_refused, status=429, headers={"Retry-After": "1"})

    with Proxy(server.url, decide) as proxy:
        shown, code = on_terminal("import", str(path), url=proxy.url, columns=120)
    assert code == 0
    assert re.search(r"█+.* [0-9.]+ KiB/[0-9.]+ KiB .*the server is busy; waiting 1 s", plain(shown))
    assert plain(shown).splitlines()[-1].endswith(f"imported {LINES:,} spans")
