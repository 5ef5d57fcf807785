// What went wrong, and a way to try again.
import { ApiError } from "../api/client";
import { Button } from "./button/Button";
import styles from "./ErrorState.module.css";
import { Icon } from "./icon/Icon";

export function ErrorState({ error, onRetry }: { error: Error; onRetry(): void }) {
  const unreachable = error instanceof ApiError && error.status === 0;
  return (
    <div className={styles.state} role="alert">
      <Icon name="warning" size={20} />
      <h2>{unreachable ? "The server does not answer" : "That did not work"}</h2>
      <p>{unreachable ? "Is Spanwise still running? This page tries again when you do." : error.message}</p>
      <Button kind="outline" icon="refresh" onClick={onRetry}>
        Try again
      </Button>
    </div>
  );
}
