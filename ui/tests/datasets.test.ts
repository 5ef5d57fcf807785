// Datasets in a browser: filled from traces and files, edited, too late too, their versions compared, and exported.
import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { api, openPage, type Server, send, seriousViolations, startBrowser, startServer, until } from "./harness";

let server: Server;
let browser: Browser;
let traces: string[];

interface Made {
  dataset: { dataset_id: string };
}

interface Records {
  records: { record_id: string; inputs: string; version: number }[];
}

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), startBrowser()]);
  traces = await send(
    server,
    ["Where is my order?", "Who are you?", "Who are you?"].map((question) => ({
      spans: [
        {
          id: "aaaaaaaaaaaaaaaa",
          name: "agent",
          kind: "AGENT",
          input: JSON.stringify({ question }),
          output: "An answer",
        },
        {
          parent: "aaaaaaaaaaaaaaaa",
          name: "search",
          kind: "TOOL",
          start: 1,
          input: JSON.stringify({ term: question }),
        },
      ],
    })),
  );
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function dataset(name: string, records: unknown[] = []): Promise<string> {
  const made = await api<Made>(server, "/datasets", { name });
  const id = made.dataset.dataset_id;
  if (records.length > 0) await api(server, `/datasets/${id}/records`, { records });
  return id;
}

const rows = (page: Page) => page.getByRole("grid", { name: "Records" }).locator("[data-record]");

it("traces of a filter are added with a mapping that is remembered", async () => {
  const { page, problems } = await openPage(browser, server, "/traces?filter=name = 'agent'");
  await page.locator("[data-trace]").nth(2).waitFor();
  await page.getByRole("checkbox", { name: "Select all" }).first().check();
  await page.getByRole("button", { name: "Add to dataset" }).click();
  const dialog = page.getByRole("dialog", { name: "Add to dataset" });
  await dialog.getByLabel("Its name").fill("from traces");
  await dialog.getByRole("button", { name: "Create" }).click();
  await dialog.getByRole("row").filter({ hasText: "Repeated" }).waitFor();
  await dialog.getByLabel("From 1").fill("inputs.question");
  await dialog.getByLabel("To 1").fill("inputs.q");
  await dialog.getByLabel("From 2").fill("output_text");
  await dialog.getByLabel("To 2").fill("expectations.expected_response");
  await dialog.getByLabel("To 2").press("Enter");
  await dialog.getByText('{"q":"Where is my order?"}').waitFor();
  expect(await seriousViolations(page)).toEqual([]);
  await dialog.getByTestId("add-records").click();
  await page.getByText("2 records added, 0 changed").waitFor();

  await page.goto(`${server.url}/datasets`);
  await rows(page).nth(1).waitFor();
  const row = rows(page).filter({ hasText: "Where is my order?" });
  expect(await row.innerText()).toMatch(/Where is my order\?[\s\S]*An answer[\s\S]*Trace/);
  expect(await row.getByRole("link", { name: "Trace" }).getAttribute("href")).toBe(`/traces/${traces[0]}`);

  // From a trace's page the span that is selected, and the mapping of the last time.
  await page.goto(`${server.url}/traces/${traces[0]}`);
  await page.getByText("search", { exact: true }).first().click();
  await page.getByRole("button", { name: "Add the span to a dataset" }).click();
  await dialog.getByText("a record needs inputs").first().waitFor();
  expect(await dialog.getByLabel("From 1").inputValue()).toBe("inputs.question");
  await dialog.getByLabel("From 1").fill("inputs.term");
  await dialog.getByLabel("From 1").press("Enter");
  await dialog
    .getByRole("row")
    .filter({ hasText: /Merges|Same/ })
    .waitFor();
  await dialog.getByTestId("add-records").click();
  await page.getByText("0 records added").waitFor();
  expect(problems).toEqual([]);
  await page.context().close();
});

