import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { TraceSummary } from "../../api/types";
import { COLUMNS } from "./columns";
import { useListKeys } from "./useListKeys";

const ROWS = ["a", "b"].map((trace_id) => ({ trace_id }) as TraceSummary);

afterEach(cleanup);

// Nothing is open above the list.
vi.spyOn(document, "querySelector").mockReturnValue(null);

function keysOver(active: string | null) {
  const list = {
    onFocus: vi.fn(),
    onActive: vi.fn(),
    onActiveColumn: vi.fn(),
    onOpen: vi.fn(),
    onSelect: vi.fn(),
    onClear: vi.fn(),
    onFilter: vi.fn(),
    onFacets: vi.fn(),
    onClause: vi.fn(),
  };
  const Keys = () => {
    useListKeys({ ...list, enabled: true, rows: ROWS, columns: COLUMNS, active, activeColumn: "time" });
    return null;
  };
  render(<Keys />);
  return { ...list, press: (key: string) => window.dispatchEvent(new KeyboardEvent("keydown", { key })) };
}

it("a move takes the focus to the list, so that Enter opens the row", () => {
  const list = keysOver("a");
  list.press("j");
  expect(list.onActive).toHaveBeenCalledWith("b");
  expect(list.onFocus).toHaveBeenCalledTimes(1);
  list.press("ArrowRight");
  expect(list.onActiveColumn).toHaveBeenCalledWith("name");
  expect(list.onFocus).toHaveBeenCalledTimes(2);
});

it("the first arrow to the side shows the cell before it moves on", () => {
  const list = keysOver(null);
  list.press("ArrowRight");
  expect(list.onActive).toHaveBeenCalledWith("a");
  expect(list.onActiveColumn).not.toHaveBeenCalled();
  expect(list.onFocus).toHaveBeenCalled();
});
