// Marks words where they stand in a part of the page, as the browser's own search does: without touching the elements,
// which belong to React.
import { type RefObject, useEffect } from "react";

/** The name by which base.css colours the marks. */
const HIGHLIGHT = "filter-words";
/** More marks tell nothing new, and would take time in texts of megabytes. */
const MARKS_MAX = 500;

export function useMarkedWords(box: RefObject<HTMLElement | null>, words: readonly string[]): void {
  const key = words.join(" ");
  useEffect(() => {
    const element = box.current;
    if (!element || key === "" || typeof Highlight === "undefined") return;
    const mark = () => CSS.highlights.set(HIGHLIGHT, new Highlight(...rangesOf(element, key.split(" "))));
    mark();
    const observer = new MutationObserver(mark);
    observer.observe(element, { childList: true, subtree: true, characterData: true });
    return () => {
      observer.disconnect();
      CSS.highlights.delete(HIGHLIGHT);
    };
  }, [box, key]);
}

/** Scripts that write no blanks between words. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

function whole(word: string): string {
  return UNSPACED.test(word) ? word : `(?<![\\p{L}\\p{N}])${word}(?![\\p{L}\\p{N}])`;
}

/** Returns where whole words stand, in any case. */
export function rangesOf(element: Node, words: readonly string[]): Range[] {
  const pattern = new RegExp(words.map(whole).join("|"), "giu");
  const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const ranges: Range[] = [];
  for (let node = texts.nextNode(); node && ranges.length < MARKS_MAX; node = texts.nextNode()) {
    for (const match of (node.nodeValue ?? "").matchAll(pattern)) {
      if (ranges.length === MARKS_MAX) break;
      const range = document.createRange();
      range.setStart(node, match.index);
      range.setEnd(node, match.index + match[0].length);
      ranges.push(range);
    }
  }
  return ranges;
}
