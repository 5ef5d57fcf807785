// 240 traces of three applications over four days, the newest first in number: what the tests of the list count on.
import type { TestTrace } from "./harness";

const COUNT = 240;
const HOUR_MS = 3_600_000;
const NAMES = ["support_agent", "rag_pipeline", "chat"];

/** Every tenth has an error; trace 99 used by far the most tokens; sessions hold four traces each. */
export function sample(): TestTrace[] {
  const now = Date.now();
  return Array.from({ length: COUNT }, (_, number) => ({
    at: now - (COUNT - number) * 0.4 * HOUR_MS,
    service: "shop",
    session: `session-${Math.floor(number / 4)}`,
    user: `user-${number % 7}`,
    spans: [
      {
        id: "00000000000000a1",
        name: NAMES[number % NAMES.length] ?? "chat",
        kind: "AGENT",
        duration: 400 + number * 10,
        input: `Where is order ${number}?`,
        output: number % 10 === 0 ? undefined : `Order ${number} arrives tomorrow.`,
        error: number % 10 === 0 ? "the carrier did not answer" : undefined,
      },
      {
        parent: "00000000000000a1",
        name: "answer",
        kind: "LLM",
        start: 20,
        duration: 300,
        attributes: {
          "llm.model_name": number % 2 === 0 ? "gpt-4o" : "gpt-4o-mini",
          "llm.token_count.prompt": number === 99 ? 90_000 : 1000 + number,
          "llm.token_count.completion": 50,
          "llm.token_count.total": (number === 99 ? 90_000 : 1000 + number) + 50,
        },
      },
    ],
  }));
}
