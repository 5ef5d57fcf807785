"""Each sample goes to MLflow's own server and to Spanwise, and is read back from both through the MLflow client.

What differs must have a reason (`reason.py`), and must be as `differences/NAME.txt` has it, value for value;
`UPDATE_PARITY=1` writes these files anew, to be read before they are committed.
"""

from __future__ import annotations

import os
from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest

from parity.compare import Difference, compare
from parity.reason import UNREADABLE, reason_of
from parity.sample import sample_body, sample_names
from parity.trace import read_trace, read_traces
from support.api import Api
from support.mlflow_server import MlflowServer
from support.otlp import post
from support.target import Target

LISTED = Path(__file__).with_name("differences")


@pytest.mark.parametrize("name", [name for name in sample_names() if name not in UNREADABLE])
def test_reads_as_from_mlflow(
    name: str, target: Target, mlflow_server: MlflowServer, experiment_name: str, compared: Counter[str]
):
    body = sample_body(name)
    their_id, our_id = (send(url, body, experiment_name) for url in (mlflow_server.url, target.url))
    theirs, ours = read_traces(mlflow_server.url, their_id), read_traces(target.url, our_id)
    assert theirs.keys() == ours.keys()
    found = [difference for trace_id in theirs for difference in compare(theirs[trace_id], ours[trace_id])]
    compared.update(traces=len(theirs), spans=sum(len(trace["spans"]) for trace in theirs.values()))
    compared.update(differences=len(found))
    check_list(LISTED / f"{name}.txt", found)
    # MLflow's own server waits seconds for spans that may be missing, so only ours is asked once more.
    first = min(ours)
    assert read_trace(target.url, first) == ours[first], f"search and get of {first}"


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_mlflow_cannot_read_back_is_read(
    name: str, target: Target, mlflow_server: MlflowServer, experiment_name: str
):
    body = sample_body(name)
    their_id, our_id = (send(url, body, experiment_name) for url in (mlflow_server.url, target.url))
    with pytest.raises(Exception, match="500"):
        read_traces(mlflow_server.url, their_id)
    assert read_traces(target.url, our_id)


def test_every_list_is_of_a_sample():
    listed = {path.stem for path in LISTED.iterdir()}
    assert listed - set(sample_names()) == set()


def send(url: str, body: bytes, experiment_name: str) -> str:
    """Sends a request into a new experiment, and returns its id."""
    experiment_id = Api(url).experiment(experiment_name)
    answer = post(url, body, experiment=experiment_id)
    assert answer.status_code == 200, f"{url}: {answer.status_code} {answer.text[:2000]}"
    return experiment_id


def check_list(path: Path, found: list[Difference]) -> None:
    """Fails unless each difference has a reason and they are those of the list."""
    reasons = sorted((reason_of(path.stem, difference), str(difference)) for difference in found)
    without = [text for reason, text in reasons if not reason]
    assert without == [], f"{len(without)} differences without a reason:\n" + "\n".join(without)
    lines = [
        line
        for reason, group in groupby(reasons, key=lambda pair: pair[0])
        for line in (f"# {reason}", *(text for _, text in group))
    ]
    text = "".join(f"{line}\n" for line in lines)
    if os.environ.get("UPDATE_PARITY"):
        path.unlink(missing_ok=True)
        if text:
            path.write_text(text)
    else:
        listed = path.read_text() if path.exists() else ""
        assert text == listed, f"other differences than {path.name} lists; UPDATE_PARITY=1 shows which"
