"""The comparison itself: what it must and must not see."""

import pytest

from replay.compare import Names, compare
from replay.record import read_lines
from replay.routes import priority

SERVER_ID, OTHER_ID = "a-" + "1" * 32, "a-" + "2" * 32

EQUAL = [
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({"a": 1}, {"a": 1, "tags": [], "token": "", "count": 0, "flag": False}),
    ({"a": 1.0}, {"a": 1}),
    ([{"key": "x", "value": "1"}, {"key": "y"}], [{"key": "y"}, {"key": "x", "value": "1"}]),
    ({"message": "not one of {'A', 'B'}"}, {"message": "not one of {'B', 'A'} (column 3)"}),
    ({"message": "X exists. Error: (sqlite3.IntegrityError) UNIQUE"}, {"message": "X exists. Choose another name"}),
    ({"next_page_token": "abc"}, {"next_page_token": "xyz"}),
    ({"creation_time": 5}, {"creation_time": 9}),
    ({"assessment_id": SERVER_ID}, {"assessment_id": OTHER_ID}),
    ({"error_code": "X", "sqlstate": "KAM00"}, {"error_code": "X"}),
]
DIFFERENT = [
    ({"a": 1}, {"a": 2}),
    ({"a": 1}, {"a": True}),
    ({"a": "1"}, {"a": 1}),
    ({"a": 1}, {}),
    ({}, {"a": 1}),
    ([1, 2], [2, 1]),
    ([1], [1, 2]),
    ([{"key": "x", "value": "1"}], [{"key": "x", "value": "2"}]),
    ({"a": {"b": 1}}, {"a": 1}),
    ({"message": "not found: x"}, {"message": "not found"}),
    ({"next_page_token": "abc"}, {}),
    ({"creation_time": 5}, {"creation_time": "5"}),
    ([SERVER_ID, SERVER_ID], [OTHER_ID, SERVER_ID]),
]


@pytest.mark.parametrize(("expected", "actual"), EQUAL)
def test_equal(expected, actual):
    assert list(compare(expected, actual, Names())) == []


@pytest.mark.parametrize(("expected", "actual"), DIFFERENT)
def test_different(expected, actual):
    assert list(compare(expected, actual, Names())) != []


def test_times_that_the_client_chose_must_come_back():
    names = Names()
    names.note_request('{"create_time": "2026-01-01T00:00:00Z"}')
    assert list(compare({"create_time": "2026-01-01T00:00:00Z"}, {"create_time": "2026-01-02T00:00:00Z"}, names))


def test_learnt_names_are_used_in_later_requests():
    names = Names()
    assert not list(compare({"next_page_token": "abc", "assessment_id": SERVER_ID},
                            {"next_page_token": "xyz", "assessment_id": OTHER_ID}, names))  # fmt: skip
    assert names.translate(f"/assessments/{SERVER_ID}?page_token=abc") == f"/assessments/{OTHER_ID}?page_token=xyz"


def test_experiments_that_have_another_number_here():
    names = Names(experiments={"5": "6"})
    assert names.translate('{"experiment_id": "5"}') == '{"experiment_id": "6"}'
    assert (
        names.translate("/artifacts/5/traces?experiment_ids=5&max_results=5")
        == "/artifacts/6/traces?experiment_ids=6&max_results=5"
    )
    assert not list(compare({"experiment_id": "5", "message": "The experiment 5 is"},
                            {"experiment_id": "6", "message": "The experiment 6 is"}, names))  # fmt: skip
    assert list(compare({"experiment_id": "5"}, {"experiment_id": "5"}, names))


def test_every_recorded_request_has_a_route():
    counts = {"P0": 0, "DONE": 0, "P1": 0, "P2": 0}
    for line in read_lines():
        counts[priority(line.method, line.path)] += 1
    assert counts["P0"] > 400, counts
