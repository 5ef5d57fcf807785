// The head of a span: type, name, model, then figures. What the skeleton knows is there before the detail has come.
import { lazy, Suspense, useState } from "react";
import type { SpanDetail } from "../../../api/types";
import { IconButton } from "../../../components/button/Button";
import { CopyButton } from "../../../components/CopyButton";
import { Count, Duration } from "../../../components/Figure";
import { SpanTypeIcon } from "../../../components/icon/SpanTypeIcon";
import { exact } from "../../../lib/format";
import { oneLine } from "../../../lib/oneLine";
import { spanStateName } from "../../../lib/states";
import { CopyButton as CopyLazily } from "../../content/CopyButton";
import type { What } from "../../datasets/AddToDataset";
import { linkTo } from "../links";
import { idOf, modelOf, nameOf, type Skeleton, STATUS_ERROR, typeOf } from "../model/skeleton";
import { CostFigure } from "./CostFigure";
import styles from "./detail.module.css";
import { UsageBar } from "./UsageBar";

// Not needed before somebody asks for it.
const AddToDataset = lazy(() => import("../../datasets/AddToDataset"));

export function SpanHeader({
  skeleton,
  row,
  span,
  traceId,
}: {
  skeleton: Skeleton;
  row: number;
  span: SpanDetail | undefined;
  traceId: string;
}) {
  const type = typeOf(skeleton, row);
  const model = span?.model ?? modelOf(skeleton, row);
  const id = idOf(skeleton, row);
  return (
    <header className={styles.header}>
      <div className={styles.titleLine}>
        <SpanTypeIcon type={type} size={18} />
        <h2 className="cut" title={oneLine(nameOf(skeleton, row))}>
          {oneLine(nameOf(skeleton, row))}
        </h2>
        <span className={styles.type} data-span-type={type}>
          {type}
        </span>
        <span className={styles.tools}>
          <AddSpan traceId={traceId} spanId={id} />
          <code className={styles.id}>{id.slice(0, 8)}</code>
          <CopyButton text={id} label={`Copy span id ${id}`} />
          <CopyLazily label="Copy link to this span (c)" text={() => linkTo(traceId, id)}>
            link
          </CopyLazily>
          <CopyLazily label="Copy span as JSON (y)" text={() => JSON.stringify(span, null, 2) ?? ""}>
            JSON
          </CopyLazily>
        </span>
      </div>
      <Figures skeleton={skeleton} row={row} span={span} model={model} />
      {span && <Parameters parameters={span.parameters} />}
    </header>
  );
}

/** Makes a record of the span in a dataset. */
function AddSpan({ traceId, spanId }: { traceId: string; spanId: string }) {
  const [what, setWhat] = useState<What | null>(null);
  return (
    <>
      <IconButton
        icon="datasets"
        label="Add the span to a dataset"
        onClick={() => setWhat({ spans: [{ trace_id: traceId, span_id: spanId }] })}
      />
      {what && (
        <Suspense>
          <AddToDataset what={what} experiments={[]} onClose={() => setWhat(null)} />
        </Suspense>
      )}
    </>
  );
}

interface FiguresProps {
  skeleton: Skeleton;
  row: number;
  span: SpanDetail | undefined;
  model: string | null;
}

function Figures({ skeleton, row, span, model }: FiguresProps) {
  const duration = skeleton.duration[row] ?? 0;
  const failed = skeleton.status[row] === STATUS_ERROR;
  const self = skeleton.self[row] ?? 0;
  const output = span?.usage?.output ?? 0;
  const finish =
    span?.output_messages?.findLast((message) => message.finish_reason)?.finish_reason ?? span?.finish_reasons?.[0];
  const asked = span?.asked_model && span.asked_model !== model ? span.asked_model : null;
  return (
    <dl className={styles.figures}>
      {model && (
        <div>
          <dt className="visually-hidden">Model</dt>
          <dd className={styles.model}>{oneLine(model)}</dd>
          {span?.provider && <dd className={styles.provider}>{span.provider}</dd>}
        </div>
      )}
      <div data-state={failed ? "error" : undefined}>
        <dt>Status</dt>
        <dd>{spanStateName({ open: duration < 0, failed, ok: skeleton.status[row] === 1 })}</dd>
      </div>
      {duration >= 0 && (
        <div>
          <dt>Duration</dt>
          <dd>
            <Duration ns={duration} />
          </dd>
        </div>
      )}
      {duration > 0 && self < duration * 0.995 && (
        <div data-tip="Time in which none of its children was running">
          <dt>Self</dt>
          <dd>
            <Duration ns={self} />
          </dd>
        </div>
      )}
      {span?.usage && <UsageBar usage={span.usage} />}
      {span && <CostFigure cost={span.cost} reason={span.cost_reason} />}
      {output > 0 && duration > 0 && (
        <div data-tip={`${exact(output)} output tokens over the whole duration`}>
          <dt>Speed</dt>
          <dd>
            <Count value={Math.round(output / (duration / 1e9))} />
            <span className="unit"> tok/s</span>
          </dd>
        </div>
      )}
      {span?.time_to_first_token_ns != null && (
        <div data-tip="Until the first piece of the answer came">
          <dt>First token</dt>
          <dd>
            <Duration ns={span.time_to_first_token_ns} />
          </dd>
        </div>
      )}
      {finish && (
        <div>
          <dt>Finish</dt>
          <dd>{finish}</dd>
        </div>
      )}
      <Fact name="Asked for" value={asked} />
      <Fact name="Agent" value={span?.agent} />
      <Fact name="Prompt" value={span?.prompt && [span.prompt.name, span.prompt.version].filter(Boolean).join(" ")} />
    </dl>
  );
}

function Fact({ name, value }: { name: string; value: string | null | undefined }) {
  if (!value) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd className="cut" title={oneLine(value)}>
        {oneLine(value)}
      </dd>
    </div>
  );
}

/** More parameters than this are only in the attributes. */
const MOST_PARAMETERS = 8;

function Parameters({ parameters }: { parameters: Record<string, unknown> }) {
  const entries = Object.entries(parameters).filter(
    ([, value]) => value !== null && (typeof value !== "object" || Array.isArray(value)),
  );
  if (entries.length === 0) return null;
  return (
    <ul className={styles.parameters} aria-label="Parameters">
      {entries.slice(0, MOST_PARAMETERS).map(([key, value]) => (
        <li key={key}>
          <span>{key}</span> {typeof value === "string" ? oneLine(value) : JSON.stringify(value)}
        </li>
      ))}
    </ul>
  );
}
