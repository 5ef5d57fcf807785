// The filter bar: the editor, what is wrong with its text and how to put it right. `draft` is what is written, `applied`
// what the list shows; Enter makes them the same once the server can read the draft.
import { useQueryClient } from "@tanstack/react-query";
import {
  lazy,
  type ReactNode,
  type Ref,
  Suspense,
  useCallback,
  useEffect,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from "react";
import { completeFilter, type Selection } from "../../api/queries";
import type { FilterProblem } from "../../api/types";
import { IconButton } from "../../components/button/Button";
import { Icon } from "../../components/icon/Icon";
import { Prose } from "../../components/Prose";
import { shown } from "../../lib/keys";
import styles from "./FilterBar.module.css";
import type { FilterEditorHandle } from "./FilterEditor";
import { checkQuery, fixed, saysMore, searchOf, useFilterCheck, worthShowing } from "./useFilterCheck";

// Asked for at once, beside the page's own code: whoever presses `/` should not have to wait.
const editorModule = import("./FilterEditor");
const FilterEditor = lazy(() => editorModule);

const PLACEHOLDER = "Filter, for example  status = 'ERROR' AND latency > 5s";

export interface FilterBarHandle {
  focus(): void;
  /** Writes a text and applies it if the server can read it; if not, its problems are shown. */
  apply(text: string): void;
}

interface FilterBarProps {
  draft: string;
  applied: string;
  selection: Selection;
  onDraft(text: string): void;
  onApply(text: string): void;
  /** Whether the text that is written was refused: the list then shows what was asked before. */
  onRefused(refused: boolean): void;
  /** Gives the focus back to the list. */
  onLeave(): void;
  /** Left and right of the editor. */
  start?: ReactNode;
  end?: ReactNode;
  ref?: Ref<FilterBarHandle>;
}

export function FilterBar({
  draft,
  applied,
  selection,
  onDraft,
  onApply,
  onRefused,
  onLeave,
  start,
  end,
  ref,
}: FilterBarProps) {
  const editor = useRef<FilterEditorHandle>(null);
  const client = useQueryClient();
  const [wantsFocus, setWantsFocus] = useState(false);
  const [focused, setFocused] = useState(false);
  const [cursor, setCursor] = useState(draft.length);
  // The text whose Enter was refused: all of its problems are shown, also those at the cursor.
  const [refused, setRefused] = useState<string | null>(null);

  const isRefused = refused !== null && refused === draft;
  useEffect(() => onRefused(isRefused), [isRefused, onRefused]);

  const check = useFilterCheck(draft);
  const all = check && !check.valid ? check.errors : NONE;
  const isWriting = focused && !isRefused && draft !== applied;
  const problems = useMemo(() => (isWriting ? worthShowing(draft, all, cursor) : all), [isWriting, draft, all, cursor]);

  const apply = useCallback(
    async (text: string) => {
      const trimmed = text.trim();
      const answer = trimmed === "" ? null : await client.fetchQuery(checkQuery(text)).catch(() => null);
      const meant = answer && !answer.valid ? searchOf(text, answer.errors) : trimmed;
      if (meant === null) return setRefused(text);
      setRefused(null);
      if (meant !== trimmed) onDraft(meant);
      onApply(meant);
    },
    [client, onApply, onDraft],
  );

  useImperativeHandle(
    ref,
    () => ({
      focus: () => (editor.current ? editor.current.focus() : setWantsFocus(true)),
      apply(text) {
        onDraft(text);
        void apply(text);
      },
    }),
    [apply, onDraft],
  );

  const use = (problem: FilterProblem) => {
    const text = fixed(draft, problem);
    onDraft(text);
    editor.current?.focus();
  };
  const firstFix = problems.find((problem) => problem.suggestion !== null);

  return (
    <div className={styles.bar}>
      {start}
      <div className={styles.field} data-focused={focused || undefined} data-wrong={problems.length > 0 || undefined}>
        <span className={styles.icon}>
          <Icon name="filter" />
        </span>
        <div className={styles.editor}>
          <Suspense fallback={<EditorFallback draft={draft} />}>
            <FilterEditor
              ref={editor}
              value={draft}
              problems={problems}
              placeholder={PLACEHOLDER}
              autoFocus={wantsFocus}
              complete={(text, at, signal) => completeFilter(text, at, selection, signal)}
              onChange={onDraft}
              onCursor={setCursor}
              onFocus={setFocused}
              onApply={() => void apply(draft)}
              onFix={() => {
                if (firstFix) use(firstFix);
                return firstFix !== undefined;
              }}
              onLeave={() => {
                onDraft(applied);
                setRefused(null);
                onLeave();
              }}
            />
          </Suspense>
        </div>
        {draft.trim() !== applied && problems.length === 0 && (
          <button type="button" className={styles.apply} onClick={() => void apply(draft)}>
            Apply <kbd>{shown("Enter")}</kbd>
          </button>
        )}
        {draft !== "" && (
          <IconButton
            icon="close"
            label="Clear the filter"
            onClick={() => {
              onDraft("");
              onApply("");
            }}
          />
        )}
        {!focused && draft === "" && <kbd className={styles.slash}>/</kbd>}
      </div>
      {end}
      {problems.length > 0 && <Problems problems={problems} onUse={use} first={firstFix} />}
    </div>
  );
}

const NONE: FilterProblem[] = [];

interface ProblemsProps {
  problems: readonly FilterProblem[];
  first: FilterProblem | undefined;
  onUse(problem: FilterProblem): void;
}

function Problems({ problems, first, onUse }: ProblemsProps) {
  return (
    <ul className={styles.problems} aria-label="Problems of the filter" aria-live="polite">
      {problems.map((problem) => (
        <li key={`${problem.start} ${problem.message}`}>
          <Icon name="warning" />
          <span>
            <Prose text={problem.message} />
          </span>
          {saysMore(problem) && <span className={styles.expected}>expected {problem.expected.join(", ")}</span>}
          {problem.suggestion !== null && (
            <button type="button" onMouseDown={(event) => event.preventDefault()} onClick={() => onUse(problem)}>
              Use <code>{problem.suggestion}</code>
              {problem === first && <kbd>Tab</kbd>}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

function EditorFallback({ draft }: { draft: string }) {
  return <div className={styles.fallback}>{draft || <span className={styles.placeholder}>{PLACEHOLDER}</span>}</div>;
}
