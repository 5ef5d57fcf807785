// Runs in a browser: a review queue worked by the keyboard alone, two reviewers at once, traces put in from the list and
// from a trace, a queue made in the browser, and agreement.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { api, openPage, type Server, send, seriousViolations, startBrowser, startServer, until } from "./harness";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), startBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const QUESTIONS = [
  { name: "correct", kind: "feedback", input: { type: "pass_fail", positive_label: "Yes", negative_label: "No" } },
  { name: "tone", kind: "feedback", input: { type: "categorical", options: ["warm", "neutral", "cold"] } },
  { name: "stars", kind: "feedback", input: { type: "numeric", min_value: 1, max_value: 5 } },
  { name: "expected", kind: "expectation", input: { type: "text" } },
];

interface Queue {
  id: string;
  traces: string[];
}

/** Makes a queue of traces with these questions, of those above. */
async function makeQueue(name: string, count: number, asked: readonly string[]): Promise<Queue> {
  const traces: string[] = [];
  // One request each, so that their order is known.
  for (let number = 0; number < count; number++) {
    traces.push(...(await send(server, [conversation(`${name} question ${number}`, `${name} answer ${number}`)])));
  }
  const experiment = await experimentOf(traces[0] ?? "");
  const schema_ids = [];
  for (const question of QUESTIONS.filter((one) => asked.includes(one.name)))
    schema_ids.push(await questionOf(experiment, question));
  const made = await api<{ queue: { queue_id: string } }>(server, "/review-queues", { experiment, name, schema_ids });
  for (const trace of traces) await api(server, `/review-queues/${made.queue.queue_id}/items`, { trace_ids: [trace] });
  return { id: made.queue.queue_id, traces };
}

async function experimentOf(trace: string): Promise<string> {
  return (await api<{ experiment_id: string }>(server, `/traces/${trace}`)).experiment_id;
}

async function questionOf(experiment: string, question: (typeof QUESTIONS)[number]): Promise<string> {
  const { schemas } = await api<{ schemas: { name: string; schema_id: string }[] }>(
    server,
    `/label-schemas?experiment=${experiment}`,
  );
  const there = schemas.find((one) => one.name === question.name);
  if (there) return there.schema_id;
  const body = { experiment, enable_comment: true, ...question };
  return (await api<{ schema_id: string }>(server, "/label-schemas", body)).schema_id;
}

function conversation(question: string, answer: string) {
  const message = (at: string, role: string, content: string) => ({
    [`llm.${at}.message.role`]: role,
    [`llm.${at}.message.content`]: content,
  });
  return {
    spans: [
      { id: "1".repeat(16), name: "agent", kind: "AGENT", input: question, output: answer, duration: 90 },
      {
        id: "2".repeat(16),
        parent: "1".repeat(16),
        name: "chat",
        kind: "LLM",
        duration: 50,
        attributes: {
          ...message("input_messages.0", "system", "You are a shop."),
          ...message("input_messages.1", "user", question),
          ...message("output_messages.0", "assistant", answer),
        },
      },
    ],
  };
}

interface Said {
  name: string;
  value: unknown;
  rationale: string | null;
  kind: string;
  source: { id: string };
  valid: boolean;
}

async function said(trace: string): Promise<Said[]> {
  const record = await api<{ assessments: Said[] }>(server, `/traces/${trace}`);
  return record.assessments.filter((one) => one.valid);
}

/** Opens the desk of a queue under a name, without the mouse. */
async function openDesk(queue: Queue, reviewer: string) {
  const opened = await openPage(browser, server, `/reviews/${queue.id}`);
  await opened.page.getByLabel("Your name").waitFor();
  await opened.page.keyboard.type(reviewer);
  await opened.page.keyboard.press("Enter");
  return opened;
}

const shownTrace = (page: Page) => page.locator("article[data-trace]").getAttribute("data-trace");

async function waitForTrace(page: Page, trace: string | undefined) {
  await until(`trace ${trace} is up`, async () => (await shownTrace(page)) === trace);
}

const progressText = (page: Page) => page.getByTestId("review-progress").innerText();

