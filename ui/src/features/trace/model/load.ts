// From the bytes of a `/tree` answer to a skeleton: at once for a small trace, in a worker for a large one, so that the
// page never waits for 100,000 spans to be parsed.
import type { Tree } from "../../../api/types";
import { buildSkeleton, type Skeleton } from "./skeleton";

/** About 2,000 spans: what takes longer to build than to send to a worker. */
export const WORKER_BYTES = 96 * 1024;

export function parseSkeleton(bytes: ArrayBuffer): Skeleton {
  return buildSkeleton(JSON.parse(new TextDecoder().decode(bytes)) as Tree);
}

/** The columns of a skeleton, which can be handed over between threads without a copy. */
export function transferables(skeleton: Skeleton): Transferable[] {
  return Object.values(skeleton)
    .filter(ArrayBuffer.isView)
    .map((column) => column.buffer as ArrayBuffer);
}

export async function loadSkeleton(bytes: ArrayBuffer): Promise<Skeleton> {
  if (bytes.byteLength < WORKER_BYTES || typeof Worker === "undefined") return parseSkeleton(bytes);
  const worker = new Worker(new URL("./skeleton.worker.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = (event: MessageEvent<WorkerAnswer>) =>
        "skeleton" in event.data ? resolve(event.data.skeleton) : reject(new Error(event.data.error));
      worker.onerror = (event) => reject(new Error(event.message || "the worker that builds the tree could not start"));
      worker.postMessage(bytes, [bytes]);
    });
  } finally {
    worker.terminate();
  }
}

export type WorkerAnswer = { skeleton: Skeleton } | { error: string };
