"""A proxy in front of a server, for tests of what a client does when answers are late, refused or lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

# Headers of the answer that are about the connection to the proxy rather than about the body.
HOP_HEADERS = {"connection", "content-encoding", "content-length", "date", "server", "transfer-encoding"}


@dataclass
class Call:
    """A request that came by."""

    method: str
    path: str
    body: bytes


@dataclass
class Verdict:
    """What becomes of a request: passed on or not; answered by the server, by a status of our own, or not at all."""

    is_passed_on: bool = True
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    is_answered: bool = True


class Proxy:
    """Passes requests on to `url`, each as `decide` says, and remembers them."""

    def __init__(self, url: str, decide: Callable[[Call], Verdict]) -> None:
        self.target = url
        self.decide = decide
        self.calls: list[Call] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.pass_on()

            def do_POST(self) -> None:
                self.pass_on()

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                call = Call(self.command, self.path, body)
                proxy.calls.append(call)
                verdict = proxy.decide(call)
                status, headers, answer = verdict.status or 502, verdict.headers, b"{}"
                if verdict.is_passed_on:
                    got = requests.request(
                        call.method,
                        proxy.target + call.path,
                        data=body,
                        headers={k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length")},
                        timeout=60,
                    )
                    status, answer = got.status_code, got.content
                    headers = {k: v for k, v in got.headers.items() if k.lower() not in HOP_HEADERS}
                if not verdict.is_answered:
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(answer))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """The test says what it saw."""

        return Handler
