// How answers are kept: fresh for a while, refetched when the window comes back, never retried when the server refused.
import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./client";

const STALE_MS = 15_000;
const RETRIES_MAX = 2;

export const queryClient = new QueryClient({
  defaultOptions: {
    // The server is most often on this machine: being offline is no reason to hold anything back.
    mutations: { networkMode: "always" },
    queries: {
      networkMode: "always",
      staleTime: STALE_MS,
      retry: (failures, error) => failures < RETRIES_MAX && !(error instanceof ApiError && error.status > 0),
    },
  },
});
