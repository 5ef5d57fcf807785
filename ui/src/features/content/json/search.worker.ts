// Holds one JSON value and searches it off the main thread.
import { searchJson } from "./search";

let value: unknown;

self.onmessage = (event: MessageEvent<{ value: unknown } | { text: string }>) => {
  if ("value" in event.data) value = event.data.value;
  else self.postMessage(searchJson(value, event.data.text));
};
