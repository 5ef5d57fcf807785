// What a reviewer reads of a trace: the conversation as the last call of a model had it, or what was asked and answered; or
// all steps. What others said about it is not shown, so that nobody is led.
import { type QueryClient, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Message, SpanDetail, TraceRecord } from "../../api/types";
import { Dollars, Duration } from "../../components/Figure";
import { oneLine } from "../../lib/oneLine";
import { Messages } from "../content/messages/Messages";
import { gistLine } from "../content/text";
import { PrettyText } from "../content/Value";
import { usePreviews } from "../trace/data/previews";
import { recordQuery, spanQuery, treeQuery } from "../trace/data/queries";
import { useGist } from "../trace/data/useGist";
import { Failure } from "../trace/Failure";
import { StateChip } from "../trace/header/TraceHeader";
import { idOf, type Skeleton } from "../trace/model/skeleton";
import { outerModelCalls } from "../trace/model/story";
import { Transcript } from "../trace/transcript/Transcript";
import styles from "./Desk.module.css";

interface ReviewTraceProps {
  traceId: string;
  /** All steps instead of the conversation. */
  steps: boolean;
}

/** Fetches what the page of a trace begins with. */
export async function prefetchTrace(client: QueryClient, traceId: string): Promise<void> {
  void client.prefetchQuery(recordQuery(traceId));
  await client.prefetchQuery(treeQuery(traceId));
  const skeleton = client.getQueryData(treeQuery(traceId).queryKey);
  const last = skeleton ? outerModelCalls(skeleton).last : -1;
  if (skeleton && last >= 0) await client.prefetchQuery(spanQuery(traceId, idOf(skeleton, last)));
}

export function ReviewTrace({ traceId, steps }: ReviewTraceProps) {
  const record = useQuery(recordQuery(traceId));
  const tree = useQuery(treeQuery(traceId));
  const failed = record.error ?? tree.error;
  if (record.data && tree.data) {
    return (
      <article className={styles.trace} aria-label="Trace" data-trace={traceId}>
        <Head record={record.data} />
        {steps ? (
          <Steps record={record.data} skeleton={tree.data} />
        ) : (
          <Conversation record={record.data} skeleton={tree.data} />
        )}
      </article>
    );
  }
  if (failed)
    return <Failure error={failed} what="trace" retry={() => void Promise.all([record.refetch(), tree.refetch()])} />;
  return <div className={styles.trace} role="status" aria-label="Loading the trace" />;
}

function Head({ record }: { record: TraceRecord }) {
  return (
    <header className={styles.traceHead}>
      <h2 className="cut" data-full={record.name}>
        {oneLine(record.name ?? "") || record.trace_id}
      </h2>
      <StateChip state={record.state} />
      {record.duration_ns !== null && (
        <span>
          <Duration ns={record.duration_ns} />
        </span>
      )}
      {record.cost && (
        <span>
          <Dollars value={record.cost.total} />
        </span>
      )}
      <code className={`${styles.id} cut`}>{record.trace_id}</code>
    </header>
  );
}

function Steps({ record, skeleton }: { record: TraceRecord; skeleton: Skeleton }) {
  const previews = usePreviews(record.trace_id);
  const [row, setRow] = useState(skeleton.roots[0] ?? 0);
  return (
    <div className={styles.steps}>
      <Transcript record={record} skeleton={skeleton} previews={previews} selectedRow={row} onSelectRow={setRow} />
    </div>
  );
}

function Conversation({ record, skeleton }: { record: TraceRecord; skeleton: Skeleton }) {
  const last = useMemo(() => outerModelCalls(skeleton).last, [skeleton]);
  const call = useQuery({ ...spanQuery(record.trace_id, idOf(skeleton, Math.max(last, 0))), enabled: last >= 0 });
  const told = useGist(record, skeleton);
  const messages = useMemo(() => (call.data ? messagesOf(call.data) : []), [call.data]);
  if (last >= 0 && call.isPending) return null;
  const answer = told.output !== null && !isSaid(messages, told.output) ? told.output : null;
  return (
    <>
      {messages.length > 0 ? (
        <Messages messages={messages} />
      ) : (
        <Said who="asked" text={told.input} none="nothing recorded" />
      )}
      {(answer !== null || messages.length === 0) && <Said who="answer" text={told.output} none="nothing recorded" />}
    </>
  );
}

function Said({ who, text, none }: { who: string; text: string | null; none: string }) {
  return (
    <section className={styles.said} aria-label={who}>
      <h3 data-role={who === "asked" ? "user" : "assistant"}>{who}</h3>
      <div>{text === null ? <em>{none}</em> : <PrettyText text={text} />}</div>
    </section>
  );
}

function messagesOf(span: SpanDetail): Message[] {
  return [...(span.input_messages ?? []), ...(span.output_messages ?? [])];
}

/** Says whether the trace's answer is what the conversation ends with. */
function isSaid(messages: readonly Message[], answer: string): boolean {
  const parts = messages.at(-1)?.parts ?? [];
  const text = gistLine(parts.map((part) => (part.type === "text" ? part.text : "")).join(" "));
  const gist = gistLine(answer);
  return text !== "" && (text.includes(gist) || gist.includes(text));
}
