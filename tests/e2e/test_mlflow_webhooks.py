"""Webhooks through the MLflow client, with deliveries to a receiver on this machine."""

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from support.wait import until

pytestmark = pytest.mark.spanwise

SECRET = "a secret"
ALL_OF_PROMPTS = [
    "prompt.created",
    "prompt_version.created",
    "prompt_tag.set",
    "prompt_tag.deleted",
    "prompt_version_tag.set",
    "prompt_version_tag.deleted",
    "prompt_alias.created",
    "prompt_alias.deleted",
]


class Receiver:
    """Keeps what is posted to it, and answers with the statuses that it was given, then with 204."""

    def __init__(self) -> None:
        self.received: list[tuple[str, dict, str]] = []
        self.statuses: list[int] = []
        self.hold = threading.Event()
        self.hold.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                headers = {key.lower(): value for key, value in self.headers.items()}
                status = receiver.statuses.pop(0) if receiver.statuses else 204
                receiver.received.append((self.path, headers, body))
                receiver.hold.wait()
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def bodies(self) -> list[dict]:
        return [json.loads(body) for _, _, body in self.received]

    def events(self) -> list[str]:
        return [f"{body['entity']}.{body['action']}" for body in self.bodies()]

    def close(self) -> None:
        self.hold.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def server(new_server):
    """A server that may call this machine."""
    server = new_server(args=["--webhooks-private", "on"]).start()
    mlflow.set_tracking_uri(server.url)
    return server


@pytest.fixture
def client(server):
    return MlflowClient(server.url)


def create(client, url, events=("prompt.created",), **options):
    from mlflow.entities.webhook import WebhookEvent

    return client.create_webhook("hook", url, [WebhookEvent.from_str(event) for event in events], **options)


def create_prompt(client, name):
    client.create_prompt(name)


def is_signed(headers, body) -> bool:
    signed = f"{headers['x-mlflow-delivery-id']}.{headers['x-mlflow-timestamp']}.{body}"
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()).decode()
    return hmac.compare_digest(headers["x-mlflow-signature"], f"v1,{expected}")


def test_a_webhook_is_created_changed_and_deleted(client):
    made = create(client, "http://127.0.0.1:1/x", description="d", secret=SECRET)
    assert (made.name, made.url, made.description, made.status) == ("hook", "http://127.0.0.1:1/x", "d", "ACTIVE")
    assert made.secret is None
    assert [str(event) for event in made.events] == ["prompt.created"]
    assert client.get_webhook(made.webhook_id).webhook_id == made.webhook_id
    changed = client.update_webhook(made.webhook_id, name="other", status="DISABLED", events=["prompt_tag.set"])
    assert (changed.name, changed.status, changed.url) == ("other", "DISABLED", made.url)
    assert [str(event) for event in changed.events] == ["prompt_tag.set"]
    assert [webhook.name for webhook in client.list_webhooks()] == ["other"]
    client.delete_webhook(made.webhook_id)
    assert list(client.list_webhooks()) == []
    with pytest.raises(MlflowException, match=f"Webhook with ID {made.webhook_id} not found") as caught:
        client.get_webhook(made.webhook_id)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_what_happens_to_prompts_is_delivered(client, receiver):
    create(client, f"{receiver.url}/hook?a=b", ALL_OF_PROMPTS, secret=SECRET)
    begun = time.time()
    mlflow.genai.register_prompt("p", "Hello {{who}}", commit_message="c", tags={"k": "v"})
    mlflow.genai.set_prompt_version_tag("p", 1, "x", "y")
    mlflow.genai.delete_prompt_version_tag("p", 1, "x")
    mlflow.genai.set_prompt_alias("p", "prod", 1)
    mlflow.genai.delete_prompt_alias("p", "prod")
    mlflow.genai.set_prompt_tag("p", "x", "y")
    mlflow.genai.delete_prompt_tag("p", "x")
    until(lambda: set(receiver.events()) == set(ALL_OF_PROMPTS), "all events")
    told = {f"{body['entity']}.{body['action']}": body["data"] for body in receiver.bodies()}
    assert told["prompt.created"] == {"name": "p", "tags": {"k": "v"}, "description": "c"}
    version = told["prompt_version.created"]
    assert (version["name"], version["version"], version["template"]) == ("p", "1", "Hello {{who}}")
    assert told["prompt_alias.created"] == {"name": "p", "alias": "prod", "version": "1"}
    assert told["prompt_version_tag.deleted"] == {"name": "p", "version": "1", "key": "x"}
    for path, headers, body in receiver.received:
        assert path == "/hook?a=b"
        assert headers["content-type"] == "application/json"
        assert begun - 1 <= int(headers["x-mlflow-timestamp"]) <= time.time() + 1
        assert is_signed(headers, body)
    ids = [headers["x-mlflow-delivery-id"] for _, headers, _ in receiver.received]
    assert len(set(ids)) == len(ids)


