"""The fake LLM provider as a child process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


class FakeLlm:
    """Starts the single-file provider and knows its address."""

    def __init__(self, script: Path) -> None:
        self._script = script
        self._process: subprocess.Popen | None = None
        self.url = ""

    def start(self) -> FakeLlm:
        """Starts it on a free port and returns once it listens."""
        command = [sys.executable, str(self._script), "--port", "0"]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.url = self._process.stdout.readline().split()[-1]
        assert self.url.startswith("http://"), f"unexpected first line of the fake provider: {self.url!r}"
        return self

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait(timeout=10)
