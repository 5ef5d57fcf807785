//! Traces as applications make them. Trace `n` is always the same, whoever asks for it and in whatever order.

use crate::dialect::{Call, Dialect, Extra, Message, Step};
use crate::text::Corpus;
use crate::write::{attribute, text};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::{Span, Status, span::Event};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

/// The models, with who runs them.
pub(crate) const MODELS: [(&str, &str); 6] = [
    ("gpt-4o-mini", "openai"),
    ("gpt-4o", "openai"),
    ("claude-sonnet-4-5", "anthropic"),
    ("claude-haiku-4-5", "anthropic"),
    ("gemini-2.5-flash", "google"),
    ("llama-3.3-70b", "meta"),
];
/// Traces of one session.
const SESSION_TRACES: u64 = 5;
const USERS: u64 = 5_000;
/// Bytes of the history that an agent sends at most.
const HISTORY_BYTES_MAX: usize = 16 << 10;
/// Over how long the traces are spread.
const SPREAD_NS: u64 = 30 * 24 * 3600 * 1_000_000_000;
const TOOLS: [&str; 8] = [
    "search_orders",
    "get_customer",
    "create_ticket",
    "query_sql",
    "fetch_page",
    "send_mail",
    "list_files",
    "run_code",
];

const FUNCTIONS: [&str; 6] = [
    "app.chat.handle",
    "app.search.run",
    "app.agent.step",
    "app.tools.invoke",
    "app.llm.complete",
    "app.io.fetch",
];

/// Makes traces.
pub(crate) struct Generator {
    corpus: Corpus,
    /// How many traces there will be: they are spread evenly.
    traces: u64,
    /// When the last one starts.
    end_ns: u64,
}

/// One trace, in order of the ends of its spans, as exporters send them.
pub(crate) struct Trace {
    /// Which service it comes from, as a number of [`SERVICES`].
    pub(crate) service: usize,
    /// Its spans.
    pub(crate) spans: Vec<Span>,
}

/// Names of services.
pub(crate) const SERVICES: [&str; 3] = ["support-agent", "docs-search", "chat-api"];

impl Generator {
    /// Makes a generator of `traces` traces, the last of which starts at `end_ns`.
    pub(crate) fn new(traces: u64, end_ns: u64) -> Generator {
        Generator { corpus: Corpus::new(), traces, end_ns }
    }

    /// Returns the words that the texts are made of.
    pub(crate) fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// Returns a small root span, of a trace of its own.
    pub(crate) fn single(&self, number: u64) -> Span {
        let mut rng = SmallRng::seed_from_u64(number);
        let (question, answer) = (self.corpus.text(80, &mut rng), self.corpus.text(160, &mut rng));
        Span {
            trace_id: trace_id(SINGLES + number).to_vec(),
            span_id: (number + 1).to_be_bytes().to_vec(),
            name: "predict".to_owned(),
            kind: 1,
            start_time_unix_nano: self.end_ns,
            end_time_unix_nano: self.end_ns + 30_000_000,
            attributes: Dialect::MlflowNested.step(Step::Chain, &question, &answer),
            status: Some(Status { code: 1, message: String::new() }),
            ..Span::default()
        }
    }

    /// Returns span `number` of one trace of many spans: a root with chains of ten below it.
    pub(crate) fn giant(&self, number: u64) -> Span {
        let mut rng = SmallRng::seed_from_u64(number);
        let (input, output) = (self.corpus.text(60, &mut rng), self.corpus.text(120, &mut rng));
        let parent = match number {
            0 => Vec::new(),
            _ if number % 10 == 1 => 1_u64.to_be_bytes().to_vec(),
            _ => number.to_be_bytes().to_vec(),
        };
        let start_ns = self.end_ns - 3_600_000_000_000 + number * 30_000;
        Span {
            trace_id: GIANT_ID.to_vec(),
            span_id: (number + 1).to_be_bytes().to_vec(),
            parent_span_id: parent,
            name: TOOLS[number as usize % TOOLS.len()].to_owned(),
            kind: 1,
            start_time_unix_nano: start_ns,
            end_time_unix_nano: start_ns + 20_000_000,
            attributes: Dialect::OpenInference.step(Step::Tool, &input, &output),
            status: Some(Status { code: 1, message: String::new() }),
            ..Span::default()
        }
    }

