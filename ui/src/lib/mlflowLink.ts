// MLflow's client prints links into MLflow's own web UI, which keeps its page behind a `#`. They lead to the same thing here.
import type { AppSearch } from "./search";

export interface Target {
  /** The run whose page it is; else it is the list of traces, or of runs. */
  run?: string;
  page: "traces" | "runs";
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
  if (page === "runs" || page === "evaluation-runs") return { page: "runs", search: { experiment: [experiment] } };
  const trace = parameters.get("selectedEvaluationId") ?? parameters.get("selectedTraceId") ?? undefined;
  return { page: "traces", search: { experiment: [experiment], trace } };
}
