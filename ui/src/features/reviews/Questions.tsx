// The questions about a trace: one is up at a time, which the keys answer; the others wait below and above.
import { type KeyboardEvent, useEffect, useRef } from "react";
import type { LabelSchema } from "../../api/types";
import { Icon } from "../../components/icon/Icon";
import { choose, type Draft, type Drafts, EMPTY, isChosen, isEnded, isTyped, optionsOf, read } from "./answers";
import styles from "./Desk.module.css";

interface QuestionsProps {
  questions: readonly LabelSchema[];
  drafts: Drafts;
  /** The place of the question that is up. */
  active: number;
  /** Whether its comment is being written. */
  commenting: boolean;
  onActive(at: number): void;
  onDraft(schemaId: string, draft: Draft): void;
  onCommenting(commenting: boolean): void;
  /** The question that is up is done with. */
  onAdvance(): void;
}

export function Questions(props: QuestionsProps) {
  return (
    <ol className={styles.questions} aria-label="Questions">
      {props.questions.map((schema, at) => (
        <Question key={schema.schema_id} {...props} schema={schema} at={at} />
      ))}
    </ol>
  );
}

function Question({
  schema,
  at,
  drafts,
  active,
  commenting,
  ...props
}: QuestionsProps & { schema: LabelSchema; at: number }) {
  const draft = drafts[schema.schema_id];
  const isActive = at === active;
  const reading = read(schema, draft);
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isActive) row.current?.scrollIntoView({ block: "nearest" });
  }, [isActive]);
  const change = (patch: Partial<Draft>) => props.onDraft(schema.schema_id, { ...(draft ?? EMPTY), ...patch });
  const isCommenting = isActive && commenting;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the arrows choose the question too
    <li
      ref={row}
      className={styles.question}
      data-active={isActive || undefined}
      data-question={schema.name}
      aria-current={isActive ? "step" : undefined}
      onClick={() => props.onActive(at)}
    >
      <h3>
        <span className={styles.number}>{at + 1}</span>
        {schema.name}
        {schema.kind === "expectation" && <span className={styles.kind}>expectation</span>}
        <span className={styles.mark} data-state={reading.state}>
          {reading.state === "answered" && (
            <>
              <Icon name={reading.value === null ? "minus" : "check"} size={14} />
              <span className="visually-hidden">{reading.value === null ? "does not apply" : "answered"}</span>
            </>
          )}
        </span>
      </h3>
      {schema.instruction && <p className={styles.instruction}>{schema.instruction}</p>}
      {isTyped(schema) ? (
        <Field
          schema={schema}
          draft={draft}
          isActive={isActive && !isCommenting}
          onText={(text) => change({ text, none: false })}
          onFocus={() => props.onActive(at)}
          onAdvance={props.onAdvance}
        />
      ) : (
        <Options
          schema={schema}
          draft={draft}
          isActive={isActive}
          onChoose={(value) => {
            props.onDraft(schema.schema_id, choose(schema, draft, value));
            if (isEnded(schema)) props.onAdvance();
          }}
        />
      )}
      {reading.state === "wrong" && (
        <p role="alert" className={styles.problem}>
          {reading.problem}
        </p>
      )}
      <div className={styles.more}>
        <button
          type="button"
          aria-pressed={draft?.none ?? false}
          onClick={(event) => {
            event.stopPropagation();
            change({ none: !draft?.none });
            if (!draft?.none) props.onAdvance();
          }}
        >
          n/a {isActive && <kbd>-</kbd>}
        </button>
        {schema.enable_comment && !isCommenting && (
          <button
            type="button"
            onClick={(event) => {
              event.stopPropagation();
              props.onActive(at);
              props.onCommenting(true);
            }}
          >
            {draft?.comment ? <span className="cut">“{draft.comment}”</span> : "Comment"} {isActive && <kbd>c</kbd>}
          </button>
        )}
      </div>
      {isCommenting && (
        <Comment
          name={schema.name}
          text={draft?.comment ?? ""}
          onText={(comment) => change({ comment })}
          onEnd={() => props.onCommenting(false)}
        />
      )}
    </li>
  );
}

interface OptionsProps {
  schema: LabelSchema;
  draft: Draft | undefined;
  isActive: boolean;
  onChoose(value: boolean | string): void;
}

function Options({ schema, draft, isActive, onChoose }: OptionsProps) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a legend of its own
    <div className={styles.options} role="group" aria-label={schema.name}>
      {optionsOf(schema).map((option) => (
        <button
          key={option.label}
          type="button"
          aria-pressed={isChosen(draft, option.value)}
          data-way={schema.input.type === "pass_fail" ? (option.value ? "pass" : "fail") : undefined}
          onClick={(event) => {
            event.stopPropagation();
            onChoose(option.value);
          }}
        >
          <kbd data-dim={!isActive || undefined}>{option.key}</kbd>
          {option.label}
        </button>
      ))}
    </div>
  );
}

interface FieldProps {
  schema: LabelSchema;
  draft: Draft | undefined;
  isActive: boolean;
  onText(text: string): void;
  onFocus(): void;
  onAdvance(): void;
}

/** Enter goes on, Escape leaves the field to the keys of the page. */
function Field({ schema, draft, isActive, onText, onFocus, onAdvance }: FieldProps) {
  const field = useRef<HTMLTextAreaElement & HTMLInputElement>(null);
  useEffect(() => {
    if (isActive) field.current?.focus({ preventScroll: true });
    else if (document.activeElement === field.current) field.current?.blur();
  }, [isActive]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.metaKey && !event.ctrlKey) {
      event.preventDefault();
      onAdvance();
    } else if (event.key === "Escape") {
      event.preventDefault();
      field.current?.blur();
    }
  };
  const shared = {
    ref: field,
    "aria-label": schema.name,
    value: draft?.text ?? "",
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => onText(event.target.value),
    onFocus,
    onKeyDown,
  };
  const { input } = schema;
  if (input.type === "numeric") return <input {...shared} inputMode="decimal" placeholder={rangeText(input)} />;
  return <textarea {...shared} rows={2} placeholder={draft?.none ? "does not apply" : ""} />;
}

function rangeText({ min_value, max_value }: { min_value?: number | null; max_value?: number | null }): string {
  if (typeof min_value === "number" && typeof max_value === "number") return `${min_value} to ${max_value}`;
  if (typeof min_value === "number") return `${min_value} or more`;
  return typeof max_value === "number" ? `${max_value} or less` : "a number";
}

function Comment({
  name,
  text,
  onText,
  onEnd,
}: {
  name: string;
  text: string;
  onText(text: string): void;
  onEnd(): void;
}) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus({ preventScroll: true }), []);
  return (
    <textarea
      ref={field}
      className={styles.comment}
      aria-label={`Comment on ${name}`}
      placeholder="Why? ↵ keeps it"
      rows={2}
      value={text}
      onChange={(event) => onText(event.target.value)}
      onBlur={onEnd}
      onKeyDown={(event) => {
        if ((event.key !== "Enter" || event.shiftKey || event.metaKey || event.ctrlKey) && event.key !== "Escape")
          return;
        event.preventDefault();
        onEnd();
      }}
    />
  );
}
