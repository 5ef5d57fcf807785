"""Judges: models that are asked about a trace, through the MLflow client, against a provider that replies by rules."""

from typing import Literal

import mlflow
import pytest
import requests
from mlflow import MlflowClient
from mlflow.entities import AssessmentSourceType, SpanType
from mlflow.genai import scorers as builtin
from mlflow.genai.judges import make_judge

from support.client import flush, read, search
from support.fake_llm import answers

YES = {"result": "yes", "rationale": "It is so."}
NO = {"result": "no", "rationale": "It is not."}
RULES = [
    answers("judge-yes", YES),
    answers("judge-no", NO),
    answers("judge-number", {"result": 4, "rationale": "Nearly."}),
    answers("judge-words", {"result": "good", "rationale": "Words."}),
    answers(
        "judge-tools",
        {"tool_calls": [{"name": "list_spans", "args": {}}, {"name": "get_root_span", "args": {}}]},
        YES,
    ),
    answers("judge-true", {"result": True, "rationale": "True."}),
    answers("judge-parts", {"result": {"a": 0.5, "b": 1.0}, "rationale": "In parts."}),
    answers("judge-list", {"result": ["x", "y"], "rationale": "Both."}),
    answers("judge-broken", "I would rather not say."),
    answers("judge-refused", {"error": 401, "message": "no more credit"}),
]
MODEL = "openai:/judge-yes"


@pytest.fixture(scope="module", autouse=True)
def judging(judge_llm):
    """Where the client's judges ask."""
    return judge_llm(RULES)


def answer(question: str) -> str:
    return f"The capital of {question} is Paris."


@mlflow.trace(span_type=SpanType.AGENT)
def agent(question: str) -> str:
    """Looks something up with a tool and a retriever, as the judges of these want to see."""
    with mlflow.start_span("look up", span_type=SpanType.TOOL) as span:
        span.set_inputs({"country": question})
        span.set_outputs("Paris")
    with mlflow.start_span("search", span_type=SpanType.RETRIEVER) as span:
        span.set_inputs({"query": question})
        span.set_outputs([{"page_content": "Paris is the capital of France.", "metadata": {"doc_uri": "a.md"}}])
    with mlflow.start_span("chat", span_type=SpanType.CHAT_MODEL) as span:
        tool = {"name": "look up", "description": "d", "parameters": {"type": "object", "properties": {}}}
        span.set_attribute("mlflow.chat.tools", [{"type": "function", "function": tool}])
        span.set_inputs({"messages": [{"role": "user", "content": question}]})
        span.set_outputs("Paris")
    return answer(question)


ROWS = [
    {
        "inputs": {"question": "France"},
        "expectations": {
            "expected_response": "Paris",
            "guidelines": ["Be brief."],
            "expected_tool_calls": [{"name": "look up", "arguments": {"country": "France"}}],
        },
    }
]

# Every judge there is of one answer, and what it calls its assessment.
SINGLE = {
    "completeness": builtin.Completeness,
    "correctness": builtin.Correctness,
    "equivalence": builtin.Equivalence,
    "expectations_guidelines": builtin.ExpectationsGuidelines,
    "fluency": builtin.Fluency,
    "relevance_to_query": builtin.RelevanceToQuery,
    "retrieval_groundedness": builtin.RetrievalGroundedness,
    "retrieval_relevance": builtin.RetrievalRelevance,
    "retrieval_sufficiency": builtin.RetrievalSufficiency,
    "safety": builtin.Safety,
    "summarization": builtin.Summarization,
    "tool_call_correctness": builtin.ToolCallCorrectness,
    "tool_call_efficiency": builtin.ToolCallEfficiency,
}


def judged(experiment, result):
    """Returns the feedback of an evaluation of one row, by name; each must name its run."""
    flush()
    (trace,) = search(experiment, run_id=result.run_id)
    found = {one.name: one for one in trace.info.assessments if one.feedback is not None}
    assert found, "the scorers left no assessment"
    assert {one.metadata["mlflow.assessment.sourceRunId"] for one in found.values()} == {result.run_id}
    return found


@pytest.mark.parametrize("name", SINGLE)
def test_built_in_judges(experiment, name):
    result = mlflow.genai.evaluate(data=ROWS, predict_fn=agent, scorers=[SINGLE[name](model=MODEL)])
    found = judged(experiment, result)
    one = found.pop(name)
    assert (one.error, str(one.value), one.source.source_type) == (None, "yes", AssessmentSourceType.LLM_JUDGE)
    assert (one.rationale, one.source.source_id) == (YES["rationale"], MODEL)
    # How many of the documents were relevant is a number beside what is said of each.
    assert {name: one.value for name, one in found.items()} in ({}, {"retrieval_relevance/precision": 1.0})


def test_guidelines(experiment):
    rules = [
        builtin.Guidelines(name="polite", guidelines="Be kind.", model=MODEL),
        builtin.Guidelines(name="brief", guidelines=["Be brief.", "Be plain."], model="openai:/judge-no"),
    ]
    result = mlflow.genai.evaluate(data=ROWS, predict_fn=agent, scorers=rules)
    assert {name: str(one.value) for name, one in judged(experiment, result).items()} == {
        "polite": "yes",
        "brief": "no",
    }
    assert result.metrics == {"polite/mean": 1.0, "brief/mean": 0.0}
    run = MlflowClient().get_run(result.run_id)
    assert run.data.metrics == result.metrics
    (row,) = result.result_df.to_dict("records")
    assert (row["polite/value"], row["brief/value"]) == ("yes", "no")


