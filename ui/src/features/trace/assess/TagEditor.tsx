// The tags of a trace: its own can be changed, those of its resource are shown, and so is its metadata.
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { TraceRecord } from "../../../api/types";
import { Button, IconButton } from "../../../components/button/Button";
import { takesFocus } from "../../../lib/focus";
import { oneLine } from "../../../lib/oneLine";
import { metadataFilter, tagFilter } from "../links";
import styles from "./assess.module.css";
import { useAssess } from "./useAssess";

export function TagEditor({ record }: { record: TraceRecord }) {
  const assess = useAssess(record.trace_id);
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const own = Object.entries(record.own_tags).filter(([name]) => !name.startsWith("mlflow."));
  const resource = Object.entries(record.resource_tags).filter(([name]) => !(name in record.own_tags));
  // The others are fields of the trace, and have their places above.
  const metadata = Object.entries(record.metadata).filter(([name]) => !name.startsWith("mlflow.trace"));
  const add = (event: React.SyntheticEvent) => {
    event.preventDefault();
    const problem = tagProblem(key, value);
    setProblem(problem);
    if (problem) return;
    assess.setTag(key.trim(), value);
    setKey("");
    setValue("");
  };
  return (
    <div className={styles.tags}>
      {own.map(([name, text]) => (
        <OwnTag
          key={name}
          name={name}
          value={text}
          onSet={(next) => assess.setTag(name, next)}
          onRemove={() => assess.removeTag(name)}
        />
      ))}
      <form className={styles.tagLine} onSubmit={add}>
        <input
          ref={takesFocus}
          aria-label="Key of the new tag"
          placeholder="key"
          value={key}
          onChange={(event) => {
            setKey(event.target.value);
            setProblem(null);
          }}
        />
        <input
          aria-label="Value of the new tag"
          placeholder="value"
          value={value}
          aria-invalid={problem !== null}
          onChange={(event) => {
            setValue(event.target.value);
            setProblem(null);
          }}
        />
        <Button kind="outline" type="submit" disabled={key.trim() === ""}>
          Add
        </Button>
      </form>
      {problem && (
        <p role="alert" className={styles.tagProblem}>
          {problem}
        </p>
      )}
      <Shown title="From the resource" entries={resource} filter={tagFilter} />
      <Shown title="Metadata" entries={metadata} filter={metadataFilter} />
    </div>
  );
}

/** What can't be changed; each value leads to the traces that have it, too. */
function Shown({
  title,
  entries,
  filter,
}: {
  title: string;
  entries: readonly [string, string][];
  filter(key: string, value: string): string;
}) {
  if (entries.length === 0) return null;
  return (
    <section aria-label={title}>
      <h3 className={styles.groupTitle}>{title}</h3>
      <ul className={styles.resource}>
        {entries.map(([name, text]) => (
          <li key={name}>
            <span className="cut" title={name}>
              {oneLine(name)}
            </span>
            <Link to="/traces" search={{ filter: filter(name, text) }} className="cut" title={text}>
              {oneLine(text)}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Why a tag is not saved as it is written, if so: without a value it would be shown as a key and nothing. */
export function tagProblem(key: string, value: string): string | null {
  return value.trim() === "" ? `“${key.trim()}” needs a value.` : null;
}

function OwnTag({
  name,
  value,
  onSet,
  onRemove,
}: {
  name: string;
  value: string;
  onSet(value: string): void;
  onRemove(): void;
}) {
  const [text, setText] = useState(value);
  const problem = text === value ? null : tagProblem(name, text);
  const save = () => text !== value && !problem && onSet(text);
  return (
    <>
      <form
        className={styles.tagLine}
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <span className="cut" title={name}>
          {oneLine(name)}
        </span>
        <input
          aria-label={`Value of ${name}`}
          aria-invalid={problem !== null}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onBlur={save}
        />
        <IconButton icon="trash" label={`Remove ${name}`} onClick={onRemove} />
      </form>
      {problem && (
        <p role="alert" className={styles.tagProblem}>
          {problem}
        </p>
      )}
    </>
  );
}
