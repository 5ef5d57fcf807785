// What the browser remembers: how things are shown, never what is selected (that is in the URL).
import { useCallback, useState } from "react";

const PREFIX = "spanwise.";

export function read<T>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem(PREFIX + key);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    // Storage may be forbidden or hold something else; what it holds is only a preference.
    return fallback;
  }
}

export function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // Full or forbidden storage: the preference holds until the page is closed.
  }
}

/** State that is remembered under a key. */
export function useStored<T>(key: string, fallback: T): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => read(key, fallback));
  const set = useCallback(
    (next: T) => {
      setValue(next);
      write(key, next);
    },
    [key],
  );
  return [value, set];
}
