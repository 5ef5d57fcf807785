// Builds one skeleton off the main thread.
import { parseSkeleton, transferables, type WorkerAnswer } from "./load";

self.onmessage = (event: MessageEvent<ArrayBuffer>) => {
  try {
    const skeleton = parseSkeleton(event.data);
    self.postMessage({ skeleton } satisfies WorkerAnswer, { transfer: transferables(skeleton) });
  } catch (error) {
    self.postMessage({ error: error instanceof Error ? error.message : String(error) } satisfies WorkerAnswer);
  }
};
