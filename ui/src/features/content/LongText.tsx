// Plain text of any length, as it is. Each piece is laid out by the browser only near the screen
// (`content-visibility`), so a megabyte scrolls like a page, and the browser's own search still finds all of it.
import { useMemo } from "react";
import styles from "./content.module.css";
import { splitText } from "./text";

/** Width of a line for the guess of a piece's height, which holds until it has been laid out once. */
const GUESSED_COLUMNS = 90;
const LINE_HEIGHT = 20;

export function LongText({ text, lineHeight = LINE_HEIGHT }: { text: string; lineHeight?: number }) {
  const chunks = useMemo(() => splitText(text), [text]);
  if (chunks.length <= 1) return <div className={styles.text}>{text}</div>;
  return (
    <div className={styles.text}>
      {chunks.map((chunk, at) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text never change places
          key={at}
          className={styles.chunk}
          style={{ containIntrinsicSize: `auto ${guessLines(chunk) * lineHeight}px` }}
        >
          {chunk}
        </div>
      ))}
    </div>
  );
}

export function guessLines(text: string): number {
  let lines = 0;
  for (let from = 0; from < text.length; ) {
    const newline = text.indexOf("\n", from);
    const end = newline < 0 ? text.length : newline;
    lines += Math.max(1, Math.ceil((end - from) / GUESSED_COLUMNS));
    from = end + 1;
  }
  return lines;
}
