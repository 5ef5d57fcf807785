// Creates or edits a review queue: its name, who reviews, and what is asked, with new questions made on the spot.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { experimentsQuery } from "../../api/queries";
import type { ReviewQueue } from "../../api/types";
import { Button } from "../../components/button/Button";
import { Dialog } from "../../components/dialog/Dialog";
import { takesFocus } from "../../lib/focus";
import { changeQueue, createQueue, questionsQuery } from "./api";
import { QuestionForm } from "./QuestionForm";
import { kindText } from "./questionText";
import styles from "./Reviews.module.css";

interface QueueFormProps {
  /** The queue that is edited, if it is not a new one. */
  edited?: ReviewQueue;
  /** The experiment that a new one begins with, by name or id. */
  experiment?: string | undefined;
  onClose(): void;
  onDone(queue: ReviewQueue): void;
}

export function QueueForm({ edited, experiment, onClose, onDone }: QueueFormProps) {
  const client = useQueryClient();
  const experiments = useQuery(experimentsQuery());
  const found = experiments.data?.find((one) => one.experiment_id === experiment || one.name === experiment);
  const [picked, setPicked] = useState<string>();
  const place = edited?.experiment_id ?? picked ?? found?.experiment_id ?? experiments.data?.[0]?.experiment_id;
  const questions = useQuery(questionsQuery(place));
  const [name, setName] = useState(edited?.name ?? "");
  const [users, setUsers] = useState(edited?.users.join(", ") ?? "");
  const [chosen, setChosen] = useState<readonly string[]>(edited?.schema_ids ?? []);
  const [asking, setAsking] = useState(false);
  // Answers that were given must keep their questions.
  const isLocked = (edited?.progress.total ?? 0) > 0;
  const save = useMutation({
    mutationFn: async () => {
      const people = users.split(",").flatMap((user) => user.trim() || []);
      const schema_ids = chosen.filter((id) => questions.data?.schemas.some((one) => one.schema_id === id));
      if (!edited) return createQueue({ experiment: place ?? "", name, users: people, schema_ids });
      return changeQueue(edited.queue_id, { name, users: people, ...(isLocked ? {} : { schema_ids }) });
    },
    onSuccess: (detail) => {
      for (const key of ["review queues", "review queue"]) void client.invalidateQueries({ queryKey: [key] });
      onClose();
      onDone(detail.queue);
    },
  });
  const ready = name.trim() !== "" && place !== undefined && !save.isPending && !asking;
  const toggle = (id: string) =>
    setChosen((before) => (before.includes(id) ? before.filter((one) => one !== id) : [...before, id]));
  return (
    <Dialog
      title={edited ? "Edit the queue" : "New review queue"}
      onClose={onClose}
      width={560}
      actions={
        <>
          <Button kind="outline" onClick={onClose}>
            Cancel
          </Button>
          <Button kind="solid" disabled={!ready} onClick={() => save.mutate()}>
            {edited ? "Save" : "Create"}
          </Button>
        </>
      }
    >
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) save.mutate();
        }}
      >
        <label>
          Name
          <input
            ref={takesFocus}
            value={name}
            placeholder="Refund answers, week 48"
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        {!edited && (
          <label>
            Experiment
            <select
              value={place ?? ""}
              onChange={(event) => {
                setPicked(event.target.value);
                setChosen([]);
              }}
            >
              {(experiments.data ?? []).map((one) => (
                <option key={one.experiment_id} value={one.experiment_id}>
                  {one.name}
                </option>
              ))}
            </select>
          </label>
        )}
        <label>
          Reviewers
          <input
            value={users}
            placeholder="ann, bob; empty: anyone"
            onChange={(event) => setUsers(event.target.value)}
          />
        </label>
        <fieldset disabled={isLocked}>
          <legend>Questions, in the order in which they are chosen</legend>
          {(questions.data?.schemas ?? []).map((schema) => {
            const place = chosen.indexOf(schema.schema_id);
            return (
              <label key={schema.schema_id} className={styles.check}>
                <input type="checkbox" checked={place >= 0} onChange={() => toggle(schema.schema_id)} />
                <span>
                  {schema.name}
                  {place >= 0 && <span className="unit"> {place + 1}</span>}
                </span>
                <span>{kindText(schema)}</span>
              </label>
            );
          })}
          {isLocked && <p className={styles.note}>The questions of a queue that holds traces can't be changed.</p>}
          {!isLocked && chosen.length === 0 && <p className={styles.note}>Of none, only “Feedback” is asked.</p>}
        </fieldset>
        {save.isError && (
          <p role="alert" className={styles.error}>
            {save.error.message}
          </p>
        )}
        <button type="submit" hidden />
      </form>
      {!isLocked && !asking && (
        <div className={styles.form}>
          <div>
            <Button kind="outline" icon="plus" onClick={() => setAsking(true)}>
              New question
            </Button>
          </div>
        </div>
      )}
      {asking && place !== undefined && (
        <QuestionForm
          experiment={place}
          onCancel={() => setAsking(false)}
          onCreated={(schema) => {
            setAsking(false);
            setChosen((before) => [...before, schema.schema_id]);
          }}
        />
      )}
    </Dialog>
  );
}
