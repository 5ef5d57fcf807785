"""The programs of `examples/rust`, built."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from support.server import REPO

BUILD_S = 1800


def build_examples() -> Path:
    """Builds all of them, as `make examples` does, and returns their folder.

    Cargo's own lock lets one worker build and the others wait. Building only some would choose other features of shared
    libraries, and compile these once more.
    """
    target_dir = Path(os.environ.get("CARGO_TARGET_DIR", REPO / "target")).resolve() / "examples"
    command = ["cargo", "build", "--quiet", "--locked", "--workspace", "--target-dir", str(target_dir)]
    done = subprocess.run(command, cwd=REPO / "examples/rust", capture_output=True, text=True, timeout=BUILD_S)
    assert done.returncode == 0, done.stderr
    return target_dir / "debug"
