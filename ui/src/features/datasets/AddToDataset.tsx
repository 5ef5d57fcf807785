// Traces or spans into a dataset: which dataset, which of their fields become which of a record's, and what the first records
// would be. How it was done is remembered with the dataset.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  createDataset,
  datasetQuery,
  datasetsQuery,
  recordsFromTraces,
  refreshDataset,
  USUAL_MAPPING,
} from "../../api/datasets";
import type { FieldMapping, RecordsFromTraces } from "../../api/types";
import { Button, IconButton } from "../../components/button/Button";
import { Dialog } from "../../components/dialog/Dialog";
import { toast } from "../../components/toast/toast";
import * as format from "../../lib/format";
import { read, write } from "../../lib/storage";
import { Candidates } from "./Candidates";
import styles from "./dialogs.module.css";
import { Problems } from "./ImportDialog";

/** What is added: traces by a selection, or spans. */
export type What = Pick<RecordsFromTraces, "traces" | "spans">;

interface AddToDatasetProps {
  what: What;
  /** What a new dataset belongs to. */
  experiments: string[];
  onClose(): void;
  onAdded?(): void;
}

const LAST_KEY = "dataset.last";
const NEW = "";
const TARGETS = ["inputs", "expectations", "outputs", "tags", "inputs.question", "expectations.expected_response"];

export default function AddToDataset({ what, experiments, onClose, onAdded }: AddToDatasetProps) {
  const datasets = useQuery(datasetsQuery(undefined));
  const [chosen, setChosen] = useState<string | null>(() => read<string | null>(LAST_KEY, null));
  const [name, setName] = useState("");
  const all = datasets.data?.datasets ?? [];
  const id =
    all.find(({ dataset_id }) => dataset_id === chosen)?.dataset_id ??
    (chosen === NEW ? NEW : (all[0]?.dataset_id ?? NEW));
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: () => createDataset(name.trim(), experiments),
    onSuccess: async ({ dataset }) => {
      await client.invalidateQueries({ queryKey: ["datasets"] });
      setChosen(dataset.dataset_id);
    },
  });
  return (
    <Dialog title="Add to dataset" width={860} onClose={onClose}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim()) create.mutate();
        }}
      >
        <div className={styles.choose}>
          <label>
            Dataset
            <select value={id} onChange={(event) => setChosen(event.target.value)} disabled={!datasets.isSuccess}>
              {all.map((dataset) => (
                <option key={dataset.dataset_id} value={dataset.dataset_id}>
                  {dataset.name} ({format.exact(dataset.record_count)})
                </option>
              ))}
              <option value={NEW}>New dataset…</option>
            </select>
          </label>
          {id === NEW && (
            <>
              <label>
                Its name
                <input value={name} onChange={(event) => setName(event.target.value)} spellCheck={false} />
              </label>
              <Button kind="outline" type="submit" disabled={!name.trim() || create.isPending}>
                Create
              </Button>
            </>
          )}
        </div>
        {create.isError && (
          <p className={styles.error} role="alert">
            {create.error.message}
          </p>
        )}
      </form>
      {id !== NEW && (
        <Mapped
          key={id}
          id={id}
          what={what}
          onClose={onClose}
          onAdded={() => {
            write(LAST_KEY, id);
            onAdded?.();
          }}
        />
      )}
    </Dialog>
  );
}

interface MappedProps {
  id: string;
  what: What;
  onClose(): void;
  onAdded(): void;
}

