"""The fake LLM provider as a child process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


class FakeLlm:
    """Starts the single-file provider and knows its address."""

    def __init__(self, script: Path, rules: Path | None = None) -> None:
        self._command = [sys.executable, str(script), "--port", "0"]
        # What it is to answer whatever it would otherwise say: a JSON list, the first rule that matches wins.
        self._command += ["--script", str(rules)] if rules else []
        self._process: subprocess.Popen | None = None
        self.url = ""

    def start(self) -> FakeLlm:
        """Starts it on a free port and returns once it listens."""
        self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.url = self._process.stdout.readline().split()[-1]
        assert self.url.startswith("http://"), f"unexpected first line of the fake provider: {self.url!r}"
        return self

    def stop(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait(timeout=10)


def answers(model: str, *steps: dict | str) -> dict:
    """Returns the rule of a model: its replies one after the other, the last one again and again.

    A text is replied as it is; a dictionary is what a judge answers in JSON, or a step with `tool_calls` or `error`.
    """
    return {"model": f"^{model}$", "steps": [_step(step) for step in steps]}


def _step(step: dict | str) -> dict:
    if isinstance(step, dict) and step.keys() & {"tool_calls", "error"}:
        return step
    return {"text": step if isinstance(step, str) else json.dumps(step)}
