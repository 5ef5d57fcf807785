// What to do when something could not be shown.
import { ApiError } from "../../api/client";
import { Button } from "../../components/button/Button";
import styles from "./trace.module.css";

export function Failure({ error, what, retry }: { error: Error; what: "trace" | "span"; retry(): void }) {
  const { title, advice } = explain(error, what);
  return (
    <div className={styles.failure} role="alert">
      <h2>{title}</h2>
      <p>{advice}</p>
      <Button kind="outline" icon="refresh" onClick={retry}>
        Try again
      </Button>
    </div>
  );
}

function explain(error: Error, what: "trace" | "span"): { title: string; advice: string } {
  const status = error instanceof ApiError ? error.status : -1;
  if (status === 0) {
    return {
      title: "The server does not answer",
      advice:
        "Check that `spanwise serve` is running, and that this page's address is right. Nothing that was stored is lost.",
    };
  }
  if (status === 404 && what === "trace") {
    return {
      title: "There is no such trace",
      advice:
        "It may have been deleted, or its spans have not arrived yet. Exporters send in batches: try again in a few seconds, or check the id in the address.",
    };
  }
  if (status === 404) {
    return {
      title: "There is no such span in this trace",
      advice: "It may not have arrived yet, or belong to another trace. Choose one from the tree, or try again.",
    };
  }
  return { title: `The ${what} could not be read`, advice: error.message };
}
