// What a span took in and gave out, rendered for reading: the error first, then messages or values, documents, tools.
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { apiUrl } from "../../../api/client";
import type { Body, Message, SpanDetail } from "../../../api/types";
import { Icon } from "../../../components/icon/Icon";
import { Block, type Mode } from "../../content/Block";
import { BodyBlock, rawText } from "../../content/Body";
import styles2 from "../../content/content.module.css";
import { Documents } from "../../content/Documents";
import { JsonView } from "../../content/json/JsonView";
import { LongText } from "../../content/LongText";
import { repeatedMessages, type ToolCall } from "../../content/messages/history";
import { Messages } from "../../content/messages/Messages";
import { attributeUrl, spanQuery, tracePath } from "../data/queries";
import { idOf, type Skeleton } from "../model/skeleton";
import { previousModelCall, toolSpanOf } from "../model/story";
import styles from "./detail.module.css";
import { ErrorBox } from "./ErrorBox";

export interface OverviewProps {
  traceId: string;
  skeleton: Skeleton;
  row: number;
  span: SpanDetail;
  onSelectRow(row: number): void;
}

export function OverviewTab(props: OverviewProps) {
  const { traceId, span } = props;
  const whole = (body: Body) => wholeBody(traceId, span, body);
  const chat = span.input_messages !== null || span.output_messages !== null;
  const nothing =
    !chat && !span.inputs && !span.outputs && !span.documents?.length && !span.exception && span.status !== "ERROR";
  return (
    <div className={styles.overview}>
      {(span.status === "ERROR" || span.exception) && <ErrorBox span={span} />}
      {span.input_messages ? (
        <InputMessages {...props} messages={span.input_messages} />
      ) : (
        span.inputs && <BodyBlock title="Input" kind="input" body={span.inputs} whole={whole(span.inputs)} />
      )}
      {span.output_messages ? <OutputMessages {...props} messages={span.output_messages} /> : null}
      {span.documents && span.documents.length > 0 ? (
        <DocumentsBlock span={span} />
      ) : (
        !span.output_messages &&
        span.outputs && (
          <BodyBlock
            title="Output"
            kind="output"
            body={span.outputs}
            whole={whole(span.outputs)}
            ofTool={span.type === "TOOL"}
          />
        )
      )}
      {span.prompt_template && <Template prompt={span.prompt_template} />}
      {span.tools && span.tools.length > 0 && <Tools tools={span.tools} />}
      {nothing && (
        <p className={styles.empty}>
          This span carries no input or output. What it has is under Attributes and Events.
        </p>
      )}
    </div>
  );
}

/** Where all of a body that was cut can be had: at the attribute it came from, else in the trace as OTLP. */
function wholeBody(traceId: string, span: SpanDetail, body: Body): string {
  const source = span.attributes.find((one) => one.cut && one.bytes >= body.bytes * 0.5 && one.bytes <= body.bytes * 2);
  return source ? attributeUrl(traceId, span.span_id, source.key) : apiUrl(`${tracePath(traceId)}/otlp`);
}

function InputMessages({ traceId, skeleton, row, span, messages }: OverviewProps & { messages: Message[] }) {
  const before = useMemo(() => previousModelCall(skeleton, row), [skeleton, row]);
  const previous = useQuery({
    ...spanQuery(traceId, idOf(skeleton, Math.max(before, 0))),
    enabled: before >= 0 && messages.length > 1,
  });
  const repeated = useMemo(
    () =>
      before >= 0 && previous.data
        ? repeatedMessages(messages, { input: previous.data.input_messages, output: previous.data.output_messages })
        : 0,
    [before, previous.data, messages],
  );
  // Until the call before is known, nothing is shown that would then fold away.
  if (before >= 0 && messages.length > 1 && previous.isPending) return null;
  return (
    <Block
      title="Input"
      kind="messages"
      note={`${messages.length} ${messages.length === 1 ? "message" : "messages"}`}
      modes={MESSAGE_MODES}
      copy={() => rawText(span.inputs?.value ?? messages)}
    >
      {(mode) => <MessagesAs mode={mode} messages={messages} raw={span.inputs?.value} repeated={repeated} />}
    </Block>
  );
}

