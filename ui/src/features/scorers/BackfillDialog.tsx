// Starts scoring traces that are stored already.
import { useState } from "react";
import { useScorerChange } from "../../api/scorers";
import type { Scorer } from "../../api/types";
import { Button } from "../../components/button/Button";
import { Dialog } from "../../components/dialog/Dialog";
import styles from "./ScorersPage.module.css";

export function BackfillDialog({ scorer, onClose }: { scorer: Scorer; onClose(): void }) {
  const [filter, setFilter] = useState("");
  const [limit, setLimit] = useState("");
  const [again, setAgain] = useState(false);
  const change = useScorerChange(onClose);
  const most = limit.trim() === "" ? null : Number(limit);
  const ready = (most === null || (Number.isInteger(most) && most > 0)) && !change.isPending;
  const send = () => {
    if (ready) change.mutate({ kind: "backfill", scorer, filter: filter.trim() || null, traces_max: most, again });
  };
  return (
    <Dialog
      title={`Score stored traces with ${scorer.name}`}
      onClose={onClose}
      actions={
        <>
          <Button kind="outline" onClick={onClose}>
            Cancel
          </Button>
          <Button kind="solid" disabled={!ready} onClick={send}>
            Score
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
          Which traces
          <input
            autoFocus
            className="mono"
            spellCheck={false}
            value={filter}
            placeholder="all of the experiment; or a filter: status = 'OK'"
            onChange={(event) => setFilter(event.target.value)}
          />
        </label>
        <label>
          How many at most, the newest first
          <input
            inputMode="numeric"
            value={limit}
            placeholder="all"
            onChange={(event) => setLimit(event.target.value)}
          />
        </label>
        <label className={styles.flag}>
          <input type="checkbox" checked={again} onChange={(event) => setAgain(event.target.checked)} />
          Score again what this version has scored
        </label>
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
