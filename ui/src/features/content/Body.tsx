// Inputs or outputs of a span that is not a chat: the value, in the mode that its kind was last read in.
import type { Body } from "../../api/types";
import { bytes as formatBytes, plain } from "../../lib/format";
import { Block, type Mode } from "./Block";
import { JsonView } from "./json/JsonView";
import { LongText } from "./LongText";
import { Markdown } from "./Markdown";
import { PrettyValue } from "./Value";

interface BodyBlockProps {
  title: string;
  kind: string;
  body: Body;
  whole?: string;
  /** Written by a tool: a text is shown as it is in the messages that carry it. */
  ofTool?: boolean;
}

export function BodyBlock({ title, kind, body, whole, ofTool = false }: BodyBlockProps) {
  const { value } = body;
  const modes: Mode[] = typeof value === "string" ? ["Pretty", "Markdown", "Raw"] : ["Pretty", "JSON", "Raw"];
  const note = body.cut ? (
    <>
      the first {plain(formatBytes(5 * 1024 * 1024))} of {plain(formatBytes(body.bytes))};{" "}
      {whole && (
        <a href={whole} download>
          download all of it
        </a>
      )}
    </>
  ) : (
    plain(formatBytes(body.bytes))
  );
  return (
    <Block title={title} kind={kind} note={note} modes={modes} copy={() => rawText(value)}>
      {(mode) => (
        <ValueAs mode={body.cut && mode === "Pretty" ? "Raw" : mode} value={value} bytes={body.bytes} ofTool={ofTool} />
      )}
    </Block>
  );
}

interface ValueAsProps {
  mode: Mode;
  value: unknown;
  bytes: number;
  ofTool?: boolean;
}

export function ValueAs({ mode, value, bytes, ofTool = false }: ValueAsProps) {
  if (mode === "JSON") return <JsonView value={value} bytes={bytes} />;
  if (mode === "Markdown") return <Markdown text={rawText(value)} />;
  if (mode === "Raw") return <LongText text={rawText(value)} />;
  return <PrettyValue value={value} bytes={bytes} ofTool={ofTool} />;
}

export function rawText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
}
