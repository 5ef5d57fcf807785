"""Which server the client tests talk to, and names and ids that no two tests share."""

from __future__ import annotations

import hashlib
import itertools
import uuid
from dataclasses import dataclass

from support.server import Server

# A foreign server keeps its data between runs, so names and ids must differ from run to run there.
RUN = uuid.uuid4().hex[:8]


@dataclass(frozen=True)
class Target:
    """The server that client tests talk to: ours, or the one that `--target` names."""

    url: str
    server: Server | None = None

    def api(self, path: str) -> str:
        """Returns the URL of a path such as `3.0/mlflow/traces/search`."""
        return f"{self.url}/api/{path}"


class Ids:
    """Trace and span ids as a function of the test's name, so that a failure can be looked up again."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = itertools.count()

    def _bytes(self, size: int) -> bytes:
        return hashlib.sha256(f"{self._seed}/{next(self._count)}".encode()).digest()[:size]

    def trace(self) -> bytes:
        """Returns a new trace id: 16 bytes."""
        return self._bytes(16)

    def span(self) -> bytes:
        """Returns a new span id: 8 bytes."""
        return self._bytes(8)
