// The shapes of `/api/v1`. Times are nanoseconds since the epoch as decimal text (`*_ns: string`); durations and offsets
// are numbers of nanoseconds. Absent values are null.

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** Only when a filter or an order could not be understood: all its problems. */
  errors?: FilterProblem[];
}

export interface FilterProblem {
  message: string;
  /** Place in the filter text in UTF-8 bytes, end excluded. */
  start: number;
  end: number;
  expected: string[];
  /** Replacement text for start..end, if one is obvious. */
  suggestion: string | null;
}

export interface Info {
  version: string;
  otlp_http_port: number | null;
  otlp_grpc_port: number | null;
  traces: number;
  spans: number;
}

export interface Experiment {
  experiment_id: string;
  name: string;
  deleted: boolean;
  created_ns: string;
  trace_count: number;
  last_trace_ns: string | null;
  tags: Record<string, string>;
}

export type State = "OK" | "ERROR" | "IN_PROGRESS" | "STATE_UNSPECIFIED";

export interface TraceSummary {
  trace_id: string;
  experiment_id: string;
  name: string | null;
  state: State;
  start_ns: string;
  duration_ns: number | null;
  input: string | null;
  output: string | null;
  session: string | null;
  user: string | null;
  usage: Usage | null;
  cost: Cost | null;
  span_count: number;
  tags: Record<string, string>;
  assessments: AssessmentSummary[];
}

export interface TracePageOfList {
  traces: TraceSummary[];
  next_page_token: string | null;
}

export interface Usage {
  input: number;
  output: number;
  total: number;
  cache_read: number | null;
  cache_write: number | null;
}

/** US dollars. */
export interface Cost {
  input: number;
  output: number;
  total: number;
}

export type AssessmentKind = "feedback" | "expectation" | "issue";
export type AssessmentSourceType = "HUMAN" | "LLM_JUDGE" | "CODE" | "UNSPECIFIED";

export interface AssessmentSummary {
  name: string;
  kind: AssessmentKind;
  value: unknown;
  source: AssessmentSourceType;
}

export interface Histogram {
  /** Exact number of traces in the selection. */
  total: number;
  start_ns: string;
  bucket_ns: number;
  buckets: HistogramBucket[];
  duration_ns: { p50: number | null; p95: number | null; p99: number | null };
  tokens: number;
  cost: number;
  errors: number;
}

export interface HistogramBucket {
  ok: number;
  error: number;
  in_progress: number;
  unspecified: number;
  p50_ns: number | null;
  p95_ns: number | null;
  tokens: number;
  cost: number;
}

export interface Facets {
  facets: Facet[];
  counted_traces: number;
  /** False if only the newest `counted_traces` of the selection were counted. */
  complete: boolean;
}

export interface Facet {
  field: string;
  label: string;
  values: FacetValue[];
  distinct: number;
}

export interface FacetValue {
  value: string;
  count: number;
  /** What to write into the filter, e.g. `model = 'gpt-4o'`. */
  clause: string;
}

export interface FilterCheck {
  valid: boolean;
  canonical: string | null;
  errors: FilterProblem[];
}

export interface Completion {
  /** Bytes of the text that an accepted item replaces. */
  start: number;
  end: number;
  items: CompletionItem[];
}

export interface CompletionItem {
  text: string;
  kind: "field" | "operator" | "value" | "keyword";
  detail: string | null;
  count: number | null;
}

export interface TraceRecord extends Omit<TraceSummary, "assessments"> {
  experiment_name: string;
  end_ns: string | null;
  request_preview: string | null;
  response_preview: string | null;
  client_request_id: string | null;
  metadata: Record<string, string>;
  resource_tags: Record<string, string>;
  own_tags: Record<string, string>;
  assessments: Assessment[];
}

export interface Assessment {
  assessment_id: string;
  trace_id: string;
  name: string;
  kind: AssessmentKind;
  value: unknown;
  error: { error_code: string | null; error_message: string | null; stack_trace: string | null } | null;
  source: { type: AssessmentSourceType; id: string | null };
  span_id: string | null;
  rationale: string | null;
  metadata: Record<string, string>;
  created_ns: string;
  last_updated_ns: string;
  valid: boolean;
  overrides: string | null;
}

export interface NewAssessment {
  name: string;
  kind: "feedback" | "expectation";
  value: unknown;
  rationale?: string | null;
  span_id?: string | null;
  metadata?: Record<string, string>;
  source?: { type: "HUMAN" | "LLM_JUDGE" | "CODE"; id?: string | null };
}

export interface AssessmentChange {
  value?: unknown;
  rationale?: string | null;
  name?: string;
  metadata?: Record<string, string>;
}

