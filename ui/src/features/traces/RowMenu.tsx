// What can be done with one row, at the pointer.
import { useEffect, useRef } from "react";
import type { TraceSummary } from "../../api/types";
import { copyText } from "../../components/CopyButton";
import { Menu, MenuItem, MenuSeparator } from "../../components/popover/Menu";
import { toast } from "../../components/toast/toast";
import type { Column } from "./columns";
import styles from "./RowMenu.module.css";

export interface RowMenuState {
  trace: TraceSummary;
  column: Column | null;
  x: number;
  y: number;
}

interface RowMenuProps {
  at: RowMenuState;
  onClose(): void;
  onOpen(traceId: string, fullPage: boolean): void;
  onClause(clause: string, wanted: "include" | "exclude"): void;
  onSelect(traceId: string): void;
}

export function RowMenu({ at, onClose, onOpen, onClause, onSelect }: RowMenuProps) {
  const panel = useRef<HTMLDivElement>(null);
  const close = useRef(onClose);
  close.current = onClose;

  useEffect(() => {
    const element = panel.current;
    if (!element) return;
    const onToggle = (event: Event) => {
      if ((event as ToggleEvent).newState === "closed") close.current();
    };
    element.showPopover();
    element.style.left = `${Math.min(at.x, innerWidth - element.offsetWidth - 8)}px`;
    element.style.top = `${Math.min(at.y, innerHeight - element.offsetHeight - 8)}px`;
    element.addEventListener("toggle", onToggle);
    return () => element.removeEventListener("toggle", onToggle);
  }, [at]);

  const { trace, column } = at;
  const clause = column?.clause?.(trace) ?? null;
  const then = (action: () => void) => () => {
    panel.current?.hidePopover();
    action();
  };
  const link = `${location.origin}/traces/${encodeURIComponent(trace.trace_id)}`;
  const copy = (text: string, what: string) => () =>
    void copyText(text).then((done) =>
      done ? toast(`${what} copied`) : toast("The browser forbids copying", "error"),
    );

  return (
    <div ref={panel} popover="auto" className={styles.menu}>
      <Menu label="Row">
        <MenuItem icon="traces" hint="↵" autoFocus onSelect={then(() => onOpen(trace.trace_id, false))}>
          Open
        </MenuItem>
        <MenuItem icon="expand" hint="⇧↵" onSelect={then(() => onOpen(trace.trace_id, true))}>
          Open as a page
        </MenuItem>
        <MenuItem icon="check" hint="x" onSelect={then(() => onSelect(trace.trace_id))}>
          Select
        </MenuItem>
        {clause && (
          <>
            <MenuSeparator />
            <MenuItem icon="filter" hint="." onSelect={then(() => onClause(clause, "include"))}>
              Only <code className={styles.clause}>{clause}</code>
            </MenuItem>
            <MenuItem icon="minus" hint="⇧." onSelect={then(() => onClause(clause, "exclude"))}>
              Not <code className={styles.clause}>{clause}</code>
            </MenuItem>
          </>
        )}
        <MenuSeparator />
        <MenuItem icon="copy" onSelect={then(copy(trace.trace_id, "Trace id"))}>
          Copy trace id
        </MenuItem>
        <MenuItem icon="link" onSelect={then(copy(link, "Link"))}>
          Copy link
        </MenuItem>
        {column?.full?.(trace) && (
          <MenuItem icon="copy" onSelect={then(copy(column.full(trace) ?? "", column.label))}>
            Copy {column.label.toLowerCase()}
          </MenuItem>
        )}
      </Menu>
    </div>
  );
}
