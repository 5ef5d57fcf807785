"""What tokens cost: `spanwise prices` and its routes, for spans that arrive, and after a restart."""

from __future__ import annotations

import datetime
import ipaddress
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from support.cli import spanwise
from support.otlp import mlflow_id, post_spans, span

pytestmark = pytest.mark.spanwise

HEAD = '{"format":"spanwise-prices/1","date":"2027-01-01","source":"a contract"}\n'
# Prices that no public list has, a million tokens.
GPT_4O = '{"provider":"openai","model":"gpt-4o","input":100,"output":200}\n'
OWN = '{"provider":"acme","model":"own-model","input":1,"output":2}\n'
MILLION = 1_000_000


@pytest.fixture
def server(new_server):
    return new_server().start()


def call(server, ids, model: str, service: str = "shop", **attributes) -> tuple[str, str]:
    """Sends a span that used a million tokens each way, and returns the ids of its trace and of itself."""
    trace_id, span_id = ids.trace(), ids.span()
    told = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": model,
        "gen_ai.usage.input_tokens": MILLION,
        "gen_ai.usage.output_tokens": MILLION,
        **{key.replace("__", "."): value for key, value in attributes.items()},
    }
    post_spans(server.url, [span(trace_id, span_id, "call", attributes=told)], **{"service.name": service})
    return mlflow_id(trace_id), span_id.hex()