def test_without_a_secret_nothing_is_signed(client, receiver):
    create(client, receiver.url)
    create_prompt(client, "p")
    until(lambda: receiver.received, "a delivery")
    assert "x-mlflow-signature" not in receiver.received[0][1]


def test_a_failure_is_tried_again(client, receiver):
    receiver.statuses = [500, 429]
    create(client, receiver.url, secret=SECRET)
    create_prompt(client, "p")
    until(lambda: len(receiver.received) == 3, "the third attempt")
    ids = {headers["x-mlflow-delivery-id"] for _, headers, _ in receiver.received}
    assert (len(ids), len({body for _, _, body in receiver.received})) == (1, 1)
    assert all(is_signed(headers, body) for _, headers, body in receiver.received)


def test_a_refusal_is_not_tried_again(client, receiver):
    receiver.statuses = [404, 302]
    create(client, receiver.url)
    for name in ("p", "q", "r"):
        create_prompt(client, name)
    until(lambda: len(receiver.received) == 3, "three deliveries")
    assert [body["data"]["name"] for body in receiver.bodies()] == ["p", "q", "r"]


def test_a_slow_receiver_holds_up_nobody(client, receiver):
    receiver.hold.clear()
    other = Receiver()
    try:
        create(client, receiver.url)
        create(client, other.url)
        begun = time.monotonic()
        for name in ("p", "q"):
            create_prompt(client, name)
        until(lambda: len(other.received) == 2, "deliveries to the other one")
        assert len(receiver.received) == 1, "one attempt of each webhook at a time"
        assert time.monotonic() - begun < 10
    finally:
        other.close()


def test_deliveries_survive_a_restart(server, client, receiver):
    receiver.statuses = [503]
    create(client, receiver.url)
    receiver.hold.clear()
    create_prompt(client, "p")
    until(lambda: receiver.received, "the first attempt")
    server.kill()
    receiver.hold.set()
    server.start()
    until(lambda: len(receiver.received) >= 2, "an attempt after the restart")
    ids = {headers["x-mlflow-delivery-id"] for _, headers, _ in receiver.received}
    assert len(ids) == 1


def test_a_disabled_webhook_is_told_nothing(client, receiver):
    off = create(client, f"{receiver.url}/off", status="DISABLED")
    create(client, f"{receiver.url}/on")
    create_prompt(client, "p")
    until(lambda: receiver.received, "the other one's delivery")
    client.update_webhook(off.webhook_id, status="ACTIVE")
    create_prompt(client, "q")
    until(lambda: len(receiver.received) == 3, "deliveries to both")
    of_off = [json.loads(body)["data"]["name"] for path, _, body in receiver.received if path == "/off"]
    assert of_off == ["q"]


def test_a_test_is_sent_at_once(client, receiver):
    receiver.statuses = [200, 500]
    made = create(client, receiver.url, secret=SECRET)
    result = client.test_webhook(made.webhook_id)
    assert (result.success, result.response_status) == (True, 200)
    assert receiver.events() == ["prompt.created"]
    assert is_signed(receiver.received[0][1], receiver.received[0][2])
    result = client.test_webhook(made.webhook_id, "prompt_alias.deleted")
    assert (result.success, result.response_status) == (False, 500)
    assert receiver.events()[-1] == "prompt_alias.deleted"
    nobody = create(client, "http://127.0.0.1:1")
    result = client.test_webhook(nobody.webhook_id)
    assert not result.success
    assert "Failed to test webhook" in result.error_message


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://127.0.0.1/x", "'127.0.0.1' resolves to 127.0.0.1"),
        ("https://localhost/x", "must not resolve to a non-public IP address"),
        ("https://[::1]/x", "'::1' resolves to ::1"),
        ("https://169.254.169.254/latest/meta-data", "must not resolve to a non-public IP address"),
        ("https://[::ffff:10.0.0.1]/x", "must not resolve to a non-public IP address"),
        ("https://2130706433/x", "must not resolve to a non-public IP address"),
        ("http://example.com/x", "Invalid webhook URL scheme: 'http'. Allowed schemes are: https."),
        ("https://no-such-host.invalid/x", "Cannot resolve Webhook URL hostname 'no-such-host.invalid'"),
        ("nope", "Invalid webhook URL scheme"),
    ],
)
def test_only_public_addresses_are_taken(shared_server, api, url, problem):
    body = {"name": "w", "url": url, "events": [{"entity": "PROMPT", "action": "CREATED"}]}
    answer = api.call("POST", "2.0/mlflow/webhooks", body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert problem in answer.json()["message"]


def test_a_private_address_from_before_is_refused(new_server, receiver):
    server = new_server(args=["--webhooks-private", "on"]).start()
    client = MlflowClient(server.url)
    made = create(client, receiver.url)
    assert server.stop() == 0
    server.args = []
    server.start()
    result = client.test_webhook(made.webhook_id)
    assert "Allowed schemes are: https" in result.error_message
    create_prompt(client, "p")
    until(lambda: "a delivery is given up" in server.log(), "the refusal in the log")
    assert receiver.received == []
