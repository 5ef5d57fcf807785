// Where traces are reviewed: the conversation, beside it the questions, below the keys. Nothing here needs the mouse.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import type { LabelSchema, ReviewProgress, ReviewQueueDetail, ReviewScope } from "../../api/types";
import { Button, IconButton } from "../../components/button/Button";
import { ErrorState } from "../../components/ErrorState";
import { Duration } from "../../components/Figure";
import { toast } from "../../components/toast/toast";
import { takesFocus } from "../../lib/focus";
import * as format from "../../lib/format";
import { shown, useShortcuts } from "../../lib/keys";
import { useStored } from "../../lib/storage";
import { recordQuery } from "../trace/data/queries";
import {
  choose,
  type Draft,
  type Drafts,
  draftsOf,
  EMPTY,
  given,
  isEnded,
  isTyped,
  nextOpen,
  optionOfKey,
  read,
} from "./answers";
import styles from "./Desk.module.css";
import { Questions } from "./Questions";
import { prefetchTrace, ReviewTrace } from "./ReviewTrace";
import { normalName, reviewer as reviewerStore } from "./state";
import { type Desk, type Done, useDesk } from "./useDesk";

const SCROLL_PX = 120;
const KEYS: readonly [string[], string][] = [
  [["1–9"], "answer"],
  [["-"], "n/a"],
  [["c"], "comment"],
  [["Enter"], "next, submit"],
  [["mod+Enter"], "submit"],
  [["u"], "undo"],
  [["?"], "all keys"],
  [["s"], "skip"],
  [["x"], "decline"],
  [["J", "K"], "next, previous trace"],
  [["j", "k"], "scroll"],
  [["f"], "all steps"],
  [["↑", "↓"], "question"],
  [["o"], "open"],
];

export function ReviewDesk({ detail }: { detail: ReviewQueueDetail }) {
  const name = reviewerStore.use();
  if (name === "") return <WhoAreYou users={detail.queue.users} />;
  return <Session key={`${detail.queue.queue_id} ${name}`} detail={detail} reviewer={name} />;
}

/** Which question of a trace the reviewer is at. */
interface Place {
  traceId: string | undefined;
  active: number;
  commenting: boolean;
}

function startOf(traceId: string | undefined): Place {
  return { traceId, active: 0, commenting: false };
}

/** Returns the place, if it is one in this trace; else where one begins. */
function placeIn(place: Place, traceId: string | undefined): Place {
  return place.traceId === traceId ? place : startOf(traceId);
}

/** Answers are given in somebody's name. */
function WhoAreYou({ users }: { users: readonly string[] }) {
  const [text, setText] = useState("");
  return (
    <form
      className={styles.who}
      onSubmit={(event) => {
        event.preventDefault();
        if (normalName(text)) reviewerStore.set(normalName(text));
      }}
    >
      <h2>Who reviews?</h2>
      <p>Answers are kept under this name, and this browser remembers it.</p>
      <div>
        <input
          ref={takesFocus}
          aria-label="Your name"
          list="review-users"
          value={text}
          maxLength={250}
          onChange={(event) => setText(event.target.value)}
        />
        <datalist id="review-users">
          {users.map((user) => (
            <option key={user} value={user} />
          ))}
        </datalist>
        <Button kind="solid" type="submit" disabled={normalName(text) === ""}>
          Begin
        </Button>
      </div>
      {users.length > 0 && (
        <p className={styles.users}>
          {users.map((user) => (
            <Button key={user} kind="outline" icon="user" onClick={() => reviewerStore.set(user)}>
              {user}
            </Button>
          ))}
        </p>
      )}
    </form>
  );
}

