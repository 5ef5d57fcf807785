"""A Spanwise server as a child process: start, readiness, graceful stop, kill, memory."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import requests

from support.ports import lease_port
from support.wait import until

REPO = Path(__file__).resolve().parents[2]
READY_S = 30.0
STOP_S = 5.0


def binary() -> Path:
    """Returns the binary under test: `SPANWISE_BIN`, else the release build, else the debug build."""
    if chosen := os.environ.get("SPANWISE_BIN"):
        return Path(chosen)
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPO / "target"))
    candidates = [target / profile / "spanwise" for profile in ("release", "debug")]
    for path in candidates:
        if path.is_file():
            return path
    raise FileNotFoundError(f"no spanwise binary at {' or '.join(map(str, candidates))}; run `make release`")


def clean_env(**extra: str) -> dict[str, str]:
    """Returns this process's environment without anything that would configure Spanwise, MLflow or OpenTelemetry."""
    kept = {k: v for k, v in os.environ.items() if not re.match(r"(SPANWISE|MLFLOW|OTEL)_", k)}
    return {**kept, **extra}


@dataclass
class Server:
    """One `spanwise serve` on a data directory; the directory outlives the process."""

    data_dir: Path
    args: Sequence[str] = ()
    env: dict[str, str] = field(default_factory=dict)
    # Put before the command, e.g. `strace -f -o FILE`; the server is then a grandchild of the test.
    wrapper: Sequence[str] = ()
    process: subprocess.Popen | None = None
    ready_s: float = 0.0

    def __post_init__(self) -> None:
        self.port, self.otlp_http_port, self.otlp_grpc_port = lease_port(), lease_port(), lease_port()
        self.log_path = self.data_dir.parent / f"{self.data_dir.name}.log"

    @property
    def url(self) -> str:
        """The base URL of the main port: REST and OTLP over HTTP."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def otlp_http_url(self) -> str:
        """The base URL of the OTLP/HTTP port."""
        return f"http://127.0.0.1:{self.otlp_http_port}"

    @property
    def otlp_grpc_address(self) -> str:
        """`host:port` of OTLP over gRPC."""
        return f"127.0.0.1:{self.otlp_grpc_port}"

    def command(self) -> list[str]:
        """Returns the command line, wrapper included."""
        ports = {"--port": self.port, "--otlp-http-port": self.otlp_http_port, "--otlp-grpc-port": self.otlp_grpc_port}
        flags = [str(part) for flag in ports.items() for part in flag]
        return [*self.wrapper, str(binary()), "serve", "--data-dir", str(self.data_dir), *flags, *self.args]

    def start(self) -> Server:
        """Starts the process and returns once `/health` answers."""
        begun = time.monotonic()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean_env(**self.env)
            )
        until(self._is_ready_or_dead, f"`{' '.join(self.command())}` is ready\n{self.log()}", READY_S)
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode} before it was ready:\n{self.log()}")
        self.ready_s = time.monotonic() - begun
        return self

    def _is_ready_or_dead(self) -> bool:
        if self.process.poll() is not None:
            return True
        try:
            return requests.get(f"{self.url}/health", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def pid(self) -> int:
        """Returns the id of the server itself, below any wrapper."""
        if not self.wrapper:
            return self.process.pid
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])

    def stop(self) -> int:
        """Sends SIGTERM and returns the exit status; a server that needs longer than `STOP_S` is a failure."""
        if self.process is None:
            return 0
        os.kill(self.pid(), signal.SIGTERM)
        try:
            return self.process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"SIGTERM did not end the server within {STOP_S:g} s:\n{self.log()}") from None

    def kill(self) -> None:
        """Sends SIGKILL and waits until the process is gone."""
        os.kill(self.pid(), signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        """Stops the server if a test left it running."""
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def log(self) -> str:
        """Returns the end of what the server printed."""
        return self.log_path.read_text(errors="replace")[-8000:] if self.log_path.exists() else ""

    def memory_kib(self, key: str = "VmRSS") -> int:
        """Returns one of the sizes in `/proc/PID/status`: `VmRSS` is now, `VmHWM` the peak."""
        status = Path(f"/proc/{self.pid()}/status").read_text()
        return int(re.search(rf"^{key}:\s+(\d+) kB$", status, re.M).group(1))
