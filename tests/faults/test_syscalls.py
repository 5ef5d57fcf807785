"""The checker itself: it must see a missing call."""

import pytest

from faults.syscalls import early_answers, parse, requests_and_answers

SEGMENT, WAL, SOCKET = (
    "10</d/segments/0000000000000001.seg>",
    "9</d/index.db-wal>",
    "12<TCP:[127.0.0.1:5000->127.0.0.1:4]>",
)
GOOD = f"""\
7 openat(AT_FDCWD</w>, "/d/segments/0000000000000001.seg", O_RDWR|O_CREAT|O_CLOEXEC, 0666) = {SEGMENT}
7 fsync(11</d/segments>)                  = 0
5 recvfrom({SOCKET}, "POST /v1/traces HTTP/1.1\\r\\n"..., 8192, 0, NULL, NULL) = 200
7 write({SEGMENT}, "x"..., 90) = 90
7 fdatasync({SEGMENT} <unfinished ...>
5 recvfrom({SOCKET}, 0x7f, 8192, 0, NULL, NULL) = -1 EAGAIN (Resource temporarily unavailable)
7 <... fdatasync resumed>)                = 0
7 pwrite64({WAL}, "y"..., 24, 0) = 24
7 pwrite64({WAL}, "y"..., 4096, 24) = 4096
7 fdatasync({WAL})                        = 0
5 writev({SOCKET}, [{{iov_base="HTTP/1.1 200 OK\\r\\n"..., iov_len=90}}], 1) = 90
""".splitlines()


def test_a_good_trace_has_no_early_answer():
    calls = parse(GOOD)
    assert len(list(requests_and_answers(calls))) == 1
    assert early_answers(calls) == []


def test_connections_are_told_apart():
    other = [line.replace("->127.0.0.1:4]", "->127.0.0.1:9]") for line in GOOD if line.startswith("5 ")]
    assert [answer.path for _, answer in requests_and_answers(parse(GOOD + other))] == [
        "TCP:[127.0.0.1:5000->127.0.0.1:4]",
        "TCP:[127.0.0.1:5000->127.0.0.1:9]",
    ]
    assert len(early_answers(parse(GOOD + other))) == 2


@pytest.mark.parametrize("missing", ["fsync(11", "write(10", "fdatasync(9", "pwrite64(9"])
def test_without_one_call_the_answer_is_early(missing):
    assert early_answers(parse(line for line in GOOD if missing not in line)) != []


def test_without_the_segments_sync_the_answer_is_early():
    kept = [line for line in GOOD if "fdatasync(10" not in line and "fdatasync resumed" not in line]
    assert early_answers(parse(kept)) != []


def test_a_failed_sync_does_not_count():
    failed = [
        line.replace("resumed>)                = 0", "resumed>) = -1 EIO (Input/output error) (INJECTED)")
        for line in GOOD
    ]
    assert early_answers(parse(failed)) != []
    assert any(call.injected for call in parse(failed))


@pytest.mark.parametrize("late", ["fdatasync(9", "resumed"])
def test_a_sync_after_the_answer_does_not_count(late):
    order = [line for line in GOOD if late not in line] + [line for line in GOOD if late in line]
    assert early_answers(parse(order)) != []


def test_a_write_after_the_sync_does_not_count():
    moved = [line for line in GOOD if "write(10" not in line]
    moved.insert(moved.index("7 <... fdatasync resumed>)                = 0") + 1, GOOD[3])
    assert early_answers(parse(moved)) != []
