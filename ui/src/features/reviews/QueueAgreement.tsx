// Who did how much, and whether reviewers who answered about the same traces agree.
import { useQuery } from "@tanstack/react-query";
import { Fragment } from "react";
import type { ReviewQueue } from "../../api/types";
import { ErrorState } from "../../components/ErrorState";
import { Duration } from "../../components/Figure";
import * as format from "../../lib/format";
import { agreementQuery } from "./api";
import styles from "./Reviews.module.css";

const NONE = <span className="unit">–</span>;

export function QueueAgreement({ queue }: { queue: ReviewQueue }) {
  const query = useQuery(agreementQuery(queue.queue_id));
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return null;
  const { questions, is_cut } = query.data;
  const { reviewers } = queue.progress;
  return (
    <div className={styles.sheet}>
      <h2>Reviewers</h2>
      {reviewers.length === 0 ? (
        <p className={styles.note}>Nobody has reviewed anything here yet.</p>
      ) : (
        <table className={styles.table} aria-label="Reviewers">
          <thead>
            <tr>
              <th>Reviewer</th>
              <th data-numeric>Done</th>
              <th data-numeric>In progress</th>
              <th data-numeric>Skipped</th>
              <th data-numeric>Time each</th>
            </tr>
          </thead>
          <tbody>
            {reviewers.map((one) => (
              <tr key={one.reviewer} data-reviewer={one.reviewer}>
                <th scope="row">{one.reviewer}</th>
                <td data-numeric>{format.exact(one.complete)}</td>
                <td data-numeric>{format.exact(one.in_progress)}</td>
                <td data-numeric>{format.exact(one.skipped)}</td>
                <td data-numeric>{one.mean_ns === null ? NONE : <Duration ns={one.mean_ns} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <h2>Agreement</h2>
      {questions.length > 0 && (
        <table className={styles.table} aria-label="Agreement">
          <thead>
            <tr>
              <th>Question</th>
              <th data-numeric>Answers</th>
              <th data-numeric>Traces in common</th>
              <th data-numeric>Agree</th>
              <th data-numeric>Kappa</th>
            </tr>
          </thead>
          <tbody>
            {questions.map((one) => (
              <Fragment key={one.schema_id}>
                <tr data-question={one.name}>
                  <th scope="row">{one.name}</th>
                  <td data-numeric>{format.exact(one.answers)}</td>
                  <td data-numeric>{format.exact(one.traces)}</td>
                  <td data-numeric>{percent(one.share)}</td>
                  <td data-numeric>{kappa(one.kappa)}</td>
                </tr>
                {one.pairs.length > 1 &&
                  one.pairs.map((pair) => (
                    <tr key={`${pair.first} ${pair.second}`} data-pair>
                      <th scope="row">
                        {pair.first} and {pair.second}
                      </th>
                      <td />
                      <td data-numeric>{format.exact(pair.traces)}</td>
                      <td data-numeric>{percent(pair.agreed / pair.traces)}</td>
                      <td data-numeric>{kappa(pair.kappa)}</td>
                    </tr>
                  ))}
              </Fragment>
            ))}
          </tbody>
        </table>
      )}
      <p className={styles.note}>
        Of traces that several people answered about, the share on which they said the same, and Cohen's kappa: how much
        more that is than chance would give, 0 for no more and 1 for always. Questions that are answered by a text are
        left out. At the end of the queue one may give second opinions on what others did.
        {is_cut && " There are more answers than are looked at."}
      </p>
    </div>
  );
}

function percent(share: number | null) {
  return share === null ? NONE : `${Math.round(share * 100)} %`;
}

function kappa(value: number | null) {
  return value === null ? NONE : value.toFixed(2);
}
