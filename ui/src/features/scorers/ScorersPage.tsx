// The scorers of the chosen experiments, and the open one: whether it runs, what it found day by day, what waits, was
// spent, passed over and failed; its definition, and its backfills.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { experimentsQuery } from "../../api/queries";
import { scorerQuery, scorersQuery, useScorerChange } from "../../api/scorers";
import type { Backfill, Scorer, ScorerCounts, ScorerDay, ScorerDetail, ScorerList } from "../../api/types";
import { Button } from "../../components/button/Button";
import { Dialog } from "../../components/dialog/Dialog";
import { ErrorState } from "../../components/ErrorState";
import * as format from "../../lib/format";
import { useShortcuts } from "../../lib/keys";
import { useAppSearch } from "../../lib/useAppSearch";
import { Time } from "../traces/columns";
import { useNow } from "../traces/useNow";
import { BackfillDialog } from "./BackfillDialog";
import { kindOf } from "./kinds";
import { ScorerDialog } from "./ScorerDialog";
import styles from "./ScorersPage.module.css";
import { StartDialog } from "./StartDialog";

type Open = { kind: "new" } | { kind: "edit" | "start" | "backfill" | "delete"; scorer: Scorer };

const STATES = { on: "Running", off: "Off", blocked: "Blocked", client: "In the client" } as const;

export function ScorersPage() {
  const [search, update] = useAppSearch();
  const query = useQuery(scorersQuery(search.experiment));
  const [open, setOpen] = useState<Open | null>(null);
  const scorers = query.data?.scorers ?? [];
  const shown = scorers.find(({ scorer_id }) => scorer_id === search.scorer) ?? scorers[0];
  const pick = (scorer: string) => update({ scorer });
  const move = (delta: number) => {
    const at = shown ? scorers.indexOf(shown) : -1;
    const next = scorers[Math.max(0, Math.min(scorers.length - 1, at + delta))];
    if (next) pick(next.scorer_id);
  };
  useShortcuts({ j: () => move(1), k: () => move(-1) });
  const close = () => setOpen(null);

  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <div className={styles.page} data-empty={(query.isSuccess && scorers.length === 0) || undefined}>
      <h1 className="visually-hidden">Scorers</h1>
      {query.isSuccess && scorers.length === 0 && <NoScorers onNew={() => setOpen({ kind: "new" })} />}
      {scorers.length > 0 && (
        <nav className={styles.list} aria-label="Scorers">
          <header>
            <Button kind="outline" icon="plus" onClick={() => setOpen({ kind: "new" })}>
              New scorer
            </Button>
          </header>
          <ul>
            {scorers.map((scorer) => (
              <li key={scorer.scorer_id}>
                <button
                  type="button"
                  aria-current={scorer === shown || undefined}
                  onClick={() => pick(scorer.scorer_id)}
                >
                  <span className="cut" data-full={scorer.name}>
                    {scorer.name}
                  </span>
                  <span className="unit">{passRate(scorer.total)}</span>
                  <span className={styles.state} data-state={scorer.state}>
                    {STATES[scorer.state]}
                    {scorer.sample_rate > 0 && scorer.sample_rate < 1 && ` · ${percent(scorer.sample_rate)}`}
                  </span>
                </button>
              </li>
            ))}
          </ul>
          <Trouble list={query.data} />
        </nav>
      )}
      {shown && <Shown key={shown.scorer_id} id={shown.scorer_id} onOpen={setOpen} />}
      {open?.kind === "new" && <ScorerDialog onClose={close} onSaved={pick} />}
      {open?.kind === "edit" && <ScorerDialog scorer={open.scorer} onClose={close} onSaved={pick} />}
      {open?.kind === "start" && <StartDialog scorer={open.scorer} onClose={close} />}
      {open?.kind === "backfill" && <BackfillDialog scorer={open.scorer} onClose={close} />}
      {open?.kind === "delete" && <DeleteDialog scorer={open.scorer} onClose={close} />}
    </div>
  );
}

function NoScorers({ onNew }: { onNew(): void }) {
  return (
    <div className={styles.none} role="status">
      <h2>No scorers yet</h2>
      <p>
        A scorer looks at traces as they finish and says something of each: whether an answer follows guidelines, how
        long it is, whether a tool failed. What it says is an assessment of the trace.
      </p>
      <Button kind="solid" icon="plus" onClick={onNew}>
        New scorer
      </Button>
    </div>
  );
}

function Trouble({ list }: { list: ScorerList | undefined }) {
  const troubled = list?.endpoints.filter(({ trouble }) => trouble !== null) ?? [];
  return (
    <>
      {troubled.map(({ name, trouble }) => (
        <p key={name} className={styles.trouble} role="alert">
          The endpoint {name} is {trouble}
        </p>
      ))}
      {list !== undefined && list.unsettled > 0 && (
        <p className="unit">{format.exact(list.unsettled)} traces may still change</p>
      )}
    </>
  );
}

