"""Fixtures for tests that use the unmodified MLflow client."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import pytest

from support.api import Api
from support.environment import ENVIRONMENT
from support.fake_llm import FakeLlm
from support.target import Target

for name in [name for name in os.environ if name.startswith(("OTEL_", "MLFLOW_"))]:
    del os.environ[name]
os.environ.update(ENVIRONMENT)

import mlflow  # noqa: E402  (reads the environment when it is imported)

from support.client import flush  # noqa: E402


@pytest.fixture
def experiment(target: Target, experiment_name: str, caplog: pytest.LogCaptureFixture):
    """A new experiment that the client traces into, in batch mode (its default).

    The client only logs what it could not export, so such a line fails the test.
    """
    mlflow.set_tracking_uri(target.url)
    with caplog.at_level(logging.DEBUG, logger="mlflow.tracing.export"):
        yield mlflow.set_experiment(experiment_name)
        flush()
    records = [*caplog.get_records("call"), *caplog.get_records("teardown")]
    lost = [r.getMessage() for r in records if r.name.startswith("mlflow.tracing.export") and "ailed" in r.getMessage()]
    assert lost == [], "the client could not export a trace"


@pytest.fixture
def api(target: Target) -> Api:
    return Api(target.url)


FAKE_LLM = Path(__file__).resolve().parents[1] / "fixtures" / "fake_llm" / "fake_llm.py"


@pytest.fixture(scope="session")
def fake_llm():
    """A deterministic LLM provider on a free port."""
    provider = FakeLlm(FAKE_LLM)
    yield provider.start()
    provider.stop()


@pytest.fixture(scope="module")
def judge_llm(tmp_path_factory: pytest.TempPathFactory):
    """Starts a provider that replies by rules, and has the client's judges ask it."""
    with pytest.MonkeyPatch.context() as patch:
        started = []

        def start(rules: list[dict]) -> FakeLlm:
            path = tmp_path_factory.mktemp("judge") / "rules.json"
            path.write_text(json.dumps(rules))
            started.append(FakeLlm(FAKE_LLM, path).start())
            patch.setenv("OPENAI_API_KEY", "none")
            patch.setenv("OPENAI_API_BASE", f"{started[-1].url}/openai/v1")
            return started[-1]

        yield start
        for provider in started:
            provider.stop()
