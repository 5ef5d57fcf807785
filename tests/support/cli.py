"""Runs the `spanwise` binary as a person would: in a pipe, or on a terminal of some width."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

from support.server import Server, binary, clean_env

DEADLINE_S = 120


def spanwise(
    *args: str,
    server: Server | None = None,
    check: bool = True,
    url: str | None = None,
    env: dict[str, str] | None = None,
    stdin: bytes | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess:
    """Runs one command, against `server` or `url` if given, and returns what it did; output is bytes."""
    done = subprocess.run(
        [str(binary()), *args],
        env=command_env(server.url if server else url, env),
        **({"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}),
        capture_output=True,
        timeout=DEADLINE_S,
        cwd=cwd,
    )
    if check and done.returncode != 0:
        raise AssertionError(f"`spanwise {' '.join(args)}` ended with {done.returncode}:\n{done.stderr.decode()}")
    return done


# A process counts the memory of the one that it was forked from, and this one has held all sorts of things.
MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak_memory_kib(*args: str, server: Server | None = None) -> int:
    """Runs one command, which must succeed, and returns the most memory that it had."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(binary()), *args],
        env=command_env(server.url if server else None),
        check=True,
        capture_output=True,
        timeout=DEADLINE_S,
    )
    code, peak = map(int, done.stdout.split())
    assert code == 0, f"`spanwise {' '.join(args)}` ended with {code}:\n{done.stderr.decode()}"
    return peak


def command_env(url: str | None, extra: dict[str, str] | None = None) -> dict[str, str]:
    """Returns the environment of a command: a time zone and locale that are the same everywhere, and no colours."""
    fixed = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}
    env = clean_env(**fixed, **({"SPANWISE_TRACKING_URI": url} if url else {}))
    for name in ("NO_COLOR", "CLICOLOR_FORCE"):
        env.pop(name, None)
    return {**env, **(extra or {})}


def check_store(data_dir: Path) -> None:
    """Fails unless `spanwise check` finds the (closed) store sound."""
    spanwise("check", "--data-dir", str(data_dir))


def on_terminal(
    *args: str,
    columns: int = 80,
    server: Server | None = None,
    url: str | None = None,
    env: dict[str, str] | None = None,
    answers: dict[str, str] | None = None,
) -> tuple[str, int]:
    """Runs one command on a terminal; returns what it shows, colours included, and the exit code.

    `answers` says what to type when a text is shown.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        [str(binary()), *args],
        env=command_env(server.url if server else url, env),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        close_fds=True,
    )
    os.close(theirs)
    try:
        shown = read_terminal(ours, dict(answers or {}))
        return shown, process.wait(timeout=DEADLINE_S)
    finally:
        os.close(ours)
        if process.poll() is None:
            process.kill()


def read_terminal(descriptor: int, answers: dict[str, str]) -> str:
    """Returns everything until the other side is closed."""
    shown = b""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        if not select.select([descriptor], [], [], 1.0)[0]:
            continue
        try:
            piece = os.read(descriptor, 65536)
        except OSError:
            # Linux says so when the last process on the terminal is gone.
            break
        if not piece:
            break
        shown += piece
        for question in [question for question in answers if question.encode() in shown]:
            os.write(descriptor, answers.pop(question).encode() + b"\n")
    return shown.decode().replace("\r\n", "\n")


def plain(shown: str) -> str:
    """Returns what is shown without colours."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
