// MLflow's client prints links into MLflow's own web UI, which keeps its page behind a `#`. They lead to the same thing here.
import type { AppSearch } from "./search";

export interface Target {
  /** The run or the version whose page it is; else it is a list. */
  run?: string;
  version?: string;
  page: "traces" | "runs" | "versions" | "reviews";
  search: AppSearch;
}

/** Returns where such a link leads (`/experiments/1/runs/…`, without the `#`), or null if it is none. */
export function mlflowTarget(hash: string): Target | null {
  const match = /^\/?experiments\/(\d+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(hash);
  if (!match) return null;
  const [, experiment = "", path = "", query = ""] = match;
  const parameters = new URLSearchParams(query);
  const [page, id] = path.split("/");
  const run = page === "runs" ? id : parameters.get("selectedRunUuid");
  if (run) return { run, page: "runs", search: { experiment: [experiment] } };
  if (page === "models" && id) return { version: id, page: "versions", search: { experiment: [experiment] } };
  if (page === "models") return { page: "versions", search: { experiment: [experiment] } };
  if (page === "review-queue") return { page: "reviews", search: { experiment: [experiment] } };
  if (page === "runs" || page === "evaluation-runs") return { page: "runs", search: { experiment: [experiment] } };
  const trace = parameters.get("selectedEvaluationId") ?? parameters.get("selectedTraceId") ?? undefined;
  return { page: "traces", search: { experiment: [experiment], trace } };
}
