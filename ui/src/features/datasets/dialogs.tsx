// The dialogs of a dataset: its name, its experiments, its end.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { createDataset, deleteDataset, refreshDataset, updateDataset } from "../../api/datasets";
import { experimentsQuery } from "../../api/queries";
import type { DatasetSummary } from "../../api/types";
import { Button } from "../../components/button/Button";
import { Dialog } from "../../components/dialog/Dialog";
import { toast } from "../../components/toast/toast";
import { takesFocus } from "../../lib/focus";
import * as format from "../../lib/format";
import styles from "./dialogs.module.css";

interface NameDialogProps {
  /** The one to rename; a new one otherwise. */
  dataset?: DatasetSummary;
  /** What a new one belongs to. */
  experiments?: string[];
  onClose(): void;
  onCreated?(id: string): void;
}

export function NameDialog({ dataset, experiments = [], onClose, onCreated }: NameDialogProps) {
  const [name, setName] = useState(dataset?.name ?? "");
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: () =>
      dataset ? updateDataset(dataset.dataset_id, { name: name.trim() }) : createDataset(name.trim(), experiments),
    onSuccess: async (detail) => {
      await refreshDataset(client, detail.dataset.dataset_id);
      toast(`Dataset ${detail.dataset.name} ${dataset ? "renamed" : "created"}`);
      onClose();
      if (!dataset) onCreated?.(detail.dataset.dataset_id);
    },
  });
  const ready = name.trim() !== "" && name.trim() !== dataset?.name && !change.isPending;
  return (
    <FormDialog
      title={dataset ? `Rename ${dataset.name}` : "New dataset"}
      action={dataset ? "Rename" : "Create"}
      ready={ready}
      error={change.error}
      onClose={onClose}
      onSubmit={() => change.mutate()}
    >
      <label>
        Name
        <input ref={takesFocus} value={name} onChange={(event) => setName(event.target.value)} spellCheck={false} />
      </label>
    </FormDialog>
  );
}

export function ExperimentsDialog({ dataset, onClose }: { dataset: DatasetSummary; onClose(): void }) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(dataset.experiment_ids));
  const experiments = useQuery(experimentsQuery());
  const client = useQueryClient();
  const add_experiments = [...chosen].filter((id) => !dataset.experiment_ids.includes(id));
  const remove_experiments = dataset.experiment_ids.filter((id) => !chosen.has(id));
  const change = useMutation({
    mutationFn: () => updateDataset(dataset.dataset_id, { add_experiments, remove_experiments }),
    onSuccess: async () => {
      await refreshDataset(client, dataset.dataset_id);
      toast("Experiments changed");
      onClose();
    },
  });
  const toggle = (id: string) =>
    setChosen((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  return (
    <FormDialog
      title={`Experiments of ${dataset.name}`}
      action="Save"
      ready={add_experiments.length + remove_experiments.length > 0 && !change.isPending}
      error={change.error ?? experiments.error}
      onClose={onClose}
      onSubmit={() => change.mutate()}
    >
      <fieldset className={styles.choices}>
        <legend className="visually-hidden">Experiments</legend>
        {experiments.data?.map((experiment) => (
          <label key={experiment.experiment_id}>
            <input
              type="checkbox"
              checked={chosen.has(experiment.experiment_id)}
              onChange={() => toggle(experiment.experiment_id)}
            />
            {experiment.name}
          </label>
        ))}
      </fieldset>
    </FormDialog>
  );
}

interface DeleteDialogProps {
  dataset: DatasetSummary;
  onClose(): void;
  onGone(): void;
}

export function DeleteDialog({ dataset, onClose, onGone }: DeleteDialogProps) {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: () => deleteDataset(dataset.dataset_id),
    onSuccess: async () => {
      toast(`Dataset ${dataset.name} deleted`);
      onClose();
      onGone();
      client.removeQueries({ queryKey: ["dataset", dataset.dataset_id] });
      await client.invalidateQueries({ queryKey: ["datasets"] });
    },
  });
  return (
    <FormDialog
      title={`Delete ${dataset.name}?`}
      action="Delete"
      isDanger
      ready={!change.isPending}
      error={change.error}
      onClose={onClose}
      onSubmit={() => change.mutate()}
    >
      <p>
        Its {format.exact(dataset.record_count)} records and all of its versions go too. This can't be undone. Runs that
        read it keep their results.
      </p>
    </FormDialog>
  );
}

interface FormDialogProps {
  title: string;
  action: string;
  isDanger?: boolean;
  ready: boolean;
  error: Error | null;
  onClose(): void;
  onSubmit(): void;
  children: ReactNode;
}

function FormDialog({ title, action, isDanger, ready, error, onClose, onSubmit, children }: FormDialogProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) onSubmit();
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button kind="outline" onClick={onClose}>
            Cancel
          </Button>
          <Button kind={isDanger ? "danger" : "solid"} disabled={!ready} onClick={onSubmit}>
            {action}
          </Button>
        </>
      }
    >
      <form className={styles.form} onSubmit={submit}>
        {children}
        {error && (
          <p className={styles.error} role="alert">
            {error.message}
          </p>
        )}
        <button type="submit" hidden />
      </form>
    </Dialog>
  );
}
