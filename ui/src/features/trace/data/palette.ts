// The design tokens as colours that a canvas can use, kept in step with the theme.
import { useEffect, useState } from "react";

export interface Palette {
  types: string[];
  error: string;
  line: string;
  lineStrong: string;
  critical: string;
}

export function usePalette(types: readonly string[]): Palette {
  const [palette, setPalette] = useState(() => readPalette(types));
  useEffect(() => {
    const update = () => setPalette(readPalette(types));
    update();
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const observer = new MutationObserver(update);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "style", "class"] });
    scheme.addEventListener("change", update);
    return () => {
      observer.disconnect();
      scheme.removeEventListener("change", update);
    };
  }, [types]);
  return palette;
}

/** `light-dark()` is resolved by the browser in a real property only, so an element is asked. */
function readPalette(types: readonly string[]): Palette {
  const probe = document.createElement("span");
  probe.style.display = "none";
  document.body.append(probe);
  const read = (value: string) => {
    probe.style.color = value;
    return getComputedStyle(probe).color;
  };
  const typeColours = types.map((type) => {
    probe.dataset.spanType = type;
    return read("var(--type-fill)");
  });
  delete probe.dataset.spanType;
  const palette = {
    types: typeColours,
    error: read("var(--error-fill)"),
    line: read("var(--line-faint)"),
    lineStrong: read("var(--line-strong)"),
    critical: read("var(--fg-3)"),
  };
  probe.remove();
  return palette;
}
