// Traces for the tests of the trace page, told in OpenInference's words.
import { type AttributeValue, hex, type Server, send, type TestSpan } from "./harness";

export interface Sent {
  traceId: string;
  /** Span ids by name. */
  ids: Record<string, string>;
}

interface Turn {
  role: "system" | "user" | "assistant" | "tool";
  content?: string;
  call?: { id: string; name: string; arguments: string };
  callId?: string;
}

const SYSTEM =
  "You are the support agent of a shop.\n\nAnswer from the tools' results only.\n\nNever promise a refund first.";
const ASKED = "May I return the blue jacket of order 4452?";

/** An agent that asks a model, calls tools of which one fails and is tried again, and retrieves documents. */
export async function sendAgent(server: Server, service = "shop"): Promise<Sent> {
  const root = hex(8);
  const first: Turn[] = [
    { role: "system", content: SYSTEM },
    { role: "user", content: ASKED },
  ];
  const called: Turn = {
    role: "assistant",
    call: { id: "call_1", name: "search_orders", arguments: '{"order_id":4452}' },
  };
  const second: Turn[] = [...first, called, { role: "tool", callId: "call_1", content: '{"delivered":"2026-11-12"}' }];
  const answer = "Yes, until **12 December**.\n\n| item | refund |\n| --- | --- |\n| jacket | 89.90 |";
  const retriever = hex(8);
  const spans: TestSpan[] = [
    { id: root, name: "support_agent", kind: "AGENT", duration: 2000, input: ASKED, output: "Yes, until 12 December." },
    model(root, "plan", 10, 400, first, called),
    tool(root, "search_orders", 420, 100, { error: "the database did not answer" }),
    tool(root, "search_orders", 530, 80, { output: '{"delivered":"2026-11-12","items":["jacket"]}' }),
    {
      id: retriever,
      parent: root,
      name: "find_policy",
      kind: "RETRIEVER",
      start: 620,
      duration: 60,
      input: "return policy jacket",
      attributes: documents(),
    },
    { parent: retriever, name: "embed_query", kind: "EMBEDDING", start: 625, duration: 20 },
    model(root, "answer", 700, 900, second, { role: "assistant", content: answer }),
  ];
  return sendSpans(server, service, spans, { session: "s-1", user: "alice" });
}

/** A root that failed because of what is far below it. */
export async function sendFailed(server: Server): Promise<Sent> {
  const [root, middle] = [hex(8), hex(8)];
  return sendSpans(server, "shop", [
    { id: root, name: "checkout", kind: "CHAIN", duration: 900, input: "pay", error: "payment failed" },
    {
      id: middle,
      parent: root,
      name: "charge_card",
      kind: "TOOL",
      start: 100,
      duration: 600,
      input: '{"amount":89.9}',
      error: "payment failed",
    },
    {
      parent: middle,
      name: "POST payments",
      start: 120,
      duration: 500,
      error: "reset",
      events: [
        {
          name: "exception",
          at: 499,
          attributes: {
            "exception.type": "ConnectionError",
            "exception.message": "connection reset by peer",
            "exception.stacktrace": "Traceback:\n  line 1\n  line 2",
          },
        },
      ],
    },
  ]);
}

/** One trace of many spans: documents with steps, some of which are many of one name, and one error far below. */
export async function sendLarge(server: Server, count: number): Promise<Sent> {
  const id = hex(16);
  const at = Date.now() - 60_000;
  const root = hex(8);
  const spans: TestSpan[] = [{ id: root, name: "batch_job", kind: "WORKFLOW", duration: count }];
  while (spans.length < count) {
    const parent = hex(8);
    const start = spans.length;
    spans.push({ id: parent, parent: root, name: `document_${start % 50}`, kind: "CHAIN", start, duration: 80 });
    for (let n = 0; n < 9 && spans.length < count; n++) {
      const name = ["chunk", "embed", "summarize"][n % 3] ?? "";
      spans.push({
        parent,
        name,
        kind: ["CHAIN", "EMBEDDING", "LLM"][n % 3] ?? "",
        start: start + n * 8,
        duration: 7,
        input: `piece ${spans.length}`,
      });
    }
  }
  const late = hex(8);
  spans[spans.length - 1] = {
    id: late,
    parent: root,
    name: "needle_in_haystack",
    kind: "TOOL",
    start: count - 5,
    duration: 4,
    error: "lost",
  };
  for (let from = 0; from < spans.length; from += 5000)
    await send(server, [{ id, at, service: "large", spans: spans.slice(from, from + 5000) }]);
  return { traceId: `tr-${id}`, ids: { batch_job: root, needle_in_haystack: late } };
}

/** Many siblings of one name under a root. */
export async function sendSiblings(server: Server): Promise<Sent> {
  const root = hex(8);
  const embeds = Array.from(
    { length: 60 },
    (_, n): TestSpan => ({ parent: root, name: "embed", kind: "EMBEDDING", start: n * 10, duration: 1 + (n % 9) }),
  );
  const failed: TestSpan = {
    parent: root,
    name: "embed",
    kind: "EMBEDDING",
    start: 610,
    duration: 3,
    error: "too long",
  };
  return sendSpans(server, "shop", [{ id: root, name: "index", kind: "CHAIN", duration: 700 }, ...embeds, failed]);
}

