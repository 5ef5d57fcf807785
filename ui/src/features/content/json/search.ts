// Search in a JSON value: which keys and values hold a text. Large values are searched in a worker.
import type { Path } from "./lines";

/** JSON longer than this is searched off the main thread. */
export const WORKER_BYTES = 256 * 1024;
export const MOST_HITS = 1000;

/** The paths of all entries whose key or plain value holds `text`, in order, at most `MOST_HITS`. */
export function searchJson(value: unknown, text: string): Path[] {
  const needle = text.toLowerCase();
  const hits: Path[] = [];
  if (needle === "") return hits;
  const stack: { value: unknown; path: Path }[] = [{ value, path: [] }];
  for (let node = stack.pop(); node !== undefined && hits.length < MOST_HITS; node = stack.pop()) {
    const key = node.path.at(-1);
    const found = typeof key === "string" && key.toLowerCase().includes(needle);
    if (found || holds(node.value, needle)) hits.push(node.path);
    if (node.value === null || typeof node.value !== "object") continue;
    const keys = Array.isArray(node.value) ? node.value.map((_, at) => at) : Object.keys(node.value);
    for (let at = keys.length - 1; at >= 0; at--) {
      const child = keys[at] ?? 0;
      stack.push({ value: (node.value as Record<string | number, unknown>)[child], path: [...node.path, child] });
    }
  }
  return hits;
}

function holds(value: unknown, needle: string): boolean {
  if (typeof value === "string") return value.toLowerCase().includes(needle);
  if (value === null || typeof value === "object") return value === null && needle === "null";
  return String(value).toLowerCase().includes(needle);
}

/** A search that keeps its value in a worker. Answers come in the order of the questions; `close` ends it. */
export interface JsonSearcher {
  search(text: string): Promise<Path[]>;
  close(): void;
}

export function openSearcher(value: unknown, bytes: number): JsonSearcher {
  if (bytes <= WORKER_BYTES || typeof Worker === "undefined") {
    return { search: async (text) => searchJson(value, text), close: () => {} };
  }
  const worker = new Worker(new URL("./search.worker.ts", import.meta.url), { type: "module" });
  worker.postMessage({ value });
  return {
    search: (text) =>
      new Promise((resolve, reject) => {
        worker.onmessage = (event: MessageEvent<Path[]>) => resolve(event.data);
        worker.onerror = (event) => reject(new Error(event.message || "the search worker could not start"));
        worker.postMessage({ text });
      }),
    close: () => worker.terminate(),
  };
}
