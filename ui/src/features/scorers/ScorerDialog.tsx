// Makes a scorer, or the next version of one; says before that what it makes of a trace.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { request } from "../../api/client";
import { experimentsQuery } from "../../api/queries";
import { type Definition, tryScorer, useScorerChange } from "../../api/scorers";
import type { Experiment, Scorer, ScorerTryResult, TraceList } from "../../api/types";
import { Button } from "../../components/button/Button";
import { Dialog } from "../../components/dialog/Dialog";
import * as format from "../../lib/format";
import { useAppSearch } from "../../lib/useAppSearch";
import { definitionOf, type Field, KINDS, kindOf, type Values, valuesOf } from "./kinds";
import styles from "./ScorersPage.module.css";

const DEFAULT_EXPERIMENT = "0";
const RECENT_TRACES = 20;

interface ScorerDialogProps {
  scorer?: Scorer;
  onClose(): void;
  onSaved(scorerId: string): void;
}

export function ScorerDialog({ scorer, onClose, onSaved }: ScorerDialogProps) {
  const [search] = useAppSearch();
  const id = useId();
  const experiments = useQuery(experimentsQuery());
  const [picked, setExperiment] = useState(scorer?.experiment_id ?? search.experiment?.[0]);
  const chosen = picked ?? newest(experiments.data);
  // The URL may hold its name.
  const experiment = experiments.data?.find(({ name }) => name === chosen)?.experiment_id ?? chosen;
  const [name, setName] = useState(scorer?.name ?? "");
  const [description, setDescription] = useState(scorer?.description ?? "");
  const before = scorer?.definition as Definition | null | undefined;
  const [kindName, setKind] = useState(scorer?.kind ?? "guidelines");
  const [values, setValues] = useState<Values>(before ? valuesOf(before) : {});
  const kind = kindOf(kindName);
  const [wrong, setWrong] = useState<string | null>(null);
  const change = useScorerChange((answer) => {
    onSaved((answer as Scorer).scorer_id);
    onClose();
  });
  const definition = (): Definition | null => {
    setWrong(null);
    try {
      return kind ? definitionOf(kind, values) : null;
    } catch (error) {
      setWrong((error as Error).message);
      return null;
    }
  };
  const save = () => {
    const said = definition();
    if (!said) return;
    const about = description.trim() || null;
    change.mutate({ kind: "save", name: name.trim(), experiment, description: about, definition: said });
  };
  return (
    <Dialog
      title={scorer ? `Edit ${scorer.name}` : "New scorer"}
      width={640}
      onClose={onClose}
      actions={
        <>
          <Button kind="outline" onClick={onClose}>
            Cancel
          </Button>
          <Button kind="solid" disabled={name.trim() === "" || change.isPending} onClick={save}>
            {scorer ? "Save as a new version" : "Save"}
          </Button>
        </>
      }
    >
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <label>
          Name
          <input
            autoFocus={!scorer}
            value={name}
            disabled={Boolean(scorer)}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        {!scorer && (
          <div className={styles.field}>
            <label htmlFor={`${id} experiment`}>Experiment</label>
            <select id={`${id} experiment`} value={experiment} onChange={(event) => setExperiment(event.target.value)}>
              {(experiments.data ?? []).map((one) => (
                <option key={one.experiment_id} value={one.experiment_id}>
                  {one.name}
                </option>
              ))}
            </select>
          </div>
        )}
        <div className={styles.field}>
          <label htmlFor={`${id} kind`}>Kind</label>
          <select id={`${id} kind`} value={kindName} onChange={(event) => setKind(event.target.value)}>
            {KINDS.map((one) => (
              <option key={one.kind} value={one.kind}>
                {one.name}
              </option>
            ))}
          </select>
          <span className="unit">{kind?.about}</span>
        </div>
        {kind?.fields
          .filter(({ only }) => !only || values[only[0]] === only[1])
          .map((field) => (
            <Input
              key={`${kindName} ${field.key}`}
              field={field}
              value={values[field.key] ?? ""}
              onChange={(value) => setValues({ ...values, [field.key]: value })}
            />
          ))}
        <label>
          What it is for
          <input value={description} onChange={(event) => setDescription(event.target.value)} />
        </label>
      </form>
      {(wrong ?? change.error?.message) && (
        <p className={styles.error} role="alert">
          {wrong ?? change.error?.message}
        </p>
      )}
      <Trial experiment={experiment} definition={definition} />
    </Dialog>
  );
}

