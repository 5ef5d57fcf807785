"""Reads what `strace` saw, and says whether each answer waited for the disk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

# Reads and writes of sockets and files, and everything that makes a write durable. `io_uring_enter` would hide both.
TRACED = (
    "read,readv,recvfrom,recvmsg,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,"
    "fsync,fdatasync,sync_file_range,openat,io_uring_enter"
)
READS = {"read", "readv", "recvfrom", "recvmsg"}
WRITES = {"write", "writev", "pwrite64", "pwritev", "pwritev2", "sendto", "sendmsg"}
SYNCS = {"fsync", "fdatasync"}

LINE = re.compile(r"^(?P<thread>\d+) +(?P<rest>.*)$")
CALL = re.compile(r"^(?P<name>\w+)\((?P<text>.*?)(?:\) += (?P<result>-?\d+|\?).*| <unfinished \.\.\.>)$", re.S)
RESUMED = re.compile(r"^<\.\.\. (?P<name>\w+) resumed>(?P<text>.*?)\) += (?P<result>-?\d+|\?).*$", re.S)
# The arrow of a connected socket (`TCP:[a->b]`) does not end the name.
DESCRIPTOR = re.compile(r"^\d+<(?P<path>.*?[^-])>")


def strace(output: Path, *options: str) -> list[str]:
    """Returns the words to put before a command to trace it and its threads; `-yy` names each descriptor's file."""
    return ["strace", "-f", "-yy", "-s", "64", "-e", f"trace={TRACED}", *options, "-o", str(output)]


@dataclass
class Call:
    """One system call; `begin` and `end` are positions in the trace, and order calls of different threads."""

    thread: int
    name: str
    path: str
    text: str
    begin: int
    end: int
    result: int
    injected: bool = False

    @property
    def ok(self) -> bool:
        """Whether it did what it was asked."""
        return self.result >= 0


def parse(lines: Iterable[str]) -> list[Call]:
    """Returns the finished calls of a trace in the order in which they began."""
    calls, open_calls = [], {}
    for position, line in enumerate(lines):
        if not (found := LINE.match(line.rstrip("\n"))):
            continue
        thread, rest = int(found["thread"]), found["rest"]
        if resumed := RESUMED.match(rest):
            if call := open_calls.pop(thread, None):
                finish(call, position, resumed["text"], resumed["result"], line)
        elif started := CALL.match(rest):
            path = DESCRIPTOR.match(started["text"])
            call = Call(thread, started["name"], path["path"] if path else "", started["text"], position, -1, -1)
            calls.append(call)
            if started["result"] is None:
                open_calls[thread] = call
            else:
                finish(call, position, "", started["result"], line)
    return [call for call in calls if call.end >= 0]


def finish(call: Call, position: int, text: str, result: str, line: str) -> None:
    """Notes the end of a call."""
    call.end, call.text, call.injected = position, call.text + text, "(INJECTED" in line
    call.result = int(result) if result != "?" else -1


def requests_and_answers(calls: list[Call]) -> Iterator[tuple[Call, Call]]:
    """Yields the last read of each OTLP request, and the first write of its answer, connection by connection."""
    last_read: dict[str, Call] = {}
    is_export: dict[str, bool] = {}
    for call in calls:
        if not call.path.startswith("TCP"):
            continue
        if call.name in READS and call.result > 0:
            last_read[call.path] = call
            if "POST /" in call.text:
                is_export[call.path] = "/v1/traces" in call.text
        elif call.name in WRITES and "HTTP/1.1 " in call.text and is_export.get(call.path):
            yield last_read[call.path], call


def status_of(answer: Call) -> int:
    """Returns the HTTP status that a call began to write."""
    return int(re.search(r"HTTP/1\.1 (\d{3})", answer.text)[1])


def early_answers(calls: list[Call]) -> list[str]:
    """Returns a complaint for each 200 that was written before its data was safe in the segment and in the WAL."""
    complaints = []
    if any(call.name == "io_uring_enter" for call in calls):
        complaints.append("io_uring is in use, so this trace does not show the writes")
    for request, answer in requests_and_answers(calls):
        if status_of(answer) != 200:
            continue
        window = [call for call in calls if request.end < call.begin and call.end < answer.begin]
        for what, is_file in FILES.items():
            if not written_and_synced(window, is_file):
                complaints.append(f"the answer at line {answer.begin + 1} did not wait for the {what}")
        complaints += unsynced_folders(calls, answer)
    return complaints


FILES = {
    "segment": lambda path: "/segments/" in path and path.endswith(".seg"),
    "WAL": lambda path: path.endswith("-wal"),
}


def written_and_synced(window: list[Call], is_file) -> bool:
    """Says whether a file was written in this part of the trace, and synced after its last write."""
    writes = [call for call in window if call.name in WRITES and is_file(call.path) and call.ok]
    syncs = [call for call in window if call.name in SYNCS and is_file(call.path) and call.result == 0]
    return any(write.path == sync.path and write.end < sync.begin for write in writes for sync in syncs)


def unsynced_folders(calls: list[Call], answer: Call) -> list[str]:
    """Returns a complaint for each segment that was created before an answer, and whose folder was not synced since."""
    complaints = []
    for call in calls:
        created = call.name == "openat" and "O_CREAT" in call.text and ".seg" in call.text and call.ok
        if not created or call.end > answer.begin:
            continue
        synced = any(
            other.name in SYNCS and other.path.endswith("/segments") and other.result == 0
            and call.end < other.begin and other.end < answer.begin
            for other in calls
        )  # fmt: skip
        if not synced:
            complaints.append(f"the answer at line {answer.begin + 1} did not wait for the folder of a new segment")
    return complaints
