// Adds or edits one assessment: a name, feedback or expectation, a value of some kind, and why.
import { useId, useState } from "react";
import type { Assessment, NewAssessment } from "../../../api/types";
import { Button } from "../../../components/button/Button";
import { takesFocus } from "../../../lib/focus";
import styles from "./assess.module.css";
import { kindOf, parseValue, textOf, VALUE_KINDS, type ValueKind } from "./value";

const NAMES = [
  "quality",
  "correctness",
  "relevance",
  "helpfulness",
  "groundedness",
  "safety",
  "comment",
  "expected_response",
];

export interface AssessmentFormProps {
  /** The assessment that is edited, if it is not a new one. */
  edited?: Assessment;
  /** Names that were used before, shown first. */
  names: string[];
  span: { id: string; name: string } | null;
  /** What a new one starts with. */
  start?: { name: string; kind: ValueKind } | undefined;
  onSave(assessment: NewAssessment): void;
  onCancel(): void;
}

export function AssessmentForm({ edited, names, span, start, onSave, onCancel }: AssessmentFormProps) {
  const id = useId();
  const first = edited ? kindOf(edited.value) : (start?.kind ?? "yes/no");
  const [name, setName] = useState(edited?.name ?? start?.name ?? "");
  const [kind, setKind] = useState<"feedback" | "expectation">(
    edited?.kind === "expectation" ? "expectation" : "feedback",
  );
  const [valueKind, setValueKind] = useState<ValueKind>(first);
  const [text, setText] = useState(edited ? textOf(edited.value, first) : first === "1–5" ? "5" : "");
  const [rationale, setRationale] = useState(edited?.rationale ?? "");
  const [onSpan, setOnSpan] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const save = (event: React.SyntheticEvent) => {
    event.preventDefault();
    const parsed = parseValue(text, valueKind);
    if (name.trim() === "") return setProblem("the name is missing");
    if ("problem" in parsed) return setProblem(parsed.problem);
    onSave({
      name: name.trim(),
      kind,
      value: parsed.value,
      rationale: rationale.trim() || null,
      span_id: onSpan && span ? span.id : null,
    });
  };
  return (
    <form
      className={styles.form}
      onSubmit={save}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) save(event);
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onCancel();
      }}
    >
      <div className={styles.fields}>
        <label htmlFor={`${id}-name`}>Name</label>
        <input
          id={`${id}-name`}
          list={`${id}-names`}
          value={name}
          ref={start ? undefined : takesFocus}
          placeholder="quality"
          onChange={(event) => setName(event.target.value)}
        />
        <datalist id={`${id}-names`}>
          {[...new Set([...names, ...NAMES])].map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
        {!edited && (
          <>
            <label htmlFor={`${id}-kind`}>Kind</label>
            <select id={`${id}-kind`} value={kind} onChange={(event) => setKind(event.target.value as typeof kind)}>
              <option value="feedback">feedback: how good it is</option>
              <option value="expectation">expectation: what would have been right</option>
            </select>
          </>
        )}
        <label htmlFor={`${id}-value-kind`}>Value</label>
        <div className={styles.valueLine}>
          <select
            id={`${id}-value-kind`}
            aria-label="Kind of value"
            value={valueKind}
            onChange={(event) => {
              setValueKind(event.target.value as ValueKind);
              setText(event.target.value === "1–5" ? "5" : "");
            }}
          >
            {VALUE_KINDS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
          <ValueInput kind={valueKind} text={text} setText={setText} focus={start !== undefined} />
        </div>
        <label htmlFor={`${id}-why`}>Why</label>
        <textarea
          id={`${id}-why`}
          rows={2}
          value={rationale}
          placeholder="optional"
          onChange={(event) => setRationale(event.target.value)}
        />
        {!edited && span && (
          <>
            <span>About</span>
            <div className={styles.choices}>
              <Choice name={`${id}-about`} checked={!onSpan} onChoose={() => setOnSpan(false)} label="the trace" />
              <Choice
                name={`${id}-about`}
                checked={onSpan}
                onChoose={() => setOnSpan(true)}
                label={`the span ${span.name}`}
              />
            </div>
          </>
        )}
      </div>
      <footer>
        {problem && (
          <span role="alert" className={styles.problem}>
            {problem}
          </span>
        )}
        <Button onClick={onCancel}>Cancel</Button>
        <Button kind="solid" type="submit" tip="Save" keys="mod+Enter">
          Save
        </Button>
      </footer>
    </form>
  );
}

interface ValueInputProps {
  kind: ValueKind;
  text: string;
  focus: boolean;
  setText(text: string): void;
}

function ValueInput({ kind, text, focus, setText }: ValueInputProps) {
  const name = useId();
  if (kind === "yes/no" || kind === "1–5") {
    const choices = kind === "yes/no" ? ["yes", "no"] : ["1", "2", "3", "4", "5"];
    const chosen = choices.includes(text) ? text : choices[0];
    return (
      <div className={styles.choices} role="radiogroup" aria-label="Value">
        {choices.map((one) => (
          <Choice key={one} name={name} checked={one === chosen} onChoose={() => setText(one)} label={one} />
        ))}
      </div>
    );
  }
  if (kind === "number")
    return (
      <input aria-label="Value" inputMode="decimal" value={text} onChange={(event) => setText(event.target.value)} />
    );
  return (
    <textarea
      aria-label="Value"
      ref={focus ? takesFocus : undefined}
      rows={kind === "JSON" ? 4 : 2}
      className={kind === "JSON" ? "mono" : undefined}
      value={text}
      onChange={(event) => setText(event.target.value)}
    />
  );
}

function Choice({
  name,
  checked,
  onChoose,
  label,
}: {
  name: string;
  checked: boolean;
  onChoose(): void;
  label: string;
}) {
  return (
    <label className={styles.choice}>
      <input type="radio" name={name} checked={checked} onChange={onChoose} />
      <span className="cut">{label}</span>
    </label>
  );
}