it("a whole queue is worked from the keyboard", async () => {
  const queue = await makeQueue("Keys", 4, ["correct", "tone", "stars", "expected"]);
  const [first, second, third, fourth] = queue.traces;
  const { page, problems } = await openDesk(queue, "Ann");
  const keys = page.keyboard;
  await waitForTrace(page, first);
  expect(await page.getByRole("region", { name: "Conversation" }).innerText()).toMatch(
    /Keys question 0[\s\S]*Keys answer 0/,
  );
  expect(await seriousViolations(page)).toEqual([]);

  // Yes with a comment, the third option, a number that is wrong at first, a text.
  for (const key of ["c"]) await keys.press(key);
  await keys.type("as the order says");
  await keys.press("Enter");
  await keys.press("1");
  await keys.press("3");
  await keys.type("9");
  await keys.press("Enter");
  await keys.type("42");
  await keys.press("Control+Enter");
  await page.getByText("at most 5").waitFor();
  expect(await said(first ?? "")).toEqual([]);
  await keys.press("Backspace");
  await keys.type("4");
  await keys.press("Enter");
  await keys.press("Enter");
  await waitForTrace(page, second);
  await until("the first is saved", async () => (await said(first ?? "")).length === 4);
  const values = (await said(first ?? "")).map((one) => [one.name, one.value, one.kind, one.source.id]);
  expect(values).toEqual([
    ["correct", true, "feedback", "ann"],
    ["tone", "cold", "feedback", "ann"],
    ["stars", 4, "feedback", "ann"],
    ["expected", "42", "expectation", "ann"],
  ]);
  expect((await said(first ?? ""))[0]?.rationale).toBe("as the order says");
  await until("one is counted", async () => (await progressText(page)) === "1 of 4");

  // Taken back and changed: what was put in is still there.
  await keys.press("u");
  await waitForTrace(page, first);
  await until("it is taken back", async () => (await said(first ?? "")).length === 0);
  await keys.press("n");
  await keys.press("Escape");
  await keys.press("Control+Enter");
  await waitForTrace(page, second);
  await until("it is saved anew", async () => (await said(first ?? "")).length === 4);
  expect((await said(first ?? ""))[0]?.value).toBe(false);

  // The second does not apply but for one question; the third is skipped, the fourth declined.
  await keys.press("-");
  await keys.press("2");
  await keys.press("Escape");
  await keys.press("Control+Enter");
  await waitForTrace(page, third);
  await until("the second is saved", async () => (await said(second ?? "")).length > 0);
  expect((await said(second ?? "")).map((one) => [one.name, one.value])).toEqual([["tone", "neutral"]]);
  await keys.press("s");
  await waitForTrace(page, fourth);
  await keys.press("x");
  await page.getByRole("heading", { name: "Nothing left to review" }).waitFor();
  await until("three are counted", async () => (await progressText(page)) === "3 of 4");
  await page.getByRole("button", { name: "Take up the 1 you skipped" }).press("Enter");
  await waitForTrace(page, third);
  await keys.press("f");
  await page.getByRole("list", { name: "Transcript" }).waitFor();
  await keys.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await keys.press("Escape");
  expect(problems).toEqual([]);
  await page.context().close();
});

