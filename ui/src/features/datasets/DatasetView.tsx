// One dataset: its head with what can be done, and below it the records or the versions.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { datasetQuery, deleteRecords, exportUrl, refreshDataset } from "../../api/datasets";
import type { DatasetDetail } from "../../api/types";
import { Button, IconButton } from "../../components/button/Button";
import { CopyButton } from "../../components/CopyButton";
import { ErrorState } from "../../components/ErrorState";
import { Menu, MenuItem, MenuSeparator } from "../../components/popover/Menu";
import { Popover } from "../../components/popover/Popover";
import { toast } from "../../components/toast/toast";
import * as format from "../../lib/format";
import { useShortcuts } from "../../lib/keys";
import { oneLine } from "../../lib/oneLine";
import { useAppSearch } from "../../lib/useAppSearch";
import styles from "./DatasetsPage.module.css";
import { DeleteDialog, ExperimentsDialog, NameDialog } from "./dialogs";
import { ImportDialog } from "./ImportDialog";
import { RecordPanel } from "./RecordPanel";
import { RecordTable } from "./RecordTable";
import { Versions } from "./Versions";

/** The record in the URL that is being written and has no id yet. */
export const NEW_RECORD = "new";
const VERSIONS = "versions";
const FORMATS = [
  ["jsonl", "JSONL"],
  ["csv", "CSV"],
  ["parquet", "Parquet"],
] as const;

type Open = "rename" | "experiments" | "delete" | "import" | null;

export function DatasetView({ id, onGone }: { id: string; onGone(): void }) {
  const query = useQuery(datasetQuery(id));
  if (query.isError && !query.data) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return null;
  return <Loaded detail={query.data} onGone={onGone} />;
}

function Loaded({ detail, onGone }: { detail: DatasetDetail; onGone(): void }) {
  const { dataset } = detail;
  const [search, update] = useAppSearch();
  const [open, setOpen] = useState<Open>(null);
  const isVersions = search.view === VERSIONS;
  // Only a version that is not the newest is looked at as of then.
  const version = search.version === String(dataset.version) ? undefined : search.version;
  const showRecord = (record: string | undefined) => update({ record }, { replace: search.record !== undefined });
  const toggleVersions = () =>
    update({ view: isVersions ? undefined : VERSIONS, record: undefined, against: undefined });
  const write = () => version === undefined && !isVersions && showRecord(NEW_RECORD);
  useShortcuts({ a: write, v: toggleVersions });
  const close = () => setOpen(null);

  return (
    <section className={styles.dataset} aria-label="Dataset">
      <header className={styles.header}>
        <h2 className="cut" data-full={dataset.name}>
          {oneLine(dataset.name)}
        </h2>
        <CopyButton text={dataset.dataset_id} label="Copy the dataset id" />
        <span className="unit">
          {format.exact(dataset.record_count)} {dataset.record_count === 1 ? "record" : "records"}
        </span>
        <fieldset className={styles.tabs}>
          <legend className="visually-hidden">View</legend>
          <Button aria-pressed={!isVersions} onClick={() => isVersions && toggleVersions()}>
            Records
          </Button>
          <Button
            aria-pressed={isVersions}
            keys="v"
            tip="What changed, when and by whom"
            onClick={() => !isVersions && toggleVersions()}
          >
            Versions <span className="unit">v{dataset.version}</span>
          </Button>
        </fieldset>
        <span className={styles.actions}>
          <Button
            kind="outline"
            icon="plus"
            keys="a"
            tip="Write a record"
            disabled={version !== undefined || isVersions}
            onClick={write}
          >
            Record
          </Button>
          <Button kind="outline" icon="upload" onClick={() => setOpen("import")}>
            Import
          </Button>
          <ExportMenu id={dataset.dataset_id} version={version} />
          <Popover
            label="More of this dataset"
            align="end"
            button={(attributes) => <IconButton icon="dots" label="More" {...attributes} />}
          >
            {(closeMenu) => {
              const item = (what: Open) => () => {
                closeMenu();
                setOpen(what);
              };
              return (
                <Menu label="More">
                  <MenuItem icon="pencil" onSelect={item("rename")}>
                    Rename
                  </MenuItem>
                  <MenuItem icon="experiments" onSelect={item("experiments")}>
                    Experiments
                  </MenuItem>
                  <MenuSeparator />
                  <MenuItem icon="trash" danger onSelect={item("delete")}>
                    Delete
                  </MenuItem>
                </Menu>
              );
            }}
          </Popover>
        </span>
      </header>
      {version !== undefined && !isVersions && (
        <p className={styles.asOf} role="status">
          As it was in version {version}; the newest is {dataset.version}.
          <Button onClick={() => update({ version: undefined, record: undefined })}>Show the newest</Button>
        </p>
      )}
      {isVersions ? (
        <Versions dataset={dataset} />
      ) : (
        <Records detail={detail} version={version} onRecord={showRecord} onImport={() => setOpen("import")} />
      )}
      {open === "rename" && <NameDialog dataset={dataset} onClose={close} />}
      {open === "experiments" && <ExperimentsDialog dataset={dataset} onClose={close} />}
      {open === "delete" && <DeleteDialog dataset={dataset} onClose={close} onGone={onGone} />}
      {open === "import" && <ImportDialog dataset={dataset} onClose={close} />}
    </section>
  );
}

function ExportMenu({ id, version }: { id: string; version: string | undefined }) {
  return (
    <Popover
      label="Export"
      align="end"
      button={(attributes) => (
        <Button kind="outline" icon="download" {...attributes}>
          Export
        </Button>
      )}
    >
      {(close) => (
        <Menu label="Export">
          {FORMATS.map(([name, shown]) => (
            <MenuItem
              key={name}
              onSelect={() => {
                close();
                window.location.assign(exportUrl(id, name, version));
              }}
            >
              {shown}
            </MenuItem>
          ))}
        </Menu>
      )}
    </Popover>
  );
}

interface RecordsProps {
  detail: DatasetDetail;
  version: string | undefined;
  onRecord(record: string | undefined): void;
  onImport(): void;
}

function Records({ detail, version, onRecord, onImport }: RecordsProps) {
  const { dataset } = detail;
  const [search] = useAppSearch();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: (ids: string[]) => deleteRecords(dataset.dataset_id, ids),
    onSuccess: async ({ removed }, ids) => {
      if (search.record && ids.includes(search.record)) onRecord(undefined);
      await refreshDataset(client, dataset.dataset_id);
      toast(`${format.exact(removed)} ${removed === 1 ? "record" : "records"} deleted; older versions keep them`);
    },
    onError: (error) => toast(error.message, "error"),
  });
  return (
    <div className={styles.body}>
      <RecordTable
        dataset={dataset}
        version={version}
        open={search.record ?? null}
        onOpen={onRecord}
        onDelete={(ids) => remove.mutate(ids)}
        onImport={onImport}
      />
      {search.record && (
        <RecordPanel
          key={`${search.record} ${version ?? ""}`}
          detail={detail}
          record={search.record === NEW_RECORD ? null : search.record}
          version={version}
          onClose={() => onRecord(undefined)}
          onDelete={(id) => remove.mutate([id])}
        />
      )}
    </div>
  );
}
