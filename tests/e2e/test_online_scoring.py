"""Scorers that run in the server: on traces as they finish, and on stored ones, with MLflow's client as the witness."""

from __future__ import annotations

import mlflow
import pytest
import requests
from mlflow.genai.judges import make_judge
from mlflow.genai.scorers import Guidelines, Safety, ScorerSamplingConfig, get_scorer, list_scorers

from support.api import Api
from support.client import flush
from support.wait import until

pytestmark = pytest.mark.spanwise

MODEL = "openai:/gpt-4o-mini"
WAIT_S = 60.0


class Scoring:
    """A server with a provider of models, an experiment, and what tests ask about its scorers."""

    def __init__(self, server, provider: str, experiment_id: str) -> None:
        self.server, self.provider, self.experiment_id = server, provider, experiment_id
        self.api = Api(server.url)

    def register(self, name: str, definition: dict, **fields) -> str:
        body = {"experiment": self.experiment_id, "name": name, "definition": definition, **fields}
        return self.api.ok("POST", "v1/scorers", body)["scorer_id"]

    def start(self, scorer_id: str, **fields) -> dict:
        return self.api.ok("PUT", f"v1/scorers/{scorer_id}/online", fields)

    def scorer(self, name: str) -> dict:
        scorers = self.api.ok("GET", "v1/scorers", params={"experiment": self.experiment_id})["scorers"]
        return next(one for one in scorers if one["name"] == name)

    def scored(self, name: str, count: int) -> dict:
        """Waits until so many traces were scored, and nothing waits any more."""

        def is_done():
            scorer = self.scorer(name)
            return scorer if scorer["total"]["scored"] >= count and scorer["waiting"] == 0 else None

        return until(is_done, f"`{name}` has scored {count} traces", WAIT_S)

    def settled(self) -> None:
        """Waits until no trace may change any more."""
        until(lambda: self.api.ok("GET", "v1/scorers")["unsettled"] == 0, "all traces settled", WAIT_S)

    def asked(self) -> int:
        """Returns how often the provider was asked."""
        return len(requests.get(f"{self.provider}/__fake/requests", timeout=30).json())


@pytest.fixture
def scoring(new_server, fake_llm, experiment_name):
    requests.delete(f"{fake_llm}/__fake/requests", timeout=30)
    args = ["--judge-url", f"{fake_llm}/v1", "--judge-model", "gpt-4o-mini", "--scoring-quiet", "1s"]
    server = new_server(args=args).start()
    mlflow.set_tracking_uri(server.url)
    experiment = mlflow.set_experiment(experiment_name)
    yield Scoring(server, fake_llm, experiment.experiment_id)
    flush()
    server.stop()


@pytest.fixture
def fake_llm(fake_llm):
    return fake_llm.url


def answer(question: str, text: str, **tags: str) -> str:
    """Makes a trace, and returns its id."""
    with mlflow.start_span("answer") as span:
        span.set_inputs({"question": question})
        for key, value in tags.items():
            mlflow.update_current_trace(tags={key: value})
        span.set_outputs(text)
    flush()
    return span.trace_id


def assessments(trace_id: str, name: str) -> list:
    trace = mlflow.get_trace(trace_id)
    return [one for one in trace.info.assessments if one.name == name]


def test_a_started_scorer_of_the_client_is_read_back_by_it(scoring):
    judge = Guidelines(name="rules", guidelines=["Be kind", "Be short"], model=MODEL).register()
    judge.start(sampling_config=ScorerSamplingConfig(sample_rate=1.0))
    trace_id = answer("Who are you?", "I am Ada, at your service.")
    status = scoring.scored("rules", 1)
    (found,) = assessments(trace_id, "rules")
    assert found.feedback.value in ("yes", "no")
    assert (found.source.source_type, found.source.source_id) == ("LLM_JUDGE", "gpt-4o-mini")
    assert found.rationale
    metadata = found.metadata
    assert (metadata["mlflow.assessment.scorerName"], metadata["mlflow.assessment.scorerVersion"]) == ("rules", "1")
    assert (
        float(metadata["mlflow.assessment.judgeCost"]) == pytest.approx(status["total"]["usd"])
        and status["total"]["usd"] > 0
    )
    assert int(metadata["mlflow.assessment.judgeInputTokens"]) == status["today"]["input_tokens"] > 0
    (request,) = requests.get(f"{scoring.provider}/__fake/requests", timeout=30).json()
    question = str(request)
    assert "1. Be kind" in question and "I am Ada, at your service." in question
    found = mlflow.search_traces(
        locations=[scoring.experiment_id],
        filter_string=f"feedback.rules = '{found.feedback.value}'",
        return_type="list",
    )
    assert [trace.info.trace_id for trace in found] == [trace_id]
    assert scoring.scorer("rules")["state"] == "on"
    get_scorer(name="rules").stop()
    assert scoring.scorer("rules")["state"] == "off"


