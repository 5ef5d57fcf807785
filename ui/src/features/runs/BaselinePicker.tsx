// Which run this one is compared with: any other of its experiment.
import { useInfiniteQuery } from "@tanstack/react-query";
import { runsQuery } from "../../api/queries";
import type { Run } from "../../api/types";
import { Button } from "../../components/button/Button";
import { PickList } from "../../components/listbox/PickList";
import { Popover } from "../../components/popover/Popover";
import * as format from "../../lib/format";

interface BaselinePickerProps {
  run: Run;
  baseline: Run | null;
  onPick(runId: string | undefined): void;
}

export function BaselinePicker({ run, baseline, onPick }: BaselinePickerProps) {
  return (
    <Popover
      label="Choose a baseline"
      align="end"
      width={340}
      button={(attributes) => (
        <Button kind="outline" {...attributes}>
          {baseline ? `Against ${baseline.name}` : "Compare with…"}
        </Button>
      )}
    >
      {(close) => (
        <Runs
          run={run}
          baseline={baseline}
          onPick={(id) => {
            close();
            onPick(id);
          }}
        />
      )}
    </Popover>
  );
}

function Runs({ run, baseline, onPick }: BaselinePickerProps) {
  const query = useInfiniteQuery(runsQuery([run.experiment_id], undefined));
  const others = (query.data?.pages.flatMap((page) => page.runs) ?? []).filter((one) => one.run_id !== run.run_id);
  const now = Date.now();
  return (
    <PickList
      label="Runs"
      placeholder="Find a run"
      empty={query.isPending ? "Loading" : "No other run has this name"}
      maxHeight={380}
      items={[
        ...(baseline ? [{ id: "", text: "No baseline", onPick: () => onPick(undefined) }] : []),
        ...others.map((one) => ({
          id: one.run_id,
          text: one.name,
          also: one.run_id,
          checked: one.run_id === baseline?.run_id,
          hint: format.shortTime(format.nsToMs(one.start_ns), now),
          onPick: () => onPick(one.run_id),
        })),
      ]}
    />
  );
}
