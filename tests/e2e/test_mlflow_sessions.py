"""Sessions through the MLflow client: conversations found, read whole, and judged."""

import mlflow
import pytest
from mlflow.genai import scorers as builtin
from mlflow.genai.judges import make_judge
from mlflow.genai.scorers import scorer

from support.client import flush, search
from support.fake_llm import answers

YES = {"result": "yes", "rationale": "It is so."}
MODEL = "openai:/judge-yes"
RULES = [answers("judge-yes", YES), answers("judge-calm", {"result": "none", "rationale": "Calm."})]

# Every judge there is of a conversation, and what it answers.
JUDGES = {
    "conversation_completeness": (builtin.ConversationCompleteness(model=MODEL), "yes"),
    "conversational_guidelines": (builtin.ConversationalGuidelines(guidelines=["Be kind."], model=MODEL), "yes"),
    "conversational_role_adherence": (builtin.ConversationalRoleAdherence(model=MODEL), "yes"),
    "conversational_safety": (builtin.ConversationalSafety(model=MODEL), "yes"),
    "conversational_tool_call_efficiency": (builtin.ConversationalToolCallEfficiency(model=MODEL), "yes"),
    "knowledge_retention": (builtin.KnowledgeRetention(model=MODEL), "yes"),
    "user_frustration": (builtin.UserFrustration(model="openai:/judge-calm"), "none"),
}


@pytest.fixture(scope="module", autouse=True)
def judging(judge_llm):
    """Where the client's judges ask."""
    return judge_llm(RULES)


@mlflow.trace
def chat(messages, session):
    mlflow.update_current_trace(metadata={"mlflow.trace.session": session, "mlflow.trace.user": "ada"})
    return {"choices": [{"message": {"role": "assistant", "content": f"I heard {messages[-1]['content']}"}}]}


@pytest.fixture
def talks(experiment, experiment_name):
    """Two conversations, the second one with one turn; returns their ids."""
    first, second = f"{experiment_name}-1", f"{experiment_name}-2"
    for session, text in ((first, "hello"), (second, "hi"), (first, "and again")):
        chat([{"role": "user", "content": text}], session)
        flush()
    return first, second


def test_sessions_are_found_and_read_whole(experiment, talks):
    with mlflow.start_span("no session"):
        pass
    flush()
    found = mlflow.search_sessions(locations=[experiment.experiment_id])
    assert [(session.id, len(session)) for session in found] == [(talks[0], 2), (talks[1], 1)]
    texts = [trace.data.spans[0].inputs["messages"][0]["content"] for trace in found[0]]
    assert texts == ["hello", "and again"]
    without = mlflow.search_sessions(locations=[experiment.experiment_id], include_spans=False, max_results=1)
    assert [(session.id, session[0].data.spans) for session in without] == [(talks[0], [])]


def test_sessions_of_a_run(experiment, experiment_name):
    with mlflow.start_run() as run:
        chat([{"role": "user", "content": "in a run"}], f"{experiment_name}-run")
    chat([{"role": "user", "content": "not in it"}], f"{experiment_name}-none")
    flush()
    found = mlflow.search_sessions(locations=[experiment.experiment_id], run_id=run.info.run_id)
    assert [session.id for session in found] == [f"{experiment_name}-run"]


def of_sessions(experiment, run_id):
    """Returns what was said of conversations: (session, name) to value, which stands at the first turn."""
    found = {}
    for trace in search(experiment, run_id=run_id):
        for one in trace.info.assessments:
            if one.feedback is not None and (session := (one.metadata or {}).get("mlflow.trace.session")):
                assert trace.info.trace_metadata["mlflow.trace.session"] == session
                assert trace.data.spans[0].inputs["messages"][0]["content"] in ("hello", "hi"), "not the first turn"
                found[session, one.name] = str(one.value)
    return found


@pytest.mark.parametrize("name", JUDGES)
def test_judges_of_conversations(experiment, talks, name):
    judge, value = JUDGES[name]
    traces = mlflow.search_traces(locations=[experiment.experiment_id])
    result = mlflow.genai.evaluate(data=traces, scorers=[judge])
    assert of_sessions(experiment, result.run_id) == {(talk, name): value for talk in talks}


def test_scorers_of_ones_own_beside_those_of_one_answer(experiment, talks):
    @scorer
    def turns(session):
        return len(session)

    @scorer
    def answered(outputs):
        return bool(outputs)

    judge = make_judge(name="kind", instructions="Is {{ conversation }} kind?", model=MODEL)
    traces = [trace for session in mlflow.search_sessions(locations=[experiment.experiment_id]) for trace in session]
    result = mlflow.genai.evaluate(data=traces, scorers=[turns, answered, judge])
    assert of_sessions(experiment, result.run_id) == {
        (talks[0], "turns"): "2.0", (talks[0], "kind"): "yes", (talks[1], "turns"): "1.0", (talks[1], "kind"): "yes"
    }  # fmt: skip
    assert (result.metrics["turns/mean"], result.metrics["answered/mean"]) == (1.5, 1)
    each = [a for trace in search(experiment, run_id=result.run_id) for a in trace.info.assessments]
    assert [one.value for one in each if one.name == "answered"] == [True] * 3


def test_what_is_said_of_a_session_is_searched(experiment, talks):
    found = search(experiment, f"metadata.`mlflow.trace.session` = '{talks[0]}'")
    first = min(found, key=lambda trace: trace.info.request_time)
    mlflow.log_feedback(
        trace_id=first.info.trace_id, name="whole", value="good", metadata={"mlflow.trace.session": talks[0]}
    )
    # Feedback on a session counts for each of its traces.
    assert len(search(experiment, "feedback.whole = 'good'")) == 2
