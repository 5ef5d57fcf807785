// The routes, in code. Each page is a chunk of its own.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { parseSearch, stringifySearch, validateSearch } from "../lib/search";

const root = createRootRoute({ component: Outlet, validateSearch });

const index = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: ({ search }) => {
    throw redirect({ to: "/traces", search, replace: true });
  },
});

const traces = createRoute({
  getParentRoute: () => root,
  path: "/traces",
  component: lazyRouteComponent(() => import("./traces")),
});

const trace = createRoute({
  getParentRoute: () => root,
  path: "/traces/$traceId",
  component: lazyRouteComponent(() => import("./trace")),
});

export const router = createRouter({
  routeTree: root.addChildren([index, traces, trace]),
  parseSearch: parseSearch as (text: string) => Record<string, unknown>,
  stringifySearch: stringifySearch as (search: Record<string, unknown>) => string,
  defaultPreload: "intent",
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
