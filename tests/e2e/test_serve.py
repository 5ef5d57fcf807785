"""`spanwise serve` as a process: ports, probes, who may connect, how it starts and stops."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import threading

import pytest
import requests

from support.otlp import PROTOBUF, export_request, post, post_spans, span, stored_spans
from support.server import Server, binary, clean_env
from support.wait import until

pytestmark = pytest.mark.spanwise


def test_health_and_version(shared_server):
    health = requests.get(f"{shared_server.url}/health", timeout=30)
    assert (health.status_code, health.text) == (200, "OK")
    version = requests.get(f"{shared_server.url}/version", timeout=30)
    assert version.status_code == 200
    assert tuple(map(int, version.text.split("."))) >= (3, 17, 0)
    assert requests.get(f"{shared_server.otlp_http_url}/health", timeout=30).status_code == 200


def test_metrics_are_prometheus_text_and_count(shared_server, ids):
    def spans_stored() -> float:
        text = requests.get(f"{shared_server.url}/metrics", timeout=30).text
        return float(re.search(r"^spanwise_store_spans(?:\{.*\})? ([0-9.e+]+)$", text, re.M).group(1))

    before = spans_stored()
    post_spans(shared_server.url, [span(ids.trace(), ids.span()) for _ in range(7)])
    until(lambda: spans_stored() >= before + 7, "the metric counts seven more spans")


def test_unknown_paths_are_json_404(shared_server):
    answer = requests.get(f"{shared_server.url}/api/2.0/mlflow/nope", timeout=30)
    assert (answer.status_code, answer.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")
    assert requests.get(f"{shared_server.url}/api/v1/nope", timeout=30).status_code == 404


def request_as(
    port: int, host: str, method: str = "GET", path: str = "/health", **headers: str
) -> http.client.HTTPResponse:
    """Sends one request with any Host."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest(method, path, skip_host=True)
    for name, value in {"Host": host, "Content-Length": "0", **headers}.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    answer.body = answer.read()
    return answer


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:5000", "LOCALHOST", "[::1]:5000", "app.localhost"])
def test_loopback_hosts_are_allowed(shared_server, host):
    assert request_as(shared_server.port, host).status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:5000", "127.0.0.1.evil.example", "10.1.2.3", ""])
def test_a_foreign_host_is_403(shared_server, host):
    answer = request_as(shared_server.port, host)
    assert answer.status == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"])
@pytest.mark.parametrize("port", ["main", "otlp"])
def test_a_foreign_origin_is_403(shared_server, origin, port):
    number = shared_server.port if port == "main" else shared_server.otlp_http_port
    answer = request_as(number, "127.0.0.1", "POST", "/v1/traces", Origin=origin, Content_Type=PROTOBUF)
    assert answer.status == 403
    assert answer.getheader("Access-Control-Allow-Origin") is None


@pytest.mark.parametrize("port", ["main", "otlp"])
def test_a_loopback_origin_gets_its_preflight(shared_server, port):
    number = shared_server.port if port == "main" else shared_server.otlp_http_port
    origin = "http://localhost:5173"
    answer = request_as(
        number, "127.0.0.1", "OPTIONS", "/v1/traces", Origin=origin,
        Access_Control_Request_Method="POST", Access_Control_Request_Headers="content-type",
    )  # fmt: skip
    assert answer.status in (200, 204)
    assert answer.getheader("Access-Control-Allow-Origin") == origin
    assert "content-type" in answer.getheader("Access-Control-Allow-Headers").lower()


def test_the_otlp_port_serves_nothing_else(shared_server):
    assert (
        requests.get(
            f"{shared_server.otlp_http_url}/api/2.0/mlflow/experiments/get?experiment_id=0", timeout=30
        ).status_code
        == 404
    )


def test_sigterm_ends_it_with_0_while_clients_are_connected(new_server, ids):
    server = new_server().start()
    trace_id = ids.trace()
    post_spans(server.url, [span(trace_id, ids.span())])
    idle = [
        socket.create_connection(("127.0.0.1", port))
        for port in (server.port, server.otlp_http_port, server.otlp_grpc_port)
    ]
    assert server.stop() == 0
    for client in idle:
        client.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{server.url}/health", timeout=5)
    assert len(stored_spans(server.start().url, trace_id)) == 1


