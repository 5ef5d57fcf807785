// A call of a model in each convention, as a person sees it: conversation, type, model, tokens and cost.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SpanDetail } from "../src/api/types";
import { api, openPage, type Server, startBrowser, startServer } from "./harness";
import { sendSample } from "./samples";

// The call is known by its name and its tokens. A `?` behind them: the price of the model is not known. Then the roles
// of the messages in and out, and what the answer says.
const CALLS = `
mlflow-openai | Completions | CHAT_MODEL | gpt-4o | 76 6 | system user assistant tool > assistant | 22C sunny
openai-openinference | ChatCompletion | LLM | gpt-4o | 76 6 | system user assistant tool > assistant | 22C sunny
gemini-cli-tool | llm_call | LLM | gemini-2.5-flash | 11601 15 | system user assistant tool > assistant | is: Directory
claude-code | claude_code.llm_request | LLM | claude-sonnet-4-5 | 2010 25 | user > assistant | Let me look.
openai-otel-v2 | chat gpt-4o | CHAT_MODEL | gpt-4o | 76 6 | system user assistant tool > assistant | 22C sunny
openai-v2-logs | chat gpt-4o-mini | CHAT_MODEL | gpt-4o-mini | 71 5 | system user assistant tool > assistant | 22C
spring-ai | chat gpt-4o-mini | CHAT_MODEL | gpt-4o-mini-2024-07-18 | 20 12 | user > assistant | It is 22C in Paris.
traceloop-sdk | openai.chat | CHAT_MODEL | gpt-4o-mini | 63 7 | system user assistant tool > assistant | 22C in Paris
google-adk-1 | call_llm | LLM | gemini-2.5-flash | 103 11 | system user assistant tool > assistant | 22C in Paris
vercel-ai-sdk-v4 | ai.generateText.doGenerate | LLM | gpt-4o-mini | 93 8 | system user assistant tool > assistant | 22C in
vercel-ai-sdk-v5 | ai.generateText.doGenerate | LLM | gpt-4o-mini | 92 7 | system user assistant tool > assistant | 22C in
vercel-ai-sdk-v6 | ai.generateText.doGenerate | LLM | gpt-4.1 | 92 7 | system user assistant tool > assistant | 22C in
vercel-ai-sdk-v7 | chat gpt-4.1 | CHAT_MODEL | gpt-4.1 | 92 7 | system user assistant tool > assistant | 22C in Paris
voltagent | weather | AGENT | gpt-4o-mini | 159 18 | system user > | The answer is: 22C in Paris
livekit | llm_request | CHAT_MODEL | gpt-4o-mini | 81 7 | system user assistant tool > assistant | 22C in Paris
laminar-openai | openai.chat | LLM | gpt-4o-mini | 63 7 | system user assistant tool > assistant | 22C in Paris
langfuse-openai | OpenAI-generation | LLM | gpt-4o-mini | 63 7 | system user assistant tool > assistant | 22C in Paris
langchain-langsmith-otel | ChatOpenAI | CHAT_MODEL | gpt-4o-mini | 15 9 | system user > assistant | canned answer
pydantic-ai-native5 | chat gpt-4o-mini | CHAT_MODEL | gpt-4o-mini | 79 7 | system user assistant tool > assistant | 22C in
haystack | haystack.agent.step.llm | CHAT_MODEL | gpt-4o-mini | 65 7 | user assistant tool > assistant | 22C in Paris
microsoft-agent-framework | chat gpt-4.1 | CHAT_MODEL | gpt-4.1 | 70 7 | system tool > assistant | 22C in
strands | chat | CHAT_MODEL | gpt-4o-mini | 74 7 | user assistant tool > assistant | 22C in Paris
bedrock-agentcore | chat | CHAT_MODEL | anthropic.claude-sonnet-4-5-v1:0 | 74 7 ? | user assistant tool > assistant | 22C in
mastra-1 | chat gpt-4o-mini | CHAT_MODEL | gpt-4o-mini | 92 7 | > assistant | 22C in Paris
agno-openinference | OpenAIChat.invoke | LLM | gpt-4o-mini | 65 7 | user assistant tool > assistant | 22C in Paris
smolagents-openinference | OpenAIModel.generate | LLM | gpt-4o-mini | 988 13 | system user assistant tool > assistant | final_
crewai-traceloop | openai.chat | CHAT_MODEL | gpt-4o-mini | 140 7 | system user assistant tool > assistant | 22C in Paris
litellm-proxy | litellm_request | LLM | gpt-4o-mini | 38 11 | user > assistant | get_weather
pipecat-tool | llm | CHAT_MODEL | gpt-4o-mini | 30 9 | system user > assistant | get_weather
koog | chat gpt-4o-mini | CHAT_MODEL | gpt-4o-mini | 30 9 | system user > assistant | get_weather
gateways-tools | openrouter tools | CHAT_MODEL | openai/gpt-4o-mini-2024-07-18 | 30 9 | user > assistant | get_weather
gateways-tools | kong.gen_ai | CHAT_MODEL | gpt-4o-mini | 30 9 | user > assistant | get_weather
gateways | portkey chat | CHAT_MODEL | claude-sonnet-4-5 | 20 9 | user > assistant | get_weather
watsonx-orchestrate | ChatWatsonx.chat | LLM | ibm/granite-3-8b-instruct | 20 9 | user > assistant | It is 22C in Paris.
langflow-agent | ChatOpenAI.chat | LLM | gpt-4o-mini | 45 8 | user assistant tool > assistant | It is 22C in Paris.
codex | session_task.turn | AGENT | gpt-5-codex | 13650 34 | > |
`;