def test_judges_answer_by_their_types(scoring):
    for name, kind in (("flag", bool), ("number", float)):
        judge = make_judge(
            name=name, instructions="Is {{ outputs }} good for {{ inputs }}?", model=MODEL, feedback_value_type=kind
        )
        judge.register().start(sampling_config=ScorerSamplingConfig(sample_rate=1.0))
    definition = {
        "kind": "judge",
        "instructions": "What is {{ trace }}?",
        "answer": "category",
        "categories": ["a", "b"],
    }
    scoring.start(scoring.register("category", definition))
    trace_id = answer("Who?", "Ada")
    for name, kinds in (("flag", bool), ("number", (int, float)), ("category", str)):
        scoring.scored(name, 1)
        (found,) = assessments(trace_id, name)
        assert isinstance(found.feedback.value, kinds), name
    assert sorted(one.name for one in list_scorers()) == ["category", "flag", "number"]


def test_what_needs_no_model(scoring):
    scoring.start(scoring.register("polite", {"kind": "contains", "texts": ["please"], "ignore_case": True}))
    scoring.start(scoring.register("fast", {"kind": "latency", "max_ms": 60_000}))
    scoring.start(scoring.register("clean", {"kind": "pii"}))
    tools = {"kind": "tool_calls", "must_call": ["search"], "no_failures": True}
    scoring.start(scoring.register("tools", tools))
    with mlflow.start_span("agent") as root:
        root.set_inputs({"question": "?"})
        with mlflow.start_span("search", span_type="TOOL") as tool:
            tool.set_inputs({"q": "x"})
        root.set_outputs("Mail ada@example.com")
    flush()
    expected = {"polite": False, "fast": True, "clean": False, "tools": True}
    for name in expected:
        scoring.scored(name, 1)
    found = {one.name: one for one in mlflow.get_trace(root.trace_id).info.assessments}
    assert {name: one.feedback.value for name, one in found.items()} == expected
    assert found["polite"].source.source_type == "CODE"
    assert found["polite"].rationale == "the output does not contain “please”"
    assert "ada@example.com" not in found["clean"].rationale
    # MLflow's client has no such scorers, and is not told of them.
    assert list_scorers() == []


def test_what_only_the_client_can_run_says_so(scoring):
    Safety(model="gateway:/x").register().start(sampling_config=ScorerSamplingConfig(sample_rate=1.0))
    status = scoring.scorer("safety")
    assert status["state"] == "client" and status["reason"].startswith("runs in the client: the built-in scorer Safety")
    answer("?", "x")

    def is_told():
        skipped = scoring.scorer("safety")["skipped"]
        return skipped == [{"reason": "runs in the client", "traces": 1}]

    until(is_told, "the trace is counted as passed over", WAIT_S)


def test_a_filter_and_a_sample_choose(scoring):
    scorer_id = scoring.register("all", {"kind": "regex", "pattern": "x"})
    scoring.start(scorer_id, filter="tags.team = 'a'")
    half = scoring.register("half", {"kind": "regex", "pattern": "x"})
    scoring.start(half, sample_rate=0.5)
    mine = [answer("?", "x", team="a") for _ in range(3)]
    others = [answer("?", "x", team="b") for _ in range(17)]
    scoring.scored("all", 3)
    scoring.settled()
    assert all(assessments(trace, "all") for trace in mine)
    assert not any(assessments(trace, "all") for trace in others)
    assert scoring.scorer("all")["skipped"] == [{"reason": "not of the filter", "traces": 17}]
    status = scoring.scored("half", 1)
    assert status["total"]["scored"] + status["skipped"][0]["traces"] == 20
    answer_code = scoring.api.call("PUT", f"v1/scorers/{half}/online", {"filter": "tgs.x = 'a'"})
    assert answer_code.status_code == 400 and "did you mean" in str(answer_code.json())


def test_a_busy_provider_is_asked_again(scoring):
    scoring.start(scoring.register("kind", {"kind": "guidelines", "guidelines": ["Be kind"]}))
    trace_id = answer("?", "hello [[fake:429-once]]")
    status = scoring.scored("kind", 1)
    (found,) = assessments(trace_id, "kind")
    assert found.feedback.error is None
    assert status["last_error"]["message"].startswith("429") and status["last_error"]["trace_id"] == trace_id
    assert (status["total"]["failed"], scoring.asked()) == (0, 2)


