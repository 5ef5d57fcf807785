import { expect, it } from "vitest";
import { snippetsOf } from "./snippets";

const INFO = { version: "1", otlp_http_port: 14318, otlp_grpc_port: null, traces: 0, spans: 0 };

it("snippets hold this page's host and the server's ports", () => {
  const [mlflow, otel, curl] = snippetsOf(INFO, new URL("http://box.lan:5001/traces"));
  expect(mlflow?.code).toContain('set_tracking_uri("http://box.lan:5001")');
  expect(otel?.code).toContain("OTEL_EXPORTER_OTLP_ENDPOINT=http://box.lan:14318");
  expect(otel?.code).not.toContain("grpc");
  expect(curl?.code).toContain("curl http://box.lan:5001/v1/traces");
});

it("without a port for OTLP this page's own takes it", () => {
  const [, otel] = snippetsOf(
    { ...INFO, otlp_http_port: null, otlp_grpc_port: 4317 },
    new URL("http://127.0.0.1:5000/"),
  );
  expect(otel?.code).toContain("OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:5000\n");
  expect(otel?.code).toContain("http://127.0.0.1:4317\nexport OTEL_EXPORTER_OTLP_PROTOCOL=grpc");
});
