// Which experiment is looked at: typed to find, one or all.
import { useQuery } from "@tanstack/react-query";
import { experimentsQuery } from "../../api/queries";
import { Icon } from "../../components/icon/Icon";
import { PickList } from "../../components/listbox/PickList";
import { Popover, type PopoverHandle } from "../../components/popover/Popover";
import * as format from "../../lib/format";
import { useAppSearch } from "../../lib/useAppSearch";
import styles from "./TopBar.module.css";

export function ExperimentSwitcher({ handle }: { handle: React.Ref<PopoverHandle> }) {
  const [search, update] = useAppSearch();
  const experiments = useQuery(experimentsQuery());
  const chosen = search.experiment ?? [];
  const all = experiments.data ?? [];
  const isChosen = (experiment: { experiment_id: string; name: string }) =>
    chosen.includes(experiment.experiment_id) || chosen.includes(experiment.name);
  const names = all.filter(isChosen).map((experiment) => experiment.name);
  const name = chosen.length === 0 ? "All experiments" : names.join(", ") || chosen.join(", ");
  const choose = (experiment: string[] | undefined) =>
    update({ experiment, trace: undefined, span: undefined, session: undefined });

  return (
    <Popover
      ref={handle}
      label="Choose an experiment"
      width={320}
      button={(attributes) => (
        <button
          type="button"
          {...attributes}
          className={styles.switcher}
          data-tip="Switch experiment"
          data-tip-keys="p"
        >
          <Icon name="experiments" />
          <span className={styles.switcherName}>{name}</span>
          <Icon name="chevronDown" />
        </button>
      )}
    >
      {(close) => (
        <PickList
          label="Experiments"
          placeholder="Find an experiment"
          empty="No experiment has this name"
          maxHeight={380}
          items={[
            {
              id: "",
              text: "All experiments",
              icon: "traces",
              checked: chosen.length === 0,
              hint: format.plain(format.count(all.reduce((sum, { trace_count }) => sum + trace_count, 0))),
              onPick: () => {
                close();
                choose(undefined);
              },
            },
            ...all.map((experiment) => ({
              id: experiment.experiment_id,
              text: experiment.name,
              icon: "experiments" as const,
              checked: isChosen(experiment),
              hint: format.plain(format.count(experiment.trace_count)),
              onPick: () => {
                close();
                choose([experiment.experiment_id]);
              },
            })),
          ]}
        />
      )}
    </Popover>
  );
}
