"""Where two servers' answers about one trace differ."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# What a server does not say.
NOTHING = object()
# Values are shown up to here, and pinned by their digest beyond.
SHOWN_CHARS = 120
TRACE_NAME = "mlflow.traceName"
DURATION = "execution_duration_ms"


@dataclass(frozen=True)
class Difference:
    """One value that differs: of the trace's record or of a span."""

    # The span's name and the start of its id, or `trace` and the start of that.
    subject: str
    # The name of the field, e.g. `attributes.mlflow.spanType`.
    field: str
    theirs: Any
    ours: Any

    def __str__(self) -> str:
        return f"{self.subject} | {self.field} | {shown(self.theirs)} | {shown(self.ours)}"


def compare(theirs: dict[str, Any], ours: dict[str, Any]) -> Iterator[Difference]:
    """Yields all differences between two reads of one trace.

    Two are the same for all traces, and are checked here: a trace that came over OTLP is named after a root, and its
    duration is cut to milliseconds after it was computed, not before.
    """
    subject = f"trace {theirs['info']['trace_id'][3:11]}"
    own_info = dict(ours["info"])
    if TRACE_NAME not in theirs["info"]["tags"] and own_info["tags"].get(TRACE_NAME) in root_names(ours):
        own_info["tags"] = {key: tag for key, tag in own_info["tags"].items() if key != TRACE_NAME}
    if abs(theirs["info"][DURATION] - own_info[DURATION]) == 1:
        own_info[DURATION] = theirs["info"][DURATION]
    yield from fields(subject, theirs["info"], own_info)
    yield from value(subject, "starts of spans", starts(theirs), starts(ours))
    own = {span["span_id"]: span for span in ours["spans"]}
    for span in theirs["spans"]:
        name = f"{span['name']} {span['span_id'][:6]}"
        yield from fields(name, span, own.pop(span["span_id"], {}))
    for span in own.values():
        yield Difference(span["name"], "span", NOTHING, span)


def root_names(trace: dict[str, Any]) -> set[str]:
    """Returns the names of spans that have no parent in the trace."""
    ids = {span["span_id"] for span in trace["spans"]}
    return {span["name"] for span in trace["spans"] if span["parent_span_id"] not in ids}


def starts(trace: dict[str, Any]) -> list[int]:
    """Returns the times in the order of spans; of those that start together any may be first."""
    return [span["start_time_unix_nano"] for span in trace["spans"]]


def fields(subject: str, theirs: dict[str, Any], ours: dict[str, Any], path: str = "") -> Iterator[Difference]:
    """Compares two maps, and maps of the span or record below them, field by field."""
    for key in sorted(theirs.keys() | ours.keys()):
        name, pair = f"{path}{key}", (theirs.get(key, NOTHING), ours.get(key, NOTHING))
        if key in ("attributes", "tags", "trace_metadata"):
            yield from fields(subject, *(side if side is not NOTHING else {} for side in pair), f"{name}.")
        else:
            yield from value(subject, name, *pair)


def value(subject: str, field: str, theirs: Any, ours: Any) -> Iterator[Difference]:
    """Compares two values."""
    if not is_same(theirs, ours):
        yield Difference(subject, field, theirs, ours)


def is_same(theirs: Any, ours: Any) -> bool:
    """Says whether two values are the same; sums of floating point may differ in their last digits."""
    if isinstance(theirs, float) and isinstance(ours, float):
        both_nan = theirs != theirs and ours != ours
        return both_nan or abs(theirs - ours) <= 1e-12 * max(abs(theirs), abs(ours))
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return theirs.keys() == ours.keys() and all(is_same(theirs[key], ours[key]) for key in theirs)
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(theirs) == len(ours) and all(map(is_same, theirs, ours))
    return type(theirs) is type(ours) and theirs == ours


def shown(value: Any) -> str:
    """Returns a value as its JSON, cut, with a digest of what was cut."""
    if value is NOTHING:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= SHOWN_CHARS:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{text[:SHOWN_CHARS]}… ({len(text)} characters, {digest})"
