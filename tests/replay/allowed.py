"""Every difference from the recorded answers that is wanted, each with its reason.

An entry that no answer needed any more fails the replay, so that the list stays as short as the truth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from replay.compare import Difference
from replay.record import Line


@dataclass(frozen=True)
class Allowed:
    """One wanted difference: at some lines (all, if none is named), another status or other values at some paths."""

    reason: str
    lines: frozenset[int] = frozenset()
    status: int | None = None
    paths: str | None = None

    def covers(self, line: Line, status: int, difference: Difference) -> bool:
        """Says whether this entry explains a difference of this line, which was answered with `status`."""
        if self.lines and line.id not in self.lines:
            return False
        # With another status the body is another one too.
        if self.status is not None:
            return self.status == status
        return bool(self.paths and re.fullmatch(self.paths, difference.path))


def allow(reason: str, *lines: int, status: int | None = None, paths: str | None = None) -> Allowed:
    """Returns one entry of the list."""
    return Allowed(reason, frozenset(lines), status, paths)


ALLOWED: list[Allowed] = [
    # The OTLP routes follow the OTLP specification.
    allow("an OpenTelemetry exporter needs no experiment header", 405, status=200),
    allow("OTLP: a wrong or missing content type is 415", 406, 407, status=415),
    allow("OTLP: an unknown content encoding is 415", 413, status=415),
    allow("OTLP: a request without spans is fine", 409, 410, status=200),
    allow("OTLP: a bad span costs that span alone, by partial_success", 416, 417, status=200),
    allow("logs and metrics are answered, so that a collector's shared pipeline does not fail", 452, 453, status=200),
    allow("a known path with another method is 405", 454, status=405),
    # Never a 5xx for bad input: the client would retry for minutes.
    allow("start_trace without a location is 400", 443, 444, 445, status=400),
    allow("ordering by the same field twice is 400", 399, status=400),
    allow("a page token that is JSON of another shape is 400", 403, status=400),
    allow("an experiment id that is no number is 400 in a search too", 404, status=400),
    allow("an assessment id that is taken is 400", 706, status=400),
    allow("a prompt's version that is no number is 400", 540, status=400),
    allow("a percentile of no value is 400", 563, status=400),
    allow("a severity that is none is 400", 698, status=400),
    allow(
        "a run without an experiment is told so, not by the text of an SQL error",
        589,
        paths=r"\$\.(error_code|message)",
    ),
    allow("a filter of logged models by an unknown field is 400", 689, status=400),
    allow("JSON in a text that is none is 400", 616, 621, status=400),
    allow("a page token of records that is none is 400", 625, status=400),
    allow(
        "trace metrics count what the record lacks the requests for, and not what it holds too much of",
        281,
        557,
        568,
        569,
        paths=r"\$\.data_points.*",
    ),
    allow(
        "the same of how often filters match together",
        795,
        796,
        paths=r"\$\.(filter1_count|total_count|npmi_smoothed)",
    ),
    allow(
        "a trace has one kind of id and of record, whoever tells of it",
        514,
        paths=r"\$\.trace_info\.(request_id|request_metadata\.mlflow\.trace\.infoFinalized|tags\..*)",
    ),
    allow("traces that came by OTLP alone have a name, and so a row", 564, paths=r"\$\.data_points.*"),
    # What upstream declares, and then fails on.
    allow("ordering by end_time works", 395, status=200),
    allow("`valid` can be updated", 533, status=200),
    allow("a trace without spans has an empty list of them", 584, 585, 586, status=200),
    allow("a tag of an unknown trace is 404, not the text of an SQL error", 494, status=404),
    allow("a name that is taken is said to be so, not by the text of an SQL error", 583, paths=r"\$\.error_code"),
    # The wider grammar.
    allow("`name IN` and `span.attributes.k IN`", 332, 335, status=200),
    allow("`text` needs no prefix", 333, 334, status=200),
    allow("OR, NOT and parentheses", 346, 347, 348, status=200),
    allow("tags and metadata compare with a number or a list", 354, 355, 356, 357, status=200),
    allow("feedback equals a number without quotes", 369, status=200),
    allow("`text` needs no prefix, so that its error is about the operator", 365, paths=r"\$\.message"),
    allow("an update mask may be in snake_case", 530, paths=r"\$\.assessment\.assessment_name"),
    allow("`valid` was updated before, which upstream failed to do", 535, paths=r"\$\.assessment\.valid"),
    allow("absent tags of logged models can be asked for", 690, status=200),
    allow("the status of a logged model compares by its name", 691, paths=r"\$\.models"),
    # What upstream loses, or gets wrong.
    allow(
        "start_trace answers with the fresh record, upstream sometimes with a stale one",
        46,
        47,
        75,
        139,
        140,
        149,
        321,
        441,
        571,
        paths=r"\$\.trace\.trace_info\.tags\..*",
    ),
    allow(
        "a finalized duration is not stretched by spans that come later",
        715,
        716,
        746,
        747,
        paths=r".*execution_duration",
    ),
    allow(
        "a span without an end is open, and does not end before it began", 437, paths=r".*\.(execution_duration|state)"
    ),
    allow("previews are those of the root as it is now, in every order of arrival", 433, 434, paths=r".*_preview"),
    allow("a total that was not given is the sum of its parts", 790, paths=r".*tokenUsage"),
    allow("a trace that came by OTLP is named after its root span", paths=r".*\.tags\.mlflow\.traceName"),
    allow(
        "start_trace always says where the spans are, so that the client does not upload them again",
        paths=r"\$\.trace\.trace_info\.tags\.mlflow\.trace\.spansLocation",
    ),
    allow("a dataset that is not there has no records to read or to add to", 619, 620, status=404),
    allow(
        "records come in the order in which they were added, upstream's in that of random ids",
        624,
        636,
        paths=r"\$\.records\..*",
    ),
    # What this server does not have.
    allow("a scorer needs no gateway to judge new traces", 172, 653, status=200),
    allow("the same, as its settings tell", 655, paths=r"\$\.configs\[0\]\.sample_rate"),
    allow("the advice on scorers of code names what there is here", 642, paths=r"\$\.message"),
    allow(
        "no gateway and no presigned URLs are offered",
        256,
        455,
        456,
        paths=r"\$\.(features_enabled\.gateway|presigned_upload_(run|model)_id_supported)",
    ),
    allow(
        "a version tells its aliases wherever it stands",
        paths=r"\$\.(registered_models?(\[\d+\])?\.latest_versions|model_versions)\[\d+\]\.aliases",
    ),
    # The record itself.
    allow(
        "file names in stack traces were replaced in the recorded answers", 15, 17, paths=r".*exception\.stacktrace.*"
    ),
]
