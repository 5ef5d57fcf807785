import { expect, it } from "vitest";
import { mlflowTarget } from "./mlflowLink";

it("links that MLflow's client prints lead to the same thing", () => {
  const search = { experiment: ["1"] };
  expect(mlflowTarget("/experiments/1/runs/ab12")).toEqual({ run: "ab12", page: "runs", search });
  expect(mlflowTarget("/experiments/1/evaluation-runs?selectedRunUuid=ab12")).toEqual({
    run: "ab12",
    page: "runs",
    search,
  });
  expect(mlflowTarget("/experiments/1/evaluation-runs")).toEqual({ page: "runs", search });
  expect(mlflowTarget("/experiments/1/models/m-5")).toEqual({ version: "m-5", page: "versions", search });
  expect(mlflowTarget("/experiments/1/models")).toEqual({ page: "versions", search });
  expect(mlflowTarget("/experiments/1/review-queue")).toEqual({ page: "reviews", search });
  expect(mlflowTarget("/experiments/1")).toEqual({ page: "traces", search });
  expect(mlflowTarget("/experiments/1/traces?selectedEvaluationId=tr-5")).toEqual({
    page: "traces",
    search: { ...search, trace: "tr-5" },
  });
  for (const other of ["", "content", "/models/x", "/experiments/x"]) expect(mlflowTarget(other)).toBeNull();
});
