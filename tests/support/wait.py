"""Waiting for a condition, with a deadline: the only place where a test may pause."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

DEADLINE_S = 30.0
POLL_S = 0.01


def until(condition: Callable[[], T], what: str, deadline_s: float = DEADLINE_S) -> T:
    """Returns the first truthy value of `condition`, or fails and names what never happened."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError(f"not within {deadline_s:g} s: {what} (last value: {value!r})")
        time.sleep(POLL_S)
