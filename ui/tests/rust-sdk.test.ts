// What the Rust SDK makes of a program, on the trace page: its example of an agent, which is run with cargo.
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TraceRecord, Tree } from "../src/api/types";
import { api, type OpenPage, openPage, type Server, startBrowser, startServer } from "./harness";

const REPOSITORY = resolve(import.meta.dirname, "../..");
/** What is not built yet is built first. */
const RUN_MS = 300_000;

let server: Server;
let browser: Browser;
let trace: TraceRecord;

beforeAll(async () => {
  server = await startServer();
  browser = await startBrowser();
  expect(await runExample("agent", server)).toBe("So: 4 °C in Oslo, 17 °C in Rome, 2000 km to Rome.\n");
  const { traces } = await api<{ traces: { trace_id: string }[] }>(server, "/traces");
  expect(traces).toHaveLength(1);
  trace = await api<TraceRecord>(server, `/traces/${traces[0]?.trace_id}`);
}, RUN_MS);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** Builds an example of the SDK, with what `make test-rust` has built, runs it against the server, and returns what it prints. */
async function runExample(name: string, { url }: Server): Promise<string> {
  const cargo = process.env.CARGO ?? "cargo";
  await run(cargo, ["build", "--quiet", "--workspace", "--all-features", "--example", name], {});
  const target = resolve(REPOSITORY, process.env.CARGO_TARGET_DIR ?? "target");
  return run(`${target}/debug/examples/${name}`, [], { SPANWISE_TRACKING_URI: url });
}

/** Runs a program, which must have nothing to complain of, and returns what it prints. */
async function run(program: string, args: string[], env: Record<string, string>): Promise<string> {
  const others = /^(SPANWISE|MLFLOW|OTEL)_/;
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !others.test(name)));
  const child = spawn(program, args, {
    cwd: REPOSITORY,
    env: { ...clean, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [output, problems] = [text(child.stdout), text(child.stderr)];
  const code = await new Promise((resolve, reject) => {
    child.once("error", (error) =>
      reject(new Error(`\`${program}\` cannot be started (the SDK's examples need Rust's cargo): ${error}`)),
    );
    child.once("close", resolve);
  });
  expect(await problems).toBe("");
  expect(code).toBe(0);
  return output;
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream) text += chunk;
  return text;
}

const ROWS = "[role=treegrid] [role=row]";
const heading = (page: Page) => page.locator("[data-detail] h2");
const row = (page: Page, name: string, index = 0) =>
  page.locator(ROWS, { has: page.getByText(name, { exact: true }) }).nth(index);
const sees = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();

/** Opens the trace on a page of its own; a test fails if the console had anything to say. */
async function onTrace(query: string, body: (page: Page) => Promise<void>): Promise<void> {
  const { page, problems }: OpenPage = await openPage(browser, server, `/traces/${trace.trace_id}${query}`);
  try {
    await page.waitForSelector(ROWS);
    await body(page);
    expect(problems).toEqual([]);
  } finally {
    await page.context().close();
  }
}

/** The rows of the tree: how deep, the name. */
async function tree(page: Page): Promise<string[]> {
  const rows = await page.locator(ROWS).all();
  const lines = rows.map(async (row) => {
    const name = await row.locator("[role=gridcell]:first-child > span:nth-of-type(3)").textContent();
    return `${"  ".repeat(Number(await row.getAttribute("aria-level")) - 1)}${name}`;
  });
  return Promise.all(lines);
}

/** Names and times of the spans, in ns from the trace's start. */
async function spans(): Promise<{ name: string; start: number; end: number }[]> {
  const { names, starts, durations } = await api<Tree>(server, `/traces/${trace.trace_id}/tree`);
  let start = 0;
  return starts.map((delta, index) => {
    start += delta;
    return { name: names.values[names.rows[index] ?? 0] ?? "", start, end: start + (durations[index] ?? 0) };
  });
}

describe("the agent example", () => {
  test("is one tree, across tasks and processes", () =>
    onTrace("", async (page) => {
      expect(await tree(page)).toEqual([
        "answer",
        "  plan",
        "  gather",
        "    weather",
        "      forecast",
        "      forecast",
        "    weather",
        "      forecast",
        "  elsewhere",
        "    distance",
        "  parse",
        "  write",
      ]);
    }));

  test("says what the program said of its trace", () =>
    onTrace("", async (page) => {
      await sees(page, "weather agent");
      await sees(page, "Where is it warmer, in Oslo or in Rome?");
      await sees(page, "So: 4 °C in Oslo, 17 °C in Rome, 2000 km to Rome.");
      expect(trace).toMatchObject({ name: "weather agent", state: "OK", session: "s-1", user: "ada", span_count: 12 });
      expect(trace.experiment_name).toBe("weather-agent");
      expect(trace.own_tags).toEqual({ env: "example" });
      expect(trace.metadata).toMatchObject({ release: "1.0" });
    }));

  test("shows tags and metadata, which lead to the traces that have them", () =>
    onTrace("", async (page) => {
      await page.getByRole("button", { name: "Tags" }).click();
      const metadata = page.getByRole("region", { name: "Metadata" });
      expect(await metadata.getByRole("listitem").allTextContents()).toEqual(["release1.0"]);
      await metadata.getByRole("link", { name: "1.0" }).click();
      await page.waitForURL(/\/traces\?filter=/);
      expect(new URL(page.url()).searchParams.get("filter")).toBe("metadata.release = '1.0'");
      await page.getByText("weather agent").waitFor();
    }));

  test("shows what failed and was tried again", () =>
    onTrace("", async (page) => {
      await row(page, "forecast").getByText("the service is busy").waitFor();
      expect(await page.locator(ROWS, { hasText: "retry" }).count()).toBe(1);
      await row(page, "parse").click();
      await sees(page, "ParseIntError");
      await sees(page, "invalid digit found in string");
    }));

  test("runs tools beside each other", async () => {
    const [oslo, rome] = (await spans()).filter(({ name }) => name === "weather");
    expect(oslo?.end).toBeGreaterThan(rome?.start ?? Number.POSITIVE_INFINITY);
  });

  test("has the span of the second process, with that one's name", () =>
    onTrace("?tab=attributes", async (page) => {
      await row(page, "distance").click();
      await page.getByLabel("Search attributes").fill("service.name");
      await page.locator("[data-detail]").getByText("distances").waitFor();
    }));

  test("tells when the first item of the streamed answer came", () =>
    onTrace("", async (page) => {
      await row(page, "write").click();
      await page.locator("[data-detail]").getByText("First token").waitFor();
      expect(await heading(page).textContent()).toBe("write");
    }));
});
