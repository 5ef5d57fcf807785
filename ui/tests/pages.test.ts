// The other pages in a browser: the first run, sessions, experiments.
import { execFileSync } from "node:child_process";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPage, type Server, send, seriousViolations, startBrowser, startServer, until } from "./harness";
import { sample } from "./sample";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), startBrowser()]);
  await send(server, sample());
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

it("an empty store says how to begin, and turns into the list by itself", async () => {
  const empty = await startServer();
  const { page, problems } = await openPage(browser, empty, "/");
  await page.getByRole("heading", { name: "Send the first trace" }).waitFor();
  await page.getByText("Waiting for the first span").waitFor();
  const port = new URL(empty.url).port;
  expect(await page.getByRole("region", { name: "MLflow client" }).innerText()).toContain(`http://127.0.0.1:${port}`);
  expect(await seriousViolations(page)).toEqual([]);
  // The page's own snippet is the first trace that it waits for.
  execFileSync("sh", ["-c", await page.getByRole("region", { name: "One request" }).locator("pre").innerText()], {
    stdio: "pipe",
  });
  await page.locator("[data-trace]").filter({ hasText: "What is the meaning of life?" }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/traces");
  expect(problems).toEqual([]);
  await page.context().close();
  await empty.stop();
});

it("a new trace appears at the top by itself", async () => {
  const { page, problems } = await openPage(browser, server, "/traces");
  await page.locator("[data-trace]").first().waitFor();
  await send(server, [{ spans: [{ name: "fresh", kind: "CHAIN", input: "Am I live?", output: "Yes." }] }]);
  const first = page.locator("[data-trace]").filter({ hasText: "Am I live?" });
  await first.waitFor();
  await until("it is counted", async () => (await page.getByTestId("figure-count").innerText()).includes("241"));
  expect(problems).toEqual([]);
  await page.context().close();
});

it("what arrives while one reads further down waits behind a button", async () => {
  const { page, problems } = await openPage(browser, server, "/traces");
  await page.locator("[data-trace]").first().waitFor();
  await page.mouse.move(800, 600);
  await page.mouse.wheel(0, 600);
  const top = () => page.getByTestId("trace-table").evaluate((table) => table.scrollTop);
  await until("the list is scrolled", async () => (await top()) > 300);
  const before = await page.locator("[data-trace]").allInnerTexts();
  await send(server, [{ spans: [{ name: "late", kind: "CHAIN", input: "Am I waiting?", output: "Yes." }] }]);
  await page.getByRole("button", { name: "1 new" }).waitFor();
  expect(await page.locator("[data-trace]").count()).toBe(before.length);
  await page.getByRole("button", { name: "1 new" }).click();
  await page.locator("[data-trace]").filter({ hasText: "Am I waiting?" }).waitFor();
  expect(await top()).toBe(0);
  expect(problems).toEqual([]);
  await page.context().close();
});

it("a session is a conversation that leads to its traces", async () => {
  const { page, problems } = await openPage(browser, server, "/sessions");
  await page.locator("[data-session=session-59]").click();
  const drawer = page.getByTestId("session-drawer");
  await drawer.getByText("Where is order 236?").waitFor();
  const inputs = await drawer.locator("[data-said=Input] p").allInnerTexts();
  expect(inputs).toEqual([236, 237, 238, 239].map((number) => `Where is order ${number}?`));
  expect(new URL(page.url()).searchParams.get("session")).toBe("session-59");
  expect(await seriousViolations(page)).toEqual([]);
  await drawer.getByRole("link", { name: "chat" }).first().click();
  await until("its trace is open", () => new URL(page.url()).pathname.startsWith("/traces/tr-"));
  await page.goBack();
  await drawer.getByText("Where is order 236?").waitFor();
  expect(problems).toEqual([]);
  await page.context().close();
});

it("all that a filter selects is deleted, after naming how many", async () => {
  const own = await startServer();
  await send(own, sample().slice(0, 30));
  const { page, problems } = await openPage(browser, own, `/traces?filter=${encodeURIComponent("status = 'ERROR'")}`);
  await page.locator("[data-trace]").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.getByRole("button", { name: "Select all 3" }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("dialog", { name: "Delete 3 traces?" }).waitFor();
  await page.getByTestId("bulk-confirm").click();
  await page.getByText("3 traces deleted").waitFor();
  await page.getByText("No trace matches").waitFor();
  await page.getByRole("button", { name: "Remove" }).click();
  await until("the others are there", async () => (await page.getByTestId("figure-count").innerText()).includes("27"));
  expect(problems).toEqual([]);
  await page.context().close();
  await own.stop();
});

it("experiments are made, renamed, deleted and restored", async () => {
  const { page, problems } = await openPage(browser, server, "/experiments");
  await page.getByRole("link", { name: "shop", exact: true }).waitFor();
  await page.getByRole("button", { name: "New experiment" }).click();
  await page.getByLabel("Name", { exact: true }).fill("trial");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "trial", exact: true }).waitFor();
  await page.getByRole("button", { name: "Rename trial" }).click();
  await page.getByLabel("Name", { exact: true }).fill("trial two");
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: "trial two" }).waitFor();
  await page.getByRole("button", { name: "Delete trial two" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("link", { name: "trial two" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Deleted", exact: true }).click();
  await page
    .getByRole("row", { name: /trial two/ })
    .getByRole("button", { name: "Restore" })
    .click();
  await page.getByRole("button", { name: "Active", exact: true }).click();
  await page.getByRole("link", { name: "trial two" }).waitFor();
  expect(await seriousViolations(page)).toEqual([]);
  expect(problems).toEqual([]);
  await page.context().close();
});

it("the switcher narrows the list to one experiment", async () => {
  const { page, problems } = await openPage(browser, server, "/traces");
  await page.locator("[data-trace]").first().waitFor();
  await page.keyboard.press("p");
  await page.getByRole("option", { name: "shop" }).waitFor();
  expect(await seriousViolations(page)).toEqual([]);
  await page.keyboard.type("sho");
  await page.keyboard.press("Enter");
  await until("the address says so", () => new URL(page.url()).searchParams.has("experiment"));
  await page.getByRole("button", { name: "shop" }).waitFor();
  expect(problems).toEqual([]);
  await page.context().close();
});