function Mapped({ id, what, onClose, onAdded }: MappedProps) {
  const detail = useQuery(datasetQuery(id));
  const [edited, setEdited] = useState<FieldMapping[] | null>(null);
  const mapping = edited ?? detail.data?.mapping ?? USUAL_MAPPING;
  const whole = mapping.filter(({ from, to }) => from && to);
  const client = useQueryClient();
  const preview = useQuery({
    queryKey: ["from traces", id, what, whole],
    enabled: detail.isSuccess && whole.length > 0,
    queryFn: () => recordsFromTraces(id, { ...what, mapping: whole, dry_run: true }),
    placeholderData: (before) => before,
    gcTime: 0,
    staleTime: 0,
  });
  const add = useMutation({
    mutationFn: () => recordsFromTraces(id, { ...what, mapping: whole }),
    onSuccess: async ({ result, problem_count }) => {
      await refreshDataset(client, id);
      const bad = problem_count > 0 ? `; of ${format.exact(problem_count)} no record could be made` : "";
      toast(`${format.exact(result.added)} records added, ${format.exact(result.changed)} changed${bad}`);
      onAdded();
      onClose();
    },
  });
  const shown = preview.data;
  const set = (index: number, change: Partial<FieldMapping>) =>
    setEdited(mapping.map((pair, at) => (at === index ? { ...pair, ...change } : pair)));
  const ready = preview.isSuccess && !preview.isPlaceholderData && !add.isPending;
  return (
    <div className={styles.form}>
      <fieldset className={styles.mapping}>
        <legend>Fields</legend>
        <datalist id="mapping-from">
          {shown?.fields.map((field) => (
            <option key={field.name} value={field.name} label={field.sample.slice(0, 60)} />
          ))}
        </datalist>
        <datalist id="mapping-to">
          {TARGETS.map((target) => (
            <option key={target} value={target} />
          ))}
        </datalist>
        {mapping.map((pair, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place; its texts are what changes.
          <div key={index}>
            <MappingField
              label={`From ${index + 1}`}
              list="mapping-from"
              text={pair.from}
              onText={(from) => set(index, { from })}
            />
            <span aria-hidden="true">→</span>
            <MappingField
              label={`To ${index + 1}`}
              list="mapping-to"
              text={pair.to}
              onText={(to) => set(index, { to })}
            />
            <Sample text={shown?.fields.find((field) => field.name === pair.from)?.sample} />
            <IconButton
              icon="close"
              label={`Remove field ${index + 1}`}
              onClick={() => setEdited(mapping.filter((_, at) => at !== index))}
            />
          </div>
        ))}
        <Button icon="plus" onClick={() => setEdited([...mapping, { from: "", to: "" }])}>
          Field
        </Button>
      </fieldset>
      {(preview.error ?? add.error) && (
        <p className={styles.error} role="alert">
          {(preview.error ?? add.error)?.message}
        </p>
      )}
      {shown && !preview.isError && (
        <>
          <p role="status">
            {format.exact(shown.matched)} {what.spans ? "spans" : "traces"}; the first {shown.candidates.length}:
          </p>
          <Candidates candidates={shown.candidates} />
          <Problems problems={shown.problems.slice(0, 3)} what="Trace" />
        </>
      )}
      <footer className={styles.foot}>
        <span className="unit">The fields are remembered with the dataset.</span>
        <Button kind="outline" onClick={onClose}>
          Cancel
        </Button>
        <Button kind="solid" disabled={!ready} onClick={() => add.mutate()} data-testid="add-records">
          {shown ? `Add ${format.exact(shown.matched)}` : "Add"}
        </Button>
      </footer>
    </div>
  );
}

interface MappingFieldProps {
  label: string;
  list: string;
  text: string;
  onText(text: string): void;
}

/** Applies what is written when one is done with it: each change is tried on the traces. */
function MappingField({ label, list, text, onText }: MappingFieldProps) {
  const [draft, setDraft] = useState(text);
  const [seen, setSeen] = useState(text);
  if (seen !== text) {
    setSeen(text);
    setDraft(text);
  }
  const apply = () => draft.trim() !== text && onText(draft.trim());
  return (
    <input
      aria-label={label}
      list={list}
      className="mono"
      spellCheck={false}
      value={draft}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={apply}
      onKeyDown={(event) => event.key === "Enter" && apply()}
    />
  );
}

function Sample({ text }: { text: string | undefined }) {
  return (
    <span className={`${styles.sample} cut`} data-full={text}>
      {text ?? ""}
    </span>
  );
}
