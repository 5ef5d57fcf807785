import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import type { CostReason } from "../../../api/types";
import { CostFigure, Reason } from "./CostFigure";

const PRICED: CostReason = {
  source: "priced",
  text: "priced as gpt-4o (openai), batch, built-in list of 2026-11-26",
  is_current: true,
  unknown: null,
  match: {
    row: null,
    unknown: null,
    steps: [
      { rule: "as_given", text: "the name as given", provider: "openai", name: "gpt-4o-2099-01-01", found: false },
      { rule: "date", text: "the date taken off", provider: "openai", name: "gpt-4o", found: true },
    ],
  },
  charges: [
    { kind: "input", tokens: 1000, per_million: 1.25, cost: 0.00125 },
    { kind: "cache_read", tokens: 20, per_million: 1.25, cost: 0.000025 },
  ],
  list_cost: 0.001275,
  service: "batch",
  above_tokens: null,
};

it("says which prices were taken, for how many tokens of each kind", () => {
  render(<Reason cost={{ input: 0.001275, output: 0, total: 0.001275 }} reason={PRICED} />);
  expect(screen.getByText(PRICED.text)).toBeTruthy();
  const rows = screen.getAllByRole("row").map((row) => row.textContent);
  expect(rows).toEqual(["input1,000× $1.25 / million$0.0013", "cache read20× $1.25 / million$0.000025"]);
  const steps = screen.getAllByRole("listitem").map((step) => step.textContent);
  expect(steps).toEqual([
    "gpt-4o-2099-01-01 (openai) the name as given: not listed",
    "gpt-4o (openai) the date taken off: found",
  ]);
});

it("says that a cost is unknown, and never that it is nothing", () => {
  const reason = {
    ...PRICED,
    source: "unknown",
    text: "unknown: no price list has the model",
    match: null,
    charges: [],
  };
  render(<CostFigure cost={null} reason={reason} />);
  const button = screen.getByRole("button");
  expect(button.textContent).toBe("unknown");
  expect(button.getAttribute("data-tip")).toBe(reason.text);
});

it("shows nothing for a span that is no use of a model", () => {
  const { container } = render(<CostFigure cost={null} reason={null} />);
  expect(container.textContent).toBe("");
});