it("going on does not wait for the server", async () => {
  const queue = await makeQueue("Fast", 3, ["correct"]);
  const { page, problems } = await openDesk(queue, "ann");
  await waitForTrace(page, queue.traces[0]);
  // The next trace was read ahead: it comes although nothing is answered.
  await page.waitForLoadState("networkidle");
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**/api/v1/**", async (route) => {
    await held;
    await route.continue();
  });
  await page.keyboard.press("1");
  await page.keyboard.press("Enter");
  await waitForTrace(page, queue.traces[1]);
  expect(await page.getByRole("region", { name: "Conversation" }).innerText()).toContain("Fast answer 1");
  release();
  await until("it is saved", async () => (await said(queue.traces[0] ?? "")).length === 1);
  expect(problems).toEqual([]);
  await page.context().close();
});

it("two reviewers do not get the same trace, and second opinions tell whether they agree", async () => {
  const queue = await makeQueue("Two", 4, ["correct"]);
  const [ann, bob] = [await openDesk(queue, "ann"), await openDesk(queue, "bob")];
  for (const { page } of [ann, bob]) await page.locator("article[data-trace]").waitFor();
  const [ofAnn, ofBob] = [await shownTrace(ann.page), await shownTrace(bob.page)];
  expect(ofAnn).not.toBe(ofBob);
  const seen = { ann: new Set<string>(), bob: new Set<string>() };
  for (const [name, { page }] of [
    ["ann", ann] as const,
    ["bob", bob] as const,
    ["ann", ann] as const,
    ["bob", bob] as const,
  ]) {
    await until("a trace is up", () => shownTrace(page));
    const trace = (await shownTrace(page)) ?? "";
    seen[name].add(trace);
    await page.keyboard.press(name === "ann" ? "y" : "n");
    await page.keyboard.press("Enter");
    await until("it is saved", async () => (await said(trace)).length === 1);
  }
  expect([...seen.ann].filter((trace) => seen.bob.has(trace))).toEqual([]);
  expect(new Set([...seen.ann, ...seen.bob]).size).toBe(4);

  await bob.page.getByRole("button", { name: "Give second opinions" }).press("Enter");
  for (const [key] of [["y"], ["n"]]) {
    await until("a trace of Ann's is up", async () => seen.ann.has((await shownTrace(bob.page)) ?? ""));
    const trace = (await shownTrace(bob.page)) ?? "";
    await bob.page.keyboard.press(key ?? "");
    await bob.page.keyboard.press("Enter");
    await until("two have answered", async () => (await said(trace)).length === 2);
    seen.ann.delete(trace);
  }
  await bob.page.getByRole("tab", { name: "Agreement" }).click();
  const row = bob.page.locator("[data-question='correct']");
  expect(await row.innerText()).toMatch(/correct\s+6\s+2\s+50 %\s+0\.00/);
  expect(await bob.page.locator("[data-reviewer='bob']").innerText()).toMatch(/bob\s+4/);
  expect(await seriousViolations(bob.page)).toEqual([]);
  expect([...ann.problems, ...bob.problems]).toEqual([]);
  await ann.page.context().close();
  await bob.page.context().close();
});

it("a trace that is on somebody's screen is free again when the page is left", async () => {
  const queue = await makeQueue("Left", 1, ["correct"]);
  const { page } = await openDesk(queue, "ann");
  await waitForTrace(page, queue.traces[0]);
  const held = () =>
    api<{ items: { state: string; held_by: string | null }[] }>(server, `/review-queues/${queue.id}/items`);
  expect((await held()).items[0]).toMatchObject({ state: "in_progress", held_by: "ann" });
  await page.getByRole("tab", { name: "Traces" }).click();
  await until("it is free", async () => (await held()).items[0]?.held_by === null);
  await page.context().close();
});

it("a queue is made, filled from the list and from a trace, and its traces are listed", async () => {
  const marker = "pick me";
  const traces = await send(
    server,
    [1, 2, 3].map((number) => conversation(`${marker} ${number}`, "yes")),
  );
  const { page, problems } = await openPage(browser, server, "/reviews");
  await page.getByRole("button", { name: "New queue" }).first().click();
  const dialog = page.getByRole("dialog", { name: "New review queue" });
  await dialog.getByLabel("Name").fill("Made here");
  await dialog.getByLabel("Experiment").selectOption({ label: "shop" });
  await dialog.getByRole("button", { name: "New question" }).click();
  await dialog.getByLabel("Name, which the answers are called").fill("polite");
  await dialog.getByLabel("Instruction").fill("Would you say it to a customer?");
  await dialog.getByRole("button", { name: "Add the question" }).click();
  await dialog.getByRole("checkbox", { name: /polite/ }).waitFor();
  await until("it is chosen", () => dialog.getByRole("checkbox", { name: /polite/ }).isChecked());
  await dialog.getByRole("button", { name: "Create" }).click();
  await page.getByRole("heading", { name: "Made here" }).waitFor();

  await page.goto(`${server.url}/traces?filter=${encodeURIComponent(`text ~ '${marker}'`)}`);
  const rows = page.locator("[data-trace-id], [data-trace]");
  await rows.nth(2).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.getByRole("button", { name: "Select all 3" }).click();
  await page.getByRole("button", { name: "Review", exact: true }).click();
  await page.getByRole("option", { name: /Made here/ }).click();
  await page.getByText("3 added to “Made here”").waitFor();

  await page.goto(`${server.url}/traces/${traces[0]}`);
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Add to a review queue…" }).click();
  await page.getByRole("option", { name: /Made here/ }).click();
  await page.getByText("1 were there").waitFor();
  await page.getByRole("button", { name: "Review", exact: true }).click();
  await page.getByRole("heading", { name: "Made here" }).waitFor();
  await page.getByRole("tab", { name: "Traces" }).click();
  await page.locator("[data-item]").nth(2).waitFor();
  expect(await page.locator("[data-item]").first().innerText()).toContain(marker);
  expect(await seriousViolations(page)).toEqual([]);
  expect(problems).toEqual([]);
  await page.context().close();
});