function Shown({ id, onOpen }: { id: string; onOpen(open: Open): void }) {
  const query = useQuery(scorerQuery(id));
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <article className={styles.shown} aria-busy="true" />;
  return <Detail detail={query.data} onOpen={onOpen} />;
}

function Detail({ detail, onOpen }: { detail: ScorerDetail; onOpen(open: Open): void }) {
  const { scorer, versions, backfills } = detail;
  const change = useScorerChange();
  const experiments = useQuery(experimentsQuery());
  const experiment = experiments.data?.find(({ experiment_id }) => experiment_id === scorer.experiment_id);
  const now = useNow();
  const isOurs = scorer.state !== "client";
  const isStarted = scorer.sample_rate > 0;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls.
    <article className={styles.shown} aria-label={scorer.name} tabIndex={0}>
      <header>
        <h2 className="cut">{scorer.name}</h2>
        <span className={styles.state} data-state={scorer.state}>
          {STATES[scorer.state]}
        </span>
        <span className={styles.actions}>
          {isOurs && (
            <>
              <Button
                kind={isStarted ? "outline" : "solid"}
                icon="running"
                onClick={() => onOpen({ kind: "start", scorer })}
              >
                {isStarted ? "Change" : "Start"}
              </Button>
              {isStarted && (
                <Button kind="outline" onClick={() => change.mutate({ kind: "stop", scorer })}>
                  Stop
                </Button>
              )}
              <Button icon="undo" onClick={() => onOpen({ kind: "backfill", scorer })}>
                Score stored traces
              </Button>
              <Button icon="pencil" onClick={() => onOpen({ kind: "edit", scorer })}>
                Edit
              </Button>
            </>
          )}
          <Button icon="trash" onClick={() => onOpen({ kind: "delete", scorer })}>
            Delete
          </Button>
        </span>
      </header>
      <p className={styles.about}>
        {[
          kindOf(scorer.kind)?.name ?? scorer.kind,
          experiment?.name,
          `version ${scorer.version}`,
          scorer.model,
          isStarted ? `${percent(scorer.sample_rate)} of new traces` : null,
        ]
          .filter(Boolean)
          .join(" · ")}
        {scorer.filter !== null && (
          <>
            {" where "}
            <code>{scorer.filter}</code>
          </>
        )}
      </p>
      {scorer.description && <p className={styles.about}>{scorer.description}</p>}
      {scorer.reason !== null && (isStarted || !isOurs) && (
        <p className={styles.reason} role="status">
          {capital(scorer.reason)}
        </p>
      )}
      <Figures scorer={scorer} />
      <Days days={scorer.days} />
      {scorer.skipped.length > 0 && (
        <section className={styles.section}>
          <h3>Passed over</h3>
          <ul className={styles.skips}>
            {scorer.skipped.map(({ reason, traces }) => (
              <li key={reason}>
                <span className="number">{format.exact(traces)}</span> {reason}
              </li>
            ))}
          </ul>
        </section>
      )}
      {scorer.last_error && (
        <section className={styles.section}>
          <h3>
            Last error <Time ns={scorer.last_error.at_ns} now={now} />
          </h3>
          <p className={styles.error}>
            {scorer.last_error.message}{" "}
            {scorer.last_error.trace_id !== "" && (
              <Link to="/traces/$traceId" params={{ traceId: scorer.last_error.trace_id }}>
                Trace
              </Link>
            )}
          </p>
        </section>
      )}
      {backfills.length > 0 && (
        <section className={styles.section}>
          <h3>Stored traces</h3>
          <ul className={styles.jobs}>
            {backfills.map((backfill) => (
              <Job
                key={backfill.backfill_id}
                backfill={backfill}
                now={now}
                onCancel={() => change.mutate({ kind: "cancel", backfill })}
              />
            ))}
          </ul>
        </section>
      )}
      {scorer.definition !== null && (
        <section className={styles.section}>
          <h3>Definition</h3>
          <pre>{JSON.stringify(scorer.definition, null, 2)}</pre>
          {versions.length > 1 && <p className="unit">{versions.length} versions</p>}
        </section>
      )}
      <p className={styles.about}>
        <Link
          className={styles.link}
          to="/traces"
          search={{ experiment: [scorer.experiment_id], filter: `has:feedback.${quoted(scorer.name)}` }}
        >
          Traces with this score
        </Link>
      </p>
    </article>
  );
}

function quoted(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : `\`${name}\``;
}

