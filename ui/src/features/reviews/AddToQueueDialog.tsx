// Puts traces into a review queue: those that are selected, or all that match.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { BulkRequest } from "../../api/types";
import { Dialog } from "../../components/dialog/Dialog";
import { PickList } from "../../components/listbox/PickList";
import { toast } from "../../components/toast/toast";
import * as format from "../../lib/format";
import { addToQueue, queuesQuery } from "./api";
import { QueueForm } from "./QueueForm";

interface AddToQueueDialogProps {
  /** Which traces; the experiments narrow the queues that are offered. */
  request: BulkRequest;
  count: number;
  onClose(): void;
  onDone?(): void;
}

export function AddToQueueDialog({ request, count, onClose, onDone }: AddToQueueDialogProps) {
  const { experiments, ...selection } = request;
  const query = useQuery(queuesQuery(experiments?.length ? experiments : undefined));
  const navigate = useNavigate();
  const client = useQueryClient();
  const [creating, setCreating] = useState(false);
  const add = useMutation({
    mutationFn: async (queue: { queue_id: string; name: string }) => {
      const { filter, from, to, trace_ids } = selection;
      const isOpen = !filter && !from && !to && !trace_ids;
      return { queue, added: await addToQueue(queue.queue_id, { filter, from, to, trace_ids, all: isOpen }) };
    },
    onSuccess: ({ queue, added }) => {
      const parts = [`${format.exact(added.added)} added to “${queue.name}”`];
      if (added.present > 0) parts.push(`${format.exact(added.present)} were there`);
      if (added.missing > 0) parts.push(`${format.exact(added.missing)} belong to another experiment`);
      if (added.is_cut) parts.push("more were left out: 10,000 at a time");
      toast(parts.join(", "), added.added + added.present > 0 ? "done" : "error", {
        label: "Review",
        run: () => void navigate({ to: "/reviews/$queueId", params: { queueId: queue.queue_id }, search: {} }),
      });
      for (const key of ["review queues", "review queue", "review items"])
        void client.invalidateQueries({ queryKey: [key] });
      onDone?.();
      onClose();
    },
    onError: (error) => toast(error.message, "error"),
  });
  if (creating)
    return (
      <QueueForm
        experiment={experiments?.[0]}
        onClose={() => setCreating(false)}
        onDone={(queue) => add.mutate(queue)}
      />
    );
  const traces = count === 1 ? "1 trace" : `${format.exact(count)} traces`;
  return (
    <Dialog title={`Add ${traces} to a review queue`} onClose={onClose} width={460}>
      <PickList
        label="Review queues"
        placeholder="Find a queue"
        empty={query.isPending ? "Loading" : "No queue has this name"}
        maxHeight={320}
        items={[
          ...(query.data?.queues ?? []).map((queue) => ({
            id: queue.queue_id,
            text: queue.name,
            icon: "reviews" as const,
            hint: `${format.exact(queue.progress.total)} traces`,
            onPick: () => add.mutate(queue),
          })),
          { id: "new", text: "New queue…", icon: "plus" as const, onPick: () => setCreating(true) },
        ]}
      />
    </Dialog>
  );
}
