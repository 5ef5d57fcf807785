//! The fields of the filter language as a table: names, kinds, operators and what they mean. The server's completion
//! and the documentation are made from it; a test holds it against the parser.

/// What a field holds, and so how its literals are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// A text: `'…'`.
    Text,
    /// A number: `10`, `1.5`, counts also `10k` and `1.5M`.
    Number,
    /// A duration with its unit: `5s`, `300ms`.
    Duration,
    /// A time: milliseconds since the epoch, `'2026-11-25T10:00:00Z'`, or `-1h`.
    Time,
    /// A text out of a few known ones.
    Enum,
    /// Keys of the user's own, each a field: `tags.env`.
    Map,
}

impl FieldKind {
    /// Returns the kind's name in documents and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            FieldKind::Text => "text",
            FieldKind::Number => "number",
            FieldKind::Duration => "duration",
            FieldKind::Time => "time",
            FieldKind::Enum => "enum",
            FieldKind::Map => "map",
        }
    }
}

/// A field of the filter language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldInfo {
    /// Its name; for a map what stands before the key's dot.
    pub name: &'static str,
    /// Other names of it.
    pub aliases: &'static [&'static str],
    /// What it holds.
    pub kind: FieldKind,
    /// The operators that it has.
    pub operators: &'static [&'static str],
    /// What it is, in a few words.
    pub description: &'static str,
    /// The known values of an enum.
    pub values: &'static [&'static str],
    /// Whether it belongs to a span.
    pub of_span: bool,
    /// Whether traces can be ordered by it.
    pub orders: bool,
}

/// The states of a trace.
pub const STATES: &[&str] = &["OK", "ERROR", "IN_PROGRESS", "STATE_UNSPECIFIED"];
/// The statuses of a span.
pub const SPAN_STATUSES: &[&str] = &["OK", "ERROR", "UNSET"];
/// The usual types of spans; any other text is a type too.
pub const SPAN_TYPES: &[&str] = &[
    "LLM",
    "CHAT_MODEL",
    "CHAIN",
    "AGENT",
    "TOOL",
    "RETRIEVER",
    "EMBEDDING",
    "RERANKER",
    "PARSER",
    "MEMORY",
    "WORKFLOW",
    "TASK",
    "GUARDRAIL",
    "EVALUATOR",
    "UNKNOWN",
];

/// What `has:` takes beside fields.
pub const PRESENCE_WORDS: &[&str] = &["error", "feedback", "expectation"];

pub(crate) const TEXT: &[&str] =
    &["=", "!=", "~", "!~", "IN", "NOT IN", "LIKE", "ILIKE", "RLIKE", "IS NULL", "IS NOT NULL"];
pub(crate) const ALWAYS_TEXT: &[&str] = &["=", "!=", "~", "!~", "IN", "NOT IN", "LIKE", "ILIKE", "RLIKE"];
pub(crate) const NUMBER: &[&str] = &["=", "!=", "<", "<=", ">", ">=", "IS NULL", "IS NOT NULL"];
pub(crate) const MAP: &[&str] = &[
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "~",
    "!~",
    "IN",
    "NOT IN",
    "LIKE",
    "ILIKE",
    "RLIKE",
    "IS NULL",
    "IS NOT NULL",
];
pub(crate) const ASSESSMENT: &[&str] =
    &["=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE", "RLIKE", "IS NULL", "IS NOT NULL"];
pub(crate) const CONTENT: &[&str] = &["~", "!~", "LIKE", "ILIKE"];
pub(crate) const EQUAL: &[&str] = &["="];
/// Operators of MLflow's texts of usage and cost.
pub(crate) const RESERVED: &[&str] = &["=", "!=", "IS NULL", "IS NOT NULL"];
const WHOLE_MS: &[&str] = &["=", "!=", "<", "<=", ">", ">="];

const fn of_trace(
    name: &'static str,
    kind: FieldKind,
    operators: &'static [&'static str],
    description: &'static str,
) -> FieldInfo {
    FieldInfo { name, aliases: &[], kind, operators, description, values: &[], of_span: false, orders: true }
}

const fn of_span(
    name: &'static str,
    kind: FieldKind,
    operators: &'static [&'static str],
    description: &'static str,
) -> FieldInfo {
    FieldInfo { of_span: true, orders: false, ..of_trace(name, kind, operators, description) }
}