function OutputMessages({ skeleton, row, span, messages, onSelectRow }: OverviewProps & { messages: Message[] }) {
  const after = (call: ToolCall, nth: number) => {
    const target = toolSpanOf(skeleton, row, call.name, nth);
    if (target < 0) return null;
    return (
      <button
        type="button"
        className={styles2.small}
        data-tip="Go to the span that ran this call"
        onClick={() => onSelectRow(target)}
      >
        span <Icon name="chevronRight" size={12} />
      </button>
    );
  };
  return (
    <Block title="Output" kind="messages" modes={MESSAGE_MODES} copy={() => rawText(span.outputs?.value ?? messages)}>
      {(mode) => <MessagesAs mode={mode} messages={messages} raw={span.outputs?.value} after={after} />}
    </Block>
  );
}

const MESSAGE_MODES: readonly Mode[] = ["Pretty", "JSON", "Raw"];

interface MessagesAsProps {
  mode: Mode;
  messages: Message[];
  raw: unknown;
  repeated?: number;
  after?(call: ToolCall, nth: number): React.ReactNode;
}

function MessagesAs({ mode, messages, raw, repeated = 0, after }: MessagesAsProps) {
  if (mode === "JSON") return <JsonView value={raw ?? messages} />;
  if (mode === "Raw") return <LongText text={rawText(raw ?? messages)} />;
  return <Messages messages={messages} repeated={repeated} {...(after ? { after } : {})} />;
}

function DocumentsBlock({ span }: { span: SpanDetail }) {
  const documents = span.documents ?? [];
  const query =
    typeof span.inputs?.value === "string" ? span.inputs.value : rawText(span.inputs?.value ?? "").slice(0, 2000);
  return (
    <Block
      title="Documents"
      kind="documents"
      note={String(documents.length)}
      modes={["Pretty", "JSON", "Raw"]}
      copy={() => rawText(documents)}
    >
      {(mode) =>
        mode === "JSON" ? (
          <JsonView value={documents} />
        ) : mode === "Raw" ? (
          <LongText text={rawText(span.outputs?.value ?? documents)} />
        ) : (
          <Documents documents={documents} query={query} />
        )
      }
    </Block>
  );
}

function Template({ prompt }: { prompt: NonNullable<SpanDetail["prompt_template"]> }) {
  const variables = Object.keys(prompt.variables).length > 0;
  return (
    <Block
      title="Prompt template"
      kind="template"
      note={prompt.version}
      modes={["Pretty"]}
      copy={() => prompt.template ?? rawText(prompt.variables)}
    >
      {() => (
        <>
          {prompt.template && <LongText text={prompt.template} />}
          {variables && <JsonView value={prompt.variables} />}
        </>
      )}
    </Block>
  );
}

function Tools({ tools }: { tools: NonNullable<SpanDetail["tools"]> }) {
  const [open, setOpen] = useState<string | null>(null);
  return (
    <section className={styles2.block} aria-label="Tools on offer">
      <header className={styles2.blockHead}>
        <h3>Tools on offer</h3>
        <span className={styles2.blockNote}>{tools.length}</span>
      </header>
      <ul className={styles.offered}>
        {tools.map((tool) => (
          <li key={tool.name}>
            <button
              type="button"
              aria-expanded={open === tool.name}
              onClick={() => setOpen(open === tool.name ? null : tool.name)}
            >
              <Icon name={open === tool.name ? "chevronDown" : "chevronRight"} size={12} />
              <code>{tool.name}</code>
              <span className="cut">{tool.description}</span>
            </button>
            {open === tool.name && (
              <div className={styles.offeredBody}>
                {tool.description && <p>{tool.description}</p>}
                <JsonView value={tool.parameters} />
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