def test_an_answer_that_is_none_is_an_error_on_the_trace(scoring):
    scoring.start(scoring.register("kind", {"kind": "guidelines", "guidelines": ["Be kind"]}))
    trace_id = answer("?", "hello [[fake:say nonsense]]")

    def is_failed():
        return scoring.scorer("kind")["total"]["failed"] == 1

    until(is_failed, "the judge is given up", WAIT_S)
    (found,) = assessments(trace_id, "kind")
    assert found.feedback.value is None and found.feedback.error.error_code == "JUDGE_FAILED"
    assert "nonsense" in found.feedback.error.error_message


def test_a_cap_ends_the_calls(scoring):
    scorer_id = scoring.register("kind", {"kind": "guidelines", "guidelines": ["Be kind"]})
    scoring.api.ok("PUT", f"v1/scorers/{scorer_id}/limits", {"usd_per_day": 0.00000001})
    scoring.start(scorer_id)
    for number in range(5):
        answer(f"{number}?", "hello")

    def is_over():
        status = scoring.scorer("kind")
        seen = status["total"]["scored"] + sum(skip["traces"] for skip in status["skipped"])
        return status if seen == 5 else None

    status = until(is_over, "all traces were seen to", WAIT_S)
    assert (status["total"]["scored"], status["total"]["calls"], scoring.asked()) == (1, 1, 1)
    assert status["skipped"] == [{"reason": "the day's spend cap was reached", "traces": 4}]
    assert (status["state"], status["reason"]) == ("blocked", "the day's spend cap was reached")


def test_what_has_no_price_is_capped_by_calls(scoring):
    scorer_id = scoring.register("kind", {"kind": "guidelines", "guidelines": ["x"], "model": "mine:/no-such-model"})
    scoring.api.ok("PUT", f"v1/scorers/{scorer_id}/limits", {"calls_per_day": 2})
    scoring.start(scorer_id)
    for number in range(4):
        answer(f"{number}?", "hello")

    def is_over():
        status = scoring.scorer("kind")
        return status if status["skipped"] and status["total"]["scored"] == 2 else None

    status = until(is_over, "the calls are used up", WAIT_S)
    assert (status["total"]["usd"], status["total"]["unpriced_calls"]) == (0, 2)


def test_a_killed_server_goes_on_and_scores_each_trace_once(scoring):
    scoring.start(scoring.register("kind", {"kind": "guidelines", "guidelines": ["Be kind"]}))
    scoring.start(scoring.register("short", {"kind": "length", "max": 100}))
    traces = [answer(f"{number}?", "hello [[fake:slow-150]]") for number in range(40)]

    def are_some():
        return 5 <= scoring.scorer("kind")["total"]["scored"] < 35

    until(are_some, "some traces are scored, and some are not", WAIT_S)
    scoring.server.kill()
    scoring.server.start()
    scoring.scored("kind", 40)
    scoring.scored("short", 40)
    for name in ("kind", "short"):
        assert [len(assessments(trace, name)) for trace in traces] == [1] * 40
        assert scoring.scorer(name)["total"]["scored"] == 40
    # At most what was under way when it was killed was asked twice.
    assert 40 <= scoring.asked() <= 44


def test_a_backfill_scores_stored_traces_once(scoring):
    old = [answer("?", "x" * length, team="a" if length % 2 else "b") for length in range(1, 11)]
    scorer_id = scoring.register("short", {"kind": "length", "max": 5})

    def backfill(**fields) -> dict:
        job = scoring.api.ok("POST", f"v1/scorers/{scorer_id}/backfills", fields)

        def is_done():
            jobs = scoring.api.ok("GET", "v1/backfills", params={"scorer_id": scorer_id})["backfills"]
            return next(one for one in jobs if one["backfill_id"] == job["backfill_id"] and one["state"] == "done")

        def done_or_none():
            try:
                return is_done()
            except StopIteration:
                return None

        return until(done_or_none, "the backfill is done", WAIT_S)

    job = backfill(filter="tags.team = 'a'")
    assert (job["total"], job["scored"], job["skipped"]) == (5, 5, 0)
    assert [bool(assessments(trace, "short")) for trace in old] == [True, False] * 5
    job = backfill()
    assert (job["total"], job["scored"], job["skipped"]) == (10, 5, 5)
    values = [assessments(trace, "short")[0].feedback.value for trace in old]
    assert values == [True] * 5 + [False] * 5
    job = backfill(again=True, traces_max=3)
    assert (job["total"], job["scored"], job["done"]) == (3, 3, 3)
    assert all(len(assessments(trace, "short")) == 1 for trace in old)
    # A new version scores again, and what the old one said is not valid any more.
    scoring.register("short", {"kind": "length", "max": 2})
    assert backfill()["scored"] == 10
    both = assessments(old[4], "short")
    assert [(one.feedback.value, one.valid) for one in both] == [(True, False), (False, True)]