function Session({ detail, reviewer }: { detail: ReviewQueueDetail; reviewer: string }) {
  const { queue, questions } = detail;
  const desk = useDesk(queue.queue_id, reviewer, queue.progress);
  const client = useQueryClient();
  const navigate = useNavigate();
  const [drafts, setDrafts] = useState<Readonly<Record<string, Drafts>>>({});
  const traceId = desk.current?.traceId;
  const record = useQuery({ ...recordQuery(traceId ?? ""), enabled: traceId !== undefined });
  const before = traceId && record.data ? draftsOf(questions, record.data.assessments, reviewer) : {};
  const mine = (traceId && drafts[traceId]) || before;
  // Where the reviewer is belongs to one trace: a key that comes right after another trace did finds its first question.
  const [place, setPlace] = useState<Place>(startOf(traceId));
  // While rendering, and not in an effect: keys may come before that runs.
  if (place.traceId !== traceId) setPlace(startOf(traceId));
  const { active, commenting } = placeIn(place, traceId);
  const change = (edit: Partial<Place>) => setPlace((before) => ({ ...placeIn(before, traceId), ...edit }));
  const [steps, setSteps] = useStored("review.steps", false);
  const scroller = useRef<HTMLElement>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another trace begins at its top.
  useEffect(() => {
    // Newer browsers return a promise from it, which an effect must not.
    scroller.current?.scrollTo({ top: 0 });
  }, [traceId]);
  useEffect(() => {
    if (desk.next) void prefetchTrace(client, desk.next);
  }, [desk.next, client]);

  const schema = questions[active];
  const setDraft = (schemaId: string, draft: Draft) => {
    if (traceId) setDrafts((all) => ({ ...all, [traceId]: { ...(all[traceId] ?? before), [schemaId]: draft } }));
  };
  const goTo = (at: number) => change({ active: Math.max(0, Math.min(questions.length - 1, at)), commenting: false });
  const submit = (answers: Drafts) => {
    const wrong = questions.findIndex((one) => read(one, answers[one.schema_id]).state === "wrong");
    if (wrong >= 0) {
      goTo(wrong);
      return;
    }
    if (traceId) desk.finish("complete", given(questions, answers));
  };
  /** On to the next question that is open; at the end nothing is sent before it is said so. */
  const advance = () => goTo(active + 1);
  const enter = () => {
    const open = nextOpen(questions, mine, active);
    if (open < 0) submit(mine);
    else if (open === active && active < questions.length - 1) goTo(active + 1);
    else goTo(open);
  };
  const advanceField = () => {
    const isLast = active === questions.length - 1;
    if (isLast && nextOpen(questions, mine, 0) < 0) submit(mine);
    else advance();
  };
  const answer = (key: string) => {
    if (!schema) return;
    const value = optionOfKey(schema, key);
    if (value === undefined) return;
    setDraft(schema.schema_id, choose(schema, mine[schema.schema_id], value));
    if (isEnded(schema)) advance();
  };
  const none = () => {
    if (!schema) return;
    const draft = mine[schema.schema_id] ?? EMPTY;
    setDraft(schema.schema_id, { ...draft, none: !draft.none });
    if (!draft.none) advance();
  };
  const end = (what: Done) => desk.current?.done === null && desk.finish(what);
  const digits = Object.fromEntries([..."0123456789yn"].map((key) => [key, () => answer(key)]));

  useShortcuts({
    ...digits,
    "-": none,
    ArrowDown: () => goTo(active + 1),
    ArrowUp: () => goTo(active - 1),
    c: () => schema?.enable_comment && change({ commenting: true }),
    "mod+Enter": () => submit(mine),
    Enter: (event) => {
      const { target } = event;
      const isAnswer = target instanceof HTMLElement && target.closest("[data-question]") !== null;
      if ((target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement) && !isAnswer) target.click();
      else enter();
    },
    u: () => (desk.canUndo ? desk.undo() : toast("Nothing to take back", "error")),
    J: () => desk.step(1),
    K: () => desk.step(-1),
    s: () => end("skip"),
    x: () => end("decline"),
    j: () => scroller.current?.scrollBy({ top: SCROLL_PX }),
    k: () => scroller.current?.scrollBy({ top: -SCROLL_PX }),
    f: () => setSteps(!steps),
    o: () => traceId && void navigate({ to: "/traces/$traceId", params: { traceId }, search: {} }),
  });

  return (
    <div className={styles.desk}>
      <Bar desk={desk} reviewer={reviewer} />
      {desk.error && desk.items.length === 0 ? (
        <ErrorState error={desk.error} onRetry={() => desk.take("pending")} />
      ) : traceId ? (
        <div className={styles.split}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is read must be scrolled by the keyboard. */}
          <section ref={scroller} className={styles.reading} tabIndex={0} aria-label="Conversation">
            <ReviewTrace key={traceId} traceId={traceId} steps={steps} />
          </section>
          <aside className={styles.asking} aria-label="Review">
            <Questions
              key={traceId}
              questions={questions}
              drafts={mine}
              active={active}
              commenting={commenting}
              onActive={(at) => change({ active: at })}
              onDraft={setDraft}
              onCommenting={(is) => change({ commenting: is })}
              onAdvance={isTypedAt(questions, active) ? advanceField : advance}
            />
            <Actions desk={desk} open={nextOpen(questions, mine, 0)} onSubmit={() => submit(mine)} onEnd={end} />
          </aside>
        </div>
      ) : (
        <Nothing desk={desk} reviewer={reviewer} experiment={queue.experiment_id} />
      )}
      <Legend />
    </div>
  );
}

function isTypedAt(questions: readonly LabelSchema[], at: number): boolean {
  const schema = questions[at];
  return schema !== undefined && isTyped(schema);
}