    /// Returns trace `number`.
    pub(crate) fn trace(&self, number: u64) -> Trace {
        let mut rng = SmallRng::seed_from_u64(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bd1);
        let (service, dialect) = match rng.random_range(0..10) {
            0..4 => (0, Dialect::MlflowNested),
            4..7 => (1, Dialect::GenAi),
            _ => (2, Dialect::OpenInference),
        };
        let back = SPREAD_NS / self.traces.max(1) * (self.traces.saturating_sub(number + 1));
        let start_ns = self.end_ns - back;
        let is_error = rng.random_ratio(3, 100);
        let model = *MODELS.choose(&mut rng).expect("there are models");
        let trace_id = trace_id(number).to_vec();
        let mut story = Story {
            corpus: &self.corpus,
            dialect,
            model,
            trace_id,
            now_ns: start_ns,
            spans: Vec::new(),
            rng,
        };
        match story.rng.random_range(0..100) {
            0..55 => story.chat(),
            55..84 => story.rag(),
            _ => story.agent(),
        }
        story.sign(number, is_error);
        Trace { service, spans: story.spans }
    }
}

/// The id of the trace of many spans, and how many it has.
pub(crate) const GIANT_ID: [u8; 16] = [0xb1; 16];
pub(crate) const GIANT_SPANS: u64 = 100_000;
/// Numbers of traces of one span begin here, so that they are no others.
const SINGLES: u64 = 1 << 40;

/// Returns the id of trace `number`.
pub(crate) fn trace_id(number: u64) -> [u8; 16] {
    let mixed = |seed: u64| {
        let mut value = number.wrapping_add(seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value ^ (value >> 31)
    };
    let mut id = [0; 16];
    id[..8].copy_from_slice(&mixed(1).to_be_bytes());
    id[8..].copy_from_slice(&(mixed(2) ^ number).to_be_bytes());
    id
}

/// Returns the session of trace `number`.
pub(crate) fn session(number: u64) -> String {
    format!("session-{:07}", number / SESSION_TRACES)
}

/// Returns the numbers of all traces in the session of trace `number`.
pub(crate) fn session_traces(number: u64) -> std::ops::Range<u64> {
    let first = number / SESSION_TRACES * SESSION_TRACES;
    first..first + SESSION_TRACES
}

struct Story<'a> {
    corpus: &'a Corpus,
    dialect: Dialect,
    model: (&'static str, &'static str),
    trace_id: Vec<u8>,
    now_ns: u64,
    spans: Vec<Span>,
    rng: SmallRng,
}