it("a record is edited, and an edit that comes too late is shown with what it would undo", async () => {
  const id = await dataset("edited", [
    { inputs: { q: "one" }, expectations: { expected_response: "a small answer" } },
    { inputs: { q: "two" } },
  ]);
  const { page, problems } = await openPage(browser, server, `/datasets?dataset=${id}`);
  await rows(page).nth(1).waitFor();
  expect(await seriousViolations(page)).toEqual([]);
  await page.getByRole("grid", { name: "Records" }).focus();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  const panel = page.getByRole("complementary", { name: "Record" });
  const expectations = panel.getByLabel("Expectations");
  await expectations.fill('{"expected_response": }');
  await panel.getByText(/^Line 1: /).waitFor();
  expect(await panel.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
  await expectations.fill('{"expected_response": "a large answer"}');
  await page.keyboard.press("Control+Enter");
  await page.getByText("Record saved").waitFor();
  await rows(page).filter({ hasText: "a large answer" }).waitFor();
  expect(await seriousViolations(page)).toEqual([]);

  const { records } = await api<Records>(server, `/datasets/${id}/records`);
  const first = records[0];
  expect([first?.version, new URL(page.url()).searchParams.get("record")]).toEqual([2, first?.record_id]);
  await panel.getByText("v2", { exact: true }).waitFor();
  const theirs = { version: 2, inputs: { q: "one" }, expectations: { expected_response: "their answer" }, user: "ann" };
  await fetch(`${server.url}/api/v1/datasets/${id}/records/${first?.record_id}`, {
    method: "PUT",
    body: JSON.stringify(theirs),
    headers: { "content-type": "application/json" },
  });
  await expectations.fill('{"expected_response": "my answer"}');
  await panel.getByRole("button", { name: "Save" }).click();
  const stale = panel.getByRole("alert", { name: "Changed meanwhile" });
  await stale.getByText("ann changed this record in version 3").waitFor();
  expect(await stale.locator("ins").innerText()).toContain("their");
  expect(await expectations.inputValue()).toContain("my answer");
  await panel.getByRole("button", { name: "Save mine over it" }).click();
  await rows(page).filter({ hasText: "my answer" }).waitFor();

  await page.getByRole("button", { name: "Close" }).click();
  await rows(page).nth(1).getByRole("checkbox").check();
  await page.getByRole("toolbar", { name: "Selected records" }).getByRole("button", { name: "Delete" }).click();
  await until("one record is left", async () => (await rows(page).count()) === 1);
  expect(problems.filter((problem) => !problem.includes("409"))).toEqual([]);
  await page.context().close();
});

it("versions tell what changed, two are compared, and one is opened", async () => {
  const id = await dataset("versions", [{ inputs: { q: "one" }, expectations: { e: "a small answer" } }]);
  const more = [{ inputs: { q: "one" }, expectations: { e: "a large answer" } }, { inputs: { q: "two" } }];
  await api(server, `/datasets/${id}/records`, { records: more, user: "ann" });
  const { page, problems } = await openPage(browser, server, `/datasets?dataset=${id}`);
  await rows(page).nth(1).waitFor();
  await page.keyboard.press("v");
  const history = page.getByRole("region", { name: "Versions" });
  const difference = page.getByRole("article", { name: "Differences" });
  await difference.getByText("v1 → v2").waitFor();
  expect(await history.locator("[data-version='2']").innerText()).toMatch(/v2[\s\S]*\+1[\s\S]*~1[\s\S]*ann/);
  const changed = difference.locator("[data-kind='changed'][data-record]");
  expect([await changed.locator("del").innerText(), await changed.locator("ins").innerText()]).toEqual([
    "small",
    "large",
  ]);
  expect(await difference.locator("[data-kind='added'][data-record]").innerText()).toContain("two");
  expect(await seriousViolations(page)).toEqual([]);
  await page.keyboard.press("j");
  await difference.getByText("v0 → v1").waitFor();
  await history.locator("[data-version='1']").getByRole("button", { name: "Open" }).click();
  await page.getByText("As it was in version 1; the newest is 2.").waitFor();
  await until("one record was there", async () => (await rows(page).count()) === 1);
  expect(await rows(page).innerText()).toContain("a small answer");
  const link = new URL(page.url());
  expect([link.searchParams.get("dataset"), link.searchParams.get("version")]).toEqual([id, "1"]);
  await rows(page).first().click();
  expect(await page.getByLabel("Expectations").getAttribute("readonly")).not.toBeNull();
  expect(problems).toEqual([]);
  await page.context().close();
});

it("a CSV with a bad row is imported, and what is exported is a file", async () => {
  const id = await dataset("files");
  const { page, problems } = await openPage(browser, server, `/datasets?dataset=${id}`, { acceptDownloads: true });
  await page.getByRole("heading", { name: "No records yet" }).waitFor();
  await page.getByRole("button", { name: "Import" }).first().click();
  const dialog = page.getByRole("dialog", { name: "Import into files" });
  const csv = "question,gold answer,id\nWho?,ann,1\nWhere?,there\nWhen?,now,3\n";
  await dialog.getByLabel("File").setInputFiles({ name: "rows.csv", mimeType: "text/csv", buffer: Buffer.from(csv) });
  await dialog.getByText("3 rows: 2 new").waitFor();
  expect(await dialog.getByRole("list", { name: "Problems" }).innerText()).toContain("Row 2: it has 2 cells");
  expect(await dialog.getByLabel("Where gold answer goes").inputValue()).toBe("expectations.expected_response");
  await dialog.getByLabel("Where question goes").fill("inputs.q");
  await dialog.getByLabel("Where question goes").press("Enter");
  await dialog.getByText('{"q":"Who?"}').waitFor();
  expect(await seriousViolations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Import 2 records" }).click();
  await page.getByText("2 records added, 0 changed; 1 rows could not be taken").waitFor();
  await rows(page).nth(1).waitFor();

  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("menuitem", { name: "JSONL" }).click();
  const file = await (await download).path();
  const lines = readFileSync(file, "utf8").trim().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { inputs: unknown }).inputs)).toEqual([
    { q: "Who?" },
    { q: "When?" },
  ]);
  expect(problems).toEqual([]);
  await page.context().close();
});
