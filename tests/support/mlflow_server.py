"""MLflow's own server as a child process, for tests that ask it and Spanwise the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import requests

from support.environment import ENVIRONMENT
from support.ports import lease_port
from support.server import clean_env
from support.wait import until

# Nothing but requests.
SETTINGS = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
# It imports half of Python's data science before it listens.
READY_S = 180.0
STOP_S = 30.0


class MlflowServer:
    """One `mlflow server` with one worker, its store and its log below `folder`."""

    def __init__(self, folder: Path, backend: str | None = None) -> None:
        self._folder = folder
        self._backend = backend or f"sqlite:///{folder / 'mlflow.db'}"
        self._log = folder / "mlflow.log"
        self._port = lease_port()
        self._process: subprocess.Popen | None = None
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> MlflowServer:
        """Starts it and returns once it answers."""
        # It runs in a session of its own, so that its worker can be ended with it.
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=clean_env(**ENVIRONMENT, **SETTINGS),
                start_new_session=True,
            )
        until(self._is_ready_or_dead, f"MLflow's server is ready; see {self._log}", READY_S)
        assert self._process.poll() is None, f"MLflow's server ended with {self._process.returncode}:\n{self.log()}"
        return self

    def pid(self) -> int:
        """Returns the id of the process that its worker is a child of."""
        return self._process.pid

    def _command(self) -> list[str]:
        where = {
            "--backend-store-uri": self._backend,
            "--artifacts-destination": self._folder / "artifacts",
            "--host": "127.0.0.1",
            "--port": self._port,
            "--workers": 1,
        }
        flags = [str(part) for flag in where.items() for part in flag]
        return [sys.executable, "-m", "mlflow", "server", *flags]

    def _is_ready_or_dead(self) -> bool:
        if self._process.poll() is not None:
            return True
        try:
            return requests.get(f"{self.url}/health", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def stop(self) -> None:
        """Ends it and its worker."""
        if self._process is None or self._process.poll() is not None:
            return
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def log(self) -> str:
        """Returns the end of what it printed."""
        return self._log.read_text(errors="replace")[-8000:] if self._log.exists() else ""