function Figures({ scorer }: { scorer: Scorer }) {
  const { total, today, limits } = scorer;
  const lag = scorer.waiting > 0 ? `for ${format.plain(format.duration(scorer.lag_ns))}` : null;
  const cap = limits.usd_per_day === null ? null : `of ${format.exactCost(limits.usd_per_day)}`;
  const unpriced = today.unpriced_calls > 0 ? `${format.exact(today.unpriced_calls)} calls of unknown cost` : cap;
  const all: [string, string, string | null][] = [
    ["Scored", format.exact(total.scored), total.failed > 0 ? `${format.exact(total.failed)} failed` : null],
    ["Passed", passRate(total) || "–", total.judged > 0 ? `of ${format.exact(total.judged)}` : null],
    ["Waiting", format.exact(scorer.waiting), lag],
    ["Scored today", format.exact(today.scored), null],
  ];
  if (total.calls > 0) {
    all.push(
      ["Spent today", format.exactCost(today.usd), unpriced],
      ["Spent in all", format.exactCost(total.usd), null],
    );
  }
  return (
    <dl className={styles.figures}>
      {all.map(([name, value, more]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
          {more !== null && <dd className="unit">{more}</dd>}
        </div>
      ))}
    </dl>
  );
}

const CHART_PX = 72;

/** The last days, each a bar as high as what was scored, with what passed in its lower part; and what they cost. */
function Days({ days }: { days: readonly ScorerDay[] }) {
  if (days.length === 0) return null;
  const scored = days.map((day) => {
    const rate = day.judged > 0 ? `, ${passRate(day)} passed` : "";
    const share = day.judged > 0 ? day.passed / day.judged : null;
    return { day: day.day, value: day.scored, share, text: `${format.exact(day.scored)} scored${rate}` };
  });
  const spent = days.map((day) => {
    const unpriced = day.unpriced_calls > 0 ? `, ${format.exact(day.unpriced_calls)} calls of unknown cost` : "";
    return { day: day.day, value: day.usd, share: null, text: format.exactCost(day.usd) + unpriced };
  });
  return (
    <>
      <Chart title="Scored and passed by day" bars={scored} />
      {days.some(({ calls }) => calls > 0) && <Chart title="Spent by day" bars={spent} />}
    </>
  );
}

interface Bar {
  day: string;
  value: number;
  /** The share of it that passed; null if that is not known. */
  share: number | null;
  text: string;
}

function Chart({ title, bars }: { title: string; bars: readonly Bar[] }) {
  const most = Math.max(...bars.map(({ value }) => value)) || 1;
  return (
    <section className={styles.section}>
      <h3>{title}</h3>
      <ol className={styles.chart} style={{ height: CHART_PX + 18 }}>
        {bars.map(({ day, value, share, text }) => (
          <li key={day} data-tip={`${day}: ${text}`}>
            <span
              className={styles.bar}
              style={{ height: Math.max(2, (value / most) * CHART_PX) }}
              data-judged={share !== null || undefined}
            >
              {share !== null && <span style={{ height: `${share * 100}%` }} />}
            </span>
            <span className="unit">{day.slice(5)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Job({ backfill, now, onCancel }: { backfill: Backfill; now: number; onCancel(): void }) {
  const { state, done, total } = backfill;
  return (
    <li>
      <span className={styles.jobText}>
        {{ running: "Running", done: "Done", cancelled: "Cancelled", failed: "Failed" }[state]}:{" "}
        {format.exact(backfill.scored)} scored
        {backfill.failed > 0 && `, ${format.exact(backfill.failed)} failed`}
        {backfill.skipped > 0 && `, ${format.exact(backfill.skipped)} passed over`}, {format.exact(done)} of{" "}
        {format.exact(total)}
        {backfill.filter !== null && (
          <>
            {" where "}
            <code>{backfill.filter}</code>
          </>
        )}
        {backfill.error !== null && <span className={styles.error}> {backfill.error}</span>}
      </span>
      <Time ns={backfill.created_ns} now={now} />
      {state === "running" && (
        <Button kind="outline" onClick={onCancel}>
          Cancel
        </Button>
      )}
      {state === "running" && <progress value={done} max={Math.max(1, total)} aria-label="Progress of the backfill" />}
    </li>
  );
}

function DeleteDialog({ scorer, onClose }: { scorer: Scorer; onClose(): void }) {
  const change = useScorerChange(onClose);
  return (
    <Dialog
      title={`Delete ${scorer.name}`}
      onClose={onClose}
      actions={
        <>
          <Button kind="outline" onClick={onClose}>
            Cancel
          </Button>
          <Button kind="danger" disabled={change.isPending} onClick={() => change.mutate({ kind: "delete", scorer })}>
            Delete
          </Button>
        </>
      }
    >
      <p className={styles.said}>All versions of it go, and what waits for it. Its scores stay on their traces.</p>
      {change.isError && <p className={styles.error}>{change.error.message}</p>}
    </Dialog>
  );
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))}%`;
}

function passRate(counts: Pick<ScorerCounts, "judged" | "passed">): string {
  return counts.judged === 0 ? "" : percent(Math.round((counts.passed / counts.judged) * 1000) / 1000);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
