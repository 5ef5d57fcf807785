// Why these numbers: what tokens and cost are made of, which spans were counted, and which were not because a span above
// reports the same usage.
import type { ReactNode } from "react";
import type { Cost, Usage } from "../../../api/types";
import { Count, Dollars } from "../../../components/Figure";
import { Popover } from "../../../components/popover/Popover";
import { exact, exactCost } from "../../../lib/format";
import explained from "../explained.module.css";
import { modelOf, type Skeleton } from "../model/skeleton";
import { shortName } from "../tree/rowModel";
import styles from "./header.module.css";

/** As many spans as are listed by name. */
const LISTED = 12;

interface Props {
  skeleton: Skeleton | undefined;
  onSelectRow(row: number): void;
}

export function TokensPopover({ usage, skeleton, onSelectRow }: Props & { usage: Usage }) {
  return (
    <Figure
      label="Tokens: why this number"
      text={
        <>
          <Count value={usage.total} />
          <span className="unit"> tokens</span>
        </>
      }
    >
      {(close) => (
        <>
          <Parts
            rows={[
              ["Input", exact(usage.input)],
              ["of it from the cache", usage.cache_read === null ? null : exact(usage.cache_read)],
              ["written to the cache", usage.cache_write === null ? null : exact(usage.cache_write)],
              ["Output", exact(usage.output)],
              ["Total", exact(usage.total)],
            ]}
          />
          {skeleton && (
            <Counted
              skeleton={skeleton}
              column={skeleton.tokens}
              show={(value) => exact(value)}
              onSelectRow={(row) => {
                close();
                onSelectRow(row);
              }}
            />
          )}
        </>
      )}
    </Figure>
  );
}

export function CostPopover({ cost, skeleton, onSelectRow }: Props & { cost: Cost }) {
  return (
    <Figure label="Cost: why this number" text={<Dollars value={cost.total} />}>
      {(close) => (
        <>
          <Parts
            rows={[
              ["Input", exactCost(cost.input)],
              ["Output", exactCost(cost.output)],
              ["Total", exactCost(cost.total)],
            ]}
          />
          {skeleton && (
            <Counted
              skeleton={skeleton}
              column={skeleton.cost}
              show={exactCost}
              onSelectRow={(row) => {
                close();
                onSelectRow(row);
              }}
            />
          )}
        </>
      )}
    </Figure>
  );
}

function Figure({ label, text, children }: { label: string; text: ReactNode; children(close: () => void): ReactNode }) {
  return (
    <div>
      <dt className="visually-hidden">{label}</dt>
      <dd>
        <Popover
          label={label}
          width={400}
          button={(attributes) => (
            <button type="button" className={explained.button} data-tip={label} {...attributes}>
              {text}
            </button>
          )}
        >
          {(close) => <div className={explained.panel}>{children(close)}</div>}
        </Popover>
      </dd>
    </div>
  );
}

function Parts({ rows }: { rows: [string, string | null][] }) {
  return (
    <dl className={styles.parts}>
      {rows.map(([name, value]) =>
        value === null ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

interface CountedProps {
  skeleton: Skeleton;
  column: Float64Array;
  show(value: number): string;
  onSelectRow(row: number): void;
}

function Counted({ skeleton, column, show, onSelectRow }: CountedProps) {
  const reporting: number[] = [];
  for (let row = 0; row < skeleton.count; row++) if ((column[row] ?? 0) > 0) reporting.push(row);
  const counted = reporting
    .filter((row) => !skeleton.uncounted[row])
    .sort((a, b) => (column[b] ?? 0) - (column[a] ?? 0));
  const left = reporting.filter((row) => skeleton.uncounted[row]);
  const list = (rows: number[]) => (
    <ul className={styles.counted}>
      {rows.slice(0, LISTED).map((row) => (
        <li key={row}>
          <button type="button" onClick={() => onSelectRow(row)}>
            <span className="cut">{shortName(skeleton, row)}</span>
            <span className={styles.countedModel}>{modelOf(skeleton, row)}</span>
            <span className="number">{show(column[row] ?? 0)}</span>
          </button>
        </li>
      ))}
      {rows.length > LISTED && <li className={styles.rest}>and {exact(rows.length - LISTED)} more</li>}
    </ul>
  );
  return (
    <>
      <h3>
        Counted: {exact(counted.length)} {counted.length === 1 ? "span" : "spans"}
      </h3>
      {list(counted)}
      {left.length > 0 && (
        <>
          <h3>Not counted: {exact(left.length)}</h3>
          <p>Spans above or below them count instead, so that nothing is counted twice.</p>
          {list(left)}
        </>
      )}
    </>
  );
}
