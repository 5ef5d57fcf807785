// The experiments: make, rename, delete, bring back.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useExperimentChange } from "../../api/experiments";
import { experimentsQuery } from "../../api/queries";
import type { Experiment } from "../../api/types";
import { Button, IconButton } from "../../components/button/Button";
import { Dialog } from "../../components/dialog/Dialog";
import { ErrorState } from "../../components/ErrorState";
import * as format from "../../lib/format";
import { Time } from "../traces/columns";
import { useNow } from "../traces/useNow";
import styles from "./ExperimentsPage.module.css";

// The one that always exists; the server refuses to delete or rename it.
const DEFAULT_ID = "0";

type Open = { kind: "create" } | { kind: "rename" | "delete"; experiment: Experiment };

export function ExperimentsPage() {
  const [deleted, setDeleted] = useState(false);
  const query = useQuery(experimentsQuery(deleted));
  const [open, setOpen] = useState<Open | null>(null);
  const restore = useExperimentChange();
  const now = useNow();
  const close = () => setOpen(null);
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <h1>Experiments</h1>
        <fieldset className={styles.tabs}>
          <legend className="visually-hidden">Which</legend>
          <Button aria-pressed={!deleted} onClick={() => setDeleted(false)}>
            Active
          </Button>
          <Button aria-pressed={deleted} onClick={() => setDeleted(true)}>
            Deleted
          </Button>
        </fieldset>
        <Button kind="outline" icon="plus" onClick={() => setOpen({ kind: "create" })}>
          New experiment
        </Button>
      </header>
      <section className={styles.scroller} aria-label="List of experiments">
        {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
        {query.data && (
          <table className={styles.table}>
            <thead>
              <tr>
                <th>Name</th>
                <th data-numeric>Traces</th>
                <th>Last trace</th>
                <th>Created</th>
                <th data-numeric>Id</th>
                <th>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {query.data.map((experiment) => (
                <tr key={experiment.experiment_id}>
                  <td>
                    {deleted ? (
                      experiment.name
                    ) : (
                      <Link to="/traces" search={{ experiment: [experiment.experiment_id] }} className={styles.name}>
                        {experiment.name}
                      </Link>
                    )}
                  </td>
                  <td data-numeric>{format.exact(experiment.trace_count)}</td>
                  <td>{experiment.last_trace_ns ? <Time ns={experiment.last_trace_ns} now={now} /> : "–"}</td>
                  <td>
                    <Time ns={experiment.created_ns} now={now} />
                  </td>
                  <td data-numeric className="unit">
                    {experiment.experiment_id}
                  </td>
                  <td className={styles.actions}>
                    {deleted ? (
                      <Button
                        icon="undo"
                        onClick={() =>
                          restore.mutate({ kind: "restore", id: experiment.experiment_id, name: experiment.name })
                        }
                      >
                        Restore
                      </Button>
                    ) : (
                      experiment.experiment_id !== DEFAULT_ID && (
                        <>
                          <IconButton
                            icon="pencil"
                            label={`Rename ${experiment.name}`}
                            onClick={() => setOpen({ kind: "rename", experiment })}
                          />
                          <IconButton
                            icon="trash"
                            label={`Delete ${experiment.name}`}
                            onClick={() => setOpen({ kind: "delete", experiment })}
                          />
                        </>
                      )
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {query.data?.length === 0 && (
          <p className={styles.none}>{deleted ? "Nothing is deleted." : "There is no experiment yet."}</p>
        )}
      </section>
      {open?.kind === "delete" && <DeleteDialog experiment={open.experiment} onClose={close} />}
      {open?.kind === "create" && <NameDialog onClose={close} />}
      {open?.kind === "rename" && <NameDialog experiment={open.experiment} onClose={close} />}
    </div>
  );
}

function NameDialog({ experiment, onClose }: { experiment?: Experiment; onClose(): void }) {
  const [name, setName] = useState(experiment?.name ?? "");
  const change = useExperimentChange(onClose);
  const ready = name.trim() !== "" && name.trim() !== experiment?.name && !change.isPending;
  const send = () => {
    if (!ready) return;
    const trimmed = name.trim();
    if (experiment) change.mutate({ kind: "rename", id: experiment.experiment_id, name: trimmed });
    else change.mutate({ kind: "create", name: trimmed });
  };
  return (
    <Dialog
      title={experiment ? `Rename ${experiment.name}` : "New experiment"}
      onClose={onClose}
      actions={
        <>
          <Button kind="outline" onClick={onClose}>
            Cancel
          </Button>
          <Button kind="solid" disabled={!ready} onClick={send}>
            {experiment ? "Rename" : "Create"}
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
          Name
          <input data-autofocus value={name} onChange={(event) => setName(event.target.value)} spellCheck={false} />
        </label>
        {change.isError && (
          <p className={styles.error} role="alert">
            {change.error.message}
          </p>
        )}
      </form>
    </Dialog>
  );
}

function DeleteDialog({ experiment, onClose }: { experiment: Experiment; onClose(): void }) {
  const change = useExperimentChange(onClose);
  const count = `${format.exact(experiment.trace_count)} ${experiment.trace_count === 1 ? "trace" : "traces"}`;
  return (
    <Dialog
      title={`Delete ${experiment.name}?`}
      onClose={onClose}
      actions={
        <>
          <Button kind="outline" onClick={onClose}>
            Cancel
          </Button>
          <Button
            kind="danger"
            disabled={change.isPending}
            onClick={() => change.mutate({ kind: "delete", id: experiment.experiment_id, name: experiment.name })}
          >
            Delete
          </Button>
        </>
      }
    >
      <div className={styles.form}>
        <p>It leaves the lists with its {count}. It can be restored under “Deleted”.</p>
        {change.isError && (
          <p className={styles.error} role="alert">
            {change.error.message}
          </p>
        )}
      </div>
    </Dialog>
  );
}