def test_judges_of_ones_own(experiment):
    def ask(name, model, kind, text="Is {{ outputs }} right for {{ inputs }}, given {{ expectations }}?"):
        return make_judge(name=name, instructions=text, model=f"openai:/{model}", feedback_value_type=kind)

    judges = [
        ask("number", "judge-number", int),
        ask("words", "judge-words", Literal["good", "bad"]),
        ask("fact", "judge-true", bool),
        ask("parts", "judge-parts", dict[str, float]),
        ask("list", "judge-list", list[str]),
    ]
    result = mlflow.genai.evaluate(data=ROWS, predict_fn=agent, scorers=judges)
    found = judged(experiment, result)
    assert {name: one.value for name, one in found.items()} == {
        "number": 4, "words": "good", "fact": True, "parts": {"a": 0.5, "b": 1.0}, "list": ["x", "y"]
    }  # fmt: skip
    assert found["number"].rationale == "Nearly."
    assert result.metrics["number/mean"] == 4


def test_a_judge_looks_into_the_trace_with_tools(experiment, judging):
    judge = make_judge(name="thorough", instructions="Look at {{ trace }}.", model="openai:/judge-tools")
    requests.delete(f"{judging.url}/__fake/requests", timeout=30)
    result = mlflow.genai.evaluate(data=ROWS, predict_fn=agent, scorers=[judge])
    assert judged(experiment, result)["thorough"].value == "yes"
    asked = [one["body"] for one in requests.get(f"{judging.url}/__fake/requests", timeout=30).json()]
    told = [m["content"] for m in asked[-1]["messages"] if m["role"] == "tool"]
    assert len(told) == 2
    assert "look up" in told[0]


def test_a_judge_that_fails_leaves_an_error(experiment):
    judges = [
        make_judge(name="odd", instructions="Is {{ outputs }} right?", model="openai:/judge-broken"),
        builtin.Safety(model="openai:/judge-refused"),
    ]
    result = mlflow.genai.evaluate(data=ROWS, predict_fn=agent, scorers=judges)
    found = judged(experiment, result)
    assert {name: one.feedback.value for name, one in found.items()} == {"odd": None, "safety": None}
    for one in found.values():
        assert (one.error.error_code, bool(one.error.stack_trace)) == ("SCORER_ERROR", True)
    assert found["safety"].error.error_message.endswith("no more credit")
    assert MlflowClient().get_run(result.run_id).info.status == "FINISHED"


def test_judges_over_traces_that_are_there(experiment):
    for question in ("France", "Spain"):
        agent(question)
    flush()
    traces = mlflow.search_traces(locations=[experiment.experiment_id])
    result = mlflow.genai.evaluate(data=traces, scorers=[builtin.RelevanceToQuery(model=MODEL)])
    assert result.metrics == {"relevance_to_query/mean": 1.0}
    found = search(experiment, run_id=result.run_id)
    assert {trace.info.trace_id for trace in found} == set(traces["trace_id"])
    assert len(search(experiment, "feedback.relevance_to_query = 'yes'")) == 2


def test_a_judge_asked_by_hand(experiment):
    agent("France")
    trace_id = mlflow.get_last_active_trace_id()
    judge = make_judge(name="hand", instructions="Is {{ outputs }} right?", model=MODEL)
    feedback = judge(outputs="Paris")
    flush()
    mlflow.log_assessment(trace_id=trace_id, assessment=feedback)
    (kept,) = read(trace_id).info.assessments
    assert (kept.name, kept.value, kept.rationale) == ("hand", "yes", YES["rationale"])


def test_traces_of_scorers_are_marked(experiment, monkeypatch):
    monkeypatch.setenv("MLFLOW_GENAI_EVAL_ENABLE_SCORER_TRACING", "true")
    result = mlflow.genai.evaluate(data=ROWS, predict_fn=agent, scorers=[builtin.Safety(model=MODEL)])
    flush()
    (own,) = search(experiment, "tags.`mlflow.trace.sourceScorer` = 'safety'")
    assert own.data.spans[0].span_type == SpanType.EVALUATOR
    (trace,) = search(experiment, "feedback.safety = 'yes'", run_id=result.run_id)
    (one,) = [one for one in trace.info.assessments if one.feedback is not None]
    assert one.metadata["mlflow.assessment.scorerTraceId"] == own.info.trace_id


def test_a_registered_judge_judges(experiment):
    make_judge(name="kept", instructions="Is {{ outputs }} right?", model=MODEL).register()
    builtin.Guidelines(name="rules", guidelines="Be kind.", model="openai:/judge-no").register()
    loaded = [builtin.get_scorer(name=name) for name in ("kept", "rules")]
    result = mlflow.genai.evaluate(data=ROWS, predict_fn=agent, scorers=loaded)
    assert {name: str(one.value) for name, one in judged(experiment, result).items()} == {"kept": "yes", "rules": "no"}


def test_scorers_that_need_no_model(experiment):
    code = [
        builtin.RegexMatch(pattern="Paris"),
        builtin.ResponseLength(max_length=3),
        builtin.PIIDetection(),
    ]
    result = mlflow.genai.evaluate(data=ROWS, predict_fn=agent, scorers=code)
    values = {name: str(one.value) for name, one in judged(experiment, result).items()}
    assert values == {"regex_match": "yes", "response_length": "no", "pii_detection": "yes"}