def get(server, path: str) -> dict:
    answer = requests.get(f"{server.url}/api/v1{path}", timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def detail(server, call: tuple[str, str]) -> dict:
    return get(server, f"/traces/{call[0]}/spans/{call[1]}")


def cost(server, call: tuple[str, str]) -> float | None:
    """Returns the cost that the list of traces has, which must be that of the span."""
    listed = get(server, f"/traces/{call[0]}")["cost"]
    shown = detail(server, call)["cost"]
    assert listed == shown
    return listed and listed["total"]


def test_overrides_hold_for_what_arrives_and_after_a_restart(server, ids):
    assert cost(server, call(server, ids, "gpt-4o")) == 2.5 + 10
    out = spanwise("prices", "set", "gpt-4o", "--input", "1", "--output", "2.25", server=server).stdout
    assert out == b"set gpt-4o for all experiments: input 1, output 2.25\n"
    spanwise("prices", "set", "gpt-4o", "--input=3", "--output=4", "--experiment", "shop", server=server)

    assert cost(server, call(server, ids, "gpt-4o-2024-08-06", "docs")) == 3.25
    assert cost(server, call(server, ids, "gpt-4o-2024-08-06", "shop")) == 7
    assert server.stop() == 0
    server.start()
    assert cost(server, call(server, ids, "gpt-4o", "shop")) == 7

    spanwise("prices", "unset", "gpt-4o", "--experiment", "shop", server=server)
    assert cost(server, call(server, ids, "gpt-4o", "shop")) == 3.25
    gone = spanwise("prices", "unset", "gpt-4o", "--experiment", "shop", server=server, check=False)
    assert gone.returncode == 2 and b"no override of the price of `gpt-4o`" in gone.stderr


def test_what_is_named_by_a_header_is_priced_for_that_experiment(server, ids):
    experiment = spanwise("experiments", "create", "own", "--json", server=server).stdout
    experiment_id = json.loads(experiment)["experiment_id"]
    spanwise("prices", "set", "gpt-4o", "--input=3", "--output=4", "--experiment", "own", server=server)
    one = span(
        ids.trace(), ids.span(), attributes={"gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": MILLION}
    )
    post_spans(server.url, [one], experiment=experiment_id)
    assert cost(server, (mlflow_id(one.trace_id), one.span_id.hex())) == 3


def test_a_list_is_updated_and_reset(server, ids, tmp_path):
    bad = '{"provider":"acme","model":"bad","input":"1","output":2}\n'
    (tmp_path / "prices.jsonl").write_text(HEAD + GPT_4O + OWN + bad)
    done = spanwise("prices", "update", "prices.jsonl", server=server, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert done.stdout == b"prices of 2 models from a contract, 2027-01-01\n"
    assert done.stderr.startswith(b'line 4: `input` is "1": expected US dollars a million tokens')

    assert cost(server, call(server, ids, "gpt-4o")) == 300
    assert cost(server, call(server, ids, "own-model", gen_ai__provider__name="acme")) == 3
    # What the list does not have is still priced as before.
    assert cost(server, call(server, ids, "gpt-4o-mini")) == 0.15 + 0.6
    assert server.stop() == 0
    server.start()
    assert cost(server, call(server, ids, "gpt-4o")) == 300
    state = get(server, "/prices")
    assert state["updated"] == {"date": "2027-01-01", "source": "a contract", "rows": 2}
    assert state["built_in"]["rows"] > 3_000

    spanwise("prices", "reset", server=server)
    assert cost(server, call(server, ids, "gpt-4o")) == 12.5
    assert get(server, "/prices")["updated"] is None


def test_litellms_file_is_taken_from_standard_input(server, ids):
    entry = {"litellm_provider": "openai", "input_cost_per_token": 2e-06, "output_cost_per_token": 3e-06}
    seconds = {"litellm_provider": "openai", "input_cost_per_second": 0.1}
    text = json.dumps({"gpt-4o": entry, "whisper-1": seconds}).encode()
    out = spanwise("prices", "update", "-", "--json", server=server, stdin=text).stdout
    update = json.loads(out)
    assert (update["list"]["rows"], update["left_out"], update["problem_count"]) == (1, 1, 0)
    assert update["list"]["source"] == "standard input"
    assert cost(server, call(server, ids, "gpt-4o")) == 5


@pytest.mark.parametrize("text", [b"", b"{}", b"no list", HEAD.encode(), b"\xff\xfe"])
def test_what_is_no_list_is_refused_and_changes_nothing(server, ids, text):
    done = spanwise("prices", "update", "-", server=server, stdin=text, check=False)
    assert done.returncode == 2 and done.stderr.startswith(b"error: ")
    assert cost(server, call(server, ids, "gpt-4o")) == 12.5


@pytest.fixture
def https_list(tmp_path):
    """A list at an HTTPS URL, behind a redirect, and the certificate to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    day = datetime.timedelta(days=1)
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - day).not_valid_after(now + day)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "cert.pem").write_bytes(certificate)
    (tmp_path / "key.pem").write_bytes(private)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/latest":
                self.send_response(302)
                self.send_header("location", "/prices.jsonl")
                self.send_header("content-length", "0")
                self.end_headers()
                return
            body = (HEAD + GPT_4O).encode()
            self.send_response(200 if self.path == "/prices.jsonl" else 404)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{listener.server_port}", str(tmp_path / "cert.pem")
    listener.shutdown()
    listener.server_close()
    thread.join()


def test_a_list_is_fetched_over_https(server, ids, https_list):
    url, certificate = https_list
    trusting = {"SSL_CERT_FILE": certificate}
    spanwise("prices", "update", f"{url}/latest", server=server, env=trusting)
    assert cost(server, call(server, ids, "gpt-4o")) == 300
    missing = spanwise("prices", "update", f"{url}/nothing", server=server, env=trusting, check=False)
    assert missing.returncode == 2 and b"404" in missing.stderr
    # Whom the machine does not trust is not believed.
    refused = spanwise("prices", "update", f"{url}/latest", server=server, check=False)
    assert refused.returncode == 2 and b"certificate" in refused.stderr.lower()


def test_a_match_is_explained(server):
    def show(*args: str, code: int = 0) -> list[str]:
        done = spanwise("prices", "show", *args, server=server, check=False)
        assert done.returncode == code
        return done.stdout.decode().splitlines()

    arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/sa.anthropic.claude-sonnet-4-5-20250929-v1:0"
    lines = show(arn, "--provider", "aws.bedrock")
    assert lines[:4] == [
        f"{arn.lower()}  (bedrock)  the name as given: not listed",
        "sa.anthropic.claude-sonnet-4-5-20250929-v1:0  (bedrock)  the path around it taken off: not listed",
        "anthropic.claude-sonnet-4-5-20250929-v1:0  (bedrock)  the region or kind of deployment taken off: found",
        "",
    ]
    assert lines[4].startswith("anthropic.claude-sonnet-4-5-20250929-v1:0 (bedrock), built-in list of ")
    assert lines[5] == "input            $3 a million tokens"
    assert show("llama3.2:3b", "--provider", "ollama", code=1)[-1] == (
        "no price: models on machines of one's own have no list price"
    )


def test_a_span_says_why_it_costs_what_it_does(server, ids):
    priced = detail(server, call(server, ids, "gpt-4o", openai__response__service_tier="batch"))["cost_reason"]
    assert (priced["source"], priced["service"], priced["list_cost"]) == ("priced", "batch", 1.25 + 5)
    assert priced["text"].startswith("priced as gpt-4o (openai), batch, built-in list of 20")
    assert priced["charges"] == [
        {"kind": "input", "tokens": MILLION, "per_million": 1.25, "cost": 1.25},
        {"kind": "output", "tokens": MILLION, "per_million": 5.0, "cost": 5.0},
    ]
    assert [step["rule"] for step in priced["match"]["steps"]] == ["as_given", "maker"]
    assert priced["match"]["row"]["origin"] == "built_in"

    unknown = detail(server, call(server, ids, "no-such-model"))
    assert unknown["cost"] is None
    assert unknown["cost_reason"]["source"] == "unknown"
    assert unknown["cost_reason"]["unknown"]["code"] == "not_listed"

    reported = detail(server, call(server, ids, "gpt-4o", llm__cost__total=0.5))
    assert reported["cost"]["total"] == 0.5
    assert (reported["cost_reason"]["source"], reported["cost_reason"]["list_cost"]) == ("reported", 12.5)


def test_what_is_stored_is_priced_again_on_demand(server, ids):
    shop = [call(server, ids, "gpt-4o"), call(server, ids, "gpt-4o-2024-08-06")]
    reported = call(server, ids, "gpt-4o", llm__cost__prompt=0.2, llm__cost__completion=0.3)
    docs = call(server, ids, "gpt-4o", "docs")

    def sums() -> tuple[float, float]:
        metrics = get(server, "/metrics/traces?group_by=experiment&from=0")
        found = get(server, "/traces/histogram?from=0")
        assert sum(bucket["cost"] for bucket in found["buckets"]) == pytest.approx(
            sum(series["total"]["cost"] for series in metrics["series"])
        )
        by_experiment = {series["group"]["experiment_id"]: series["total"]["cost"] for series in metrics["series"]}
        return tuple(by_experiment[get(server, f"/traces/{one[0]}")["experiment_id"]] for one in (reported, docs))

    assert sums() == (25.5, 12.5)
    spanwise("prices", "set", "gpt-4o", "--input=3", "--output=4", "--experiment", "shop", server=server)
    assert sums() == (25.5, 12.5)
    # Until then a span says what lists and sums say of it, and what it would cost now.
    assert cost(server, shop[0]) == 12.5
    reason = detail(server, shop[0])["cost_reason"]
    assert (reason["source"], reason["is_current"], reason["list_cost"]) == ("priced", False, 7)
    assert reason["text"].startswith("priced when it came in; by the prices in force now it is $7 (")
    out = spanwise("prices", "apply", "--experiment", "docs", server=server).stdout
    assert out.endswith(b": 0 traces and 0 spans changed\n")

    out = spanwise("prices", "apply", server=server).stdout
    assert out == b"4 traces with 4 spans: 2 traces and 2 spans changed\n"
    assert [cost(server, one) for one in [*shop, reported, docs]] == [7, 7, 0.5, 12.5]
    assert detail(server, shop[0])["cost_reason"]["is_current"]
    assert sums() == (14.5, 12.5)
    again = spanwise("prices", "apply", server=server).stdout
    assert again == b"4 traces with 4 spans: 0 traces and 0 spans changed\n"

    spanwise("prices", "unset", "gpt-4o", "--experiment", "shop", server=server)
    spanwise("prices", "apply", "--experiment", "shop", server=server)
    assert sums() == (25.5, 12.5)


def test_the_list_is_searched(server):
    found = get(server, "/prices/rows?contains=GPT-4o&provider=openai&limit=3")
    assert len(found["rows"]) == 3 < found["matched"]
    assert all("gpt-4o" in row["model"] and row["provider"] == "openai" for row in found["rows"])


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"model": "m", "prices": {"input": 1}}, "`output`"),
        ({"model": "m", "prices": {"input": -1, "output": 1}}, "`input` is -1"),
        ({"model": "m", "prices": {"input": 1, "output": 1, "inptu": 1}}, "unknown price `inptu`"),
        ({"model": "", "prices": {"input": 1, "output": 1}}, "`model`"),
        ({"model": "m", "prices": {"input": 1, "output": 1, "above": {"many": {}}}}, "`many`"),
        ({"model": "m", "experiment": "nowhere", "prices": {"input": 1, "output": 1}}, "nowhere"),
    ],
)
def test_wrong_prices_are_refused(server, body, named):
    answer = requests.put(f"{server.url}/api/v1/prices/overrides", json=body, timeout=30)
    assert answer.status_code in (400, 404) and named in answer.json()["detail"]
    assert get(server, "/prices")["overrides"] == []
