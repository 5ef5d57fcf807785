// A block of content: a heading, the ways it can be shown, and the content. The chosen way is remembered for each kind
// of block on this machine.
import { type ReactNode, useId } from "react";
import { useStored } from "../../lib/storage";
import { CopyButton } from "./CopyButton";
import styles from "./content.module.css";

export type Mode = "Pretty" | "Markdown" | "JSON" | "Raw";

export interface BlockProps {
  title: string;
  /** What is remembered together, e.g. `input`. */
  kind: string;
  note?: ReactNode;
  /** The modes that make sense for this content, the default first. */
  modes: readonly Mode[];
  copy(): string;
  children(mode: Mode): ReactNode;
}

export function Block({ title, kind, note, modes, copy, children }: BlockProps) {
  const [chosen, choose] = useStored<Mode | null>(`content.${kind}`, null);
  const mode = chosen && modes.includes(chosen) ? chosen : (modes[0] ?? "Raw");
  const heading = useId();
  return (
    <section className={styles.block} aria-labelledby={heading}>
      <header className={styles.blockHead}>
        <h3 id={heading}>{title}</h3>
        {note && <span className={styles.blockNote}>{note}</span>}
        <div className={styles.blockTools}>
          {modes.length > 1 && (
            // biome-ignore lint/a11y/useSemanticElements: a fieldset would bring a legend of its own
            <div className={styles.modes} role="group" aria-label={`Show ${title.toLowerCase()} as`}>
              {modes.map((one) => (
                <button key={one} type="button" aria-pressed={one === mode} onClick={() => choose(one)}>
                  {one}
                </button>
              ))}
            </div>
          )}
          <CopyButton label={`Copy ${title.toLowerCase()}`} text={copy} />
        </div>
      </header>
      {children(mode)}
    </section>
  );
}
