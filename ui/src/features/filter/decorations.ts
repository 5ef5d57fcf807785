// How the editor shows the filter: colours by token, squiggles under problems.
import { type Extension, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import type { FilterProblem } from "../../api/types";
import { toUtf16 } from "../../lib/utf8";
import { tokenize } from "./tokens";

export const colours: Extension = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = colour(view.state.doc.toString());
    }
    update(update: ViewUpdate) {
      if (update.docChanged) this.decorations = colour(update.state.doc.toString());
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function colour(text: string): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const token of tokenize(text)) {
    builder.add(token.start, token.end, Decoration.mark({ class: `cm-${token.kind}` }));
  }
  return builder.finish();
}

export const setProblems = StateEffect.define<readonly FilterProblem[]>();

/** The problems that are shown; typing moves them along until the next check. */
export const problemField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    const effect = transaction.effects.find((candidate) => candidate.is(setProblems));
    if (effect) return underline(transaction.newDoc.toString(), effect.value as readonly FilterProblem[]);
    return marks.map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

const MARK = Decoration.mark({ class: "cm-problem" });

function underline(text: string, problems: readonly FilterProblem[]): DecorationSet {
  const ranges = problems.map((problem) => visible(text, toUtf16(text, problem.start), toUtf16(text, problem.end)));
  return Decoration.set(
    ranges.filter(({ from, to }) => to > from).map(({ from, to }) => MARK.range(from, to)),
    true,
  );
}

// A problem with an empty place, such as a missing value at the end, is drawn under the character before it.
function visible(text: string, from: number, to: number): { from: number; to: number } {
  if (to > from) return { from, to: Math.min(to, text.length) };
  const at = text.slice(0, from).trimEnd().length;
  return at > 0 ? { from: at - 1, to: at } : { from: 0, to: Math.min(1, text.length) };
}
