// Tokens of a call as one bar: input that was cached, other input, output.
import type { Usage } from "../../../api/types";
import { Count } from "../../../components/Figure";
import { exact } from "../../../lib/format";
import styles from "./detail.module.css";

export function UsageBar({ usage }: { usage: Usage }) {
  const total = Math.max(usage.total, usage.input + usage.output, 1);
  const cached = Math.min(usage.cache_read ?? 0, usage.input);
  const parts = [
    { kind: "cached", value: cached },
    { kind: "input", value: usage.input - cached },
    { kind: "output", value: usage.output },
  ];
  const tip = [
    `${exact(usage.input)} input`,
    usage.cache_read ? `of them ${exact(usage.cache_read)} read from the cache` : null,
    usage.cache_write ? `${exact(usage.cache_write)} written to the cache` : null,
    `${exact(usage.output)} output`,
    `${exact(usage.total)} in all`,
  ];
  return (
    <div data-tip={tip.filter(Boolean).join("\n")}>
      <dt>Tokens</dt>
      <dd className={styles.usage}>
        <span>
          <Count value={usage.input} />
          <span className="unit"> in</span>
          {cached > 0 && (
            <span className="unit">
              {" "}
              (<Count value={cached} /> cached)
            </span>
          )}
          {" → "}
          <Count value={usage.output} />
          <span className="unit"> out</span>
        </span>
        <span className={styles.usageBar} aria-hidden="true">
          {parts.map((part) => (
            <span key={part.kind} data-kind={part.kind} style={{ width: `${(part.value / total) * 100}%` }} />
          ))}
        </span>
      </dd>
    </div>
  );
}
