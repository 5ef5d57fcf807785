// How far a run is, in a word and a sign.
import type { RunStatus } from "../../api/types";
import { Icon } from "../../components/icon/Icon";
import styles from "./RunStatusText.module.css";

const NAMES: Record<RunStatus, string> = {
  RUNNING: "Running",
  SCHEDULED: "Scheduled",
  FINISHED: "Finished",
  FAILED: "Failed",
  KILLED: "Killed",
};

export function RunStatusText({ status }: { status: RunStatus }) {
  return (
    <span className={styles.status} data-status={status}>
      {status === "FAILED" ? (
        <Icon name="warning" size={13} />
      ) : status === "RUNNING" ? (
        <Icon name="running" size={12} />
      ) : (
        <span className={styles.dot} />
      )}
      {NAMES[status]}
    </span>
  );
}