def test_sigint_ends_it_too(new_server):
    server = new_server().start()
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(timeout=5) == 0


def test_a_request_in_flight_is_finished(new_server, ids):
    server = new_server().start()
    trace_id = ids.trace()
    body = export_request([span(trace_id, ids.span())]).SerializeToString()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest("POST", "/v1/traces")
    connection.putheader("Content-Type", PROTOBUF)
    connection.putheader("Content-Length", str(len(body)))
    # Only with "100 Continue" is it certain that the request is being handled before the signal is sent.
    connection.putheader("Expect", "100-continue")
    connection.endheaders()
    assert b"100 Continue" in connection.sock.recv(1024)
    connection.send(body[:10])
    stopped: list[int] = []
    stopper = threading.Thread(target=lambda: stopped.append(server.stop()))
    stopper.start()
    until(lambda: not accepts(server.port), "the server takes no more connections")
    connection.send(body[10:])
    assert connection.getresponse().status == 200
    stopper.join()
    assert stopped == [0]
    assert len(stored_spans(server.start().url, trace_id)) == 1


def accepts(port: int) -> bool:
    """Says whether a connection to this port is accepted."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("flag", ["--port", "--otlp-http-port", "--otlp-grpc-port"])
def test_a_taken_port_is_an_error_that_names_the_flag(new_server, flag):
    server = new_server()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        command = server.command()
        command[command.index(flag) + 1] = str(port)
        done = subprocess.run(
            command, env=clean_env(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
        )
    assert done.returncode not in (0, None)
    assert re.search(rf"{flag}\b", done.stderr) and str(port) in done.stderr
    assert "panicked" not in done.stderr


def test_port_0_turns_a_listener_off(new_server):
    server = new_server()
    server.otlp_grpc_port = 0
    server.otlp_http_port = 0
    server.start()
    listening = re.findall(r"127\.0\.0\.1:(\d+)", server.log())
    assert set(listening) <= {str(server.port)}, server.log()
    assert server.stop() == 0


def test_a_second_server_on_the_same_directory_is_refused(new_server):
    first = new_server("data").start()
    second = Server(first.data_dir)
    done = subprocess.run(
        second.command(), env=clean_env(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
    )
    assert done.returncode != 0
    assert str(first.data_dir) in done.stderr


def test_a_data_directory_that_cannot_be_used_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    server = Server(tmp_path / "file" / "data")
    done = subprocess.run(
        server.command(), env=clean_env(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
    )
    assert done.returncode != 0
    assert str(server.data_dir) in done.stderr and "panicked" not in done.stderr


def test_a_wider_bind_is_warned_about(new_server):
    server = new_server(args=["--host", "0.0.0.0"]).start()
    assert "0.0.0.0" in server.log()
    assert re.search(r"WARN", server.log())


def test_prompts_are_not_logged(new_server, ids):
    server = new_server(env={"SPANWISE_LOG": "debug", "RUST_LOG": "debug"}).start()
    secret = "the password is swordfish"
    post_spans(
        server.url, [span(ids.trace(), ids.span(), attributes={"input.value": secret, "mlflow.spanInputs": secret})]
    )
    post(server.url, json.dumps({"resourceSpans": secret}), content_type="application/json")
    assert server.stop() == 0
    assert "swordfish" not in server.log_path.read_text()


def test_config_show_names_each_value_and_where_it_came_from(tmp_path):
    done = subprocess.run(
        [str(binary()), "config", "show", "--data-dir", str(tmp_path / "data")],
        env=clean_env(SPANWISE_PORT="5123"), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line.split()}
    port = next(line for key, line in lines.items() if re.fullmatch(r"(\w+\.)?port", key))
    assert "5123" in port and "SPANWISE_PORT" in port
    assert any(str(tmp_path / "data") in line and "--data-dir" in line for line in lines.values())
