"""Why an answer may differ from that of MLflow's own server.

A reason alone allows nothing: the values themselves are listed for each sample, and compared with that list.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parity.compare import NOTHING, Difference

# Samples that MLflow's server takes and cannot give back, with the reason: it answers 500.
UNREADABLE = {
    "limits": "an attribute holds an integer wider than 64 bits",
    "mlflow-ag2": "an attribute's JSON holds an integer wider than 64 bits",
}

# What MLflow says of a span whose type it does not know; its client writes `null` as a text.
UNTYPED = (NOTHING, "UNKNOWN", "null")

TYPE = r"attributes\.mlflow\.spanType"
BODY = r"attributes\.mlflow\.span(Inputs|Outputs)"
PREVIEW = r"(request|response)_preview"
TOKENS = r"attributes\.mlflow\.chat\.tokenUsage|trace_metadata\.mlflow\.trace\.tokenUsage"
COST = r"attributes\.mlflow\.llm\.cost|trace_metadata\.mlflow\.trace\.cost"
MODEL = r"attributes\.mlflow\.llm\.(model|provider)"
TOOLS = r"attributes\.mlflow\.(chat\.tools|message\.format)"
WHOSE = r"trace_metadata\.mlflow\.trace\.(session|user)"


@dataclass(frozen=True)
class Reason:
    """Why a field may differ: in all samples, or in those that are named."""

    text: str
    fields: str
    samples: tuple[str, ...] = ()
    check: Callable[[Any, Any], bool] = lambda theirs, ours: True

    def covers(self, sample: str, difference: Difference) -> bool:
        """Says whether this is the reason of a difference."""
        if self.samples and sample not in self.samples:
            return False
        return bool(re.fullmatch(self.fields, difference.field)) and self.check(difference.theirs, difference.ours)


def reason_of(sample: str, difference: Difference) -> str:
    """Returns the reason why a difference is wanted; empty if there is none."""
    return next((reason.text for reason in REASONS if reason.covers(sample, difference)), "")


def adds(theirs: Any, ours: Any) -> bool:
    """MLflow says nothing."""
    return theirs is NOTHING and ours is not NOTHING


def types(theirs: Any, ours: Any) -> bool:
    """MLflow knows no type."""
    return theirs in UNTYPED and ours is not NOTHING


def has_more_counts(theirs: Any, ours: Any) -> bool:
    """All counts of MLflow, and others."""
    return isinstance(theirs, dict) and isinstance(ours, dict) and theirs.items() < ours.items()


def has_larger_total(theirs: Any, ours: Any) -> bool:
    """The same counts, but for the total."""
    if not isinstance(theirs, dict) or not isinstance(ours, dict) or ours["total_tokens"] <= theirs["total_tokens"]:
        return False
    return {**theirs, "total_tokens": ours["total_tokens"]} == ours


REASONS = [
    Reason("MLflow knows no type", TYPE, check=types),
    Reason("MLflow has no inputs or outputs", f"{BODY}|{PREVIEW}", check=adds),
    Reason("MLflow counts no tokens", TOKENS, check=adds),
    Reason("MLflow has no cost, since it counts no tokens or knows no model", COST, check=adds),
    Reason("MLflow names no model or provider", MODEL, check=adds),
    Reason("MLflow has no tools or flavour of messages", TOOLS, check=adds),
    Reason("MLflow names no session or user", WHOSE, check=adds),
    Reason("a type that says nothing is left out", TYPE, check=lambda theirs, ours: theirs == "UNKNOWN"),
    Reason(
        "cached tokens are counted too", TOKENS, ("gateways", "laminar-openai", "mastra-0-written"), has_more_counts
    ),
    Reason("cached tokens cost less", COST, ("laminar-openai", "mastra-0-written")),
    Reason("MLflow takes the total for Traceloop's, and then misses input and output", TOKENS, ("voltagent",)),
    Reason("the total is never less than its parts", TOKENS, check=has_larger_total),
    Reason("AG2's usage spans say again what the calls beside them used", f"{TOKENS}|{COST}", ("ag2-v1",)),
    Reason("a conversation of agents is no call of a model, only because it names one", TYPE, ("ag2",)),
    Reason(
        "LangSmith calls templates chats and retrieval an embedding; its own kind says what they are",
        TYPE,
        ("langchain-langsmith-otel",),
    ),
    Reason(
        "an embedding or a chat is no text completion, only because it names a model",
        TYPE,
        ("mastra-0-written", "openai-traceloop-flat", "semantic-kernel-net", "spring-ai"),
        lambda theirs, ours: theirs == "LLM",
    ),
    Reason(
        "a run that tells more tokens than the calls below it counts in their place, and its tokens cost as much as "
        "theirs",
        COST,
        ("pydantic-ai-1",),
    ),
    Reason(
        "a cost that was reported wins over the price table", COST, ("gateways", "laminar", "litellm-proxy-written")
    ),
    Reason("of several roots the first is the trace's", PREVIEW, ("mastra-0-written",)),
    Reason("message events are read with their tool calls and why the model stopped", BODY, ("koog", "strands-legacy")),
]
