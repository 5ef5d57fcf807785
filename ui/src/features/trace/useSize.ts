// The size of an element, kept in step with it.
import { type RefObject, useLayoutEffect, useRef, useState } from "react";

export function useSize(): [RefObject<HTMLDivElement | null>, { width: number; height: number }] {
  const element = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const target = element.current;
    if (!target) return;
    const measure = () =>
      setSize((before) => {
        const after = { width: target.clientWidth, height: target.clientHeight };
        return before.width === after.width && before.height === after.height ? before : after;
      });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(target);
    return () => observer.disconnect();
  }, []);
  return [element, size];
}

export function useWidth(): [RefObject<HTMLDivElement | null>, number] {
  const [element, { width }] = useSize();
  return [element, width];
}
