// Prompts in a browser: the list, a version with its variables, two versions compared, and the traces that used one.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openPage, type Server, send, seriousViolations, startBrowser, startServer, until } from "./harness";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), startBrowser()]);
  await register("summary", [
    "Summarise {{text}} in two lines.",
    "Summarise {{text}} for {{audience}} in three lines.",
  ]);
  const chat = JSON.stringify([
    { role: "system", content: "You greet people." },
    { role: "user", content: "I am {{name}}." },
  ]);
  await register("greeting", [chat], "chat");
  await mlflow("2.0/mlflow/registered-models/alias", { name: "summary", alias: "production", version: "1" });
  const [trace] = await send(server, [
    { spans: [{ name: "summarise", kind: "LLM", input: "a text", output: "short" }] },
  ]);
  await mlflow("2.0/mlflow/traces/link-prompts", {
    trace_id: trace,
    prompt_versions: [{ name: "summary", version: "2" }],
  });
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** Asks MLflow's API. */
async function mlflow(path: string, body: unknown): Promise<void> {
  const init = { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await fetch(`${server.url}/api/${path}`, init);
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
}

/** Registers a prompt as MLflow's client does. */
async function register(name: string, templates: readonly string[], type = "text"): Promise<void> {
  const tag = (key: string, value: string) => ({ key, value });
  const isPrompt = tag("mlflow.prompt.is_prompt", "true");
  await mlflow("2.0/mlflow/registered-models/create", { name, tags: [isPrompt] });
  for (const [index, template] of templates.entries()) {
    await mlflow("2.0/mlflow/model-versions/create", {
      name,
      source: "dummy-source",
      description: `change ${index + 1}`,
      tags: [isPrompt, tag("mlflow.prompt.text", template), tag("_mlflow_prompt_type", type)],
    });
  }
}

it("a prompt shows its newest version, its variables, and how versions differ", async () => {
  const { page, problems } = await openPage(browser, server, "/prompts?prompt=summary");
  const text = page.getByRole("article");
  await text.getByText("change 2").waitFor();
  expect(await text.locator("mark").allInnerTexts()).toEqual(["{{text}}", "{{audience}}"]);
  expect(await page.getByRole("region", { name: "Versions" }).innerText()).toMatch(
    /v2[\s\S]*change 2[\s\S]*v1[\s\S]*production/,
  );
  expect(await seriousViolations(page)).toEqual([]);

  await page.getByRole("button", { name: "Compare" }).click();
  const difference = page.getByTestId("prompt-difference");
  await difference.waitFor();
  expect((await difference.locator("ins").allInnerTexts()).join(" ")).toMatch(/audience[\s\S]*three/);
  expect(await difference.locator("del").allInnerTexts()).toContain("two");
  expect(new URL(page.url()).searchParams.get("against")).toBe("1");

  await page.getByRole("link", { name: "Traces that used it" }).click();
  await page.locator("[data-trace]").filter({ hasText: "summarise" }).waitFor();
  expect(problems).toEqual([]);
  await page.context().close();
});

it("prompts are found by name and from the keyboard", async () => {
  const { page, problems } = await openPage(browser, server, "/prompts");
  const list = page.getByRole("navigation", { name: "Prompts" });
  await page.getByRole("heading", { name: "greeting v1" }).waitFor();
  expect(await page.getByRole("article").locator("h3").allInnerTexts()).toEqual(["system", "user"]);
  await page.keyboard.press("j");
  await page.getByRole("heading", { name: "summary v2" }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("greet");
  await until("one prompt is left", async () => (await list.getByRole("listitem").count()) === 1);
  await page.getByLabel("Find a prompt").fill("nothing like it");
  await page.getByText("No prompt has this in its name").waitFor();
  expect(problems).toEqual([]);
  await page.context().close();
});
