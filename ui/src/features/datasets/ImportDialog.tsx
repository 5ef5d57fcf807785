// A file into a dataset: first what would be done, with the places of its columns to be changed, then doing it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type DragEvent, useState } from "react";
import { type ColumnTargets, importRecords, refreshDataset } from "../../api/datasets";
import type { DatasetImportResult, DatasetSummary, RecordProblem } from "../../api/types";
import { Button } from "../../components/button/Button";
import { Dialog } from "../../components/dialog/Dialog";
import { toast } from "../../components/toast/toast";
import * as format from "../../lib/format";
import { Candidates } from "./Candidates";
import styles from "./dialogs.module.css";
import { formatOf, guessTarget } from "./guess";

/** Columns whose places are offered; more are taken as their names say. */
const COLUMNS_SHOWN = 60;
const TARGETS = "import-targets";

export function ImportDialog({ dataset, onClose }: { dataset: DatasetSummary; onClose(): void }) {
  const [file, setFile] = useState<File | null>(null);
  const [targets, setTargets] = useState<ColumnTargets | null>(null);
  const kind = file ? formatOf(file.name) : null;
  const client = useQueryClient();
  const first = useQuery({
    queryKey: ["import columns", dataset.dataset_id, file?.name, file?.size, file?.lastModified],
    enabled: file !== null && kind !== null,
    queryFn: () => importRecords(dataset.dataset_id, file as File, kind as string, {}, true),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const guessed = first.data ? guesses(first.data) : {};
  const chosen = targets ?? guessed;
  const isAsFirst = Object.keys(chosen).length === 0;
  const again = useQuery({
    queryKey: ["import try", dataset.dataset_id, file?.name, file?.size, file?.lastModified, chosen],
    enabled: first.data !== undefined && !isAsFirst,
    queryFn: () => importRecords(dataset.dataset_id, file as File, kind as string, chosen, true),
    placeholderData: (before) => before,
    gcTime: 0,
  });
  const tried = isAsFirst ? first.data : again.data;
  const error = first.error ?? again.error;
  const run = useMutation({
    mutationFn: () => importRecords(dataset.dataset_id, file as File, kind as string, chosen, false),
    onSuccess: async ({ result, problem_count }) => {
      await refreshDataset(client, dataset.dataset_id);
      const bad = problem_count > 0 ? `; ${format.exact(problem_count)} rows could not be taken` : "";
      toast(`${format.exact(result.added)} records added, ${format.exact(result.changed)} changed${bad}`);
      onClose();
    },
  });
  const count = tried ? tried.result.added + tried.result.changed : 0;
  const ready = tried !== undefined && count > 0 && !run.isPending && !again.isPlaceholderData;
  const choose = (chosenFile: File | undefined) => {
    if (!chosenFile) return;
    setFile(chosenFile);
    setTargets(null);
    run.reset();
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    choose(event.dataTransfer.files[0]);
  };
  return (
    <Dialog
      title={`Import into ${dataset.name}`}
      width={820}
      onClose={onClose}
      actions={
        <>
          <Button kind="outline" onClick={onClose}>
            Cancel
          </Button>
          <Button kind="solid" disabled={!ready} onClick={() => run.mutate()}>
            {tried ? `Import ${format.exact(count)} ${count === 1 ? "record" : "records"}` : "Import"}
          </Button>
        </>
      }
    >
      <div className={styles.form}>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: a file may also be dropped; the field below is the way by keyboard. */}
        <div className={styles.drop} onDragOver={(event) => event.preventDefault()} onDrop={drop}>
          <label className={styles.file}>
            File
            <input
              type="file"
              accept=".jsonl,.ndjson,.json,.csv,.tsv,.txt,.parquet"
              onChange={(event) => choose(event.target.files?.[0])}
            />
          </label>
          <span className="unit">JSONL, CSV or Parquet. Nothing is changed before you say so.</span>
        </div>
        {file && kind === null && (
          <p className={styles.error} role="alert">
            {file.name} is none of these; expected a name that ends in .jsonl, .csv or .parquet.
          </p>
        )}
        {(error ?? run.error) && (
          <p className={styles.error} role="alert">
            {(error ?? run.error)?.message}
          </p>
        )}
        {first.isFetching && <p className="unit">Reading the file</p>}
        {tried && first.data && (
          <>
            <Columns
              columns={first.data.columns.map(({ name, target }) => [name, chosen[name] ?? target ?? ""])}
              onTarget={(name, target) => setTargets({ ...chosen, [name]: target })}
            />
            <Summary tried={tried} />
            <Candidates candidates={tried.candidates} />
          </>
        )}
      </div>
    </Dialog>
  );
}

/** Guesses the places of columns if no name tells which are the inputs. */
function guesses(result: DatasetImportResult): ColumnTargets {
  const found: ColumnTargets = {};
  for (const { name, target } of result.columns) {
    const guess = target === null && !name.endsWith("_id") ? guessTarget(name) : "";
    if (guess) found[name] = guess;
  }
  return found;
}

interface ColumnsProps {
  columns: [string, string][];
  onTarget(name: string, target: string): void;
}

function Columns({ columns, onTarget }: ColumnsProps) {
  const names = columns.map(([name]) => name);
  return (
    <fieldset className={styles.columns}>
      <legend>Columns</legend>
      <datalist id={TARGETS}>
        {["inputs", "expectations", "outputs", "tags", "expectations.expected_response"].map((target) => (
          <option key={target} value={target} />
        ))}
        {names.map((name) => (
          <option key={name} value={`inputs.${name}`} />
        ))}
      </datalist>
      {columns.slice(0, COLUMNS_SHOWN).map(([name, target]) => (
        <TargetField key={name} name={name} target={target} onTarget={(next) => onTarget(name, next)} />
      ))}
      {columns.length > COLUMNS_SHOWN && (
        <p className="unit">and {columns.length - COLUMNS_SHOWN} more, which go where their names say</p>
      )}
    </fieldset>
  );
}

function TargetField({ name, target, onTarget }: { name: string; target: string; onTarget(next: string): void }) {
  const [draft, setDraft] = useState(target);
  return (
    <label>
      <span className="cut" data-full={name}>
        {name}
      </span>
      <input
        list={TARGETS}
        aria-label={`Where ${name} goes`}
        placeholder="left out"
        spellCheck={false}
        className="mono"
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={() => draft !== target && onTarget(draft.trim())}
        onKeyDown={(event) => event.key === "Enter" && draft !== target && onTarget(draft.trim())}
      />
    </label>
  );
}

function Summary({ tried }: { tried: DatasetImportResult }) {
  const { result, rows, problem_count, problems } = tried;
  return (
    <>
      <p role="status">
        {format.exact(rows)} rows: {format.exact(result.added)} new, {format.exact(result.changed)} merge into records
        that are there, {format.exact(result.unchanged)} are the same
        {problem_count > 0 && `, ${format.exact(problem_count)} can't be taken`}.
      </p>
      <Problems problems={problems} what="Row" />
    </>
  );
}

export function Problems({ problems, what }: { problems: readonly RecordProblem[]; what: string }) {
  if (problems.length === 0) return null;
  return (
    <ul className={styles.problems} aria-label="Problems">
      {problems.map((problem) => (
        <li key={problem.origin}>
          {what} {problem.origin}: {problem.message}
        </li>
      ))}
    </ul>
  );
}
