//! What the cases send: spans, log records and final records, as `ingest` would make them.
//!
//! The raw bytes are real OTLP messages, written by hand so that the suite needs no decoder.

use super::wire::{Message, attribute, string_value};
use bytes::Bytes;
use spanwise_model::{
    Assessment, AssessmentId, AssessmentSource, AssessmentValue, Cost, ExperimentChoice, ExperimentId,
    ExperimentSource, Interned, NewLogRecord, NewSpan, RootFacts, SourceType, SpanId, SpanRun, SpanStatus,
    TokenUsage, TraceId, TraceLogs, TraceSpans, TraceStart, TraceState,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// When the traces of the suite start, so that milliseconds are not all zero: 2023-11-14T22:13:20Z.
pub const EPOCH_NS: i64 = 1_700_000_000_000_000_000;
/// Nanoseconds in a millisecond.
pub const MS: i64 = 1_000_000;
/// What spans ask for that ask for no experiment.
pub const DEFAULT: ExperimentChoice =
    ExperimentChoice { experiment_id: ExperimentId::DEFAULT, source: ExperimentSource::Default };

/// Returns the trace id with that number.
pub fn trace_id(number: u32) -> TraceId {
    let mut bytes = [0xab; 16];
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    TraceId::Otel(bytes)
}

/// Returns the span id with that number.
pub fn span_id(number: u64) -> SpanId {
    SpanId(number.to_be_bytes())
}

/// Returns a choice of experiment by a header or the URL.
pub fn explicit(experiment_id: ExperimentId) -> ExperimentChoice {
    ExperimentChoice { experiment_id, source: ExperimentSource::Explicit }
}

/// Returns a choice of experiment by the resource.
pub fn derived(experiment_id: ExperimentId) -> ExperimentChoice {
    ExperimentChoice { experiment_id, source: ExperimentSource::Resource }
}

/// A span to send. It is a closed root without a status unless said otherwise; times are milliseconds after
/// [`EPOCH_NS`].
#[derive(Debug, Clone)]
pub struct Span {
    number: u64,
    parent: Option<u64>,
    is_parent_remote: bool,
    name: String,
    span_type: &'static str,
    status: SpanStatus,
    start_ms: i64,
    end_ms: Option<i64>,
    usage: Option<TokenUsage>,
    cost: Option<Cost>,
    model: Option<&'static str>,
    provider: Option<&'static str>,
    session: Option<&'static str>,
    user: Option<&'static str>,
    attributes: Vec<(&'static str, String)>,
    facts: RootFacts,
    lends: bool,
}

/// Starts a span with that id, from 0 to 100 ms.
pub fn span(number: u64) -> Span {
    Span {
        number,
        parent: None,
        is_parent_remote: false,
        name: format!("span {number}"),
        span_type: "UNKNOWN",
        status: SpanStatus::Unset,
        start_ms: 0,
        end_ms: Some(100),
        usage: None,
        cost: None,
        model: None,
        provider: None,
        session: None,
        user: None,
        attributes: Vec::new(),
        facts: RootFacts::default(),
        lends: false,
    }
}

impl Span {
    /// Returns the number of its id.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Makes it a child.
    pub fn parent(mut self, number: u64) -> Span {
        self.parent = Some(number);
        self
    }

    /// Makes it a child of a span in another process, and says so.
    pub fn remote_parent(self, number: u64) -> Span {
        Span { is_parent_remote: true, ..self.parent(number) }
    }

    /// Names it.
    pub fn name(mut self, name: &str) -> Span {
        self.name = name.to_owned();
        self
    }

    /// Sets its normalised type.
    pub fn span_type(mut self, span_type: &'static str) -> Span {
        self.span_type = span_type;
        self
    }

    /// Sets its status.
    pub fn status(mut self, status: SpanStatus) -> Span {
        self.status = status;
        self
    }

    /// Sets its start and end.
    pub fn from_to(mut self, start_ms: i64, end_ms: i64) -> Span {
        (self.start_ms, self.end_ms) = (start_ms, Some(end_ms));
        self
    }

    /// Leaves it open.
    pub fn open(mut self) -> Span {
        self.end_ms = None;
        self
    }

    /// Lets it report tokens.
    pub fn usage(mut self, input: u64, output: u64) -> Span {
        self.usage = Some(usage(input, output));
        self
    }

    /// Lets it report a cost.
    pub fn cost(mut self, input: f64, output: f64) -> Span {
        self.cost = Some(Cost { input, output, total: input + output });
        self
    }

    /// Lets it be a call of a model.
    pub fn model(mut self, model: &'static str, provider: &'static str) -> Span {
        (self.model, self.provider) = (Some(model), Some(provider));
        self
    }

    /// Lets it name a session.
    pub fn session(mut self, session: &'static str) -> Span {
        self.session = Some(session);
        self
    }

    /// Lets it name a user.
    pub fn user(mut self, user: &'static str) -> Span {
        self.user = Some(user);
        self
    }

    /// Adds an attribute.
    pub fn attribute(mut self, key: &'static str, value: &str) -> Span {
        self.attributes.push((key, value.to_owned()));
        self
    }

    /// Lets it, if a root, tag the trace.
    pub fn tag(mut self, key: &str, value: &str) -> Span {
        self.facts.tags.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Lets it, if a root, set metadata of the trace.
    pub fn metadata(mut self, key: &str, value: &str) -> Span {
        self.facts.metadata.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Sets what it, if a root, says of the trace's inputs and outputs.
    pub fn preview(mut self, request: &str, response: &str) -> Span {
        self.facts.request_preview = Some(format!("\"{request}\""));
        self.facts.response_preview = Some(format!("\"{response}\""));
        self.facts.input_text = Some(request.to_owned());
        self.facts.output_text = Some(response.to_owned());
        self
    }

    /// Lets it be a call that has texts for a root without any.
    pub fn lends(mut self, request: Option<&str>, response: Option<&str>) -> Span {
        (self.span_type, self.lends) = ("LLM", true);
        self.facts.request_preview = request.map(|text| format!("\"{text}\""));
        self.facts.response_preview = response.map(|text| format!("\"{text}\""));
        self.facts.input_text = request.map(str::to_owned);
        self.facts.output_text = response.map(str::to_owned);
        // A store may read it again.
        for (key, text) in [("mlflow.spanInputs", request), ("mlflow.spanOutputs", response)] {
            self.attributes.extend(text.map(|text| (key, format!("\"{text}\""))));
        }
        self.attribute("mlflow.spanType", "\"LLM\"")
    }

    /// Returns the OTLP message.
    pub fn raw(&self, trace: &TraceId) -> Bytes {
        let mut message = Message::default();
        message.bytes(1, trace.otel_bytes().unwrap_or(&[0xee; 16]));
        message.bytes(2, &span_id(self.number).0);
        if let Some(parent) = self.parent {
            message.bytes(4, &span_id(parent).0);
        }
        message.bytes(5, self.name.as_bytes());
        message.fixed64(7, at_ms(self.start_ms) as u64);
        message.fixed64(8, self.end_ms.map_or(0, |end| at_ms(end) as u64));
        for (key, value) in &self.attributes {
            message.message(9, &attribute(key, value));
        }
        if let Some(derived) = self.derived() {
            message.message(9, &attribute("suite.derived", &derived));
        }
        if self.is_parent_remote {
            message.fixed32(16, 0x300);
        }
        if self.status != SpanStatus::Unset {
            let mut status = Message::default();
            status.number(3, self.status as u64);
            message.message(15, &status);
        }
        message.into_bytes()
    }

    /// Returns what is derived from attributes, so that spans that differ in it differ in their bytes.
    fn derived(&self) -> Option<String> {
        let says_something = self.usage.is_some()
            || self.cost.is_some()
            || self.model.is_some()
            || self.session.is_some()
            || self.user.is_some();
        let (model, session, user) = (self.model, self.session, self.user);
        says_something.then(|| format!("{:?} {:?} {session:?} {user:?} {model:?}", self.usage, self.cost))
    }

    fn build(&self, trace: &TraceId) -> NewSpan {
        let raw = self.raw(trace);
        NewSpan {
            content_hash: xxh3_64(&raw),
            raw,
            span_id: span_id(self.number),
            parent_id: self.parent.map(span_id),
            name: self.name.as_str().into(),
            span_type: self.span_type.into(),
            status: self.status,
            start_ns: at_ms(self.start_ms),
            end_ns: self.end_ms.map(at_ms),
            usage: self.usage,
            cost: self.cost,
            model: self.model.map(Into::into),
            provider: self.provider.map(Into::into),
            session: self.session.map(Into::into),
            user: self.user.map(Into::into),
            root: (self.parent.is_none() || self.is_parent_remote).then(|| Box::new(self.facts.clone())),
            lent: self.lends.then(|| Box::new(self.facts.clone())),
        }
    }
}

/// Returns a time so many milliseconds after [`EPOCH_NS`].
pub fn at_ms(ms: i64) -> i64 {
    EPOCH_NS + ms * MS
}

/// Returns tokens.
pub fn usage(input: u64, output: u64) -> TokenUsage {
    TokenUsage { input, output, total: input.saturating_add(output), ..TokenUsage::default() }
}

/// Returns spans of one trace that share a resource, in the experiment `choice`.
pub fn spans_of(trace: &TraceId, choice: ExperimentChoice, service: &str, spans: &[Span]) -> TraceSpans {
    let tags = match service {
        "" => Vec::new(),
        name => vec![("service.name".to_owned(), name.to_owned())],
    };
    let run = SpanRun {
        resource: resource(service),
        scope: scope("suite"),
        resource_tags: Arc::new(tags),
        experiment: choice,
        count: spans.len(),
    };
    TraceSpans {
        trace_id: trace.clone(),
        arrival_ns: at_ms(1_000),
        runs: vec![run],
        spans: spans.iter().map(|span| span.build(trace)).collect(),
        link_run: None,
    }
}

/// Returns spans of one trace, in the default experiment, of a resource that says nothing.
pub fn spans(trace: &TraceId, spans: &[Span]) -> TraceSpans {
    spans_of(trace, DEFAULT, "", spans)
}

/// Returns a resource with that service's name, or with nothing.
pub fn resource(service: &str) -> Arc<Interned> {
    let mut resource = Message::default();
    if !service.is_empty() {
        resource.message(1, &attribute("service.name", service));
    }
    interned(&resource)
}

/// Returns a scope with that name.
pub fn scope(name: &str) -> Arc<Interned> {
    let mut scope = Message::default();
    scope.bytes(1, name.as_bytes());
    interned(&scope)
}

fn interned(inner: &Message) -> Arc<Interned> {
    let mut outer = Message::default();
    outer.message(1, inner);
    let bytes = outer.into_bytes();
    Arc::new(Interned { hash: xxh3_128(&bytes), bytes })
}

/// Returns the OTLP log record with that body for a span.
pub fn log_raw(trace: &TraceId, span: u64, body: &str) -> Bytes {
    let mut message = Message::default();
    message.fixed64(1, EPOCH_NS as u64);
    message.message(5, &string_value(body));
    message.bytes(9, trace.otel_bytes().unwrap_or(&[0xee; 16]));
    message.bytes(10, &span_id(span).0);
    message.into_bytes()
}

/// Returns log records of a trace: spans and bodies.
pub fn logs(trace: &TraceId, records: &[(u64, &str)]) -> TraceLogs {
    let record = |(span, body): &(u64, &str)| {
        let raw = log_raw(trace, *span, body);
        NewLogRecord { content_hash: xxh3_64(&raw), raw, span_id: span_id(*span) }
    };
    TraceLogs {
        trace_id: trace.clone(),
        arrival_ns: at_ms(2_000),
        experiment: DEFAULT,
        records: records.iter().map(record).collect(),
    }
}

/// Returns a final record that says as little as one can: it ended well, from 0 to 250 ms.
pub fn start(trace: &TraceId, experiment_id: ExperimentId) -> TraceStart {
    TraceStart {
        trace_id: trace.clone(),
        experiment_id,
        client_request_id: None,
        start_ns: at_ms(0),
        duration_ns: Some(250 * MS),
        state: TraceState::Ok,
        name: None,
        session: None,
        request_preview: None,
        response_preview: None,
        usage: None,
        cost: None,
        metadata: BTreeMap::new(),
        tags: BTreeMap::new(),
        assessments: Vec::new(),
    }
}

/// Returns a map of texts.
pub fn texts<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// Returns an assessment by a person.
pub fn assessment(trace: &TraceId, id: &str, name: &str, value: AssessmentValue) -> Assessment {
    Assessment {
        assessment_id: AssessmentId(id.to_owned()),
        trace_id: trace.clone(),
        name: name.to_owned(),
        value,
        source: AssessmentSource { source_type: SourceType::Human, source_id: Some("alice".to_owned()) },
        span_id: None,
        created_ns: at_ms(10),
        last_updated_ns: at_ms(10),
        rationale: None,
        metadata: BTreeMap::new(),
        overrides: None,
        valid: true,
    }
}

/// Returns feedback of that value.
pub fn feedback(value: impl Into<serde_json::Value>) -> AssessmentValue {
    AssessmentValue::Feedback { value: Some(value.into()), error: None }
}
