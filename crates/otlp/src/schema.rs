//! The OTLP messages as tables: numbers, names and kinds of their fields.
//!
//! The JSON reader, the JSON writer and the error messages of the protobuf reader all walk these tables, so that a
//! field is described once.
//! <https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto>

use crate::number::{
    VALUES, any_value, entity_ref, event, group, key_value, link, log_record, resource, scope, span, status,
};

/// Fields of the largest message that is known.
pub(crate) const FIELDS_MAX: usize = 16;

/// A message.
#[derive(Debug)]
pub(crate) struct Message {
    /// What it is in an error.
    pub(crate) name: &'static str,
    /// Its fields, in the order in which they are written.
    pub(crate) fields: &'static [FieldSpec],
    /// Whether its fields are members of one oneof: then a default value counts, and the last one wins.
    pub(crate) oneof: bool,
}

/// A field of a message.
#[derive(Debug)]
pub(crate) struct FieldSpec {
    pub(crate) number: u32,
    /// Its name in the `.proto` file.
    pub(crate) name: &'static str,
    /// Its name in JSON.
    pub(crate) json_name: &'static str,
    pub(crate) kind: Kind,
}

/// What a field holds. OTLP/JSON differs from the general JSON mapping in that ids are hex and enums are numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Bytes,
    /// An id of so many bytes.
    Id(usize),
    Bool,
    /// An `int32` that has names.
    Enum(&'static [(&'static str, i32)]),
    Uint32,
    Int64,
    Fixed32,
    Fixed64,
    Double,
    Message(&'static Message),
    /// A list or map inside a value: one level of nesting.
    Container(&'static Message),
    RepeatedText,
    Repeated(&'static Message),
    /// Spans or log records: a bad one costs only itself.
    Items(&'static Message),
}

impl Message {
    /// Finds a field by either of its names.
    pub(crate) fn field_by_name(&self, name: &str) -> Option<&'static FieldSpec> {
        self.fields.iter().find(|field| field.json_name == name || field.name == name)
    }

    /// Finds the place of a field in `fields`.
    pub(crate) fn index_of(&self, number: u32) -> Option<usize> {
        self.fields.iter().position(|field| field.number == number)
    }

    /// Names a field in an error, e.g. `events.name`; of an unknown field it names the message.
    pub(crate) fn path_of(&self, number: u32) -> String {
        match self.index_of(number) {
            Some(index) => format!("{}.{}", self.name, self.fields[index].name),
            None => self.name.into(),
        }
    }
}

const fn message(name: &'static str, fields: &'static [FieldSpec]) -> Message {
    Message { name, fields, oneof: false }
}

const fn field(number: u32, name: &'static str, json_name: &'static str, kind: Kind) -> FieldSpec {
    FieldSpec { number, name, json_name, kind }
}

pub(crate) static TRACES_REQUEST: Message = message(
    "ExportTraceServiceRequest",
    &[field(group::RESOURCE_GROUPS, "resource_spans", "resourceSpans", Kind::Repeated(&RESOURCE_SPANS))],
);

pub(crate) static RESOURCE_SPANS: Message = message(
    "resource_spans",
    &[
        field(group::OWNER, "resource", "resource", Kind::Message(&RESOURCE)),
        field(group::ITEMS, "scope_spans", "scopeSpans", Kind::Repeated(&SCOPE_SPANS)),
        field(group::SCHEMA_URL, "schema_url", "schemaUrl", Kind::Text),
    ],
);

pub(crate) static SCOPE_SPANS: Message = message(
    "scope_spans",
    &[
        field(group::OWNER, "scope", "scope", Kind::Message(&SCOPE)),
        field(group::ITEMS, "spans", "spans", Kind::Items(&SPAN)),
        field(group::SCHEMA_URL, "schema_url", "schemaUrl", Kind::Text),
    ],
);

pub(crate) static LOGS_REQUEST: Message = message(
    "ExportLogsServiceRequest",
    &[field(group::RESOURCE_GROUPS, "resource_logs", "resourceLogs", Kind::Repeated(&RESOURCE_LOGS))],
);

pub(crate) static RESOURCE_LOGS: Message = message(
    "resource_logs",
    &[
        field(group::OWNER, "resource", "resource", Kind::Message(&RESOURCE)),
        field(group::ITEMS, "scope_logs", "scopeLogs", Kind::Repeated(&SCOPE_LOGS)),
        field(group::SCHEMA_URL, "schema_url", "schemaUrl", Kind::Text),
    ],
);

pub(crate) static SCOPE_LOGS: Message = message(
    "scope_logs",
    &[
        field(group::OWNER, "scope", "scope", Kind::Message(&SCOPE)),
        field(group::ITEMS, "log_records", "logRecords", Kind::Items(&LOG_RECORD)),
        field(group::SCHEMA_URL, "schema_url", "schemaUrl", Kind::Text),
    ],
);

pub(crate) static RESOURCE: Message = message(
    "resource",
    &[
        field(resource::ATTRIBUTES, "attributes", "attributes", Kind::Repeated(&KEY_VALUE)),
        field(
            resource::DROPPED_ATTRIBUTES,
            "dropped_attributes_count",
            "droppedAttributesCount",
            Kind::Uint32,
        ),
        field(resource::ENTITY_REFS, "entity_refs", "entityRefs", Kind::Repeated(&ENTITY_REF)),
    ],
);

static ENTITY_REF: Message = message(
    "entity_refs",
    &[
        field(entity_ref::SCHEMA_URL, "schema_url", "schemaUrl", Kind::Text),
        field(entity_ref::TYPE, "type", "type", Kind::Text),
        field(entity_ref::ID_KEYS, "id_keys", "idKeys", Kind::RepeatedText),
        field(entity_ref::DESCRIPTION_KEYS, "description_keys", "descriptionKeys", Kind::RepeatedText),
    ],
);

pub(crate) static SCOPE: Message = message(
    "scope",
    &[
        field(scope::NAME, "name", "name", Kind::Text),
        field(scope::VERSION, "version", "version", Kind::Text),
        field(scope::ATTRIBUTES, "attributes", "attributes", Kind::Repeated(&KEY_VALUE)),
        field(scope::DROPPED_ATTRIBUTES, "dropped_attributes_count", "droppedAttributesCount", Kind::Uint32),
    ],
);

pub(crate) static SPAN: Message = message(
    "span",
    &[
        field(span::TRACE_ID, "trace_id", "traceId", Kind::Id(16)),
        field(span::SPAN_ID, "span_id", "spanId", Kind::Id(8)),
        field(span::TRACE_STATE, "trace_state", "traceState", Kind::Text),
        field(span::PARENT_SPAN_ID, "parent_span_id", "parentSpanId", Kind::Id(8)),
        field(span::FLAGS, "flags", "flags", Kind::Fixed32),
        field(span::NAME, "name", "name", Kind::Text),
        field(span::KIND, "kind", "kind", Kind::Enum(SPAN_KINDS)),
        field(span::START_TIME, "start_time_unix_nano", "startTimeUnixNano", Kind::Fixed64),
        field(span::END_TIME, "end_time_unix_nano", "endTimeUnixNano", Kind::Fixed64),
        field(span::ATTRIBUTES, "attributes", "attributes", Kind::Repeated(&KEY_VALUE)),
        field(span::DROPPED_ATTRIBUTES, "dropped_attributes_count", "droppedAttributesCount", Kind::Uint32),
        field(span::EVENTS, "events", "events", Kind::Repeated(&EVENT)),
        field(span::DROPPED_EVENTS, "dropped_events_count", "droppedEventsCount", Kind::Uint32),
        field(span::LINKS, "links", "links", Kind::Repeated(&LINK)),
        field(span::DROPPED_LINKS, "dropped_links_count", "droppedLinksCount", Kind::Uint32),
        field(span::STATUS, "status", "status", Kind::Message(&STATUS)),
    ],
);

pub(crate) static EVENT: Message = message(
    "events",
    &[
        field(event::TIME, "time_unix_nano", "timeUnixNano", Kind::Fixed64),
        field(event::NAME, "name", "name", Kind::Text),
        field(event::ATTRIBUTES, "attributes", "attributes", Kind::Repeated(&KEY_VALUE)),
        field(event::DROPPED_ATTRIBUTES, "dropped_attributes_count", "droppedAttributesCount", Kind::Uint32),
    ],
);

pub(crate) static LINK: Message = message(
    "links",
    &[
        field(link::TRACE_ID, "trace_id", "traceId", Kind::Id(16)),
        field(link::SPAN_ID, "span_id", "spanId", Kind::Id(8)),
        field(link::TRACE_STATE, "trace_state", "traceState", Kind::Text),
        field(link::ATTRIBUTES, "attributes", "attributes", Kind::Repeated(&KEY_VALUE)),
        field(link::DROPPED_ATTRIBUTES, "dropped_attributes_count", "droppedAttributesCount", Kind::Uint32),
        field(link::FLAGS, "flags", "flags", Kind::Fixed32),
    ],
);

pub(crate) static STATUS: Message = message(
    "status",
    &[
        field(status::MESSAGE, "message", "message", Kind::Text),
        field(status::CODE, "code", "code", Kind::Enum(STATUS_CODES)),
    ],
);

pub(crate) static LOG_RECORD: Message = message(
    "log_record",
    &[
        field(log_record::TIME, "time_unix_nano", "timeUnixNano", Kind::Fixed64),
        field(log_record::OBSERVED_TIME, "observed_time_unix_nano", "observedTimeUnixNano", Kind::Fixed64),
        field(log_record::SEVERITY_NUMBER, "severity_number", "severityNumber", Kind::Enum(SEVERITIES)),
        field(log_record::SEVERITY_TEXT, "severity_text", "severityText", Kind::Text),
        field(log_record::BODY, "body", "body", Kind::Message(&ANY_VALUE)),
        field(log_record::ATTRIBUTES, "attributes", "attributes", Kind::Repeated(&KEY_VALUE)),
        field(
            log_record::DROPPED_ATTRIBUTES,
            "dropped_attributes_count",
            "droppedAttributesCount",
            Kind::Uint32,
        ),
        field(log_record::FLAGS, "flags", "flags", Kind::Fixed32),
        field(log_record::TRACE_ID, "trace_id", "traceId", Kind::Id(16)),
        field(log_record::SPAN_ID, "span_id", "spanId", Kind::Id(8)),
        field(log_record::EVENT_NAME, "event_name", "eventName", Kind::Text),
    ],
);

pub(crate) static KEY_VALUE: Message = message(
    "attributes",
    &[
        field(key_value::KEY, "key", "key", Kind::Text),
        field(key_value::VALUE, "value", "value", Kind::Message(&ANY_VALUE)),
    ],
);

pub(crate) static ANY_VALUE: Message = Message {
    name: "value",
    oneof: true,
    fields: &[
        field(any_value::STRING, "string_value", "stringValue", Kind::Text),
        field(any_value::BOOL, "bool_value", "boolValue", Kind::Bool),
        field(any_value::INT, "int_value", "intValue", Kind::Int64),
        field(any_value::DOUBLE, "double_value", "doubleValue", Kind::Double),
        field(any_value::ARRAY, "array_value", "arrayValue", Kind::Container(&ARRAY_VALUE)),
        field(any_value::KVLIST, "kvlist_value", "kvlistValue", Kind::Container(&KEY_VALUE_LIST)),
        field(any_value::BYTES, "bytes_value", "bytesValue", Kind::Bytes),
    ],
};

pub(crate) static ARRAY_VALUE: Message =
    message("array_value", &[field(VALUES, "values", "values", Kind::Repeated(&ANY_VALUE))]);

pub(crate) static KEY_VALUE_LIST: Message =
    message("kvlist_value", &[field(VALUES, "values", "values", Kind::Repeated(&KEY_VALUE))]);

const SPAN_KINDS: &[(&str, i32)] = &[
    ("SPAN_KIND_UNSPECIFIED", 0),
    ("SPAN_KIND_INTERNAL", 1),
    ("SPAN_KIND_SERVER", 2),
    ("SPAN_KIND_CLIENT", 3),
    ("SPAN_KIND_PRODUCER", 4),
    ("SPAN_KIND_CONSUMER", 5),
];

const STATUS_CODES: &[(&str, i32)] =
    &[("STATUS_CODE_UNSET", 0), ("STATUS_CODE_OK", 1), ("STATUS_CODE_ERROR", 2)];

const SEVERITIES: &[(&str, i32)] = &[
    ("SEVERITY_NUMBER_UNSPECIFIED", 0),
    ("SEVERITY_NUMBER_TRACE", 1),
    ("SEVERITY_NUMBER_TRACE2", 2),
    ("SEVERITY_NUMBER_TRACE3", 3),
    ("SEVERITY_NUMBER_TRACE4", 4),
    ("SEVERITY_NUMBER_DEBUG", 5),
    ("SEVERITY_NUMBER_DEBUG2", 6),
    ("SEVERITY_NUMBER_DEBUG3", 7),
    ("SEVERITY_NUMBER_DEBUG4", 8),
    ("SEVERITY_NUMBER_INFO", 9),
    ("SEVERITY_NUMBER_INFO2", 10),
    ("SEVERITY_NUMBER_INFO3", 11),
    ("SEVERITY_NUMBER_INFO4", 12),
    ("SEVERITY_NUMBER_WARN", 13),
    ("SEVERITY_NUMBER_WARN2", 14),
    ("SEVERITY_NUMBER_WARN3", 15),
    ("SEVERITY_NUMBER_WARN4", 16),
    ("SEVERITY_NUMBER_ERROR", 17),
    ("SEVERITY_NUMBER_ERROR2", 18),
    ("SEVERITY_NUMBER_ERROR3", 19),
    ("SEVERITY_NUMBER_ERROR4", 20),
    ("SEVERITY_NUMBER_FATAL", 21),
    ("SEVERITY_NUMBER_FATAL2", 22),
    ("SEVERITY_NUMBER_FATAL3", 23),
    ("SEVERITY_NUMBER_FATAL4", 24),
];