/** A prompt of a megabyte. */
export async function sendLongPrompt(server: Server): Promise<Sent> {
  const paragraph = "The quick brown fox considers **the refund policy** of a large shop once more. ".repeat(8);
  let text = "# Report\n\n";
  for (let section = 1; text.length < 1_050_000; section++)
    text += `## Section ${section}\n\n${paragraph}\n\n- one\n- two\n\n`;
  text += "\n\nTHE VERY END";
  const root = hex(8);
  return sendSpans(server, "shop", [
    { id: root, name: "report", kind: "CHAIN", duration: 3000, input: "Summarize the report" },
    model(root, "summarize", 10, 2900, [{ role: "user", content: text }], {
      role: "assistant",
      content: "In short: refunds.",
    }),
  ]);
}

/** Spans that name a parent that is not there, and two that name each other. */
export async function sendBroken(server: Server): Promise<Sent> {
  const [a, b] = [hex(8), hex(8)];
  return sendSpans(server, "shop", [
    { name: "orphan", parent: hex(8), duration: 50 },
    { id: a, name: "egg", parent: b, duration: 40 },
    { id: b, name: "hen", parent: a, start: 5, duration: 30 },
  ]);
}

/** A trace that goes on: its root has no end yet. `finish` ends it, with one more step. */
export async function sendOpen(server: Server): Promise<Sent & { finish(): Promise<void> }> {
  const [trace, root] = [hex(16), hex(8)];
  const at = Date.now() - 3000;
  const post = async (spans: object[]) => {
    const body = JSON.stringify({ resourceSpans: [{ resource: { attributes: [] }, scopeSpans: [{ spans }] }] });
    const response = await fetch(`${server.url}/v1/traces`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
    if (!response.ok) throw new Error(`OTLP answered ${response.status}: ${await response.text()}`);
  };
  const span = (name: string, id: string, parent: string, from: number, to: number | null) => ({
    traceId: trace,
    spanId: id,
    parentSpanId: parent,
    name,
    kind: 1,
    startTimeUnixNano: `${at + from}000000`,
    endTimeUnixNano: to === null ? "0" : `${at + to}000000`,
    status: {},
  });
  await post([span("long_job", root, "", 0, null), span("first_step", hex(8), root, 10, 800)]);
  return {
    traceId: `tr-${trace}`,
    ids: { long_job: root },
    finish: () => post([span("last_step", hex(8), root, 900, 2500), span("long_job", root, "", 0, 2600)]),
  };
}

async function sendSpans(
  server: Server,
  service: string,
  spans: TestSpan[],
  trace: { session?: string; user?: string } = {},
): Promise<Sent> {
  const named = spans.map((span) => ({ ...span, id: span.id ?? hex(8) }));
  const [traceId = ""] = await send(server, [{ at: Date.now() - 30_000, service, spans: named, ...trace }]);
  return { traceId, ids: Object.fromEntries(named.map((span) => [span.name, span.id])) };
}

function model(parent: string, name: string, start: number, duration: number, input: Turn[], output: Turn): TestSpan {
  return {
    parent,
    name,
    kind: "LLM",
    start,
    duration,
    attributes: {
      "llm.model_name": "gpt-4o-mini",
      "llm.provider": "openai",
      "llm.invocation_parameters": '{"temperature":0.2}',
      "llm.token_count.prompt": 400,
      "llm.token_count.completion": 100,
      "llm.token_count.total": 500,
      ...turns("llm.input_messages", input),
      ...turns("llm.output_messages", [output]),
    },
  };
}

function turns(prefix: string, list: Turn[]): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {};
  list.forEach((turn, at) => {
    const path = `${prefix}.${at}.message`;
    attributes[`${path}.role`] = turn.role;
    if (turn.content !== undefined) attributes[`${path}.content`] = turn.content;
    if (turn.callId) attributes[`${path}.tool_call_id`] = turn.callId;
    if (!turn.call) return;
    attributes[`${path}.tool_calls.0.tool_call.id`] = turn.call.id;
    attributes[`${path}.tool_calls.0.tool_call.function.name`] = turn.call.name;
    attributes[`${path}.tool_calls.0.tool_call.function.arguments`] = turn.call.arguments;
  });
  return attributes;
}

function tool(
  parent: string,
  name: string,
  start: number,
  duration: number,
  end: { error?: string; output?: string },
): TestSpan {
  return { parent, name, kind: "TOOL", start, duration, input: '{"order_id":4452}', ...end };
}

function documents(): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {};
  [0.91, 0.42].forEach((score, at) => {
    const path = `retrieval.documents.${at}.document`;
    attributes[`${path}.id`] = `kb-${at}`;
    attributes[`${path}.score`] = score;
    attributes[`${path}.content`] = `Jackets: the return policy allows 30 days. Part ${at}. `.repeat(8);
    attributes[`${path}.metadata`] = `{"source":"kb/returns-${at}.md"}`;
  });
  return attributes;
}