const ROWS = CALLS.trim()
  .split("\n")
  .map((line) => {
    const [sample = "", name = "", type = "", model = "", tokens = "", roles = "", says = ""] = line
      .split("|")
      .map((cell) => cell.trim());
    return { sample, name, type, model, tokens, roles, says };
  });
type Row = (typeof ROWS)[number];

let server: Server;
let browser: Browser;
const sent = new Map<string, string>();

beforeAll(async () => {
  server = await startServer();
  browser = await startBrowser();
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test.each(ROWS)("$sample: $name is read as a chat", async (row) => {
  const { traceId, span } = await findCall(row);
  expect(rolesOf(span)).toBe(row.roles);
  const { page, problems } = await openPage(browser, server, `/traces/${traceId}?span=${span.span_id}`);
  try {
    const detail = page.getByRole("region", { name: "Selected span" });
    const figures = detail.locator("dl").first();
    await figures.getByText("Tokens", { exact: true }).waitFor();
    expect(await detail.locator("h2").textContent()).toBe(row.name);
    expect(await detail.locator("h2 ~ [data-span-type]").textContent()).toBe(row.type);
    expect(await figures.getByText(row.model, { exact: true }).count()).toBe(1);
    const tokens = await figures.locator("[data-tip]", { hasText: "Tokens" }).getAttribute("data-tip");
    expect(tokens).toContain(`${exact(span.usage?.input)} input`);
    expect(tokens).toContain(`${exact(span.usage?.output)} output`);
    expect(await figures.getByText("Cost", { exact: true }).count()).toBe(1);
    expect(await figures.getByText("unknown", { exact: true }).count()).toBe(row.tokens.endsWith("?") ? 1 : 0);
    if (row.says) await detail.getByText(row.says).last().waitFor();
    // The messages that the call before had are folded, and results of tools are beside their calls.
    const last = await detail.locator("[data-role]").evaluateAll((all) => all.at(-1)?.dataset.role ?? ">");
    expect(row.roles.endsWith(last) || row.roles.endsWith(`${last} >`)).toBe(true);
    expect(problems).toEqual([]);
  } finally {
    await page.context().close();
  }
});

test("where the root says nothing, the calls below it tell what was asked and answered", async () => {
  const row = ROWS.find(({ sample }) => sample === "google-adk-1");
  const { traceId } = await findCall(row as Row);
  const { page, problems } = await openPage(browser, server, `/traces/${traceId}`);
  try {
    await page.getByRole("button", { name: /^Asked\s*Weather in Paris\?/ }).waitFor();
    await page.getByRole("button", { name: /^Answer\s*The answer is/ }).waitFor();
    expect(problems).toEqual([]);
  } finally {
    await page.context().close();
  }
});

/** Finds the first span of that name and those tokens in a sample, which is sent if it was not. */
async function findCall(row: Row): Promise<{ traceId: string; span: SpanDetail }> {
  const experiment = sent.get(row.sample) ?? (await sendSample(server, row.sample));
  sent.set(row.sample, experiment);
  const { traces } = await api<{ traces: { trace_id: string }[] }>(
    server,
    `/traces?experiment=${experiment}&limit=100`,
  );
  for (const { trace_id } of traces) {
    for (const id of await spansNamed(trace_id, row.name)) {
      const span = await api<SpanDetail>(server, `/traces/${trace_id}/spans/${id}`);
      if (row.tokens.startsWith(`${span.usage?.input} ${span.usage?.output}`)) return { traceId: trace_id, span };
    }
  }
  throw new Error(`no span \`${row.name}\` with ${row.tokens} tokens in the sample ${row.sample}`);
}

interface OtlpTraces {
  resourceSpans: { scopeSpans: { spans: { name: string; spanId: string }[] }[] }[];
}

async function spansNamed(traceId: string, name: string): Promise<string[]> {
  const headers = { accept: "application/json" };
  const response = await fetch(`${server.url}/api/v1/traces/${traceId}/otlp`, { headers });
  const { resourceSpans } = (await response.json()) as OtlpTraces;
  const spans = resourceSpans.flatMap((resource) => resource.scopeSpans).flatMap((scope) => scope.spans);
  return spans.filter((span) => span.name === name).map((span) => span.spanId);
}

function rolesOf(span: SpanDetail): string {
  const roles = (messages: SpanDetail["input_messages"]) => (messages ?? []).map((message) => message.role);
  return [...roles(span.input_messages), ">", ...roles(span.output_messages)].join(" ");
}

function exact(count: number | undefined): string {
  return (count ?? 0).toLocaleString("en-US");
}
