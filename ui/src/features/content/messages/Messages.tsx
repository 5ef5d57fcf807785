// A conversation: one row a message, roles in a column, history that the call before had folded, tool calls as cards.
import { type ReactNode, useMemo, useState } from "react";
import type { Message, Part } from "../../../api/types";
import { Icon } from "../../../components/icon/Icon";
import { count as formatCount, plain } from "../../../lib/format";
import { CopyButton } from "../CopyButton";
import styles from "../content.module.css";
import { JsonView } from "../json/JsonView";
import { LongText } from "../LongText";
import { estimateTokens, parseJsonText } from "../text";
import { PrettyText } from "../Value";
import { argumentsLine, matchResults, type ToolCall, type ToolResult } from "./history";
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
  const calls = useMemo(() => new Map([...results].map(([call, result]) => [result, call])), [results]);
  const first = open ? 0 : repeated;
  // A result is with its call; if that is folded away with the history, it is shown by itself.
  const hidden = new Set(messages.slice(0, first).flatMap((message) => message.parts));
  const alone = (part: Part) => part.type === "tool_result" && hidden.has(calls.get(part) as Part);
  const visible = messages.slice(first).filter((message) => !absorbed.has(message) || message.parts.some(alone));
  return (
    <div className={styles.messages}>
      {repeated > 0 && (
        <button type="button" className={styles.history} aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name={open ? "chevronDown" : "chevronRight"} size={14} />
          {repeated} earlier {repeated === 1 ? "message" : "messages"}, as in the call before
        </button>
      )}
      {visible.map((message) => (
        <MessageRow key={messages.indexOf(message)} message={message} results={results} calls={calls} after={after} />
      ))}
    </div>
  );
}

interface RowProps {
  message: Message;
  results: Map<ToolCall, ToolResult>;
  calls: Map<ToolResult, ToolCall>;
  after?: MessagesProps["after"];
}

function MessageRow({ message, results, calls, after }: RowProps) {
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
              calls={calls}
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

interface PartProps extends Omit<RowProps, "message"> {
  part: Part;
  system: boolean;
  nth: number;
}

function PartView({ part, system, results, calls, after, nth }: PartProps) {
  switch (part.type) {
    case "text":
      return <TextPart text={part.text} system={system} />;
    case "thinking":
      return <Folded label="Thinking" text={part.text} className={styles.thinking} />;
    case "tool_call":
      return <ToolCallCard call={part} result={results.get(part) ?? null} after={after?.(part, nth)} />;
    case "tool_result":
      return <LoneResult result={part} call={calls.get(part)} />;
    case "json":
      return <JsonView value={part.value} />;
    default:
      return <Attachment part={part} />;
  }
}

/** A result whose call is not on the screen says what was called. */
function LoneResult({ result, call }: { result: ToolResult; call: ToolCall | undefined }) {
  const name = call?.name ?? result.name;
  return (
    <div>
      {name && (
        <code className={styles.callText}>
          <b>{name}</b>
          {call && `(${argumentsLine(call.arguments)})`}
        </code>
      )}
      <ResultValue result={result} />
    </div>
  );
}

export function ResultValue({ result }: { result: ToolResult }) {
  const { result: value } = result;
  const parsed = useMemo(() => (typeof value === "string" ? parseJsonText(value) : value), [value]);
  if (parsed !== undefined) return <JsonView value={parsed} />;
  // What a tool gives back is more often a file or a listing than prose, and "#" a comment than a heading.
  return <LongText text={String(value)} />;
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

/** Where the server hands out what it cut out of messages. */
const OWN_ATTACHMENT = /^\/api\/v1\/attachments\/[0-9a-f]{64}$/;

/** Inline only what came with the trace. What lies elsewhere is a link: opening a trace must ask no one. */
function Attachment({ part }: { part: AttachmentPart }) {
  if (part.url && OWN_ATTACHMENT.test(part.url)) return <OwnAttachment part={part} url={part.url} />;
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
  if (inline) return <Download part={part} url={inline} bytes={Math.round((inline.length * 3) / 4)} />;
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

/** What the server keeps of the message. It says what it is; what a browser can't show is a download. */
function OwnAttachment({ part, url }: { part: AttachmentPart; url: string }) {
  const [isShown, setShown] = useState(part.type !== "file");
  const fail = () => setShown(false);
  const download = <Download part={part} url={url} bytes={part.bytes} />;
  if (isShown && part.type === "image") {
    return (
      <img className={styles.image} src={url} loading="lazy" alt={part.name ?? "image in the message"} onError={fail} />
    );
  }
  if (isShown && part.type === "audio") {
    return (
      <div className={styles.audio}>
        {/* biome-ignore lint/a11y/useMediaCaption: what was said is the message beside it */}
        <audio controls preload="metadata" src={url} aria-label={part.name ?? "audio in the message"} onError={fail} />
        {download}
      </div>
    );
  }
  return download;
}

function Download({ part, url, bytes }: { part: AttachmentPart; url: string; bytes: number | null }) {
  const name = part.name ?? part.mime_type ?? part.type;
  return (
    <a className={styles.attachment} href={url} download={part.name ?? `${part.type}`}>
      {part.type}: {name}
      {bytes !== null && ` · ${plain(formatCount(bytes))} bytes`}
    </a>
  );
}

function fallbackType(part: AttachmentPart): string {
  return part.type === "image" ? "image/png" : part.type === "audio" ? "audio/wav" : "application/octet-stream";
}
