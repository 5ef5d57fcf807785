//! What `serve` prints for a newcomer to paste: three ways to send a first trace.

use std::time::{SystemTime, UNIX_EPOCH};

/// Where commands look for a server that nobody named.
const DEFAULT_URL: &str = "http://127.0.0.1:5000";

/// Returns the snippets; each works as pasted into a shell, and so has no margin: a here-document ends at the start of
/// a line.
pub(crate) fn write_snippets(url: &str, otlp_url: &str) -> String {
    // The trace of the curl snippet should be the newest one in the list, and each start prints another id.
    let now_ns = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_nanos());
    let trace_id = format!("{now_ns:032x}");
    format!(
        r#"Send a first trace with the MLflow client (pip install mlflow):

MLFLOW_TRACKING_URI={url} python3 - <<'EOF'
import mlflow

@mlflow.trace
def answer(question: str) -> str:
    return "42"

answer("What is the answer?")
EOF

or OpenTelemetry (pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http):

OTEL_EXPORTER_OTLP_ENDPOINT={otlp_url} OTEL_SERVICE_NAME=my-app python3 - <<'EOF'
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
with provider.get_tracer("my-app").start_as_current_span("chat") as span:
    span.set_attribute("gen_ai.operation.name", "chat")
    span.set_attribute("gen_ai.request.model", "gpt-4o-mini")
provider.shutdown()
EOF

or curl:

curl {otlp_url}/v1/traces -H 'content-type: application/json' -d '{{"resourceSpans": [{{"scopeSpans": [{{"spans": [
  {{"traceId": "{trace_id}", "spanId": "{span_id}", "name": "hello",
   "startTimeUnixNano": "{now_ns}", "endTimeUnixNano": "{end_ns}"}}]}}]}}]}}'

and look at it in a browser, or with

{search}
"#,
        span_id = &trace_id[16..],
        end_ns = now_ns + 1_000_000,
        search = match url {
            DEFAULT_URL => "spanwise search".to_owned(),
            other => format!("SPANWISE_TRACKING_URI={other} spanwise search"),
        },
    )
}
