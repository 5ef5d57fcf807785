"""Ports for the servers under test: leased, so that two tests, or two runs, never choose the same one.

A port that the system hands out may go to another process before the server listens on it, as the local end of any
connection. These are taken from below the range for such ends, and a lock of this process keeps each until it exits.
"""

import fcntl
import os
import socket
import tempfile
from pathlib import Path

FIRST, COUNT = 20_000, 10_000
LOCKS = Path(tempfile.gettempdir()) / "spanwise-test-ports"

# Open files whose locks are the leases.
_leases = []


def lease_port() -> int:
    """Returns a port that nothing listens on, and that no other test is given while this process runs."""
    LOCKS.mkdir(exist_ok=True)
    for step in range(COUNT):
        # Runs that start together look in different places.
        port = FIRST + (os.getpid() * 97 + len(_leases) + step) % COUNT
        lease = open(LOCKS / str(port), "w")
        if _is_locked(lease) and _is_free(port):
            _leases.append(lease)
            return port
        lease.close()
    raise AssertionError(f"no free port from {FIRST} to {FIRST + COUNT - 1}; {LOCKS} holds the locks of those in use")


def _is_locked(lease) -> bool:
    try:
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