def test_a_backfill_can_be_cancelled_and_goes_on_after_a_restart(scoring):
    for number in range(20):
        answer(f"{number}?", "hello [[fake:slow-300]]")
    scorer_id = scoring.register("kind", {"kind": "guidelines", "guidelines": ["Be kind"]})
    job = scoring.api.ok("POST", f"v1/scorers/{scorer_id}/backfills", {})
    until(lambda: scoring.scorer("kind")["total"]["scored"] >= 2, "some traces are scored", WAIT_S)
    scoring.server.kill()
    scoring.server.start()
    before = scoring.scorer("kind")["total"]["scored"]
    until(lambda: scoring.scorer("kind")["total"]["scored"] > before, "it goes on", WAIT_S)
    cancelled = scoring.api.ok("POST", f"v1/backfills/{job['backfill_id']}/cancel")
    assert cancelled["state"] == "cancelled" and cancelled["done"] < 20
    assert scoring.scorer("kind")["waiting"] == 0


def test_a_scorer_can_be_tried(scoring):
    trace_id = answer("Who?", "hello")
    tried = scoring.api.ok(
        "POST", "v1/scorers/try", {"trace_id": trace_id, "definition": {"kind": "regex", "pattern": "l+"}}
    )
    assert (tried["value"], tried["rationale"]) == (True, "`l+` matches “ll” in the output")
    judge = {"kind": "guidelines", "guidelines": ["Be kind"]}
    tried = scoring.api.ok("POST", "v1/scorers/try", {"trace_id": trace_id, "definition": judge})
    assert tried["value"] in ("yes", "no") and tried["usd"] > 0 and tried["model"] == "gpt-4o-mini"
    assert mlflow.get_trace(trace_id).info.assessments == []
    wrong = scoring.api.call("POST", "v1/scorers/try", {"trace_id": trace_id, "definition": {"kind": "regex"}})
    assert (wrong.status_code, "missing field `pattern`" in wrong.json()["detail"]) == (400, True)


def test_without_an_endpoint_a_judge_says_so(new_server, experiment_name):
    server = new_server(args=["--scoring-quiet", "1s"]).start()
    mlflow.set_tracking_uri(server.url)
    experiment = mlflow.set_experiment(experiment_name)
    scoring = Scoring(server, "", experiment.experiment_id)
    scorer_id = scoring.register("kind", {"kind": "guidelines", "guidelines": ["Be kind"]})
    status = scoring.start(scorer_id)
    assert (status["state"], status["reason"]) == ("blocked", "no endpoint configured")
    refused = scoring.api.call("POST", f"v1/scorers/{scorer_id}/backfills", {})
    assert refused.status_code == 400 and "no endpoint configured" in refused.json()["detail"]
    answer("?", "x")
    until(lambda: scoring.scorer("kind")["skipped"], "the trace is passed over", WAIT_S)
    assert scoring.scorer("kind")["skipped"] == [{"reason": "no endpoint configured", "traces": 1}]
    server.stop()


def test_the_key_is_sent_and_never_shown(new_server, fake_llm, experiment_name, tmp_path):
    requests.delete(f"{fake_llm}/__fake/requests", timeout=30)
    env = {"MY_KEY": "sk-very-secret-key-0123456789"}
    args = ["--judge-url", f"{fake_llm}/v1", "--judge-model", "gpt-4o-mini", "--judge-api-key-variable", "MY_KEY"]
    server = new_server(args=[*args, "--scoring-quiet", "1s", "--log-level", "debug"], env=env).start()
    mlflow.set_tracking_uri(server.url)
    experiment = mlflow.set_experiment(experiment_name)
    scoring = Scoring(server, fake_llm, experiment.experiment_id)
    scoring.start(scoring.register("kind", {"kind": "guidelines", "guidelines": ["Be kind"]}))
    answer("?", "x")
    scoring.scored("kind", 1)
    everything = server.log() + str(scoring.api.ok("GET", "v1/scorers"))
    server.stop()
    everything += "".join(path.read_text(errors="replace") for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert "very-secret-key" not in everything