/** The skeleton of a trace in columns. Row order: parentless spans first, then by start. */
export interface Tree {
  trace_id: string;
  start_ns: string;
  count: number;
  /** 16 hex digits a span, concatenated. */
  ids: string;
  /** Row of the parent; -1 is a root, -2 names a parent that is not here. */
  parents: number[];
  /** Deltas in ns to the previous row's start (the first: to `start_ns`); may be negative. */
  starts: number[];
  /** Nanoseconds; -1 is still open. */
  durations: number[];
  /** One digit a span: 0 unset, 1 ok, 2 error. */
  statuses: string;
  names: Dictionary;
  types: Dictionary;
  models: SparseDictionary;
  /** Here and in all sparse columns, `rows` are deltas to the previous entry's row. */
  usage: { rows: number[]; input: number[]; output: number[]; total: number[]; cache_read: number[] };
  cost: { rows: number[]; total: number[] };
  /** Rows whose usage and cost a span above already reports. */
  uncounted: number[];
}

export interface Dictionary {
  values: string[];
  rows: number[];
}

export interface SparseDictionary {
  values: string[];
  rows: number[];
  indexes: number[];
}

export interface SpanPreview {
  span_id: string;
  input: string | null;
  output: string | null;
  error: string | null;
}

export interface SpanDetail {
  trace_id: string;
  span_id: string;
  parent_id: string | null;
  name: string;
  type: string;
  kind: string;
  start_ns: string;
  duration_ns: number | null;
  status: "OK" | "ERROR" | "UNSET";
  status_message: string;
  model: string | null;
  provider: string | null;
  usage: Usage | null;
  cost: Cost | null;
  session: string | null;
  user: string | null;
  parameters: Record<string, unknown>;
  inputs: Body | null;
  outputs: Body | null;
  input_messages: Message[] | null;
  output_messages: Message[] | null;
  tools: ToolDefinition[] | null;
  documents: Document[] | null;
  events: SpanEvent[];
  exception: SpanException | null;
  links: SpanLink[];
  attributes: Attribute[];
  resource: Attribute[];
  scope: { name: string; version: string; attributes: Attribute[] };
  logs: SpanLog[];
}

export interface SpanException {
  type: string | null;
  message: string | null;
  stacktrace: string | null;
}

export interface SpanLink {
  trace_id: string;
  span_id: string;
  attributes: Attribute[];
}

export interface SpanLog {
  time_ns: string;
  event_name: string;
  severity: string;
  body: unknown;
  attributes: Attribute[];
}

export interface Body {
  /** JSON; a string that holds JSON has been parsed. */
  value: unknown;
  bytes: number;
  /** True if longer than 5 MiB: `value` is then the head of its text. */
  cut: boolean;
}

export interface Attribute {
  key: string;
  type: "string" | "bool" | "int" | "double" | "bytes" | "array" | "map" | "empty";
  value: unknown;
  bytes: number;
  cut: boolean;
}

export interface Message {
  role: string;
  name: string | null;
  parts: Part[];
  finish_reason: string | null;
}

export type Part =
  | { type: "text"; text: string }
  | { type: "thinking"; text: string }
  | { type: "tool_call"; id: string | null; name: string; arguments: unknown }
  | { type: "tool_result"; id: string | null; name: string | null; result: unknown; is_error: boolean }
  | MediaPart
  | { type: "json"; value: unknown };

export interface MediaPart {
  type: "image" | "audio" | "file";
  url: string | null;
  data: string | null;
  mime_type: string | null;
  name: string | null;
}

export interface ToolDefinition {
  name: string;
  description: string | null;
  parameters: unknown;
}

export interface Document {
  id: string | null;
  content: string;
  score: number | null;
  metadata: Record<string, unknown>;
}

export interface SpanEvent {
  time_ns: string;
  name: string;
  attributes: Attribute[];
}

export interface SessionSummary {
  session: string;
  user: string | null;
  trace_count: number;
  error_count: number;
  first_start_ns: string;
  last_start_ns: string;
  duration_ns: number;
  tokens: number;
  cost: number;
  first_input: string | null;
  last_output: string | null;
  last_trace_id: string;
}

export interface SessionPage {
  sessions: SessionSummary[];
  next_page_token: string | null;
}

export interface BulkRequest {
  experiments?: string[];
  filter?: string;
  from?: string;
  to?: string;
  trace_ids?: string[];
  all?: boolean;
  dry_run?: boolean;
}

export interface BulkTagRequest extends BulkRequest {
  set?: Record<string, string>;
  remove?: string[];
}

export interface BulkResult {
  matched: number;
  changed: number;
}
