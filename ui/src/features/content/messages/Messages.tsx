// A conversation: one row a message, roles in a column, history that the call before had folded, tool calls as cards.
import { type ReactNode, useMemo, useState } from "react";
import type { Message, Part } from "../../../api/types";
import { Icon } from "../../../components/icon/Icon";
import { count as formatCount, plain } from "../../../lib/format";
import { CopyButton } from "../CopyButton";
import styles from "../content.module.css";
import { JsonView } from "../json/JsonView";
import { estimateTokens } from "../text";
import { PrettyText } from "../Value";
import { matchResults, type ToolCall, type ToolResult } from "./history";
import { ToolCallCard } from "./ToolCallCard";

/** Longer texts are folded to their head until asked for. */
const FOLD_CHARS = 24_000;

export interface MessagesProps {
  messages: Message[];
  /** How many leading messages the call before already had. */
  repeated?: number;
  /** What follows a tool call of the answer: a link to the span that ran it. */
  after?(call: ToolCall, nth: number): ReactNode;
}

export function Messages({ messages, repeated = 0, after }: MessagesProps) {
  const [open, setOpen] = useState(false);
  const { results, absorbed } = useMemo(() => matchResults(messages), [messages]);
  const shown = messages
    .map((message, at) => ({ message, at }))
    .filter(({ message, at }) => {
      // A result whose call is folded away with the history is shown by itself.
      if (!absorbed.has(message)) return true;
      return !open && at >= repeated && message.parts.some((part) => callBefore(messages, repeated, results, part));
    });
  const visible = open ? shown : shown.filter(({ at }) => at >= repeated);
  return (
    <div className={styles.messages}>
      {repeated > 0 && (
        <button type="button" className={styles.history} aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name={open ? "chevronDown" : "chevronRight"} size={14} />
          {repeated} earlier {repeated === 1 ? "message" : "messages"}, as in the call before
        </button>
      )}
      {visible.map(({ message, at }) => (
        <MessageRow key={at} message={message} results={results} after={after} />
      ))}
    </div>
  );
}

function callBefore(messages: Message[], repeated: number, results: Map<ToolCall, ToolResult>, part: Part): boolean {
  return messages
    .slice(0, repeated)
    .some((message) => message.parts.some((call) => call.type === "tool_call" && results.get(call) === part));
}

interface RowProps {
  message: Message;
  results: Map<ToolCall, ToolResult>;
  after?: MessagesProps["after"];
}

function MessageRow({ message, results, after }: RowProps) {
  const seen = new Map<string, number>();
  return (
    <div className={styles.message}>
      <div className={styles.role} data-role={message.role}>
        {message.role}
        {message.name && <span className={styles.speaker}>{message.name}</span>}
      </div>
      <div className={styles.parts}>
        {message.parts.map((part, at) => {
          const nth = part.type === "tool_call" ? (seen.get(part.name) ?? 0) : 0;
          if (part.type === "tool_call") seen.set(part.name, nth + 1);
          return (
            <PartView
              // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one message never change places
              key={at}
              part={part}
              system={message.role === "system" || message.role === "developer"}
              results={results}
              after={after}
              nth={nth}
            />
          );
        })}
        {message.finish_reason && !["stop", "end_turn", "tool_calls", "tool_use"].includes(message.finish_reason) && (
          <span className={styles.finish}>finished: {message.finish_reason}</span>
        )}
      </div>
    </div>
  );
}

function PartView({
  part,
  system,
  results,
  after,
  nth,
}: {
  part: Part;
  system: boolean;
  results: RowProps["results"];
  after: RowProps["after"];
  nth: number;
}) {
  switch (part.type) {
    case "text":
      return <TextPart text={part.text} system={system} />;
    case "thinking":
      return <Folded label="Thinking" text={part.text} className={styles.thinking} />;
    case "tool_call":
      return <ToolCallCard call={part} result={results.get(part) ?? null} after={after?.(part, nth)} />;
    case "tool_result":
      return (
        <div>
          {part.name && <span className={styles.speaker}>{part.name}</span>}
          <ResultValue result={part} />
        </div>
      );
    case "json":
      return <JsonView value={part.value} />;
    default:
      return <Attachment part={part} />;
  }
}

export function ResultValue({ result }: { result: ToolResult }) {
  const { result: value } = result;
  if (typeof value === "string") return <PrettyText text={value} />;
  return <JsonView value={value} />;
}

function TextPart({ text, system }: { text: string; system: boolean }) {
  const [open, setOpen] = useState(false);
  if (text.trim() === "") return null;
  const long = system ? text.length > 160 || text.split("\n", 3).length > 2 : text.length > FOLD_CHARS;
  if (!long) return <PrettyText text={text} />;
  const size = `${plain(formatCount(text.length))} characters, about ${plain(formatCount(estimateTokens(text)))} tokens`;
  return (
    <>
      {open ? (
        <PrettyText text={text} />
      ) : system ? (
        <div className={styles.folded}>{text.slice(0, 600)}</div>
      ) : (
        <PrettyText text={`${text.slice(0, 2000)}…`} />
      )}
      <div style={{ display: "flex", gap: 8 }}>
        <button type="button" className={styles.more} aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Show less" : `Show all · ${size}`}
        </button>
        {!system && <CopyButton label="Copy text" text={() => text} />}
      </div>
    </>
  );
}

function Folded({ label, text, className }: { label: string; text: string; className?: string | undefined }) {
  const [open, setOpen] = useState(false);
  return (
    <div className={className}>
      <button type="button" className={styles.more} aria-expanded={open} onClick={() => setOpen(!open)}>
        {label} · about {plain(formatCount(estimateTokens(text)))} tokens
      </button>
      {open && <PrettyText text={text} />}
    </div>
  );
}

type AttachmentPart = Extract<Part, { type: "image" | "audio" | "file" }>;

/** Inline only what came with the trace. What lies elsewhere is a link: opening a trace must ask no one. */
function Attachment({ part }: { part: AttachmentPart }) {
  const inline =
    part.data !== null
      ? `data:${part.mime_type ?? fallbackType(part)};base64,${part.data}`
      : part.url?.startsWith("data:")
        ? part.url
        : null;
  const name = part.name ?? part.mime_type ?? part.type;
  if (inline && part.type === "image" && /^data:image\/(png|jpe?g|gif|webp|avif|bmp)[;,]/i.test(inline)) {
    return <img className={styles.image} src={inline} alt={part.name ?? "image in the message"} />;
  }
  if (inline) {
    return (
      <a className={styles.attachment} href={inline} download={part.name ?? `${part.type}`}>
        {part.type}: {name} · {plain(formatCount(Math.round((inline.length * 3) / 4)))} bytes
      </a>
    );
  }
  if (part.url && /^https?:/i.test(part.url)) {
    return (
      <a className={styles.attachment} href={part.url} target="_blank" rel="noopener noreferrer nofollow">
        <Icon name="external" size={13} /> {part.type}: {part.url}
      </a>
    );
  }
  return (
    <span className={styles.attachment}>
      {part.type}: {part.url ?? name}
    </span>
  );
}

function fallbackType(part: AttachmentPart): string {
  return part.type === "image" ? "image/png" : part.type === "audio" ? "audio/wav" : "application/octet-stream";
}
