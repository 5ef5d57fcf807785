// A value outside of React that components subscribe to, for the little state that several places share.
import { useSyncExternalStore } from "react";
import { read, write } from "./storage";

export interface Store<T> {
  get(): T;
  set(value: T): void;
  use(): T;
}

/** Makes a shared value; with a key the browser remembers it. */
export function createStore<T>(initial: T, key?: string): Store<T> {
  let value = key ? read(key, initial) : initial;
  const listeners = new Set<() => void>();
  const get = () => value;
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return {
    get,
    set(next) {
      value = next;
      if (key) write(key, next);
      for (const listener of listeners) listener();
    },
    use: () => useSyncExternalStore(subscribe, get),
  };
}
