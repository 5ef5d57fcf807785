// Makes a question to reviewers.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { LabelSchema } from "../../api/types";
import { Button } from "../../components/button/Button";
import { takesFocus } from "../../lib/focus";
import { createQuestion } from "./api";
import { FIRST_INPUT, INPUT_KINDS, INPUT_NAMES, type InputDraft, type InputKind, inputOf } from "./questionText";
import styles from "./Reviews.module.css";

interface QuestionFormProps {
  experiment: string;
  onCancel(): void;
  onCreated(schema: LabelSchema): void;
}

export function QuestionForm({ experiment, onCancel, onCreated }: QuestionFormProps) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [kind, setKind] = useState<"feedback" | "expectation">("feedback");
  const [instruction, setInstruction] = useState("");
  const [comment, setComment] = useState(true);
  const [input, setInput] = useState<InputDraft>(FIRST_INPUT);
  const change = (patch: Partial<InputDraft>) => setInput((before) => ({ ...before, ...patch }));
  const create = useMutation({
    mutationFn: () =>
      createQuestion({
        experiment,
        name: name.trim(),
        kind,
        instruction: instruction.trim() || null,
        enable_comment: comment,
        input: inputOf(input),
      }),
    onSuccess: async (schema) => {
      await client.invalidateQueries({ queryKey: ["label schemas"] });
      onCreated(schema);
    },
  });
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) create.mutate();
      }}
    >
      <fieldset>
        <legend>New question</legend>
        <label>
          Name, which the answers are called
          <input
            ref={takesFocus}
            value={name}
            placeholder="correct"
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <label>
          Instruction
          <input
            value={instruction}
            placeholder="Is every statement in the answer true?"
            onChange={(event) => setInstruction(event.target.value)}
          />
        </label>
        <div className={styles.pair}>
          <label>
            Answered by
            <select value={input.kind} onChange={(event) => change({ kind: event.target.value as InputKind })}>
              {INPUT_KINDS.map((one) => (
                <option key={one} value={one}>
                  {INPUT_NAMES[one]}
                </option>
              ))}
            </select>
          </label>
          <label>
            Becomes
            <select value={kind} onChange={(event) => setKind(event.target.value as typeof kind)}>
              <option value="feedback">feedback</option>
              <option value="expectation">an expectation</option>
            </select>
          </label>
        </div>
        <InputFields input={input} onChange={change} />
        <label className={styles.check}>
          <input type="checkbox" checked={comment} onChange={(event) => setComment(event.target.checked)} />
          <span>A comment may be added</span>
        </label>
        {create.isError && (
          <p role="alert" className={styles.error}>
            {create.error.message}
          </p>
        )}
        <div>
          <Button kind="outline" type="submit" disabled={name.trim() === "" || create.isPending}>
            Add the question
          </Button>{" "}
          <Button onClick={onCancel}>Cancel</Button>
        </div>
      </fieldset>
    </form>
  );
}

function InputFields({ input, onChange }: { input: InputDraft; onChange(patch: Partial<InputDraft>): void }) {
  switch (input.kind) {
    case "pass_fail":
      return (
        <div className={styles.pair}>
          <label>
            Yes is called
            <input value={input.positive} onChange={(event) => onChange({ positive: event.target.value })} />
          </label>
          <label>
            No is called
            <input value={input.negative} onChange={(event) => onChange({ negative: event.target.value })} />
          </label>
        </div>
      );
    case "categorical":
      return (
        <>
          <label>
            Options, one a line, at most 10
            <textarea rows={4} value={input.options} onChange={(event) => onChange({ options: event.target.value })} />
          </label>
          <label className={styles.check}>
            <input
              type="checkbox"
              checked={input.multi}
              onChange={(event) => onChange({ multi: event.target.checked })}
            />
            <span>Several may be chosen</span>
          </label>
        </>
      );
    case "numeric":
      return (
        <div className={styles.pair}>
          <label>
            Smallest
            <input inputMode="decimal" value={input.min} onChange={(event) => onChange({ min: event.target.value })} />
          </label>
          <label>
            Largest
            <input inputMode="decimal" value={input.max} onChange={(event) => onChange({ max: event.target.value })} />
          </label>
        </div>
      );
    default:
      return null;
  }
}
