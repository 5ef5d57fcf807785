// Starts a scorer on new traces, or changes which it takes and what it may spend.
import { useState } from "react";
import { useScorerChange } from "../../api/scorers";
import type { Scorer } from "../../api/types";
import { Button } from "../../components/button/Button";
import { Dialog } from "../../components/dialog/Dialog";
import { kindOf } from "./kinds";
import styles from "./ScorersPage.module.css";

export function StartDialog({ scorer, onClose }: { scorer: Scorer; onClose(): void }) {
  const isStarted = scorer.sample_rate > 0;
  const [rate, setRate] = useState(String(isStarted ? Number((scorer.sample_rate * 100).toPrecision(6)) : 100));
  const [filter, setFilter] = useState(scorer.filter ?? "");
  const text = (value: number | null) => (value === null ? "" : String(value));
  const [perDay, setPerDay] = useState(text(scorer.limits.usd_per_day));
  const [inAll, setInAll] = useState(text(scorer.limits.usd_in_all));
  const [calls, setCalls] = useState(text(scorer.limits.calls_per_day));
  const change = useScorerChange(onClose);
  const isJudge = kindOf(scorer.kind)?.isJudge;
  const share = Number(rate) / 100;
  const numbers = [perDay, inAll, calls].map((said) => (said.trim() === "" ? null : Number(said)));
  const ready = share > 0 && share <= 1 && numbers.every((number) => number === null || number >= 0);
  const send = () => {
    if (!ready || change.isPending) return;
    const [usd_per_day = null, usd_in_all = null, calls_per_day = null] = numbers;
    const limits = { usd_per_day, usd_in_all, calls_per_day };
    change.mutate({ kind: "start", scorer, rate: share, filter: filter.trim() || null, limits });
  };
  return (
    <Dialog
      title={isStarted ? `Change ${scorer.name}` : `Start ${scorer.name}`}
      onClose={onClose}
      actions={
        <>
          <Button kind="outline" onClick={onClose}>
            Cancel
          </Button>
          <Button kind="solid" disabled={!ready || change.isPending} onClick={send}>
            {isStarted ? "Change" : "Start"}
          </Button>
        </>
      }
    >
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <label>
          Share of new traces, in percent
          <input autoFocus inputMode="decimal" value={rate} onChange={(event) => setRate(event.target.value)} />
        </label>
        <label>
          Which of them
          <input
            className="mono"
            spellCheck={false}
            value={filter}
            placeholder="all; or a filter: tags.env = 'prod'"
            onChange={(event) => setFilter(event.target.value)}
          />
        </label>
        {isJudge && (
          <>
            <label>
              US dollars on a day at most
              <input
                inputMode="decimal"
                value={perDay}
                placeholder="as the server's configuration says"
                onChange={(event) => setPerDay(event.target.value)}
              />
            </label>
            <label>
              US dollars in all at most
              <input
                inputMode="decimal"
                value={inAll}
                placeholder="no bound"
                onChange={(event) => setInAll(event.target.value)}
              />
            </label>
            <label>
              Calls on a day at most
              <input
                inputMode="numeric"
                value={calls}
                placeholder="no bound"
                onChange={(event) => setCalls(event.target.value)}
              />
            </label>
          </>
        )}
        <button type="submit" hidden />
      </form>
      {change.isError && (
        <p className={styles.error} role="alert">
          {change.error.message}
        </p>
      )}
    </Dialog>
  );
}
