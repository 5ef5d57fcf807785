// Runs in a browser: the list, one run's results, two runs side by side, and links that MLflow's client prints.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPage, type Server, send, seriousViolations, startBrowser, startServer, until } from "./harness";

let server: Server;
let browser: Browser;
let runs: { first: string; second: string };

const QUESTIONS = ["Where is my order?", "Can I get a refund?", "Do you ship to Norway?", "Who are you?"];

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), startBrowser()]);
  const first = await evaluate("first", 1_000_000, [true, false, false, true]);
  const second = await evaluate("second", 2_000_000, [true, true, true, false]);
  runs = { first, second };
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

/** Makes an evaluation as MLflow's client does: a trace and scores for each question. */
async function evaluate(name: string, start: number, verdicts: readonly boolean[]): Promise<string> {
  const tags = [{ key: "mlflow.runType", value: "genai_evaluate" }];
  const created = await mlflow<{ run: { info: { run_id: string } } }>("2.0/mlflow/runs/create", {
    experiment_id: "0",
    run_name: name,
    start_time: start,
    tags,
  });
  const { run_id } = created.run.info;
  const traces = await send(
    server,
    QUESTIONS.map((question, index) => ({
      spans: [{ name: "answer", kind: "AGENT", input: question, output: `${name} answer ${index}`, duration: 40 }],
    })),
  );
  await mlflow("2.0/mlflow/traces/link-to-run", { run_id, trace_ids: traces });
  for (const [index, trace] of traces.entries()) {
    const score = (assessment_name: string, value: unknown) =>
      mlflow(`3.0/mlflow/traces/${trace}/assessments`, {
        assessment: {
          assessment_name,
          feedback: { value },
          rationale: `because of ${index}`,
          source: { source_type: "CODE", source_id: assessment_name },
          metadata: { "mlflow.assessment.sourceRunId": run_id },
        },
      });
    await score("correct", verdicts[index]);
    await score("length", 20 + index);
  }
  const mean = verdicts.filter(Boolean).length / verdicts.length;
  await mlflow("2.0/mlflow/runs/log-metric", { run_id, key: "correct/mean", value: mean, timestamp: start });
  await mlflow("2.0/mlflow/runs/update", { run_id, status: "FINISHED", end_time: start + 1500 });
  return run_id;
}

const results = (page: Page) => page.locator("[data-result]");

it("runs are listed, filtered, marked and compared from the keyboard", async () => {
  const { page, problems } = await openPage(browser, server, "/runs");
  const rows = page.locator("[data-run]");
  await rows.nth(1).waitFor();
  expect(await rows.first().innerText()).toMatch(/second[\s\S]*Finished[\s\S]*1\.50[\s\S]*0\.75/);
  expect(await seriousViolations(page)).toEqual([]);

  await page.keyboard.press("/");
  await page.keyboard.type("metrics.`correct/mean` > 0.6");
  await page.keyboard.press("Enter");
  await until("one run is left", async () => (await rows.count()) === 1);
  await page.getByLabel("Filter of runs").fill("colour = 'red'");
  await page.keyboard.press("Enter");
  await page.getByText("The filter can't be read").waitFor();
  await page.getByLabel("Filter of runs").fill("");
  await page.keyboard.press("Enter");
  await rows.nth(1).waitFor();

  await page.getByRole("grid", { name: "Runs" }).focus();
  for (const key of ["j", "x", "j", "x", "d"]) await page.keyboard.press(key);
  await page.getByRole("heading", { name: "second" }).waitFor();
  expect(new URL(page.url()).pathname).toBe(`/runs/${runs.second}`);
  expect(new URL(page.url()).searchParams.get("baseline")).toBe(runs.first);
  expect(problems.filter((problem) => !problem.includes("400"))).toEqual([]);
  await page.context().close();
});

it("two runs stand side by side, and a row opens its trace", async () => {
  const { page, problems } = await openPage(browser, server, `/runs/${runs.second}`);
  await results(page).nth(3).waitFor();
  const scorer = page.locator("table [data-scorer='correct']");
  expect(await scorer.innerText()).toMatch(/correct\s+0\.75\s+4/);
  await page.getByRole("button", { name: "Compare with…" }).click();
  await page.getByRole("option", { name: "first" }).click();
  await page.getByRole("button", { name: "Better 2" }).waitFor();
  // Two better and one worse of three that changed: every way to turn the signs is as far.
  expect(await scorer.innerText()).toMatch(/0\.75\s+0\.5\s+\+0\.25 p = 1\.00\s+2 higher, 1 lower, 1 equal/);
  expect(await seriousViolations(page)).toEqual([]);
  await page.getByRole("button", { name: "Worse 1" }).click();
  await until("one row is left", async () => (await results(page).count()) === 1);
  expect(await results(page).first().innerText()).toContain("Who are you?");
  expect(await results(page).first().locator("[data-scorer='correct']").innerText()).toMatch(/true\s*→\s*false/);
  await results(page).first().hover();
  await page.getByRole("grid", { name: "Results" }).focus();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByTestId("trace-drawer").getByText("second answer 3").first().waitFor();
  await page.keyboard.press("Escape");
  await until("the trace is closed", async () => (await page.getByTestId("trace-drawer").count()) === 0);
  await page.keyboard.press("Escape");
  await page.locator("[data-run]").first().waitFor();
  expect(problems).toEqual([]);
  await page.context().close();
});

it("a link that MLflow's client prints leads to the run", async () => {
  const { page, problems } = await openPage(browser, server, `/#/experiments/0/runs/${runs.first}`);
  await page.getByRole("heading", { name: "first" }).waitFor();
  expect(new URL(page.url()).pathname).toBe(`/runs/${runs.first}`);
  expect(problems).toEqual([]);
  await page.context().close();
});
