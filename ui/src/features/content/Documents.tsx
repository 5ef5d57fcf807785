// What a retriever or reranker returned: rank, score, source, and the words of the query marked in the text.
import { useMemo, useState } from "react";
import type { Document } from "../../api/types";
import styles from "./content.module.css";
import { JsonView } from "./json/JsonView";
import { SafeLink } from "./Markdown";
import { PrettyText } from "./Value";

const SNIPPET_CHARS = 280;
const SOURCE_KEYS = ["source", "url", "uri", "file", "file_path", "path", "title", "doc_uri", "name"];

export function Documents({ documents, query }: { documents: Document[]; query: string }) {
  const best = Math.max(...documents.map((document) => Math.abs(document.score ?? 0)), Number.MIN_VALUE);
  return (
    <div className={styles.documents}>
      {documents.map((document, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the documents of one answer never change places
        <Row key={at} rank={at + 1} document={document} best={best} query={query} />
      ))}
    </div>
  );
}

function Row({ rank, document, best, query }: { rank: number; document: Document; best: number; query: string }) {
  const [open, setOpen] = useState(false);
  const source = sourceOf(document);
  const cut = document.content.length > SNIPPET_CHARS;
  const rest = Object.keys(document.metadata).length > 0;
  return (
    <article className={styles.document}>
      <span className={styles.rank}>{rank}</span>
      <span className={styles.score}>
        {document.score === null ? "" : document.score.toPrecision(3)}
        {document.score !== null && (
          <span className={styles.scoreBar} style={{ display: "block" }}>
            <span style={{ width: `${(Math.abs(document.score) / best) * 100}%` }} />
          </span>
        )}
      </span>
      <div className={styles.documentBody}>
        {source && (
          <SafeLink href={source} className={styles.source}>
            {source}
          </SafeLink>
        )}
        {open ? (
          <PrettyText text={document.content} />
        ) : (
          <Marked text={document.content.slice(0, SNIPPET_CHARS) + (cut ? "…" : "")} query={query} />
        )}
        {open && rest && <JsonView value={document.metadata} />}
        {(cut || rest) && (
          <button type="button" className={styles.more} aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "Less" : cut ? `All ${document.content.length.toLocaleString("en-US")} characters` : "Metadata"}
          </button>
        )}
      </div>
    </article>
  );
}

function sourceOf(document: Document): string | null {
  for (const key of SOURCE_KEYS) {
    const value = document.metadata[key];
    if (typeof value === "string" && value !== "") return value;
  }
  return document.id;
}

function Marked({ text, query }: { text: string; query: string }) {
  const parts = useMemo(() => markWords(text, query), [text, query]);
  return (
    <p>
      {parts.map((part, at) =>
        part.marked ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change places
          <mark key={at} className={styles.mark}>
            {part.text}
          </mark>
        ) : (
          part.text
        ),
      )}
    </p>
  );
}

/** Splits a text at the words of a query that are longer than three letters. */
export function markWords(text: string, query: string): { text: string; marked: boolean }[] {
  const words = [...new Set(query.toLowerCase().match(/[\p{L}\p{N}]{4,}/gu) ?? [])];
  if (words.length === 0) return [{ text, marked: false }];
  const pattern = new RegExp(`(${words.join("|")})`, "giu");
  return text
    .split(pattern)
    .map((part, at) => ({ text: part, marked: at % 2 === 1 }))
    .filter((part) => part.text !== "");
}