/** Returns the experiment that the last trace is of. */
function newest(experiments: readonly Experiment[] = []): string {
  const last = (experiment: Experiment) => format.nsToMs(experiment.last_trace_ns ?? "0");
  const [first] = [...experiments].sort((left, right) => last(right) - last(left));
  return first?.experiment_id ?? DEFAULT_EXPERIMENT;
}

interface InputProps {
  field: Field;
  value: string;
  onChange(value: string): void;
}

function Input({ field, value, onChange }: InputProps) {
  const id = useId();
  if (field.type === "flag") {
    return (
      <label className={styles.flag}>
        <input
          type="checkbox"
          checked={value === "true"}
          onChange={(event) => onChange(event.target.checked ? "true" : "")}
        />
        {field.label}
      </label>
    );
  }
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{field.label}</label>
      {field.type === "choice" ? (
        <select id={id} value={value || field.choices?.[0]} onChange={(event) => onChange(event.target.value)}>
          {field.choices?.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : field.type === "text" || field.type === "number" ? (
        <input
          id={id}
          inputMode={field.type === "number" ? "decimal" : undefined}
          value={value}
          placeholder={field.placeholder}
          onChange={(event) => onChange(event.target.value)}
        />
      ) : (
        <textarea
          id={id}
          className={field.type === "json" ? "mono" : undefined}
          rows={4}
          spellCheck={field.type !== "json"}
          value={value}
          placeholder={field.placeholder}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </div>
  );
}

function Trial({ experiment, definition }: { experiment: string; definition(): Definition | null }) {
  const recent = useQuery({
    queryKey: ["recent traces", experiment],
    queryFn: ({ signal }) => request<TraceList>("/traces", { query: { experiment, limit: RECENT_TRACES }, signal }),
  });
  const traces = recent.data?.traces ?? [];
  const [picked, setPicked] = useState<string | null>(null);
  const trace = traces.find(({ trace_id }) => trace_id === picked) ?? traces[0];
  const trial = useMutation({
    mutationFn: async () => {
      const said = definition();
      return said && trace ? tryScorer(trace.trace_id, said) : null;
    },
  });
  if (recent.isSuccess && traces.length === 0) return null;
  return (
    <section className={styles.trial} aria-label="Try it">
      <div>
        <select
          aria-label="Trace to try it on"
          value={trace?.trace_id}
          onChange={(event) => setPicked(event.target.value)}
        >
          {traces.map((one) => (
            <option key={one.trace_id} value={one.trace_id}>
              {`${one.name ?? "–"}: ${(one.input ?? "").slice(0, 80)}`}
            </option>
          ))}
        </select>
        <Button kind="outline" icon="running" disabled={trial.isPending || !trace} onClick={() => trial.mutate()}>
          Try
        </Button>
      </div>
      {trial.isError && (
        <p className={styles.error} role="alert">
          {trial.error.message}
        </p>
      )}
      {trial.data && <Tried result={trial.data} />}
    </section>
  );
}

function Tried({ result }: { result: ScorerTryResult }) {
  const { value, rationale, skipped, error, model, usd } = result;
  const more = [model, usd === null ? null : format.exactCost(usd)].filter(Boolean).join(" · ");
  return (
    <div role="status" className={styles.tried}>
      {value !== null && <b data-value={String(value)}>{String(value)}</b>}
      {skipped !== null && <b>Passed over: {skipped}</b>}
      {error !== null && <span className={styles.error}>{error}</span>}
      {rationale && <p>{rationale}</p>}
      {more && <p className="unit">{more}</p>}
    </div>
  );
}
