import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { experimentsQuery } from "../../api/queries";
import type { Experiment, TraceSummary } from "../../api/types";
import { COLUMNS } from "./columns";

const client = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
client.setQueryData(experimentsQuery().queryKey, [{ experiment_id: "2", name: "support" } as Experiment]);

function cell(id: string, trace: Partial<TraceSummary> & { error_span_count?: number }): string {
  const column = COLUMNS.find((one) => one.id === id);
  const content = column?.cell(trace as TraceSummary, 0);
  return render(<QueryClientProvider client={client}>{content}</QueryClientProvider>).container.textContent ?? "";
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

test("an experiment is shown by its name, a deleted one by its id", () => {
  expect(cell("experiment", { experiment_id: "2" })).toBe("support");
  expect(cell("experiment", { experiment_id: "7" })).toBe("7");
});
