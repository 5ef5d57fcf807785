// The state of the app in the URL's query: what is selected, how it is shown, what is open. Written so that it can be
// read and typed by hand: `?experiment=2&filter=status = 'ERROR'&from=-24h`.

export interface AppSearch {
  /** Ids or names of experiments; none is all active ones. */
  experiment?: string[];
  filter?: string;
  /** As the API takes them: `-1h`, ms since the epoch, or ISO 8601. */
  from?: string;
  to?: string;
  /** As the API's `order_by`. */
  order?: string;
  /** Columns of the list, in order, separated by commas. */
  columns?: string;
  /** What the histogram shows, if not the count. */
  metric?: string;
  /** The trace that is open over the list, and the span that is selected in it. */
  trace?: string;
  span?: string;
  /** State of the trace page: its view, the detail's tab, the search in the trace. */
  view?: string;
  tab?: string;
  find?: string;
  /** The run that another is compared with, and which of their rows are shown, if not all. */
  baseline?: string;
  rows?: string;
  /** The prompt that is open, its version, and the version that it is compared with. */
  prompt?: string;
  version?: string;
  against?: string;
  /** The scorer that is open, by its id. */
  scorer?: string;
  /** Versions that are compared, by the ids of their models, separated by commas; the first is what others are compared with. */
  versions?: string;
  /** The dataset that is open, and the record in it; `version` and `against` are its versions then. */
  dataset?: string;
  record?: string;
  /** The session that is open over the list of sessions. */
  session?: string;
}

const TEXTS = [
  "filter",
  "from",
  "to",
  "order",
  "columns",
  "metric",
  "trace",
  "span",
  "view",
  "tab",
  "find",
  "session",
  "baseline",
  "rows",
  "prompt",
  "version",
  "against",
  "scorer",
  "versions",
  "dataset",
  "record",
] as const satisfies readonly (keyof AppSearch)[];

/** Reads a query string. What it does not know it leaves out. */
export function parseSearch(text: string): AppSearch {
  const params = new URLSearchParams(text);
  const search: AppSearch = {};
  const experiments = params.getAll("experiment").filter((name) => name !== "");
  if (experiments.length > 0) search.experiment = experiments;
  for (const key of TEXTS) {
    const value = params.get(key);
    if (value) search[key] = value;
  }
  return search;
}

/** Writes a query string, with the question mark unless it is empty. Keys come in one fixed order. */
export function stringifySearch(search: AppSearch): string {
  const params = new URLSearchParams();
  for (const name of search.experiment ?? []) params.append("experiment", name);
  for (const key of TEXTS) {
    const value = search[key];
    if (value) params.set(key, value);
  }
  const text = readable(params.toString());
  return text ? `?${text}` : "";
}

// These characters need no escape in a query, and a filter is full of them.
function readable(text: string): string {
  return text.replace(/%(27|28|29|3A|2C|2F|40|21|7E|3D)/gi, (code) => decodeURIComponent(code));
}

/** Keeps the known keys of what the router hands over, which may come from a link made in code. */
export function validateSearch(raw: Record<string, unknown>): AppSearch {
  return parseSearch(stringifySearch(raw as AppSearch));
}
