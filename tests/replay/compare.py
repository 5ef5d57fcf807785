"""Compares two answers by meaning: what a client could not tell apart is equal.

Key order, an omitted field and its default, the order of attributes, of a Python set in a message, ids and times
that the server makes: none of these is a difference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

DEFAULTS = (None, "", 0, False, [], {})
ASSESSMENT_ID = re.compile(r"a-[0-9a-f]{32}")
# What servers make up: ids of runs, models, datasets, records, assessments, issues, label schemas, queues and scorers,
# and names of two words.
MADE_UP = re.compile(
    r"(?<![\w-])(?:(?:a-|m-|d-|dr-|iss-|ls-|rq-)?[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z]+-[a-z]+-\d{1,3})(?![\w-])"
)
TIMES = {"create_time", "last_update_time", "creation_time", "created_time"} | {
    "creation_timestamp_ms",
    "last_updated_timestamp_ms",
    "creation_timestamp",
    "last_updated_timestamp",
}
TIMES |= {"created_timestamp", "last_updated_timestamp", "created_at", "last_updated_at"}
TIMES |= {"creation_time_ms", "last_update_time_ms", "completed_time_ms"}
# Fields of datasets that hold JSON in a text.
JSON_TEXTS = {"tags", "schema", "profile", "records", "serialized_scorer"}
PYTHON_SET = re.compile(r"\{'[^{}]*'\}")
# Where a number is the id of an experiment: JSON, a query, a path of the artifact proxy, a message.
EXPERIMENT = re.compile(
    r"""("experiment_ids?": ?\[?"|\bexperiment_ids?=|/artifacts/|mlflow-artifacts:/|\bexperiment (?:with id )?)"""
    r"""(\d+)\b"""
)
# Upstream shows the text of its database's errors; no client can rely on it.
SQL_TEXT = re.compile(r"(?: Error: )?\(sqlite3\..*", re.S)
# Extras in upstream's error bodies that no client reads.
IGNORED = {"sqlstate", "error_class"}


@dataclass(frozen=True)
class Difference:
    """One place where two answers say different things."""

    path: str
    expected: Any
    actual: Any

    def __str__(self) -> str:
        return f"{self.path}: expected {shorten(self.expected)}, got {shorten(self.actual)}"


@dataclass
class Names:
    """What the two servers call the same thing, learnt from their answers, and what clients have said so far."""

    learnt: dict[str, str] = field(default_factory=dict)
    experiments: dict[str, str] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)

    def note_request(self, text: str) -> None:
        """Remembers the times and ids that a client chose; those must come back unchanged."""
        self.sent.update(re.findall(r'"(?:create_time|last_update_time)": ?"([^"]+)"', text))
        self.sent.update(made for made in MADE_UP.findall(text) if made not in self.learnt)

    def translate(self, text: str) -> str:
        """Returns a recorded request, or a part of one, with this server's ids and page tokens for upstream's."""
        for theirs, ours in self.learnt.items():
            text = text.replace(theirs, ours)
        return self.translate_experiments(text)

    def translate_experiments(self, text: str) -> str:
        """Returns a text with this server's experiment ids where the text names one of upstream's."""
        return EXPERIMENT.sub(lambda found: found[1] + self.experiments.get(found[2], found[2]), text)


def compare(expected: Any, actual: Any, names: Names, path: str = "$") -> Iterator[Difference]:
    """Yields the differences between two JSON values."""
    if path.rpartition(".")[2] in JSON_TEXTS and isinstance(expected, str) and isinstance(actual, str):
        yield from compare(parse_json(expected.encode()), parse_json(actual.encode()), names, f"{path}.")
    elif is_map(expected) or is_map(actual):
        yield from compare_maps(as_map(expected), as_map(actual), names, path)
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, pair in enumerate(zip(expected, actual, strict=True)):
            yield from compare(*pair, names, f"{path}[{index}]")
    elif not same_scalar(expected, actual, names, path.rpartition(".")[2]):
        yield Difference(path, expected, actual)


