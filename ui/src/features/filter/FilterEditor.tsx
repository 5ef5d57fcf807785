// The filter's editor: CodeMirror on one line that grows, with the server's completion, colours and squiggles. A chunk of
// its own; FilterBar shows a plain line of the same size until it is there.
import { history, historyKeymap, standardKeymap } from "@codemirror/commands";
import { EditorState, Prec } from "@codemirror/state";
import { drawSelection, EditorView, keymap, placeholder, type ViewUpdate } from "@codemirror/view";
import { type Ref, useEffect, useImperativeHandle, useRef } from "react";
import type { Completion, FilterProblem } from "../../api/types";
import { completion, completionKeys } from "./completion";
import { colours, problemField, setProblems } from "./decorations";
import { editorTheme } from "./editorTheme";

export interface FilterEditorHandle {
  focus(): void;
}

export interface FilterEditorProps {
  value: string;
  problems: readonly FilterProblem[];
  placeholder: string;
  /** Asks the server what may stand at a byte of the text. */
  complete(text: string, cursor: number, signal: AbortSignal): Promise<Completion>;
  onChange(text: string): void;
  onCursor(cursor: number): void;
  onFocus(focused: boolean): void;
  onApply(): void;
  /** Uses the first suggestion; false if there is none. */
  onFix(): boolean;
  onLeave(): void;
  autoFocus: boolean;
  ref?: Ref<FilterEditorHandle>;
}

export default function FilterEditor(props: FilterEditorProps) {
  const parent = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef(props);
  latest.current = props;
  useImperativeHandle(props.ref, () => ({ focus: () => focusEnd(view.current) }), []);

  useEffect(() => {
    if (!parent.current) return;
    const editor = new EditorView({ parent: parent.current, state: createState(latest) });
    view.current = editor;
    if (latest.current.autoFocus) focusEnd(editor);
    return () => {
      view.current = null;
      editor.destroy();
    };
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === props.value) return;
    editor.dispatch({
      changes: { from: 0, to: editor.state.doc.length, insert: props.value },
      selection: { anchor: props.value.length },
    });
  }, [props.value]);

  useEffect(() => {
    view.current?.dispatch({ effects: setProblems.of(props.problems) });
  }, [props.problems]);

  return <div ref={parent} data-testid="filter-editor" />;
}

type Latest = { current: FilterEditorProps };

function createState(latest: Latest): EditorState {
  return EditorState.create({
    doc: latest.current.value,
    selection: { anchor: latest.current.value.length },
    extensions: [
      history(),
      drawSelection(),
      EditorView.lineWrapping,
      placeholder(latest.current.placeholder),
      EditorView.contentAttributes.of({ "aria-label": "Filter", spellcheck: "false" }),
      oneLine,
      colours,
      problemField,
      completion((text, cursor, signal) => latest.current.complete(text, cursor, signal)),
      Prec.highest(keymap.of([...completionKeys(() => latest.current.onFix()), ...ownKeys(latest)])),
      keymap.of([...standardKeymap, ...historyKeymap]),
      EditorView.updateListener.of((update) => report(latest.current, update)),
      editorTheme,
    ],
  });
}

// These come after the keys of the completion, which take what is meant for an open list.
function ownKeys(latest: Latest) {
  return [
    {
      key: "Enter",
      run: () => {
        latest.current.onApply();
        return true;
      },
    },
    { key: "Mod-.", run: () => latest.current.onFix() },
    {
      key: "Escape",
      run: () => {
        latest.current.onLeave();
        return true;
      },
    },
  ];
}

function report(props: FilterEditorProps, update: ViewUpdate): void {
  if (update.docChanged) props.onChange(update.state.doc.toString());
  if (update.docChanged || update.selectionSet) props.onCursor(update.state.selection.main.head);
  if (update.focusChanged) props.onFocus(update.view.hasFocus);
}

/** A pasted line break means a blank. */
const oneLine = EditorState.transactionFilter.of((transaction) => {
  if (transaction.newDoc.lines === 1) return transaction;
  const text = transaction.newDoc.toString().replace(/\s*\n\s*/g, " ");
  return {
    changes: { from: 0, to: transaction.startState.doc.length, insert: text },
    selection: { anchor: Math.min(transaction.newSelection.main.head, text.length) },
  };
});

function focusEnd(editor: EditorView | null): void {
  if (!editor) return;
  editor.dispatch({ selection: { anchor: editor.state.doc.length }, scrollIntoView: true });
  editor.focus();
}