/** How far the queue is, and how long a trace takes. */
function Bar({ desk, reviewer }: { desk: Desk; reviewer: string }) {
  const { progress } = desk;
  const mean = progress?.reviewers.find((one) => one.reviewer === reviewer)?.mean_ns ?? null;
  return (
    <div className={styles.bar}>
      {progress && <Progress progress={progress} />}
      {mean !== null && (
        <span className="unit" data-tip="Your mean time for a trace">
          <Duration ns={mean} /> each
        </span>
      )}
      <span className={styles.place}>
        {desk.current?.done && <span className={styles.done}>{DONE[desk.current.done]}</span>}
      </span>
      <button
        type="button"
        className={styles.reviewer}
        data-tip="Review under another name"
        onClick={() => reviewerStore.set("")}
      >
        {reviewer}
      </button>
    </div>
  );
}

const DONE: Record<Done, string> = { complete: "Submitted", skip: "Skipped", decline: "Declined" };

export function Progress({ progress }: { progress: ReviewProgress }) {
  const done = progress.complete + progress.declined;
  const share = progress.total === 0 ? 0 : done / progress.total;
  return (
    <span className={styles.progress}>
      <progress max={1} value={share} aria-label="Done" />
      <span data-testid="review-progress">
        {format.exact(done)} <span className="unit">of</span> {format.exact(progress.total)}
      </span>
    </span>
  );
}

interface ActionsProps {
  desk: Desk;
  /** The first question that is open, or -1. */
  open: number;
  onSubmit(): void;
  onEnd(what: Done): void;
}

function Actions({ desk, open, onSubmit, onEnd }: ActionsProps) {
  const isDone = desk.current?.done !== null;
  return (
    <div className={styles.actions}>
      <Button kind="solid" tip={open < 0 ? "Submit and go on" : "Submit as it is"} keys="mod+Enter" onClick={onSubmit}>
        {isDone ? "Submit again" : "Submit"} <kbd>{shown("mod+Enter")}</kbd>
      </Button>
      <Button kind="outline" disabled={isDone} tip="Leave it to others" keys="s" onClick={() => onEnd("skip")}>
        Skip
      </Button>
      <Button kind="outline" disabled={isDone} tip="It is not to be reviewed" keys="x" onClick={() => onEnd("decline")}>
        Decline
      </Button>
      <Button
        kind="outline"
        icon="undo"
        disabled={!desk.canUndo}
        tip="Take the last one back"
        keys="u"
        onClick={desk.undo}
      >
        Undo
      </Button>
      <span className={styles.steppers}>
        <IconButton
          icon="arrowUp"
          label="Previous trace"
          keys="K"
          disabled={desk.at === 0}
          onClick={() => desk.step(-1)}
        />
        <IconButton
          icon="arrowDown"
          label="Next trace"
          keys="J"
          disabled={desk.at >= desk.items.length - 1}
          onClick={() => desk.step(1)}
        />
      </span>
    </div>
  );
}

/** Nothing is left for this reviewer; what else there may be to do. */
function Nothing({ desk, reviewer, experiment }: { desk: Desk; reviewer: string; experiment: string }) {
  if (desk.isLoading) return <div className={styles.nothing} role="status" aria-label="Loading" />;
  const { progress } = desk;
  const skipped = progress?.reviewers.find((one) => one.reviewer === reviewer)?.skipped ?? 0;
  const others = (progress?.reviewers ?? []).some((one) => one.reviewer !== reviewer && one.complete > 0);
  const more: [ReviewScope, string][] = [
    ["pending", "Look again"],
    ...(skipped > 0 ? [["skipped", `Take up the ${skipped} you skipped`] as [ReviewScope, string]] : []),
    ...(others ? [["second_opinion", "Give second opinions"] as [ReviewScope, string]] : []),
  ];
  return (
    <div className={styles.nothing} role="status">
      <h2>{progress?.total === 0 ? "No traces in this queue" : "Nothing left to review"}</h2>
      <p>
        {progress?.total === 0
          ? "Select traces in the list of traces, or open one, and add them to this queue."
          : (progress?.in_progress ?? 0) > 0
            ? `Others are at ${progress?.in_progress} more.`
            : "All traces of this queue that are for you are done."}
      </p>
      {progress?.total === 0 && (
        <Link to="/traces" search={{ experiment: [experiment] }} className={styles.link}>
          To the traces
        </Link>
      )}
      <div>
        {desk.canUndo && (
          <Button kind="outline" icon="undo" keys="u" tip="Take the last one back" onClick={desk.undo}>
            Undo
          </Button>
        )}
        {more.map(([scope, text]) => (
          <Button key={scope} kind="outline" onClick={() => desk.take(scope)}>
            {text}
          </Button>
        ))}
      </div>
    </div>
  );
}

function Legend() {
  return (
    <section className={styles.legend} aria-label="Keys">
      {KEYS.map(([keys, text]) => (
        <span key={text}>
          {keys.map((key) => (
            <kbd key={key}>{shown(key)}</kbd>
          ))}
          {text}
        </span>
      ))}
    </section>
  );
}