def compare_maps(expected: dict, actual: dict, names: Names, path: str) -> Iterator[Difference]:
    """Yields the differences of two objects, key by key."""
    for key in sorted((expected.keys() | actual.keys()) - IGNORED):
        left, right = expected.get(key), actual.get(key)
        if is_default(left) and is_default(right):
            continue
        yield from compare(left, right, names, f"{path}.{key}")


def is_map(value: Any) -> bool:
    """Says whether a value is an object, or a list of `{key, value}` pairs, which means the same."""
    if isinstance(value, dict):
        return True
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, dict) and "key" in item and item.keys() <= {"key", "value"} for item in value)
        and len({item["key"] for item in value}) == len(value)
    )


def as_map(value: Any) -> dict:
    """Returns an object for what `is_map` takes, and an empty one for a default."""
    if isinstance(value, dict):
        return value
    if is_map(value):
        return {item["key"]: item.get("value") for item in value}
    return {} if is_default(value) else {"(not an object)": value}


def is_default(value: Any) -> bool:
    """Says whether a protobuf reader takes the value for an unset field."""
    return any(value == default and isinstance(value, bool) == isinstance(default, bool) for default in DEFAULTS)


def same_scalar(expected: Any, actual: Any, names: Names, key: str) -> bool:
    """Says whether two values that are not objects mean the same under this key."""
    if key == "next_page_token":
        return same_token(expected, actual, names)
    if key == "digest" and isinstance(expected, str) and isinstance(actual, str) and expected not in names.sent:
        # Made of the time of the last change.
        return len(expected) == len(actual)
    if key in TIMES and str(expected) not in names.sent:
        return type(expected) is type(actual)
    if key.partition("[")[0] in ("experiment_id", "experiment_ids"):
        return same_experiment(expected, actual, names)
    if isinstance(expected, str):
        expected = names.translate_experiments(expected)
    if key == "message" and isinstance(expected, str) and isinstance(actual, str):
        expected = names.translate(expected)
        return sort_sets(actual).startswith(sort_sets(SQL_TEXT.sub("", expected)))
    if isinstance(expected, str) and isinstance(actual, str) and MADE_UP.search(expected):
        return same_made_up(expected, actual, names)
    if is_default(expected) and is_default(actual):
        return True
    return expected == actual and isinstance(expected, bool) == isinstance(actual, bool)


def same_token(expected: Any, actual: Any, names: Names) -> bool:
    """Page tokens are opaque: only whether there is one counts."""
    if bool(expected) != bool(actual):
        return False
    if expected:
        names.learnt[expected] = actual
    return True


def same_experiment(expected: Any, actual: Any, names: Names) -> bool:
    """Experiments are numbered as they come, and this server may make some that upstream refused to make."""
    if type(expected) is type(actual) and isinstance(expected, (str, int)):
        return names.experiments.get(str(expected), str(expected)) == str(actual)
    return is_default(expected) and is_default(actual)


def same_made_up(expected: str, actual: str, names: Names) -> bool:
    """Compares texts that may hold what servers make up; the rest of them must be equal."""
    theirs, ours = MADE_UP.findall(expected), MADE_UP.findall(actual)
    if len(theirs) != len(ours) or MADE_UP.sub("", expected) != MADE_UP.sub("", actual):
        return False
    return all(same_id(*pair, names) for pair in zip(theirs, ours, strict=True))


def same_id(expected: str, actual: Any, names: Names) -> bool:
    """A server-made id is learnt when it is first seen, and must stay the same from then on."""
    if expected in names.sent and expected not in names.learnt:
        return expected == actual
    return isinstance(actual, str) and names.learnt.setdefault(expected, actual) == actual


def sort_sets(text: str) -> str:
    """Returns a message with the members of each Python set literal in order."""
    return PYTHON_SET.sub(lambda found: "{" + ", ".join(sorted(found.group()[1:-1].split(", "))) + "}", text)


def parse_json(body: bytes) -> Any:
    """Returns a body as JSON, or `None` if it is none."""
    try:
        return json.loads(body)
    except ValueError:
        return None


def shorten(value: Any) -> str:
    """Returns a value as JSON text that fits on a few lines."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 300 else f"{text[:297]}..."
