// The snippets of the first-run page, with the addresses that reach this server from where the page was opened.
import type { Info } from "../../api/types";

export interface Snippet {
  title: string;
  note: string;
  code: string;
}

export function snippetsOf(info: Info, page: URL): Snippet[] {
  const here = page.origin;
  const host = (port: number) => `${page.protocol}//${page.hostname}:${port}`;
  // Without a port of its own, OTLP over HTTP is still taken on this page's port.
  const http = info.otlp_http_port ? host(info.otlp_http_port) : here;
  return [
    { title: "MLflow client", note: "Python, nothing but the address changes", code: mlflow(here) },
    { title: "OpenTelemetry", note: "any language, any exporter", code: environment(http, info, host) },
    { title: "One request", note: "from a shell", code: curl(here) },
  ];
}

function mlflow(here: string): string {
  return `import mlflow

mlflow.set_tracking_uri("${here}")
mlflow.set_experiment("my-app")

@mlflow.trace
def answer(question: str) -> str:
    return "42"

answer("What is the meaning of life?")`;
}

function environment(http: string, info: Info, host: (port: number) => string): string {
  const grpc = info.otlp_grpc_port
    ? `\n\n# or over gRPC\nexport OTEL_EXPORTER_OTLP_ENDPOINT=${host(info.otlp_grpc_port)}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=grpc`
    : "";
  return `export OTEL_EXPORTER_OTLP_ENDPOINT=${http}
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_SERVICE_NAME=my-app${grpc}`;
}

function curl(here: string): string {
  return `NOW=$(date +%s)000000000
TRACE=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \\n')
curl ${here}/v1/traces -H 'content-type: application/json' -d '
{"resourceSpans": [{
  "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "my-app"}}]},
  "scopeSpans": [{"spans": [{
    "traceId": "'$TRACE'", "spanId": "00f067aa0ba902b7", "name": "hello",
    "startTimeUnixNano": "'$NOW'", "endTimeUnixNano": "'$NOW'",
    "attributes": [
      {"key": "input.value", "value": {"stringValue": "What is the meaning of life?"}},
      {"key": "output.value", "value": {"stringValue": "42"}}]}]}]}]}'`;
}
