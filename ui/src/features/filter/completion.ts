// Completion by the server: it knows the grammar at the cursor, the fields, and the values that are there.
import {
  acceptCompletion,
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  closeCompletion,
  completionStatus,
  moveCompletionSelection,
  type Completion as Option,
  selectedCompletion,
  selectedCompletionIndex,
  startCompletion,
} from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import { EditorView, type KeyBinding } from "@codemirror/view";
import type { Completion, CompletionItem } from "../../api/types";
import * as format from "../../lib/format";
import { toUtf8, toUtf16 } from "../../lib/utf8";
import { tokenize } from "./tokens";

const OPTIONS_SHOWN = 12;

export type Complete = (text: string, cursor: number, signal: AbortSignal) => Promise<Completion>;

export function completion(complete: Complete): Extension {
  return [
    autocompletion({
      override: [(context) => source(complete, context)],
      icons: false,
      defaultKeymap: false,
      interactionDelay: 0,
      // As many as fit: a list that scrolls would have to take the focus.
      maxRenderedOptions: OPTIONS_SHOWN,
      activateOnTypingDelay: 40,
      optionClass: (option) => `cm-option-${option.type}`,
    }),
    acceptWhenThere,
    // The list opens as soon as an empty bar is entered: the fields are the best hint there is.
    EditorView.domEventHandlers({
      focus: (_, view) => {
        if (view.state.doc.length === 0) setTimeout(() => startCompletion(view), 0);
      },
    }),
  ];
}

async function source(complete: Complete, context: CompletionContext): Promise<CompletionResult | null> {
  const text = context.state.doc.toString();
  const abort = new AbortController();
  context.addEventListener("abort", () => abort.abort());
  const answer = await complete(text, toUtf8(text, context.pos), abort.signal).catch(() => null);
  if (!answer || context.aborted || answer.items.length === 0) return null;
  const from = toUtf16(text, answer.start);
  const to = toUtf16(text, answer.end);
  // Nothing is to be completed if what could stand here is what stands here.
  if (answer.items.length === 1 && answer.items[0]?.text === text.slice(from, to)) return null;
  const options = answer.items.map((item, index) => optionOf(item, answer.items.length - index));
  if (context.view) lastList.set(context.view, { from, options });
  return { from, to, filter: false, options };
}

function optionOf(item: CompletionItem, boost: number): Option {
  const detail = item.count === null ? item.detail : format.plain(format.count(item.count));
  return { label: item.text, type: item.kind, boost: Math.min(99, boost), detail: detail ?? undefined, apply: insert };
}

function insert(view: EditorView, option: Option, from: number, to: number): void {
  const after = view.state.sliceDoc(to, to + 1);
  // A map's name (`tags.`) waits for its key; after all else comes a blank, and the next list.
  const blank = option.label.endsWith(".") || option.label.endsWith("(") || after === " " ? "" : " ";
  // What follows a finished value (`'ERROR'AND`) is set apart from it.
  const apart = from === to && /[^\s(]$/.test(view.state.sliceDoc(0, from)) ? " " : "";
  const text = apart + option.label + blank;
  view.dispatch({
    changes: { from, to, insert: text },
    selection: { anchor: from + text.length + (after === " " ? 1 : 0) },
    userEvent: "input.complete",
  });
  startCompletion(view);
}

/**
 * Keys of an open list. Enter takes an option only while a word is being written or after the arrows were used;
 * otherwise it applies the filter, because a finished text always has a list of what could follow. For the same reason
 * Tab first tries `fix`, which puts a problem right, unless a word is being written.
 */
export function completionKeys(fix: () => boolean): KeyBinding[] {
  return [
    { key: "Ctrl-Space", run: startCompletion },
    { key: "Escape", run: closeCompletion },
    { key: "ArrowDown", run: moveCompletionSelection(true) },
    { key: "ArrowUp", run: moveCompletionSelection(false) },
    { key: "Tab", run: (view) => (!isWriting(view) && fix()) || acceptSoon(view) || fix() },
    {
      key: "Enter",
      run: (view) => {
        if (completionStatus(view.state) !== "active") return close(view);
        const moved = (selectedCompletionIndex(view.state) ?? 0) > 0;
        return moved || isWriting(view) ? acceptCompletion(view) : close(view);
      },
    },
  ];
}

const accepting = new WeakSet<EditorView>();

/** The list that is shown, by editor. */
const lastList = new WeakMap<EditorView, { from: number; options: Option[] }>();

// While the server's answer to the last letter is under way, the list is that of the letter before. Tab then takes its
// first option that fits what is written by now; if none does, it waits for the list to come.
function acceptSoon(view: EditorView): boolean {
  if (completionStatus(view.state) !== "pending") return acceptCompletion(view);
  const list = lastList.get(view);
  const cursor = view.state.selection.main.head;
  const written = list && list.from < cursor ? view.state.sliceDoc(list.from, cursor).toLowerCase() : "";
  const option = written ? list?.options.find(({ label }) => label.toLowerCase().startsWith(written)) : undefined;
  if (list && option) insert(view, option, list.from, cursor);
  else accepting.add(view);
  return true;
}

const acceptWhenThere = EditorView.updateListener.of(({ view, state, docChanged }) => {
  if (!accepting.has(view)) return;
  const status = completionStatus(state);
  if (status === "pending" && !docChanged) return;
  accepting.delete(view);
  if (status === "active") setTimeout(() => acceptCompletion(view), 0);
});

function close(view: EditorView): boolean {
  closeCompletion(view);
  return false;
}

function isWriting(view: EditorView): boolean {
  const cursor = view.state.selection.main.head;
  const token = tokenize(view.state.doc.toString()).find(({ start, end }) => start < cursor && cursor <= end);
  if (!token || token.text === selectedCompletion(view.state)?.label) return false;
  if (token.kind === "string") return token.text.length < 2 || !token.text.endsWith(token.text.charAt(0));
  return token.kind === "field" || token.kind === "keyword";
}
