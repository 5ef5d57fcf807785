// The changes of a dataset, the newest first, and how the records of two of its versions differ.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { differencesQuery, versionsQuery } from "../../api/datasets";
import type { DatasetDifference, DatasetSummary, DatasetVersion } from "../../api/types";
import { Button } from "../../components/button/Button";
import { ErrorState } from "../../components/ErrorState";
import * as format from "../../lib/format";
import { useShortcuts } from "../../lib/keys";
import { oneLine } from "../../lib/oneLine";
import { useAppSearch } from "../../lib/useAppSearch";
import { useNow } from "../traces/useNow";
import { Changes } from "./Changes";
import styles from "./DatasetsPage.module.css";
import { changesOf, titleOf } from "./recordDiff";

export function Versions({ dataset }: { dataset: DatasetSummary }) {
  const [search, update] = useAppSearch();
  const query = useInfiniteQuery(versionsQuery(dataset.dataset_id));
  const versions = useMemo(() => query.data?.pages.flatMap((page) => page.versions) ?? [], [query.data]);
  const number = (text: string | undefined) => {
    const value = Number(text);
    return text !== undefined && Number.isInteger(value) && value >= 0 && value <= dataset.version ? value : null;
  };
  const to = number(search.version) ?? dataset.version;
  const from = number(search.against) ?? Math.max(0, to - 1);
  const show = (version: number) => update({ version: String(version), against: undefined }, { replace: true });
  const move = (delta: number) => {
    const next = versions[versions.findIndex(({ version }) => version === to) + delta];
    if (next) show(next.version);
  };
  useShortcuts({ j: () => move(1), k: () => move(-1) });
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (query.isSuccess && versions.length === 0) {
    return (
      <div className={styles.none} role="status">
        <h2>Nothing has changed yet</h2>
        <p>Each change of the records makes a version here: what was added, changed and removed, when and by whom.</p>
      </div>
    );
  }
  return (
    <div className={styles.versions}>
      <section className={styles.history} aria-label="Versions">
        <ol>
          {versions.map((version) => (
            <VersionRow
              key={version.version}
              version={version}
              isShown={version.version === to}
              isCompared={version.version === from}
              onShow={() => show(version.version)}
              onCompare={() => update({ version: String(to), against: String(version.version) }, { replace: true })}
              onOpen={() => update({ view: undefined, version: String(version.version), against: undefined })}
            />
          ))}
        </ol>
        {query.hasNextPage && (
          <Button onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
            Older versions
          </Button>
        )}
      </section>
      <Difference id={dataset.dataset_id} from={from} to={to} />
    </div>
  );
}

interface VersionRowProps {
  version: DatasetVersion;
  isShown: boolean;
  isCompared: boolean;
  onShow(): void;
  onCompare(): void;
  onOpen(): void;
}

function VersionRow({ version, isShown, isCompared, onShow, onCompare, onOpen }: VersionRowProps) {
  const now = useNow();
  const at = version.at_ns === null ? null : format.nsToMs(version.at_ns);
  return (
    <li data-shown={isShown || undefined} data-version={version.version}>
      <button type="button" aria-current={isShown || undefined} onClick={onShow}>
        <span className={styles.number}>v{version.version}</span>
        <Counts added={version.added} changed={version.changed} removed={version.removed} />
        <span className={styles.when} data-tip={at === null ? undefined : format.timestamp(at)}>
          {at === null ? "" : format.ago(at, now)}
        </span>
        <span className={`${styles.by} cut`}>{version.user ?? "–"}</span>
      </button>
      <span className={styles.versionActions}>
        {!isShown && (
          <Button aria-pressed={isCompared} onClick={onCompare}>
            {isCompared ? "Compared" : "Compare"}
          </Button>
        )}
        <Button onClick={onOpen} tip="The records as they were then">
          Open
        </Button>
      </span>
    </li>
  );
}

function Counts({ added, changed, removed }: { added: number; changed: number; removed: number }) {
  const counts: [string, string, number][] = [
    ["added", "+", added],
    ["changed", "~", changed],
    ["removed", "−", removed],
  ];
  const some = counts.filter(([, , count]) => count > 0);
  return (
    <span className={styles.counts}>
      {some.map(([kind, sign, count]) => (
        <span key={kind} data-kind={kind} data-tip={`${format.exact(count)} ${kind}`}>
          {sign}
          {format.exact(count)}
        </span>
      ))}
      {some.length === 0 && <span className="unit">nothing</span>}
    </span>
  );
}

function Difference({ id, from, to }: { id: string; from: number; to: number }) {
  const [, update] = useAppSearch();
  const query = useInfiniteQuery(differencesQuery(id, from, to));
  const first = query.data?.pages[0];
  const records = query.data?.pages.flatMap((page) => page.records) ?? [];
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (!first) return <article className={styles.difference} />;
  return (
    <article className={styles.difference} aria-label="Differences" data-stale={query.isPlaceholderData || undefined}>
      <header>
        <h3>
          v{first.from} → v{first.to}
        </h3>
        <Counts added={first.added} changed={first.changed} removed={first.removed} />
      </header>
      {records.map((record) => (
        <DifferentRecord
          key={(record.after ?? record.before)?.record_id}
          record={record}
          onOpen={(recordId, version) =>
            update({ view: undefined, against: undefined, version: String(version), record: recordId })
          }
          from={first.from}
          to={first.to}
        />
      ))}
      {query.hasNextPage && (
        <Button kind="outline" onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
          More of {format.exact(first.added + first.changed + first.removed)}
        </Button>
      )}
    </article>
  );
}

interface DifferentRecordProps {
  record: DatasetDifference;
  from: number;
  to: number;
  onOpen(record: string, version: number): void;
}

function DifferentRecord({ record, from, to, onOpen }: DifferentRecordProps) {
  const changes = useMemo(() => changesOf(record), [record]);
  const shown = record.after ?? record.before;
  if (!shown) return null;
  const kind = record.before === null ? "added" : record.after === null ? "removed" : "changed";
  const name = { added: "Added", removed: "Removed", changed: "Changed" }[kind];
  return (
    <section className={styles.different} data-kind={kind} data-record={shown.record_id}>
      <h4>
        <span data-kind={kind}>{name}</span>
        <span className="cut">{oneLine(titleOf(shown))}</span>
        <Button onClick={() => onOpen(shown.record_id, record.after ? to : from)}>Open</Button>
      </h4>
      <Changes changes={changes} />
    </section>
  );
}
