// What went wrong, and a way to try again.
import { ApiError } from "../api/client";
import { Button } from "./button/Button";
import styles from "./ErrorState.module.css";
import { Icon } from "./icon/Icon";
import { Prose } from "./Prose";

export function ErrorState({ error, onRetry }: { error: Error; onRetry(): void }) {
  const unreachable = error instanceof ApiError && error.status === 0;
  const unreadable = error instanceof ApiError && error.problems.length > 0;
  return (
    <div className={styles.state} role="alert">
      <Icon name="warning" size={20} />
      <h2>{titleOf(unreachable, unreadable)}</h2>
      <p>
        {unreachable ? "Is Spanwise still running? This page tries again when you do." : <Prose text={error.message} />}
      </p>
      {!unreadable && (
        <Button kind="outline" icon="refresh" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

function titleOf(unreachable: boolean, unreadable: boolean): string {
  if (unreadable) return "The filter can't be read";
  return unreachable ? "The server does not answer" : "That did not work";
}