impl Story<'_> {
    fn chat(&mut self) {
        let question = self.text(150..900);
        let system = self.text(600..1_600);
        let (root, start) = (self.id(), self.now_ns);
        let checked = self.dialect.step(Step::Tool, &question, "{\"allowed\": true}");
        self.step("moderate", &root, 20, checked);
        let messages = [
            Message { role: "system", content: system },
            Message { role: "user", content: question.clone() },
        ];
        let answer = self.call(&root, &messages, 500..1_800);
        let attributes = self.dialect.step(Step::Chain, &question, &answer);
        self.root("chat", root, start, attributes);
    }

    fn rag(&mut self) {
        let question = self.text(80..300);
        let (root, start) = (self.id(), self.now_ns);
        let rewritten = self.text(60..200);
        let attributes = self.dialect.step(Step::Chain, &question, &rewritten);
        self.step("rewrite_query", &root, 15, attributes);
        let attributes = self.dialect.step(Step::Embedding, &rewritten, "[0.0123, -0.034, 0.221]");
        self.step("embed", &root, 40, attributes);
        let documents: Vec<String> = (0..5).map(|_| self.text(500..900)).collect();
        let attributes = self.dialect.retrieval(&rewritten, &documents);
        self.step("search_index", &root, 80, attributes);
        let attributes = self.dialect.retrieval(&rewritten, &documents[..3]);
        self.step("rerank", &root, 60, attributes);
        let context = documents[..3].join("\n---\n");
        let attributes = self.dialect.step(Step::Chain, &question, &context);
        self.step("build_prompt", &root, 2, attributes);
        let system = format!("Answer from these documents only.\n{context}");
        let messages = [
            Message { role: "system", content: system },
            Message { role: "user", content: question.clone() },
        ];
        let answer = self.call(&root, &messages, 400..1_500);
        let attributes = self.dialect.step(Step::Tool, &answer, "{\"grounded\": true, \"score\": 0.93}");
        self.step("check_grounding", &root, 25, attributes);
        let attributes = self.dialect.step(Step::Chain, &question, &answer);
        self.root("answer_from_docs", root, start, attributes);
    }

    fn agent(&mut self) {
        let task = self.text(200..900);
        let (root, start) = (self.id(), self.now_ns);
        let mut history = vec![
            Message { role: "system", content: self.text(1_200..2_500) },
            Message { role: "user", content: task.clone() },
        ];
        let turns = self.rng.random_range(8..14);
        let mut answer = String::new();
        for _ in 0..turns {
            let turn = self.id();
            let turn_start = self.now_ns;
            answer = self.call(&turn, &history, 150..700);
            let tool = TOOLS[self.rng.random_range(0..TOOLS.len())];
            let argument = self.text(60..200);
            let result = self.text(400..1_800);
            let attributes = self.dialect.step(Step::Tool, &argument, &result);
            self.step(tool, &turn, 120, attributes);
            history.push(Message { role: "assistant", content: answer.clone() });
            history.push(Message { role: "tool", content: result });
            while history.iter().map(|message| message.content.len()).sum::<usize>() > HISTORY_BYTES_MAX {
                history.remove(2);
            }
            let attributes = self.dialect.step(Step::Chain, tool, "continue");
            let span = self.span("turn", turn, &root, turn_start, attributes);
            self.spans.push(span);
        }
        let attributes = self.dialect.step(Step::Agent, &task, &answer);
        self.root("run_agent", root, start, attributes);
    }

    /// Adds a call of the model; returns its answer.
    fn call(&mut self, parent: &[u8], messages: &[Message], answer: std::ops::Range<usize>) -> String {
        let answer = self.text(answer);
        let input: usize = messages.iter().map(|message| message.content.len()).sum();
        let tokens = ((input / 4) as i64, (answer.len() / 4) as i64);
        let (model, provider) = self.model;
        let call = Call { model, provider, messages, answer: &answer, tokens };
        let mut attributes = self.dialect.call(&call);
        let extra = Extra { unique: self.rng.random(), function: "complete" };
        attributes.extend(self.dialect.call_extra(&extra));
        let (id, start) = (self.id(), self.now_ns);
        self.wait(answer.len() as u64);
        let span = self.span("chat_completion", id, parent, start, attributes);
        self.spans.push(span);
        answer
    }

    fn step(&mut self, name: &str, parent: &[u8], ms: u64, attributes: Vec<KeyValue>) {
        let (id, start) = (self.id(), self.now_ns);
        self.wait(ms);
        let span = self.span(name, id, parent, start, attributes);
        self.spans.push(span);
    }

    fn root(&mut self, name: &str, id: Vec<u8>, start_ns: u64, attributes: Vec<KeyValue>) {
        self.wait(3);
        let span = self.span(name, id, &[], start_ns, attributes);
        self.spans.push(span);
    }

    fn span(
        &mut self,
        name: &str,
        id: Vec<u8>,
        parent: &[u8],
        start_ns: u64,
        mut attributes: Vec<KeyValue>,
    ) -> Span {
        let function = FUNCTIONS[name.len() % FUNCTIONS.len()];
        attributes.extend(self.dialect.extra(&Extra { unique: self.rng.random(), function }));
        Span {
            trace_id: self.trace_id.clone(),
            span_id: id,
            parent_span_id: parent.to_vec(),
            name: name.to_owned(),
            kind: 1,
            start_time_unix_nano: start_ns,
            end_time_unix_nano: self.now_ns,
            attributes,
            status: Some(Status { code: 1, message: String::new() }),
            flags: 0x101,
            ..Span::default()
        }
    }

    /// Says whose the trace is and how it ended.
    fn sign(&mut self, number: u64, is_error: bool) {
        let user = format!("user-{:04}", number.wrapping_mul(7_919) % USERS);
        let origin = self.dialect.origin(&session(number), &user);
        let release = format!("v1.{}", number * 20 / SPREAD_TAGS);
        let tags = [
            attribute("mlflow.traceTag.release", text(release)),
            attribute("mlflow.traceTag.tenant", text(format!("tenant-{}", number % 40))),
        ];
        let count = self.spans.len();
        let root = self.spans.last_mut().expect("every trace has a root");
        root.attributes.extend(origin);
        root.attributes.extend(tags);
        if is_error {
            for index in [count.saturating_sub(2), count - 1] {
                fail(&mut self.spans[index]);
            }
        }
    }

    fn wait(&mut self, ms: u64) {
        self.now_ns += self.rng.random_range(ms * 500_000..=ms * 2_000_000);
    }

    fn text(&mut self, bytes: std::ops::Range<usize>) -> String {
        let bytes = self.rng.random_range(bytes);
        self.corpus.text(bytes, &mut self.rng)
    }

    fn id(&mut self) -> Vec<u8> {
        self.rng.random_range(1..u64::MAX).to_be_bytes().to_vec()
    }
}

/// After so many traces there are twenty more releases.
const SPREAD_TAGS: u64 = 100_000;

fn fail(span: &mut Span) {
    let message = "RateLimitError: 429 Too Many Requests";
    span.status = Some(Status { code: 2, message: message.to_owned() });
    span.events.push(Event {
        time_unix_nano: span.end_time_unix_nano,
        name: "exception".to_owned(),
        attributes: vec![
            attribute("exception.type", text("RateLimitError")),
            attribute("exception.message", text(message)),
            attribute(
                "exception.stacktrace",
                text("Traceback (most recent call last):\n  File \"app.py\", line 12, in run\n"),
            ),
        ],
        ..Event::default()
    });
}
