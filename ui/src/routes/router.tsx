// The routes, in code. The list is where one begins, so it is part of the first chunk; each other page is its own.
import { createRootRoute, createRoute, createRouter, Link, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { Frame } from "../features/frame/Frame";
import { TracesPage } from "../features/traces/TracesPage";
import { mlflowTarget } from "../lib/mlflowLink";
import { parseSearch, stringifySearch, validateSearch } from "../lib/search";

function NotFound() {
  return (
    <div style={{ padding: 32 }}>
      <h1>There is no such page</h1>
      <Link to="/traces" style={{ color: "var(--accent)" }}>
        To the traces
      </Link>
    </div>
  );
}

const root = createRootRoute({ component: Frame, validateSearch });

const index = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: ({ search, location }) => {
    const target = mlflowTarget(location.hash);
    if (target?.version) {
      const { version: modelId, search } = target;
      throw redirect({ to: "/versions/$modelId", params: { modelId }, search, replace: true });
    }
    if (target?.run) {
      throw redirect({ to: "/runs/$runId", params: { runId: target.run }, search: target.search, replace: true });
    }
    if (target) throw redirect({ to: `/${target.page}`, search: target.search, replace: true });
    throw redirect({ to: "/traces", search, replace: true });
  },
});

const traces = createRoute({
  getParentRoute: () => root,
  path: "/traces",
  component: TracesPage,
});

const trace = createRoute({
  getParentRoute: () => root,
  path: "/traces/$traceId",
  component: lazyRouteComponent(() => import("./trace")),
});

const sessions = createRoute({
  getParentRoute: () => root,
  path: "/sessions",
  component: lazyRouteComponent(() => import("./sessions")),
});

const experiments = createRoute({
  getParentRoute: () => root,
  path: "/experiments",
  component: lazyRouteComponent(() => import("./experiments")),
});

const runs = createRoute({
  getParentRoute: () => root,
  path: "/runs",
  component: lazyRouteComponent(() => import("./runs")),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$runId",
  component: lazyRouteComponent(() => import("./run")),
});

const reviews = createRoute({
  getParentRoute: () => root,
  path: "/reviews",
  component: lazyRouteComponent(() => import("./reviews")),
});

const reviewQueue = createRoute({
  getParentRoute: () => root,
  path: "/reviews/$queueId",
  component: lazyRouteComponent(() => import("./reviewQueue")),
});

const versions = createRoute({
  getParentRoute: () => root,
  path: "/versions",
  component: lazyRouteComponent(() => import("./versions")),
});

const compareVersions = createRoute({
  getParentRoute: () => root,
  path: "/versions/compare",
  component: lazyRouteComponent(() => import("./compareVersions")),
});

const version = createRoute({
  getParentRoute: () => root,
  path: "/versions/$modelId",
  component: lazyRouteComponent(() => import("./version")),
});

const prompts = createRoute({
  getParentRoute: () => root,
  path: "/prompts",
  component: lazyRouteComponent(() => import("./prompts")),
});

const scorers = createRoute({
  getParentRoute: () => root,
  path: "/scorers",
  component: lazyRouteComponent(() => import("./scorers")),
});

const datasets = createRoute({
  getParentRoute: () => root,
  path: "/datasets",
  component: lazyRouteComponent(() => import("./datasets")),
});

export const router = createRouter({
  routeTree: root.addChildren([
    index,
    traces,
    trace,
    sessions,
    runs,
    run,
    versions,
    compareVersions,
    version,
    reviews,
    reviewQueue,
    datasets,
    prompts,
    scorers,
    experiments,
  ]),
  parseSearch: parseSearch as (text: string) => Record<string, unknown>,
  stringifySearch: stringifySearch as (search: Record<string, unknown>) => string,
  defaultPreload: "intent",
  defaultNotFoundComponent: NotFound,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
