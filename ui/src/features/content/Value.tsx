// Any value as a person would read it: text as text, small objects as keys and values, the rest as JSON.
import { useMemo } from "react";
import styles from "./content.module.css";
import { JsonView } from "./json/JsonView";
import { sizeOf } from "./json/lines";
import { LongText } from "./LongText";
import { Markdown } from "./Markdown";
import { looksLikeMarkdown, parseJsonText } from "./text";

/** Objects of more keys are JSON. */
const MOST_KEYS = 24;
/** Above this a text is not searched for JSON: that is a choice of the reader's. */
const PARSE_LIMIT = 512 * 1024;

export function PrettyValue({
  value,
  bytes = 0,
  ofTool = false,
}: {
  value: unknown;
  bytes?: number;
  ofTool?: boolean;
}) {
  if (typeof value === "string") return <PrettyText text={value} ofTool={ofTool} />;
  if (value === null || typeof value !== "object")
    return <span className={styles.text}>{JSON.stringify(value) ?? ""}</span>;
  const keys = Array.isArray(value) ? [] : Object.entries(value);
  if (keys.length === 0 || keys.length > MOST_KEYS) return <JsonView value={value} bytes={bytes} />;
  return (
    <dl className={styles.keys}>
      {keys.map(([key, item]) => (
        <Entry key={key} name={key} value={item} />
      ))}
    </dl>
  );
}

function Entry({ name, value }: { name: string; value: unknown }) {
  const plain = value === null || typeof value !== "object" || sizeOf(value) === 0;
  return (
    <>
      <dt>{name}</dt>
      <dd>
        {typeof value === "string" ? (
          <PrettyText text={value} />
        ) : plain ? (
          <span className={`${styles.text} ${typeof value === "number" ? styles.number : styles.keyword}`}>
            {JSON.stringify(value)}
          </span>
        ) : isShortList(value) ? (
          value.join(", ")
        ) : (
          <JsonView value={value} />
        )}
      </dd>
    </>
  );
}

function isShortList(value: unknown): value is (string | number)[] {
  return (
    Array.isArray(value) &&
    value.length <= 12 &&
    value.every((item) => typeof item === "number" || (typeof item === "string" && item.length < 40))
  );
}

/** Text as JSON if it is that; else, unless it is a tool's, as Markdown if it uses its marks; else as it is. */
export function PrettyText({ text, ofTool = false }: { text: string; ofTool?: boolean }) {
  const parsed = useMemo(() => (text.length <= PARSE_LIMIT ? parseJsonText(text) : undefined), [text]);
  if (parsed !== undefined) return <JsonView value={parsed} bytes={text.length} />;
  // What a tool gives back is more often a file or a listing than prose, and "#" a comment than a heading.
  if (ofTool) return <LongText text={text} />;
  if (looksLikeMarkdown(text)) return <Markdown text={text} />;
  return (
    <div className={styles.markdown} style={{ whiteSpace: "pre-wrap" }}>
      {text.length > 16_384 ? <LongText text={text} /> : text}
    </div>
  );
}
