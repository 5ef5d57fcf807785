// Which columns are shown, how high the rows are.
import { IconButton } from "../../components/button/Button";
import { Menu, MenuItem, MenuSeparator } from "../../components/popover/Menu";
import { Popover } from "../../components/popover/Popover";
import { applyDensity, density } from "../frame/state";
import { COLUMNS, DEFAULT_COLUMNS } from "./columns";

interface ColumnMenuProps {
  columns: readonly string[];
  onColumns(ids: readonly string[]): void;
  onReset(): void;
}

export function ColumnMenu({ columns, onColumns, onReset }: ColumnMenuProps) {
  const current = density.use();
  const choose = (next: typeof current) => {
    density.set(next);
    applyDensity(next);
  };
  const toggle = (id: string) => {
    if (columns.includes(id)) onColumns(columns.filter((other) => other !== id));
    else onColumns(inOrder([...columns, id]));
  };
  return (
    <Popover
      label="Columns and rows"
      align="end"
      width={200}
      button={(attributes) => <IconButton {...attributes} icon="columns" label="Columns and rows" />}
    >
      {() => (
        <Menu label="Columns and rows">
          {COLUMNS.map((column) => (
            <MenuItem
              key={column.id}
              checked={columns.includes(column.id)}
              disabled={columns.length === 1 && columns[0] === column.id}
              onSelect={() => toggle(column.id)}
            >
              {column.label}
            </MenuItem>
          ))}
          <MenuSeparator />
          <MenuItem checked={current === "compact"} onSelect={() => choose("compact")}>
            Compact rows
          </MenuItem>
          <MenuItem checked={current === "regular"} onSelect={() => choose("regular")}>
            Regular rows
          </MenuItem>
          <MenuSeparator />
          <MenuItem icon="undo" onSelect={onReset}>
            Reset columns
          </MenuItem>
        </Menu>
      )}
    </Popover>
  );
}

export function isDefault(ids: readonly string[]): boolean {
  return ids.join() === DEFAULT_COLUMNS.join();
}

function inOrder(ids: readonly string[]): string[] {
  return COLUMNS.map((column) => column.id).filter((id) => ids.includes(id));
}
