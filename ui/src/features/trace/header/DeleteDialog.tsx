// Deleting a trace asks first.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { request } from "../../../api/client";
import type { TraceRecord } from "../../../api/types";
import { Button } from "../../../components/button/Button";
import { Dialog } from "../../../components/dialog/Dialog";
import { toast } from "../../../components/toast/toast";
import { exact } from "../../../lib/format";
import { tracePath } from "../data/queries";
import styles from "./header.module.css";

export function DeleteDialog({
  record,
  onClose,
  onDeleted,
}: {
  record: TraceRecord;
  onClose(): void;
  onDeleted(): void;
}) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => request(tracePath(record.trace_id), { method: "DELETE" }),
    onSuccess: () => {
      toast("Trace deleted");
      void client.invalidateQueries({ queryKey: ["traces"] });
      onDeleted();
    },
    onError: (error) => {
      toast(`Could not delete the trace: ${error.message}`, "error");
      onClose();
    },
  });
  return (
    <Dialog
      title="Delete this trace?"
      onClose={onClose}
      width={420}
      actions={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
            Delete
          </Button>
        </>
      }
    >
      <p className={styles.deleteText}>
        “{record.name ?? record.trace_id}” with its {exact(record.span_count)}{" "}
        {record.span_count === 1 ? "span" : "spans"} and all feedback on it will be gone for good.
      </p>
    </Dialog>
  );
}
