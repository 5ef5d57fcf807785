// A field over a list that it narrows: the arrows move, Enter picks. Used by the palette and the experiment switcher.
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { takesFocus } from "../../lib/focus";
import { Icon, type IconName } from "../icon/Icon";
import styles from "./PickList.module.css";

export interface Pick {
  id: string;
  text: string;
  /** Words that match beside the text. */
  also?: string;
  group?: string;
  icon?: IconName;
  hint?: ReactNode;
  checked?: boolean;
  onPick(): void;
}

interface PickListProps {
  items: readonly Pick[];
  label: string;
  placeholder: string;
  /** What is shown when nothing matches. */
  empty?: string;
  /** Items made from what was typed, shown after those that match. */
  fromText?(text: string): Pick[];
  /** Says what was typed, for items that must be asked for. */
  onText?(text: string): void;
  maxHeight?: number;
}

export function PickList(props: PickListProps) {
  const { items, label, placeholder, empty = "Nothing matches", fromText, onText, maxHeight } = props;
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const shown = [
    ...items.filter((item) => matches(item, text)),
    ...(text.trim() ? (fromText?.(text.trim()) ?? []) : []),
  ];
  const current = Math.min(active, shown.length - 1);

  useEffect(() => {
    list.current?.querySelector(`[data-index="${current}"]`)?.scrollIntoView({ block: "nearest" });
  }, [current]);

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && shown.length > 0) {
      event.preventDefault();
      setActive((current + step + shown.length) % shown.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      shown[current]?.onPick();
    }
  };

  return (
    <>
      <div className={styles.field}>
        <Icon name="search" />
        <input
          role="combobox"
          aria-label={label}
          aria-expanded="true"
          aria-controls={id}
          aria-activedescendant={shown.length > 0 ? `${id}-${current}` : undefined}
          aria-autocomplete="list"
          ref={takesFocus}
          spellCheck={false}
          autoComplete="off"
          placeholder={placeholder}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setActive(0);
            onText?.(event.target.value.trim());
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div ref={list} id={id} role="listbox" aria-label={label} className={styles.list} style={{ maxHeight }}>
        {shown.map((item, index) => (
          <div key={item.id} role="presentation">
            {item.group && item.group !== shown[index - 1]?.group && <div className={styles.group}>{item.group}</div>}
            {/* biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled in the field, which keeps the focus. */}
            {/* biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the active option. */}
            <div
              id={`${id}-${index}`}
              data-index={index}
              role="option"
              aria-selected={index === current}
              className={styles.option}
              onPointerMove={() => setActive(index)}
              onClick={() => item.onPick()}
            >
              {item.icon && <Icon name={item.icon} />}
              <span className={styles.text}>{item.text}</span>
              {item.hint !== undefined && <span className={styles.hint}>{item.hint}</span>}
              {item.checked && <Icon name="check" />}
            </div>
          </div>
        ))}
        {shown.length === 0 && <p className={styles.empty}>{empty}</p>}
      </div>
    </>
  );
}

function matches(item: Pick, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/);
  const all = `${item.text} ${item.also ?? ""} ${item.group ?? ""}`.toLowerCase();
  return words.every((word) => all.includes(word));
}