/// Every field, those of a trace first, in the order in which completion offers them.
pub const FIELDS: &[FieldInfo] = &[
    of_trace("name", FieldKind::Text, TEXT, "name of the trace"),
    FieldInfo {
        aliases: &["state"],
        values: STATES,
        ..of_trace("status", FieldKind::Enum, ALWAYS_TEXT, "state of the trace")
    },
    FieldInfo {
        aliases: &["duration"],
        ..of_trace("latency", FieldKind::Duration, NUMBER, "how long the trace took")
    },
    FieldInfo {
        orders: false,
        ..of_trace("text", FieldKind::Text, CONTENT, "words of a span: inputs, outputs, attributes, events")
    },
    of_trace("session", FieldKind::Text, TEXT, "session that the trace belongs to"),
    of_trace("user", FieldKind::Text, TEXT, "user that the trace served"),
    FieldInfo {
        aliases: &["span.model"],
        ..of_span("model", FieldKind::Text, TEXT, "model that answered in a span")
    },
    FieldInfo {
        aliases: &["span.provider"],
        ..of_span("provider", FieldKind::Text, TEXT, "provider of the model of a span")
    },
    of_trace("tokens", FieldKind::Number, NUMBER, "tokens that the trace used"),
    of_trace("tokens.input", FieldKind::Number, NUMBER, "input tokens, cached ones included"),
    of_trace("tokens.output", FieldKind::Number, NUMBER, "output tokens"),
    of_trace("tokens.cache_read", FieldKind::Number, NUMBER, "input tokens read from a cache"),
    of_trace("tokens.cache_write", FieldKind::Number, NUMBER, "input tokens written to a cache"),
    of_trace("cost", FieldKind::Number, NUMBER, "cost of the trace in US dollars"),
    of_trace("cost.input", FieldKind::Number, NUMBER, "cost of the input in US dollars"),
    of_trace("cost.output", FieldKind::Number, NUMBER, "cost of the output in US dollars"),
    of_trace("spans", FieldKind::Number, NUMBER, "number of spans"),
    FieldInfo {
        aliases: &["timestamp", "timestamp_ms"],
        ..of_trace("start", FieldKind::Time, NUMBER, "when the trace started")
    },
    FieldInfo {
        aliases: &["end_time", "end_time_ms"],
        ..of_trace("end", FieldKind::Time, NUMBER, "when the trace ended; its start while it runs")
    },
    FieldInfo {
        aliases: &["request_id"],
        ..of_trace("trace_id", FieldKind::Text, ALWAYS_TEXT, "id of the trace")
    },
    of_trace("tags", FieldKind::Map, MAP, "tags of the trace and of its resource"),
    of_trace("metadata", FieldKind::Map, MAP, "metadata of the trace"),
    of_trace("feedback", FieldKind::Map, ASSESSMENT, "feedback by its name"),
    of_trace("expectation", FieldKind::Map, ASSESSMENT, "expectations by their name"),
    of_span("span.name", FieldKind::Text, ALWAYS_TEXT, "name of a span"),
    FieldInfo { values: SPAN_TYPES, ..of_span("span.type", FieldKind::Text, ALWAYS_TEXT, "type of a span") },
    FieldInfo {
        values: SPAN_STATUSES,
        ..of_span("span.status", FieldKind::Enum, ALWAYS_TEXT, "status of a span")
    },
    FieldInfo {
        aliases: &["span.duration"],
        ..of_span("span.latency", FieldKind::Duration, NUMBER, "how long a span took")
    },
    of_span("span.tokens", FieldKind::Number, NUMBER, "tokens that a span used"),
    of_span("span.tokens.input", FieldKind::Number, NUMBER, "input tokens of a span"),
    of_span("span.tokens.output", FieldKind::Number, NUMBER, "output tokens of a span"),
    of_span("span.tokens.cache_read", FieldKind::Number, NUMBER, "input tokens of a span read from a cache"),
    of_span(
        "span.tokens.cache_write",
        FieldKind::Number,
        NUMBER,
        "input tokens of a span written to a cache",
    ),
    of_span("span.cost", FieldKind::Number, NUMBER, "cost of a span in US dollars"),
    of_span("span.cost.input", FieldKind::Number, NUMBER, "cost of a span's input in US dollars"),
    of_span("span.cost.output", FieldKind::Number, NUMBER, "cost of a span's output in US dollars"),
    of_span("span.attributes", FieldKind::Map, MAP, "attributes of a span"),
    of_span("span.content", FieldKind::Text, CONTENT, "words of a span, as `text`"),
    FieldInfo {
        aliases: &["execution_time_ms"],
        ..of_trace("execution_time", FieldKind::Number, WHOLE_MS, "how long the trace took, in milliseconds")
    },
    FieldInfo {
        orders: false,
        ..of_trace("client_request_id", FieldKind::Text, ALWAYS_TEXT, "id that the client gave the request")
    },
    of_trace("run_id", FieldKind::Text, TEXT, "run that the trace ran in or is linked to"),
    FieldInfo {
        orders: false,
        ..of_trace("prompt", FieldKind::Text, EQUAL, "prompt version, as `name/version`")
    },
    FieldInfo { orders: false, ..of_trace("issue.id", FieldKind::Text, EQUAL, "issue that the trace shows") },
];

/// What stands before the names of a trace's own fields.
const TRACE_ENTITIES: &[&str] = &["trace.", "attribute.", "attributes."];

/// Returns what a name is the name of: a field, another name of it, or a key of a map (`tags.env`).
pub fn field_info(name: &str) -> Option<&'static FieldInfo> {
    let name = TRACE_ENTITIES.iter().find_map(|entity| name.strip_prefix(entity)).unwrap_or(name);
    let is_name = |info: &&FieldInfo| info.name == name || info.aliases.contains(&name);
    FIELDS.iter().find(is_name).filter(|info| info.kind != FieldKind::Map).or_else(|| map_info(name))
}

fn map_info(name: &str) -> Option<&'static FieldInfo> {
    let (map, key) = match name.strip_prefix("span.attributes.") {
        Some(key) => ("span.attributes", key),
        None => name.split_once('.')?,
    };
    let map = match map {
        "tag" => "tags",
        "request_metadata" => "metadata",
        other => other,
    };
    let found = FIELDS.iter().find(|info| info.kind == FieldKind::Map && info.name == map);
    found.filter(|_| !key.is_empty())
}
