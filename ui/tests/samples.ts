// Samples of every convention (crates/genai/tests/samples) as OTLP: what libraries sent, and what was written down.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Server } from "./harness";

const SAMPLES = fileURLToPath(new URL("../../crates/genai/tests/samples/", import.meta.url));
const JSON_TYPE = "application/json";
const PROTOBUF = "application/x-protobuf";
const START_NS = 1_767_323_045_000_000_000n;
const DURATION_NS = 2_000_000_000n;

interface Written {
  scope: string;
  spans: {
    name: string;
    parent?: number;
    attributes: Record<string, unknown>;
    events?: { name: string; attributes: Record<string, unknown> }[];
    status?: { code: number; message?: string };
  }[];
}

/** Sends a sample, with its log records, into a new experiment, and returns the experiment's id. */
export async function sendSample(server: Server, name: string): Promise<string> {
  const created = await post(server, "/api/2.0/mlflow/experiments/create", JSON.stringify({ name }), JSON_TYPE);
  const { experiment_id } = (await created.json()) as { experiment_id: string };
  const headers = { "x-mlflow-experiment-id": experiment_id };
  const sent = `${SAMPLES}${name}.binpb`;
  if (existsSync(sent)) {
    await post(server, "/v1/traces", readFileSync(sent), PROTOBUF, headers);
    const logs = `${SAMPLES}${name}.logs.binpb`;
    if (existsSync(logs)) await post(server, "/v1/logs", readFileSync(logs), PROTOBUF, headers);
  } else {
    const written = JSON.parse(readFileSync(`${SAMPLES}${name}.json`, "utf8")) as Written;
    await post(server, "/v1/traces", JSON.stringify(otlp(name, written)), JSON_TYPE, headers);
  }
  return experiment_id;
}

async function post(
  server: Server,
  path: string,
  body: string | Buffer,
  type: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const sent = typeof body === "string" ? body : new Uint8Array(body);
  const response = await fetch(server.url + path, {
    method: "POST",
    body: sent,
    headers: { "content-type": type, ...headers },
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response;
}

function otlp(name: string, { scope, spans }: Written) {
  // Each sample has a trace of its own.
  const traceId = createHash("sha256").update(name).digest("hex").slice(0, 32);
  const id = (index: number) => (index + 1).toString(16).padStart(16, "0");
  const otlpSpans = spans.map((span, index) => ({
    traceId,
    spanId: id(index),
    parentSpanId: span.parent === undefined ? "" : id(span.parent),
    name: span.name,
    startTimeUnixNano: String(START_NS + BigInt(index)),
    endTimeUnixNano: String(START_NS + DURATION_NS + BigInt(index)),
    attributes: attributesOf(span.attributes),
    events: (span.events ?? []).map((event) => ({
      name: event.name,
      timeUnixNano: String(START_NS),
      attributes: attributesOf(event.attributes),
    })),
    status: span.status ?? {},
  }));
  return { resourceSpans: [{ scopeSpans: [{ scope: { name: scope }, spans: otlpSpans }] }] };
}

function attributesOf(values: Record<string, unknown>) {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: unknown): unknown {
  if (value === null) return {};
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  if (typeof value === "object") return { kvlistValue: { values: attributesOf(value as Record<string, unknown>) } };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "string") return { stringValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
