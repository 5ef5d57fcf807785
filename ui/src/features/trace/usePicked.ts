// The selected span's id: what was picked last counts at once, the address follows. Keys come faster than addresses
// change, and a second press must begin where the first one led.
import { useCallback, useEffect, useRef, useState } from "react";

export function usePicked(
  spanId: string | null,
  onSelectSpan: (id: string) => void,
): [string | null, (id: string) => void] {
  const [picked, setPicked] = useState<string | null>(null);
  // Ids that the address has been asked to take and may still show, in whatever order it gets to them.
  const asked = useRef(new Set<string>());
  const latest = useRef({ picked, onSelectSpan });
  latest.current = { picked, onSelectSpan };
  useEffect(() => {
    const arrived = spanId !== null && spanId === latest.current.picked;
    if (!arrived && spanId !== null && asked.current.has(spanId)) return;
    // Either the address has caught up, or it was changed by someone else.
    asked.current.clear();
    setPicked(null);
  }, [spanId]);
  const pick = useCallback((id: string) => {
    asked.current.add(id);
    setPicked(id);
    latest.current.onSelectSpan(id);
  }, []);
  return [picked ?? spanId, pick];
}
