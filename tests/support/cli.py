"""Runs the `spanwise` binary as a person would."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support.server import Server, binary, clean_env

DEADLINE_S = 120


def spanwise(*args: str, server: Server | None = None, check: bool = True) -> subprocess.CompletedProcess:
    """Runs one command, against `server` if given, and returns what it did; output is bytes."""
    env = clean_env(**({"SPANWISE_TRACKING_URI": server.url} if server else {}))
    done = subprocess.run(
        [str(binary()), *args], env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE_S
    )
    if check and done.returncode != 0:
        raise AssertionError(f"`spanwise {' '.join(args)}` ended with {done.returncode}:\n{done.stderr.decode()}")
    return done


def check_store(data_dir: Path) -> None:
    """Fails unless `spanwise check` finds the (closed) store sound."""
    spanwise("check", "--data-dir", str(data_dir))
