// Starts the release binary (SPANWISE_BIN) on an empty directory and free ports, fills it over OTLP, and opens its pages
// in headless Chromium. Waiting is always for a condition with a deadline.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const DEADLINE_MS = 15_000;
const POLL_MS = 25;

export interface Server {
  url: string;
  stop(): Promise<void>;
}

/** Starts a server; stop it in `afterAll`. */
export async function startServer(): Promise<Server> {
  const binary = process.env.SPANWISE_BIN;
  if (!binary) throw new Error("set SPANWISE_BIN to the spanwise binary that the browser tests drive");
  const directory = mkdtempSync(join(tmpdir(), "spanwise-ui-"));
  const port = await freePort();
  const flags = ["--data-dir", directory, "--port", String(port), "--otlp-http-port", "0", "--otlp-grpc-port", "0"];
  const child = spawn(binary, ["serve", "--quiet", ...flags], { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-10_000);
  });
  const url = `http://127.0.0.1:${port}`;
  await until("the server is ready", async () => {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${log}`);
    return (await fetch(`${url}/health`).catch(() => null))?.ok;
  });
  return { url, stop: () => stop(child, directory) };
}

async function stop(child: ChildProcess, directory: string): Promise<void> {
  if (child.exitCode === null) {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }
  rmSync(directory, { recursive: true, force: true });
}

// A port that the system hands out may be the local end of some connection a moment later, so these come from below the
// range for such ends; each of Vitest's workers has its own.
const FIRST_PORT = 10_000;
const PORTS_PER_WORKER = 500;
let given = 0;

async function freePort(): Promise<number> {
  const first = FIRST_PORT + PORTS_PER_WORKER * (Number(process.env.VITEST_POOL_ID ?? 0) % 20);
  while (given < PORTS_PER_WORKER) {
    const port = first + given++;
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port from ${first} to ${first + PORTS_PER_WORKER - 1}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Waits until `condition` gives something true, and returns it. */
export async function until<T>(
  what: string,
  condition: () => Promise<T> | T,
  deadlineMs = DEADLINE_MS,
): Promise<NonNullable<T>> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value) return value as NonNullable<T>;
    if (Date.now() > end) throw new Error(`waited ${deadlineMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Asks the native API. */
export async function api<T>(server: Server, path: string, body?: unknown): Promise<T> {
  const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body), headers: JSON_TYPE };
  const response = await fetch(`${server.url}/api/v1${path}`, init);
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

const JSON_TYPE = { "content-type": "application/json" };

export type AttributeValue = string | number | boolean | AttributeValue[];

/** A span as a test wants to write it. Times are ms; `start` counts from the trace's start. */
export interface TestSpan {
  id?: string;
  parent?: string;
  name: string;
  /** `openinference.span.kind`, e.g. LLM, TOOL, AGENT. */
  kind?: string;
  start?: number;
  duration?: number;
  input?: string;
  output?: string;
  error?: string;
  attributes?: Record<string, AttributeValue>;
  events?: { name: string; at?: number; attributes?: Record<string, AttributeValue> }[];
}

export interface TestTrace {
  /** 32 hex digits; a random one if left out. */
  id?: string;
  /** Ms since the epoch; now if left out. */
  at?: number;
  /** The experiment, by `service.name`. */
  service?: string;
  session?: string;
  user?: string;
  resource?: Record<string, AttributeValue>;
  spans: TestSpan[];
}

/** Sends traces over OTLP/JSON in one request, and returns their ids as the API names them. */
export async function send(server: Server, traces: readonly TestTrace[]): Promise<string[]> {
  const named = traces.map((trace) => ({ ...trace, id: trace.id ?? hex(16) }));
  const body = JSON.stringify({ resourceSpans: named.map(resourceSpans) });
  const response = await fetch(`${server.url}/v1/traces`, { method: "POST", body, headers: JSON_TYPE });
  const answer = await response.text();
  if (!response.ok || answer.includes("rejectedSpans")) throw new Error(`OTLP answered ${response.status}: ${answer}`);
  return named.map((trace) => `tr-${trace.id}`);
}

export function hex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}

function resourceSpans(trace: TestTrace & { id: string }) {
  const at = trace.at ?? Date.now();
  const ids = trace.spans.map((span) => span.id ?? hex(8));
  return {
    resource: { attributes: attributesOf({ "service.name": trace.service ?? "shop", ...trace.resource }) },
    scopeSpans: [
      { scope: { name: "test" }, spans: trace.spans.map((span, i) => otlpSpan(trace, span, ids[i] ?? "", at)) },
    ],
  };
}

function otlpSpan(trace: TestTrace & { id: string }, span: TestSpan, id: string, at: number) {
  const start = at + (span.start ?? 0);
  const attributes: Record<string, AttributeValue> = { ...span.attributes };
  if (span.kind) attributes["openinference.span.kind"] = span.kind;
  if (span.input !== undefined) attributes["input.value"] = span.input;
  if (span.output !== undefined) attributes["output.value"] = span.output;
  if (trace.session && !span.parent) attributes["session.id"] = trace.session;
  if (trace.user && !span.parent) attributes["user.id"] = trace.user;
  return {
    traceId: trace.id,
    spanId: id,
    parentSpanId: span.parent ?? "",
    name: span.name,
    kind: 1,
    startTimeUnixNano: nanoseconds(start),
    endTimeUnixNano: nanoseconds(start + (span.duration ?? 10)),
    attributes: attributesOf(attributes),
    status: span.error === undefined ? { code: 1 } : { code: 2, message: span.error },
    events: (span.events ?? []).map((event) => ({
      name: event.name,
      timeUnixNano: nanoseconds(start + (event.at ?? 0)),
      attributes: attributesOf(event.attributes ?? {}),
    })),
  };
}

function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms * 1000)) * 1000n);
}

function attributesOf(values: Record<string, AttributeValue>) {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: AttributeValue): unknown {
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "string") return { stringValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

export interface OpenPage {
  page: Page;
  /** Errors and warnings of the console, exceptions, requests that failed. A test ends by expecting none. */
  problems: string[];
}

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
}

/** Opens a path of the server in a new context, so that pages share no storage. */
export async function openPage(
  browser: Browser,
  server: Server,
  path: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1600, height: 1000 }, ...options });
  context.setDefaultTimeout(DEADLINE_MS);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`exception: ${error.stack ?? error.message}`));
  page.on("requestfailed", (request) => {
    // A request that the page itself gave up, because its answer was no longer wanted, is no failure.
    const reason = request.failure()?.errorText ?? "";
    if (reason !== "net::ERR_ABORTED") problems.push(`request: ${request.url()} ${reason}`);
  });
  await page.goto(server.url + path);
  return { page, problems };
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface AxeResults {
  violations: { id: string; impact: string; help: string; nodes: { html: string; failureSummary: string }[] }[];
}

/** Runs axe and returns what is serious or worse, one line for each element. */
export async function seriousViolations(page: Page): Promise<string[]> {
  // By evaluate and not by a script element, which the page's policy would refuse.
  await page.evaluate(AXE);
  const results = await page.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })");
  return results.violations
    .filter((violation) => ["serious", "critical"].includes(violation.impact))
    .flatMap((violation) =>
      violation.nodes.map((node) => `${violation.id}: ${node.html.slice(0, 200)} ${node.failureSummary.slice(0, 300)}`),
    );
}
