// What can be done with the selected traces. The server counts before anything is changed, and the confirmation names
// that count.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { deleteTraces, fixed, type Selection, tagTraces } from "../../api/queries";
import type { BulkRequest } from "../../api/types";
import { Button, IconButton } from "../../components/button/Button";
import { Dialog } from "../../components/dialog/Dialog";
import { toast } from "../../components/toast/toast";
import { takesFocus } from "../../lib/focus";
import * as format from "../../lib/format";
import { AddToQueueDialog } from "../reviews/AddToQueueDialog";
import styles from "./BulkBar.module.css";

// Not needed before somebody asks for it.
const AddToDataset = lazy(() => import("../datasets/AddToDataset"));

export interface BulkBarProps {
  selected: ReadonlySet<string>;
  /** All of the selection is meant, also what is not loaded. */
  everything: boolean;
  total: number | undefined;
  selection: Selection;
  onEverything(): void;
  onClear(): void;
}

export function BulkBar(props: BulkBarProps) {
  const { selected, everything, total, onEverything, onClear } = props;
  const [dialog, setDialog] = useState<"tag" | "delete" | "review" | "dataset" | null>(null);
  const count = everything ? (total ?? selected.size) : selected.size;
  return (
    <>
      <section className={styles.bar} aria-label="Selected traces">
        <span className={styles.count}>{format.exact(count)} selected</span>
        {!everything && total !== undefined && total > selected.size && (
          <Button onClick={onEverything}>Select all {format.exact(total)}</Button>
        )}
        <span className={styles.line} />
        <Button icon="datasets" onClick={() => setDialog("dataset")}>
          Add to dataset
        </Button>
        <Button icon="tag" onClick={() => setDialog("tag")}>
          Tag
        </Button>
        <Button icon="reviews" onClick={() => setDialog("review")}>
          Review
        </Button>
        <Button icon="trash" onClick={() => setDialog("delete")}>
          Delete
        </Button>
        <IconButton icon="close" label="Clear the selection" keys="Escape" onClick={onClear} />
      </section>
      {dialog === "review" && (
        <AddToQueueDialog
          request={{ ...requestOf(props), experiments: props.selection.experiment }}
          count={count}
          onClose={() => setDialog(null)}
          onDone={onClear}
        />
      )}
      {dialog === "dataset" && <DatasetDialog {...props} onDone={() => setDialog(null)} />}
      {(dialog === "tag" || dialog === "delete") && (
        <BulkDialog {...props} action={dialog} onDone={() => setDialog(null)} />
      )}
    </>
  );
}

function DatasetDialog({ onDone, ...props }: BulkBarProps & { onDone(): void }) {
  const [what] = useState(() => ({ traces: requestOf(props) }));
  return (
    <Suspense>
      <AddToDataset
        what={what}
        experiments={props.selection.experiment ?? []}
        onClose={onDone}
        onAdded={props.onClear}
      />
    </Suspense>
  );
}

function BulkDialog({ action, onDone, ...props }: BulkBarProps & { action: "tag" | "delete"; onDone(): void }) {
  // The time range is fixed once, so that what is counted is what is changed.
  const [request] = useState(() => requestOf(props));
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const client = useQueryClient();
  const count = useQuery({
    queryKey: ["bulk", request],
    queryFn: () => deleteTraces({ ...request, dry_run: true }),
    staleTime: 0,
    gcTime: 0,
  });
  const change = useMutation({
    mutationFn: () =>
      action === "delete" ? deleteTraces(request) : tagTraces({ ...request, set: { [key.trim()]: value } }),
    onSuccess: (result) => {
      toast(`${format.exact(result.changed)} ${traces(result.changed)} ${action === "delete" ? "deleted" : "tagged"}`);
      props.onClear();
      onDone();
      void client.invalidateQueries();
    },
    onError: (error) => toast(error.message, "error"),
  });
  const matched = count.data?.matched;
  const many = matched === undefined ? "…" : `${format.exact(matched)} ${traces(matched)}`;
  const ready = matched !== undefined && matched > 0 && !change.isPending && (action === "delete" || key.trim() !== "");
  return (
    <Dialog
      title={action === "delete" ? `Delete ${many}?` : `Tag ${many}`}
      onClose={onDone}
      actions={
        <>
          <Button kind="outline" onClick={onDone}>
            Cancel
          </Button>
          <Button
            kind={action === "delete" ? "danger" : "solid"}
            disabled={!ready}
            onClick={() => change.mutate()}
            data-testid="bulk-confirm"
          >
            {action === "delete" ? `Delete ${many}` : `Tag ${many}`}
          </Button>
        </>
      }
    >
      {action === "delete" ? (
        <p className={styles.text}>
          Their spans and feedback go too. This can't be undone.
          {count.isError && <span className={styles.error}> {count.error.message}</span>}
        </p>
      ) : (
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            if (ready) change.mutate();
          }}
        >
          <label>
            Key
            <input
              ref={takesFocus}
              value={key}
              onChange={(event) => setKey(event.target.value)}
              placeholder="reviewed"
            />
          </label>
          <label>
            Value
            <input value={value} onChange={(event) => setValue(event.target.value)} placeholder="yes" />
          </label>
          <button type="submit" hidden />
        </form>
      )}
    </Dialog>
  );
}

function requestOf({ selected, everything, selection }: BulkBarProps): BulkRequest {
  if (!everything) return { trace_ids: [...selected] };
  const { filter, from, to } = fixed(selection) as { filter?: string; from?: string; to?: string };
  // An open end is closed now: what arrives while the confirmation is read was not counted, and must not be changed.
  return { filter, from, to: to ?? String(Date.now()), experiments: selection.experiment };
}

function traces(count: number): string {
  return count === 1 ? "trace" : "traces";
}
