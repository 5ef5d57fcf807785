"""The recorded conversation between the MLflow client and a real server, one request and answer a line."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[1] / "fixtures" / "mlflow-wire-examples.jsonl"
# What the HTTP library must choose by itself.
OWN_HEADERS = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding"}


@dataclass(frozen=True)
class Line:
    """One request and the answer that upstream gave."""

    id: int
    step: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int
    answer: bytes

    def __str__(self) -> str:
        return f"line {self.id} ({self.step}): {self.method} {self.path}{'?' + self.query if self.query else ''}"


def read_lines() -> list[Line]:
    """Returns all lines in file order."""
    return [parse_line(json.loads(text)) for text in FILE.read_text().splitlines()]


def parse_line(raw: dict[str, Any]) -> Line:
    """Returns one line of the file with its bodies as bytes."""
    return Line(
        id=raw["id"],
        step=raw["step"],
        method=raw["method"],
        path=raw["path"],
        query=raw.get("query") or "",
        headers={name: value for name, value in raw["headers"].items() if name.lower() not in OWN_HEADERS},
        body=payload(raw, "body"),
        status=raw["status"],
        answer=payload(raw, "resp"),
    )


def payload(raw: dict[str, Any], name: str) -> bytes:
    """Returns a body that was recorded as text or as base64."""
    if raw.get(f"{name}_b64"):
        return base64.b64decode(raw[f"{name}_b64"])
    return (raw.get(name) or "").encode()
