// Runs in a browser: versions listed, marked and compared from the keyboard, one version's page, and MLflow's links to it.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPage, type Server, seriousViolations, startBrowser, startServer, until } from "./harness";

let server: Server;
let browser: Browser;
let models: { old: string; new: string };

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), startBrowser()]);
  const run = await mlflow<{ run: { info: { run_id: string } } }>("2.0/mlflow/runs/create", {
    experiment_id: "0",
    run_name: "builder",
    start_time: 1,
  });
  const old = await version("agent-1", "0.2", run.run.info.run_id);
  await traces(old, 1, 12, 2, 2);
  const fresh = await version("agent-2", "0.7", "");
  await traces(fresh, 101, 12, 11, 1);
  models = { old, new: fresh };
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** Asks MLflow's API. */
async function mlflow<T>(path: string, body: unknown): Promise<T> {
  const init = { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await fetch(`${server.url}/api/${path}`, init);
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

async function version(name: string, temperature: string, source_run_id: string): Promise<string> {
  const tags = [
    { key: "mlflow.source.git.commit", value: `c0ffee${name.slice(-1)}000000` },
    { key: "mlflow.source.git.branch", value: "main" },
    { key: "team", value: "search" },
  ];
  const params = [
    { key: "temperature", value: temperature },
    { key: "model", value: "gpt-4o" },
  ];
  const body = { experiment_id: "0", name, source_run_id, tags, params };
  const made = await mlflow<{ model: { info: { model_id: string } } }>("2.0/mlflow/logged-models", body);
  return made.model.info.model_id;
}

/** Makes traces of a version that each take so many seconds, so many of them good. */
async function traces(model: string, first: number, count: number, good: number, seconds: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    const trace_id = `tr-${(first + number).toString(16).padStart(32, "0")}`;
    const trace_info = {
      trace_id,
      request_time: new Date(Date.now() - number * 1000).toISOString(),
      state: "OK",
      execution_duration: `${seconds}.${String(number).padStart(3, "0")}s`,
      trace_location: { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: "0" } },
      trace_metadata: { "mlflow.modelId": model },
    };
    await mlflow("3.0/mlflow/traces", { trace: { trace_info } });
    const assessment = {
      assessment_name: "correct",
      feedback: { value: number < good },
      source: { source_type: "HUMAN", source_id: "ann" },
    };
    await mlflow(`3.0/mlflow/traces/${trace_id}/assessments`, { assessment });
  }
}

it("versions are listed, found, marked and compared from the keyboard", async () => {
  const { page, problems } = await openPage(browser, server, "/versions");
  const rows = page.locator("[data-version]");
  await rows.nth(1).waitFor();
  expect(await rows.first().innerText()).toMatch(/agent-2\s+c0ffee20\s+12\s+0 %[\s\S]*92 %/);
  expect(await seriousViolations(page)).toEqual([]);
  await page.keyboard.press("/");
  await page.keyboard.type("nt-1");
  await until("one is left", async () => (await rows.count()) === 1);
  await page.getByLabel("Find a version").fill("");
  await page.keyboard.press("Escape");
  await rows.nth(1).waitFor();

  for (const key of ["j", "x", "j", "x", "d"]) await page.keyboard.press(key);
  const table = page.getByRole("table", { name: "Comparison" });
  await table.waitFor();
  expect(new URL(page.url()).searchParams.get("versions")).toBe(`${models.old},${models.new}`);
  const correct = table.locator("[data-row='correct']");
  expect(await correct.innerText()).toMatch(/correct pass\s+17 %\s+92 %\s+\+75 pp p < 0\.001/);
  expect(await correct.locator("[data-way]").getAttribute("data-way")).toBe("better");
  const latency = table.locator("[data-row='latency']");
  expect(await latency.innerText()).toMatch(/Latency mean\s+2\.01\s?s\s+1\.01\s?s\s+−1\.00\s?s p < 0\.001/);
  expect(await latency.locator("[data-way]").getAttribute("data-way")).toBe("better");
  const parameters = page.getByRole("table", { name: "Parameters" });
  expect(await parameters.locator("tbody tr").first().innerText()).toMatch(/temperature\s+0\.2\s+0\.7/);
  expect(await parameters.locator("[data-differs]").count()).toBe(1);
  expect(await page.getByRole("table", { name: "Code" }).innerText()).toContain("c0ffee10");
  expect(await seriousViolations(page)).toEqual([]);

  await page.getByRole("button", { name: "Make it the first" }).click();
  await until("it went the other way", async () => (await correct.innerText()).includes("−75 pp"));
  expect(await correct.locator("[data-way]").getAttribute("data-way")).toBe("worse");
  await table.getByRole("link", { name: "12" }).first().click();
  await page.waitForURL("**/traces?filter=*");
  await until("its traces are listed", async () => (await page.getByText("12 traces").count()) > 0);
  expect(problems).toEqual([]);
  await page.context().close();
});

it("a version has a page, which MLflow's links lead to", async () => {
  const { page, problems } = await openPage(browser, server, `/#/experiments/0/models/${models.old}`);
  await page.getByRole("heading", { name: "agent-1" }).waitFor();
  expect(new URL(page.url()).pathname).toBe(`/versions/${models.old}`);
  expect(await page.locator("[data-fact='Traces']").innerText()).toMatch(/12/);
  expect(await page.locator("[data-score='correct']").innerText()).toMatch(/correct\s+17 %\s+0\.1667\s+12/);
  expect(await page.getByRole("table", { name: "Parameters" }).innerText()).toContain("temperature");
  expect(await seriousViolations(page)).toEqual([]);
  await page.getByRole("link", { name: "The run that made it" }).click();
  await page.getByRole("heading", { name: "builder" }).waitFor();
  expect(problems).toEqual([]);
  await page.context().close();
});

it("an experiment without versions says how one is made", async () => {
  const { page } = await openPage(browser, server, "/versions");
  await page.locator("[data-version]").first().waitFor();
  await page.getByLabel("Find a version").fill("nothing like it");
  await page.getByText("No version has this name").waitFor();
  await page.context().close();
});
