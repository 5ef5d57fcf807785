// The datasets of the chosen experiments, and the open one: its records, its versions, and what fills and empties it.
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { datasetsQuery } from "../../api/datasets";
import { Button, IconButton } from "../../components/button/Button";
import { ErrorState } from "../../components/ErrorState";
import * as format from "../../lib/format";
import { oneLine } from "../../lib/oneLine";
import { useAppSearch } from "../../lib/useAppSearch";
import { useNow } from "../traces/useNow";
import styles from "./DatasetsPage.module.css";
import { DatasetView } from "./DatasetView";
import { NameDialog } from "./dialogs";

/** What the URL loses when another dataset is opened. */
export const NOTHING_OPEN = {
  record: undefined,
  version: undefined,
  against: undefined,
  view: undefined,
  find: undefined,
} as const;

export function DatasetsPage() {
  const [search, update] = useAppSearch();
  const [name, setName] = useState("");
  const [isCreating, setCreating] = useState(false);
  const query = useQuery(datasetsQuery(search.experiment, name.trim() || undefined));
  const field = useRef<HTMLInputElement>(null);
  const now = useNow();
  const datasets = query.data?.datasets ?? [];
  const open = search.dataset ?? datasets[0]?.dataset_id;
  const pick = (dataset: string) => update({ ...NOTHING_OPEN, dataset });

  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  const isEmpty = query.isSuccess && datasets.length === 0 && !name && !search.dataset;
  return (
    <div className={styles.page} data-empty={isEmpty || undefined}>
      <h1 className="visually-hidden">Datasets</h1>
      {isEmpty ? (
        <NoDatasets onCreate={() => setCreating(true)} />
      ) : (
        <>
          <nav className={styles.list} aria-label="Datasets">
            <div className={styles.find}>
              <input
                ref={field}
                type="search"
                aria-label="Find a dataset"
                placeholder="Find a dataset"
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
              <IconButton icon="plus" label="New dataset" onClick={() => setCreating(true)} />
            </div>
            <ul>
              {datasets.map((dataset) => (
                <li key={dataset.dataset_id}>
                  <button
                    type="button"
                    aria-current={dataset.dataset_id === open || undefined}
                    onClick={() => pick(dataset.dataset_id)}
                  >
                    <span className="cut" data-full={dataset.name}>
                      {oneLine(dataset.name)}
                    </span>
                    <span className="unit">{format.exact(dataset.record_count)}</span>
                    <span className={styles.when}>
                      v{dataset.version} · {format.ago(format.nsToMs(dataset.last_updated_ns), now)}
                    </span>
                  </button>
                </li>
              ))}
            </ul>
            {query.isSuccess && datasets.length === 0 && <p className="unit">No dataset has this in its name</p>}
            {query.data?.complete === false && <p className="unit">There are more; write a part of the name.</p>}
          </nav>
          {open && <DatasetView key={open} id={open} onGone={() => update({ ...NOTHING_OPEN, dataset: undefined })} />}
        </>
      )}
      {isCreating && (
        <NameDialog experiments={search.experiment ?? []} onClose={() => setCreating(false)} onCreated={pick} />
      )}
    </div>
  );
}

function NoDatasets({ onCreate }: { onCreate(): void }) {
  return (
    <div className={styles.none} role="status">
      <h2>No datasets yet</h2>
      <p>
        A dataset holds what your application is asked, and what is expected of its answers.{" "}
        <code>mlflow.genai.evaluate(data=…)</code> runs over one. Fill it from traces (select some in the list), from a
        JSONL, CSV or Parquet file, or by hand.
      </p>
      <Button kind="solid" icon="plus" onClick={onCreate}>
        New dataset
      </Button>
    </div>
  );
}
