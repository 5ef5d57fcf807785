// An empty store: how to send the first trace, with this server's own addresses, and a wait that ends by itself.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { infoQuery } from "../../api/queries";
import type { Info } from "../../api/types";
import { CopyButton } from "../../components/CopyButton";
import styles from "./FirstRun.module.css";
import { snippetsOf } from "./snippets";

const POLL_MS = 1000;

export function FirstRun({ info }: { info: Info }) {
  const client = useQueryClient();
  const fresh = useQuery({ ...infoQuery, refetchInterval: POLL_MS, staleTime: 0 });
  // This page goes when the first trace is there; what was asked of the empty store is then no longer true.
  useEffect(() => () => void client.invalidateQueries(), [client]);
  const snippets = snippetsOf(info, new URL(location.href));
  return (
    <div className={styles.page}>
      <div className={styles.column}>
        <h1>Send the first trace</h1>
        <p className={styles.lead}>
          Spanwise listens. Use the MLflow client, any OpenTelemetry exporter, or a single request; nothing else has to
          be set up. For traces to look around in, run <code>spanwise demo</code>.
        </p>
        <p className={styles.waiting} role="status">
          <span className={styles.pulse} />
          {fresh.isError ? "The server does not answer; trying again…" : "Waiting for the first span…"}
        </p>
        <div className={styles.snippets}>
          {snippets.map((snippet) => (
            <section key={snippet.title} className={styles.snippet} aria-label={snippet.title}>
              <header>
                <h2>{snippet.title}</h2>
                <span>{snippet.note}</span>
                <CopyButton text={snippet.code} label={`Copy: ${snippet.title}`} />
              </header>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by the keyboard. */}
              <pre tabIndex={0}>{snippet.code}</pre>
            </section>
          ))}
        </div>
      </div>
    </div>
  );
}
