"""The Rust SDK's examples, and the programs of `examples/rust`, built."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from support.server import REPO, clean_env

BUILD_S = 1800
RUN_S = 120


def build_examples() -> Path:
    """Builds all of them, as `make examples` does, and returns their folder.

    Cargo's own lock lets one worker build and the others wait. Building only some would choose other features of shared
    libraries, and compile these once more.
    """
    target_dir = _target_dir() / "examples"
    _build("--locked", "--target-dir", str(target_dir), folder=REPO / "examples/rust")
    return target_dir / "debug"


def run_example(name: str, *args: str, **env: str) -> str:
    """Builds and runs an example of `crates/sdk`, and returns what it prints.

    It is built with what `make test-rust` has built, and so without compiling its dependencies once more.
    """
    _build("--all-features", "--example", name, folder=REPO)
    command = [_target_dir() / "debug/examples" / name, *args]
    done = subprocess.run(command, env=clean_env(**env), capture_output=True, text=True, timeout=RUN_S)
    assert done.returncode == 0, done.stderr
    assert "spanwise:" not in done.stderr, done.stderr
    return done.stdout


def _target_dir() -> Path:
    return Path(os.environ.get("CARGO_TARGET_DIR", REPO / "target")).resolve()


def _build(*options: str, folder: Path) -> None:
    command = ["cargo", "build", "--quiet", "--workspace", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=BUILD_S)
    assert done.returncode == 0, done.stderr
