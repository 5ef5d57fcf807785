// The page of one trace, in the drawer over the list and on a page of its own: loads the record and the skeleton, and says
// what to do if one can't be had.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { IconButton } from "../../components/button/Button";
import { recordQuery, treeQuery } from "./data/queries";
import { Failure } from "./Failure";
import { TraceView } from "./TraceView";
import styles from "./trace.module.css";

export interface TracePageProps {
  traceId: string;
  spanId: string | null;
  onSelectSpan(id: string): void;
  onClose?(): void;
  onStep?(delta: 1 | -1): void;
  layout: "drawer" | "page";
}

export function TracePage(props: TracePageProps) {
  const { traceId } = props;
  const record = useQuery(recordQuery(traceId));
  const tree = useQuery(treeQuery(traceId));
  const page = useRef<HTMLElement>(null);
  // Keys must reach the page as soon as it opens, without a click into it.
  useEffect(() => {
    const outside = document.activeElement;
    page.current?.focus({ preventScroll: true });
    return () => {
      if (outside instanceof HTMLElement && outside.isConnected) outside.focus({ preventScroll: true });
    };
  }, []);
  const failed = record.error ?? tree.error;
  const retry = () => {
    void record.refetch();
    void tree.refetch();
  };
  // What was shown before a refetch failed is still true enough to be read.
  const usable = record.data && tree.data;
  return (
    <article ref={page} tabIndex={-1} className={styles.page} aria-label="Trace" data-layout={props.layout}>
      {usable ? (
        <TraceView
          key={traceId}
          {...props}
          page={page}
          record={record.data}
          skeleton={tree.data}
          stale={failed}
          retry={retry}
        />
      ) : failed ? (
        <>
          {props.onClose && (
            <div className={styles.closeAlone}>
              <IconButton icon="close" label="Close" onClick={props.onClose} />
            </div>
          )}
          <Failure error={failed} what="trace" retry={retry} />
        </>
      ) : (
        <div className={styles.waiting} role="status">
          <span>Loading the trace</span>
        </div>
      )}
    </article>
  );
}

export default TracePage;
