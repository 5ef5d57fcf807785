// ⌘K: pages, experiments, traces opened lately, a trace by its id, and what can be done from anywhere.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { experimentsQuery, tracesByIdQuery } from "../../api/queries";
import type { TraceSummary } from "../../api/types";
import { Dialog } from "../../components/dialog/Dialog";
import { type Pick, PickList } from "../../components/listbox/PickList";
import * as format from "../../lib/format";
import { shown } from "../../lib/keys";
import { oneLine } from "../../lib/oneLine";
import { useAppSearch } from "../../lib/useAppSearch";
import { quote } from "../filter/clauses";
import { PAGES } from "./Rail";
import { applyDensity, density, facetsOpen, live, railWide, recentTraces } from "./state";
import { idPrefix, maybeId, wholeId } from "./traceIds";

/** As much of an id as stands beside a name: `tr-` and eleven digits. */
const ID_SHOWN = 14;

interface PaletteProps {
  onClose(): void;
  onTheme(): void;
  onHelp(): void;
}

export function Palette({ onClose, onTheme, onHelp }: PaletteProps) {
  const [search] = useAppSearch();
  const navigate = useNavigate();
  const experiments = useQuery(experimentsQuery());
  const { experiment, from, to } = search;
  const [typed, setTyped] = useState("");
  const found = useQuery(tracesByIdQuery(idPrefix(typed)));

  const pages: Pick[] = PAGES.map((page) => ({
    id: page.to,
    text: page.name,
    group: "Go to",
    icon: page.icon,
    onPick: () => void navigate({ to: page.to, search: { experiment, from, to } }),
  }));
  const actions: Pick[] = [
    action("theme", "Switch between dark and light", onTheme, shown("mod+shift+l")),
    action("live", live.get() ? "Stop live updates" : "Start live updates", () => live.set(!live.get()), "l"),
    action("facets", facetsOpen.get() ? "Hide facets" : "Show facets", () => facetsOpen.set(!facetsOpen.get()), "f"),
    action("density", density.get() === "compact" ? "Regular rows" : "Compact rows", () => {
      const next = density.get() === "compact" ? "regular" : "compact";
      density.set(next);
      applyDensity(next);
    }),
    action("rail", railWide.get() ? "Collapse the rail" : "Show labels in the rail", () =>
      railWide.set(!railWide.get()),
    ),
    action("keys", "Keyboard shortcuts", onHelp, "?"),
  ];
  const recent: Pick[] = recentTraces.get().map((trace) => ({
    id: trace.id,
    text: oneLine(trace.name ?? "") || trace.id,
    also: trace.id,
    group: "Recent traces",
    icon: "clock",
    hint: <span className="mono">{trace.id.slice(0, ID_SHOWN)}</span>,
    onPick: () => openTrace(trace.id),
  }));
  const ofExperiments: Pick[] = (experiments.data ?? []).map((one) => ({
    id: `experiment ${one.experiment_id}`,
    text: one.name,
    group: "Experiments",
    icon: "experiments",
    hint: format.plain(format.count(one.trace_count)),
    onPick: () => void navigate({ to: "/traces", search: { experiment: [one.experiment_id], from, to } }),
  }));

  function openTrace(traceId: string) {
    void navigate({ to: "/traces/$traceId", params: { traceId }, search: { experiment } });
  }

  function opening(traceId: string): Pick {
    return {
      id: "open",
      text: `Open trace ${traceId}`,
      group: "Trace",
      icon: "traces",
      onPick: () => openTrace(traceId),
    };
  }

  function foundTrace(trace: TraceSummary): Pick {
    return {
      id: `found ${trace.trace_id}`,
      text: oneLine(trace.name ?? "") || trace.trace_id,
      group: "Traces by id",
      icon: "traces",
      hint: <span className="mono">{trace.trace_id.slice(0, ID_SHOWN)}</span>,
      onPick: () => openTrace(trace.trace_id),
    };
  }

  function fromText(text: string): Pick[] {
    const picks: Pick[] = [];
    const whole = wholeId(text);
    if (whole) picks.push(opening(whole));
    // While the answer to what was typed before is here, the traces of another text must not be offered.
    if (text === typed) picks.push(...(found.data ?? []).map(foundTrace));
    const words = quote(text);
    if (words) {
      picks.push({
        id: "search",
        text: `Find traces whose text has “${text}”`,
        group: "Search",
        icon: "search",
        onPick: () => void navigate({ to: "/traces", search: { experiment, from, to, filter: `text ~ ${words}` } }),
      });
    }
    if (maybeId(text)) picks.push(opening(text));
    return picks;
  }

  const items = [...recent, ...pages, ...ofExperiments, ...actions].map((item) => closing(item, onClose));
  return (
    <Dialog title="Search and commands" onClose={onClose} width={600} bare>
      <PickList
        label="Search and commands"
        placeholder="Go to a page, experiment or trace id, or do something"
        items={items}
        fromText={(text) => fromText(text).map((item) => closing(item, onClose))}
        onText={setTyped}
        maxHeight={440}
      />
    </Dialog>
  );
}

function action(id: string, text: string, onPick: () => void, hint?: string): Pick {
  return { id, text, group: "Actions", icon: "command", hint, onPick };
}

function closing(item: Pick, onClose: () => void): Pick {
  return {
    ...item,
    onPick: () => {
      onClose();
      item.onPick();
    },
  };
}
