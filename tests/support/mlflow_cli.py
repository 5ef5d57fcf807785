"""The `mlflow` command line, run in this process, and what it prints made comparable.

Its commands take seconds to start, nearly all of it for imports that this process has done.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from click.testing import CliRunner
from mlflow.cli import cli

# It comes in any order.
PYTHON_SET = re.compile(r"\{('[^{}]*')\}")
# What stands before the id of an experiment.
BEFORE_EXPERIMENT = r"""(^|(?:experiments?(?:_id)?|with id|ID|-x|--experiment-id|mlflow-artifacts)[\s:"'/]+)"""
# What differs from run to run and from machine to machine, in the order in which it is replaced.
VARYING = [
    (r"\x1b\[[0-9;]*m", ""),
    (r'("mlflow\.source\.name": ")[^"]*', r"\1<program>"),
    (r"https?://127\.0\.0\.1:\d+", "<server>"),
    # What the client says once a process, depending on what ran before.
    (r"^.* INFO mlflow\.models\.evaluation\.utils\.trace: .*\n", ""),
    # What upstream's database says is not for its users to rely on.
    (r"(?s) Error: \(sqlite3\..*", ""),
    (r"(already exists\.) .*", r"\1"),
    # Of random things, or in a form that each server has for itself.
    (r'("digest": ")[0-9a-f]{8}"', r"\1<digest>\""),
    (r"(Next page token: ).+", r"\1<token>"),
    (r"\btr-[0-9a-f]{32}\b", "<trace>"),
    (r"\ba-[0-9a-f]{32}\b", "<assessment>"),
    (r"\bd-[0-9a-f]{32}\b", "<dataset>"),
    (r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<uuid>"),
    (r"\b[0-9a-f]{32}\b", "<id>"),
    (r"\b[a-z]+-[a-z]+-\d{1,3}\b", "<two words>"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:[+-]\d\d:\d\d| ?UTC|Z)?", "<time>"),
    (r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d", "<time>"),
    (r"\b1[789]\d{11}\b", "<ms>"),
    # The frames and columns of tables are as wide as what is in them.
    (r"[ \t]{2,}", "  "),
    (r"-{3,}", "---"),
    (r"={3,}", "==="),
    (r"[ \t]+$", ""),
]


@dataclass
class Transcript:
    """The commands of one test and what they printed."""

    # What this test's own names are called in it, and its experiments' ids, which are small numbers.
    names: dict[str, str] = field(default_factory=dict)
    experiments: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def run(self, *args: str, only: str | None = None, code: int = 0) -> str:
        """Runs one command, notes it with what it printed, and returns that as it was.

        Of a list that shows what other tests made too, `only` says what a line must hold.
        """
        done = CliRunner().invoke(cli, list(args))
        assert done.exit_code == code, f"mlflow {' '.join(args)}: {done.exit_code} {done.output} {done.exception!r}"
        printed = done.output
        if only is not None:
            printed = "\n".join(line for line in printed.splitlines() if only in line)
        error = f"{done.exception}" if code and not isinstance(done.exception, SystemExit) else ""
        self.lines += [f"$ mlflow {' '.join(args)}", *(part for part in (as_json(printed), error) if part.strip())]
        return done.output

    def plain(self, text: str) -> str:
        """Returns a text without what varies."""
        for name, placeholder in self.names.items():
            text = text.replace(name, f"<{placeholder}>")
        for number, placeholder in self.experiments.items():
            text = re.sub(rf"{BEFORE_EXPERIMENT}{number}\b", rf"\1<{placeholder}>", text, flags=re.M)
        for pattern, placeholder in VARYING:
            text = re.sub(pattern, placeholder, text, flags=re.M)
        return PYTHON_SET.sub(lambda found: ", ".join(sorted(found[1].split(", "))), text).strip("\n")

    def text(self) -> str:
        """Returns all of it, with the names as they are known by now."""
        return "\n".join(map(self.plain, self.lines)) + "\n"


def as_json(printed: str) -> str:
    """Returns JSON with its keys in order, and anything else as it is."""
    try:
        value = json.loads(printed)
    except ValueError:
        return printed
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
