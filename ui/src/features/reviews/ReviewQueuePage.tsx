// One review queue: the desk where its traces are reviewed, the traces in it, and whether reviewers agree.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import type { ReviewQueue } from "../../api/types";
import { Button } from "../../components/button/Button";
import { Dialog } from "../../components/dialog/Dialog";
import { ErrorState } from "../../components/ErrorState";
import grid from "../../components/grid/grid.module.css";
import { Menu, MenuItem, MenuSeparator } from "../../components/popover/Menu";
import { Popover } from "../../components/popover/Popover";
import { toast } from "../../components/toast/toast";
import { oneLine } from "../../lib/oneLine";
import { useAppSearch } from "../../lib/useAppSearch";
import { deleteQueue, queueQuery } from "./api";
import { QueueAgreement } from "./QueueAgreement";
import { QueueForm } from "./QueueForm";
import { QueueItems } from "./QueueItems";
import { ReviewDesk } from "./ReviewDesk";
import styles from "./Reviews.module.css";

const VIEWS = { review: "Review", items: "Traces", agreement: "Agreement" } as const;
type View = keyof typeof VIEWS;

export function ReviewQueuePage() {
  const { queueId } = useParams({ from: "/reviews/$queueId" });
  const [search, update] = useAppSearch();
  const query = useQuery({ ...queueQuery(queueId), refetchOnWindowFocus: false });
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return null;
  const { queue } = query.data;
  const view: View = search.view && search.view in VIEWS ? (search.view as View) : "review";
  return (
    <div className={grid.page}>
      <header className={styles.head}>
        <Link to="/reviews" search={{ experiment: search.experiment }} className={styles.back}>
          Reviews
        </Link>
        <h1 className="cut" data-full={queue.name}>
          {oneLine(queue.name)}
        </h1>
        <div className={styles.tabs} role="tablist" aria-label="Views of the queue">
          {(Object.keys(VIEWS) as View[]).map((one) => (
            <button
              key={one}
              type="button"
              role="tab"
              id={`queue-tab-${one}`}
              aria-controls="queue-panel"
              aria-selected={one === view}
              onClick={() => update({ view: one === "review" ? undefined : one })}
            >
              {VIEWS[one]}
            </button>
          ))}
        </div>
        <span>
          <QueueMenu queue={queue} />
        </span>
      </header>
      <div id="queue-panel" role="tabpanel" aria-labelledby={`queue-tab-${view}`} className={styles.panel}>
        {view === "review" && <ReviewDesk detail={query.data} />}
        {view === "items" && <QueueItems queue={queue} />}
        {view === "agreement" && <QueueAgreement queue={queue} />}
      </div>
    </div>
  );
}

function QueueMenu({ queue }: { queue: ReviewQueue }) {
  const [dialog, setDialog] = useState<"edit" | "delete" | null>(null);
  const navigate = useNavigate();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteQueue(queue.queue_id),
    onSuccess: () => {
      toast(`“${queue.name}” deleted`);
      void client.invalidateQueries({ queryKey: ["review queues"] });
      void navigate({ to: "/reviews" });
    },
    onError: (error) => toast(error.message, "error"),
  });
  return (
    <>
      <Popover
        label="Queue"
        align="end"
        width={220}
        button={(attributes) => <Button icon="dots" aria-label="More" {...attributes} />}
      >
        {(close) => (
          <Menu label="Queue">
            {!queue.is_personal && (
              <MenuItem
                icon="pencil"
                onSelect={() => {
                  close();
                  setDialog("edit");
                }}
              >
                Edit…
              </MenuItem>
            )}
            <MenuSeparator />
            <MenuItem
              icon="trash"
              danger
              onSelect={() => {
                close();
                setDialog("delete");
              }}
            >
              Delete…
            </MenuItem>
          </Menu>
        )}
      </Popover>
      {dialog === "edit" && <QueueForm edited={queue} onClose={() => setDialog(null)} onDone={() => undefined} />}
      {dialog === "delete" && (
        <Dialog
          title={`Delete “${queue.name}”?`}
          onClose={() => setDialog(null)}
          actions={
            <>
              <Button kind="outline" onClick={() => setDialog(null)}>
                Cancel
              </Button>
              <Button kind="danger" onClick={() => remove.mutate()}>
                Delete
              </Button>
            </>
          }
        >
          <p className={styles.form}>Its traces stay, and so do the answers that were given. This can't be undone.</p>
        </Dialog>
      )}
    </>
  );
}
