// A tool call in a message: `name(args)` on one line, arguments and result behind it.
import { type ReactNode, useState } from "react";
import { Icon } from "../../../components/icon/Icon";
import { SpanTypeIcon } from "../../../components/icon/SpanTypeIcon";
import styles from "../content.module.css";
import { PrettyValue } from "../Value";
import { argumentsLine, type ToolCall, type ToolResult } from "./history";
import { ResultValue } from "./Messages";

export function ToolCallCard({
  call,
  result,
  after,
}: {
  call: ToolCall;
  result: ToolResult | null;
  after?: ReactNode;
}) {
  const [open, setOpen] = useState(false);
  const [resultOpen, setResultOpen] = useState(false);
  return (
    <div className={styles.call} data-span-type="TOOL">
      <div className={styles.callHead}>
        <button type="button" className={styles.callToggle} aria-expanded={open} onClick={() => setOpen(!open)}>
          <SpanTypeIcon type="TOOL" size={14} />
          <span className={styles.callText}>
            <b>{call.name}</b>({argumentsLine(call.arguments)})
          </span>
        </button>
        {after}
      </div>
      {open && (
        <div className={styles.callBody}>
          <PrettyValue value={call.arguments ?? {}} />
          {call.id && <span className={styles.callLabel}>call {call.id}</span>}
        </div>
      )}
      {result && (
        <button
          type="button"
          className={styles.result}
          data-error={result.is_error}
          aria-expanded={resultOpen}
          onClick={() => setResultOpen(!resultOpen)}
        >
          <Icon name={resultOpen ? "chevronDown" : "chevronRight"} size={12} />
          <span className="cut">
            {resultOpen ? (result.is_error ? "failed" : "result") : `→ ${resultLine(result.result)}`}
          </span>
        </button>
      )}
      {result && resultOpen && (
        <div className={styles.callBody}>
          <ResultValue result={result} />
        </div>
      )}
    </div>
  );
}

function resultLine(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.slice(0, 300);
}
