// All shortcuts on one page.
import { Dialog } from "../../components/dialog/Dialog";
import { shown } from "../../lib/keys";
import styles from "./CheatSheet.module.css";

const SECTIONS: { title: string; rows: [string[], string][] }[] = [
  {
    title: "Everywhere",
    rows: [
      [["mod+k"], "Search and commands"],
      [["p"], "Switch experiment"],
      [["l"], "Live updates on or off"],
      [["mod+shift+l"], "Dark or light"],
      [["?"], "This page"],
    ],
  },
  {
    title: "List of traces",
    rows: [
      [["/"], "Write a filter"],
      [["f"], "Facets"],
      [["j", "k"], "Next, previous row"],
      [["Enter"], "Open"],
      [["shift+Enter"], "Open as a page"],
      [["x"], "Select"],
      [["ArrowLeft", "ArrowRight"], "Previous, next cell"],
      [["."], "Filter by the value of the cell"],
      [[">"], "Exclude the value of the cell"],
      [["Escape"], "Clear the selection"],
    ],
  },
  {
    title: "Runs",
    rows: [
      [["j", "k"], "Next, previous row"],
      [["Enter"], "Open"],
      [["x"], "Mark"],
      [["d"], "Compare the two that are marked"],
      [["Escape"], "Back to the list"],
    ],
  },
  {
    title: "Versions",
    rows: [
      [["j", "k"], "Next, previous row"],
      [["Enter"], "Open"],
      [["x"], "Mark"],
      [["d"], "Compare those that are marked"],
    ],
  },
  {
    title: "Review",
    rows: [
      [["1", "9"], "Choose an answer"],
      [["y", "n"], "Yes, no"],
      [["-"], "Does not apply"],
      [["ArrowDown", "ArrowUp"], "Next, previous question"],
      [["c"], "Comment"],
      [["Enter"], "Next question, at the end submit"],
      [["mod+Enter"], "Submit and go on"],
      [["u"], "Take the last one back"],
      [["J", "K"], "Next, previous trace"],
      [["s"], "Skip"],
      [["x"], "Decline: not to be reviewed"],
      [["j", "k"], "Scroll the conversation"],
      [["f"], "All steps or the conversation"],
      [["o"], "Open the whole trace"],
    ],
  },
  {
    title: "Datasets",
    rows: [
      [["j", "k"], "Next, previous record"],
      [["Enter"], "Open the record"],
      [["x"], "Select"],
      [["a"], "Add a record"],
      [["v"], "Versions, and back to the records"],
      [["mod+Enter"], "Save the record"],
    ],
  },
  {
    title: "Filter",
    rows: [
      [["Enter"], "Apply"],
      [["Tab"], "Take the completion"],
      [["mod+."], "Fix the first problem"],
      [["Escape"], "Back to the list, as it was"],
    ],
  },
  {
    title: "Trace",
    rows: [
      [["j", "k"], "Next, previous span"],
      [["ArrowRight", "ArrowLeft"], "Expand, collapse"],
      [["shift+ArrowRight"], "Expand everything below"],
      [["J", "K"], "Next, previous trace"],
      [["e", "E"], "Next, previous error"],
      [["mod+f"], "Find spans"],
      [["n", "N"], "Next, previous hit"],
      [["w", "t"], "Timeline, transcript"],
      [["Enter"], "To the detail, Esc back"],
      [["r"], "Span as JSON"],
      [["u", "x"], "Good, bad"],
      [["1", "5"], "Rate from 1 to 5"],
      [["m"], "Comment"],
      [["c"], "Copy the link"],
      [["y"], "Copy the span as JSON"],
      [["Escape"], "Close"],
    ],
  },
];

export function CheatSheet({ onClose }: { onClose(): void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose} width={760}>
      <div className={styles.sections}>
        {SECTIONS.map((section) => (
          <section key={section.title}>
            <h3>{section.title}</h3>
            <dl>
              {section.rows.map(([keys, text]) => (
                <div key={text} className={styles.row}>
                  <dt>
                    {keys.map((key) => (
                      <kbd key={key}>{shown(key)}</kbd>
                    ))}
                  </dt>
                  <dd>{text}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <div className={styles.fade} aria-hidden="true" />
    </Dialog>
  );
}
