// Scorers in a browser: one is made with a form and tried on a trace, started, scores a new trace and the stored ones, is
// edited, and deleted; a judge without an endpoint says so.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { api, openPage, type Server, send, seriousViolations, startBrowser, startServer, until } from "./harness";

// A trace is scored when it has been quiet for five seconds.
const SCORED_MS = 30_000;

let server: Server;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), startBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const said = (output: string) => ({
  service: "shop",
  spans: [{ name: "answer", kind: "LLM", input: "May I?", output }],
});

interface Listed {
  name: string;
  total: { scored: number };
}

async function listed(name: string): Promise<Listed | undefined> {
  return (await api<{ scorers: Listed[] }>(server, "/scorers")).scorers.find((one) => one.name === name);
}

it("a scorer is made, tried, started, and its scores are shown", async () => {
  await send(server, [said("No.")]);
  const { page, problems } = await openPage(browser, server, "/scorers");
  await page.getByText("No scorers yet").waitFor();
  expect(await seriousViolations(page)).toEqual([]);
  await page.getByRole("button", { name: "New scorer" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("polite");
  await dialog.getByLabel("Experiment").selectOption("shop");
  await dialog.getByLabel("Kind").selectOption("Contains");
  await dialog.getByLabel("Texts, one a line").fill("please");
  await dialog.getByLabel("Capitals do not matter").check();
  await dialog.getByRole("button", { name: "Try" }).click();
  await dialog.getByText("the output does not contain “please”").waitFor();
  expect(await seriousViolations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Save" }).click();
  const shown = page.getByRole("article", { name: "polite" });
  await shown.getByText('"texts"').waitFor();
  await shown.getByRole("button", { name: "Start" }).click();
  await page.getByRole("dialog").getByLabel("Which of them").fill("stats = 'OK'");
  await page.getByRole("dialog").getByRole("button", { name: "Start" }).click();
  await page.getByRole("alert").getByText("did you mean").waitFor();
  await page.getByRole("dialog").getByLabel("Which of them").fill("");
  await page.getByRole("dialog").getByRole("button", { name: "Start" }).click();
  await shown.getByText("Running").waitFor();
  await send(server, [said("Yes, Please.")]);
  await until("the new trace is scored", async () => (await listed("polite"))?.total.scored === 1, SCORED_MS);
  await shown.getByText("of 1").waitFor();
  await shown.getByText("100%", { exact: true }).waitFor();

  await shown.getByRole("button", { name: "Score stored traces" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Score", exact: true }).click();
  await shown.getByText("Done: 1 scored, 1 passed over, 2 of 2").waitFor();
  await shown.getByText("50%", { exact: true }).waitFor();
  expect(await seriousViolations(page)).toEqual([]);

  await shown.getByRole("button", { name: "Edit" }).click();
  await page.getByRole("dialog").getByLabel("Texts, one a line").fill("please\nthanks");
  await page.getByRole("dialog").getByRole("button", { name: "Save as a new version" }).click();
  await shown.getByText("2 versions").waitFor();
  await shown.getByRole("button", { name: "Stop" }).click();
  await shown.getByText("Off", { exact: true }).waitFor();
  await shown.getByRole("link", { name: "Traces with this score" }).click();
  await page.waitForURL(/\/traces\?/);
  await until("both traces are listed", async () => (await page.locator("[data-trace]").count()) === 2);
  // The filter that was refused.
  expect(problems.filter((problem) => !problem.includes("400 (Bad Request)"))).toEqual([]);
});

it("a judge without an endpoint says so, and what is deleted is gone", async () => {
  const made = await api<{ scorer_id: string }>(server, "/scorers", {
    experiment: "shop",
    name: "kind",
    definition: { kind: "guidelines", guidelines: ["Be kind"] },
  });
  const { page, problems } = await openPage(browser, server, `/scorers?scorer=${made.scorer_id}`);
  const shown = page.getByRole("article", { name: "kind" });
  await shown.getByRole("button", { name: "Start" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Start" }).click();
  await shown.getByText("Blocked").waitFor();
  await shown.getByText("No endpoint configured").waitFor();
  await shown.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await until("it is gone", async () => (await listed("kind")) === undefined);
  expect(problems).toEqual([]);
});
