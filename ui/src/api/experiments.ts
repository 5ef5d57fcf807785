// Changes of experiments. The switcher and the page read the same list, so each change asks for it again.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "../components/toast/toast";
import { request } from "./client";
import type { Experiment } from "./types";

export type ExperimentChange =
  | { kind: "create"; name: string }
  | { kind: "rename"; id: string; name: string }
  | { kind: "delete"; id: string; name: string }
  | { kind: "restore"; id: string; name: string };

const DONE = { create: "created", rename: "renamed", delete: "deleted", restore: "restored" };

export function useExperimentChange(onDone?: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: async (_, change) => {
      await client.invalidateQueries({ queryKey: ["experiments"] });
      toast(`Experiment ${change.name} ${DONE[change.kind]}`);
      onDone?.();
    },
  });
}

function send(change: ExperimentChange): Promise<Experiment | undefined> {
  if (change.kind === "create") return request("/experiments", { body: { name: change.name } });
  const path = `/experiments/${encodeURIComponent(change.id)}`;
  if (change.kind === "rename") return request(path, { method: "PATCH", body: { name: change.name } });
  if (change.kind === "delete") return request(path, { method: "DELETE" });
  return request(`${path}/restore`, { method: "POST" });
}
