// The time range: presets, or two moments of one's own.
import { useState } from "react";
import { Button } from "../../components/button/Button";
import { Icon } from "../../components/icon/Icon";
import { Menu, MenuItem, MenuSeparator } from "../../components/popover/Menu";
import { Popover } from "../../components/popover/Popover";
import { label, PRESETS, resolve } from "../../lib/range";
import { useAppSearch } from "../../lib/useAppSearch";
import styles from "./TopBar.module.css";

export function TimeRange() {
  const [search, update] = useAppSearch();
  const now = Date.now();
  return (
    <Popover
      label="Time range"
      align="end"
      width={252}
      button={(attributes) => (
        <Button {...attributes} icon="clock" tip="Time range">
          {label(search, now)}
          <Icon name="chevronDown" />
        </Button>
      )}
    >
      {(close) => {
        const choose = (from: string | undefined, to: string | undefined) => {
          close();
          update({ from, to });
        };
        return (
          <>
            <Menu label="Time range">
              {PRESETS.map((preset) => (
                <MenuItem
                  key={preset.from}
                  checked={search.from === preset.from && !search.to}
                  hint={preset.label}
                  onSelect={() => choose(preset.from, undefined)}
                >
                  {preset.title}
                </MenuItem>
              ))}
              <MenuItem checked={!search.from && !search.to} onSelect={() => choose(undefined, undefined)}>
                All time
              </MenuItem>
            </Menu>
            <MenuSeparator />
            <CustomRange from={resolve(search.from, now)} to={resolve(search.to, now)} onApply={choose} />
          </>
        );
      }}
    </Popover>
  );
}

interface CustomRangeProps {
  from: number | null;
  to: number | null;
  onApply(from: string | undefined, to: string | undefined): void;
}

function CustomRange({ from, to, onApply }: CustomRangeProps) {
  const [start, setStart] = useState(local(from));
  const [end, setEnd] = useState(local(to));
  const backwards = start !== "" && end !== "" && start >= end;
  return (
    <form
      className={styles.custom}
      onSubmit={(event) => {
        event.preventDefault();
        if (!backwards) onApply(absolute(start), absolute(end));
      }}
    >
      <label>
        From
        <input type="datetime-local" step="1" value={start} onChange={(event) => setStart(event.target.value)} />
      </label>
      <label>
        To
        <input type="datetime-local" step="1" value={end} onChange={(event) => setEnd(event.target.value)} />
      </label>
      <div className={styles.customFoot}>
        <span className={styles.customError}>{backwards ? "The end is before the start" : ""}</span>
        <Button kind="outline" type="submit" disabled={backwards}>
          Apply
        </Button>
      </div>
    </form>
  );
}

function local(ms: number | null): string {
  if (ms === null) return "";
  const date = new Date(ms);
  return new Date(ms - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function absolute(text: string): string | undefined {
  return text === "" ? undefined : String(new Date(text).getTime());
}
