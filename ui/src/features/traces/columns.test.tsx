import { render } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import type { TraceSummary } from "../../api/types";
import { COLUMNS } from "./columns";

function cell(id: string, trace: Partial<TraceSummary> & { error_span_count?: number }): string {
  const column = COLUMNS.find((one) => one.id === id);
  return render(column?.cell(trace as TraceSummary, 0)).container.textContent ?? "";
}

describe("the status", () => {
  test.each([
    ["OK", 2, "OK2 failed"],
    ["IN_PROGRESS", 1, "Running1 failed"],
    ["OK", 0, "OK"],
    ["OK", undefined, "OK"],
    ["ERROR", 3, "Error"],
    ["STATE_UNSPECIFIED", 0, "Unknown"],
  ] as const)("%s with %s failed spans shows %s", (state, count, text) => {
    expect(cell("status", { state, ...(count === undefined ? {} : { error_span_count: count }) })).toBe(text);
  });
});
