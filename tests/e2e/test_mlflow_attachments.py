"""Attachments: bytes in inputs and outputs are uploaded beside the trace and come back byte for byte."""

import base64

import mlflow
import pytest
import requests
from mlflow.tracing.attachments import Attachment

from support.client import last

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def download(target, trace_id, attachment_id):
    """Fetches an attachment the way the UI does."""
    return requests.get(
        f"{target.url}/ajax-api/3.0/mlflow/get-trace-artifact",
        params={"request_id": trace_id, "path": attachment_id},
        timeout=30,
    )


@pytest.mark.parametrize("content", [PNG, b"", bytes(range(256)) * 4096], ids=["png", "empty", "1 MiB"])
def test_attachment_of_an_output(experiment, target, content):
    attachment = Attachment(content_type="image/png", content_bytes=content)
    with mlflow.start_span("draw") as span:
        span.set_outputs({"image": attachment})
    trace = last()
    reference = Attachment.parse_ref(trace.data.spans[0].outputs["image"])
    assert reference["attachment_id"] == attachment.id
    assert reference["content_type"] == "image/png"
    answer = download(target, trace.info.trace_id, attachment.id)
    assert (answer.status_code, answer.content) == (200, content)


def test_data_uri_in_a_chat_message_is_taken_out(experiment, target):
    uri = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    with mlflow.start_span("see") as span:
        span.set_inputs({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": uri}}]}]})
    trace = last()
    (message,) = trace.data.spans[0].inputs["messages"]
    reference = Attachment.parse_ref(message["content"][0]["image_url"]["url"])
    assert download(target, trace.info.trace_id, reference["attachment_id"]).content == PNG


def test_what_is_not_there_is_404_and_what_is_no_uuid_400(experiment, target):
    with mlflow.start_span("plain") as span:
        pass
    last()
    missing = download(target, span.trace_id, "00000000-0000-4000-8000-000000000000")
    assert missing.status_code == 404
    bad = download(target, span.trace_id, "no-uuid")
    assert (bad.status_code, bad.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "Attachment path must be a valid UUID" in bad.json()["message"]
