//! What people ask a store: each question of `docs/performance.md`, many times over, warm.

use crate::load::Latency;
use crate::process::Server;
use crate::trace::{GIANT_ID, Generator, MODELS, session, trace_id};
use anyhow::{Result, bail};
use serde::Serialize;
use std::time::{Duration, Instant};

const WARM_UP: usize = 3;
const REPEAT: usize = 20;
/// A question that takes longer than this in total is asked less often.
const QUESTION_MAX: Duration = Duration::from_secs(20);
/// Rank of a word that is in almost every text, and of one that is in few.
const COMMON_WORD: usize = 3;
const RARE_WORD: usize = 29_000;

/// One question and how long its answers took.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Question {
    /// What is asked.
    pub(crate) name: String,
    /// The goal for p95 at a million traces in ms, if there is one.
    pub(crate) goal_ms: Option<f64>,
    /// How long it took until the client had the answer.
    pub(crate) latency: Latency,
    /// How long the server took until its answer began.
    pub(crate) in_server: Latency,
    /// Size of the answer.
    pub(crate) bytes: usize,
}

/// Asks everything of a store with `traces` traces.
pub(crate) async fn ask_all(server: &Server, generator: &Generator, traces: u64) -> Result<Vec<Question>> {
    let mut answers = Vec::new();
    for (name, goal_ms, path) in questions(generator, traces) {
        let (latency, in_server, bytes) = ask(server, &path).await?;
        answers.push(Question { name, goal_ms, latency, in_server, bytes });
    }
    Ok(answers)
}

/// Returns where all questions are asked.
pub(crate) fn paths(generator: &Generator, traces: u64) -> Vec<String> {
    questions(generator, traces).into_iter().map(|(_, _, path)| path).collect()
}

async fn ask(server: &Server, path: &str) -> Result<(Latency, Latency, usize)> {
    let mut connection = server.connect().await?;
    let (mut durations, mut in_server, mut bytes) = (Vec::new(), Vec::new(), 0);
    let begun = Instant::now();
    for round in 0..WARM_UP + REPEAT {
        let asked = Instant::now();
        let reply = connection.get(path).await?;
        let took = asked.elapsed();
        if reply.status != 200 {
            bail!("{path} answered {}: {}", reply.status, String::from_utf8_lossy(&reply.body));
        }
        bytes = reply.body.len();
        if round >= WARM_UP {
            durations.push(took);
            in_server.extend(reply.in_server);
        }
        if begun.elapsed() > QUESTION_MAX && !durations.is_empty() {
            break;
        }
    }
    Ok((Latency::of(&mut durations), Latency::of(&mut in_server), bytes))
}

fn questions(generator: &Generator, traces: u64) -> Vec<(String, Option<f64>, String)> {
    let mut all = Vec::new();
    let mut add = |name: &str, goal_ms: Option<f64>, path: String| all.push((name.to_owned(), goal_ms, path));
    add("newest 100", Some(1.0), "/api/v1/traces?limit=100".into());
    let middle = traces / 2;
    let singles = [
        ("tag", "tags.tenant = 'tenant-7'".to_owned()),
        ("status", "status = 'ERROR'".to_owned()),
        ("model", format!("model = '{}'", MODELS[2].0)),
        ("user", "user = 'user-0042'".to_owned()),
        ("session", format!("session = '{}'", session(middle))),
        ("tokens", "tokens > 40000".to_owned()),
        ("latency", "latency > 4s".to_owned()),
        ("feedback", "feedback.quality = 'bad'".to_owned()),
    ];
    let pairs = [
        ("tag, status", 0, 1),
        ("model, user", 2, 3),
        ("status, tokens", 1, 5),
        ("tag, latency", 0, 6),
        ("model, feedback", 2, 7),
    ];
    let spans = [
        ("span name", "span.name = 'send_mail'".to_owned()),
        ("span type", "span.type = 'RETRIEVER'".to_owned()),
        ("span attribute", "span.attributes.`server.address` = 'api.example.com'".to_owned()),
    ];
    let texts = [
        ("rare word", 300.0, format!("text ~ '{}'", generator.corpus().word(RARE_WORD))),
        ("common word", 100.0, format!("text ~ '{}'", generator.corpus().word(COMMON_WORD))),
    ];
    for (name, filter) in &singles {
        add(name, Some(30.0), list(filter));
    }
    for (name, first, second) in pairs {
        add(name, Some(30.0), list(&format!("{} AND {}", singles[first].1, singles[second].1)));
    }
    for (name, filter) in &spans {
        add(name, Some(100.0), list(filter));
    }
    for (name, goal, filter) in &texts {
        add(name, Some(*goal), list(filter));
    }
    add("count and histogram of all", Some(100.0), "/api/v1/traces/histogram".into());
    for (name, filter) in singles.iter().chain(&spans) {
        add(&format!("histogram: {name}"), Some(100.0), histogram(filter));
    }
    for (name, _, filter) in &texts {
        add(&format!("histogram: {name}"), Some(100.0), histogram(filter));
    }
    let agent = (0..traces).rev().find(|&number| (35..=42).contains(&generator.trace(number).spans.len()));
    if let Some(number) = agent {
        let id: String = trace_id(number).iter().map(|byte| format!("{byte:02x}")).collect();
        add("record of a trace", Some(1.0), format!("/api/v1/traces/{id}"));
        add("tree of a trace of 40 spans", Some(1.0), format!("/api/v1/traces/{id}/tree"));
        add("spans of a trace of 40 spans (OTLP)", None, format!("/api/v1/traces/{id}/otlp"));
    }
    let giant: String = GIANT_ID.iter().map(|byte| format!("{byte:02x}")).collect();
    add("tree of a trace of 100,000 spans", Some(150.0), format!("/api/v1/traces/{giant}/tree"));
    add(
        "dashboard: per hour over everything",
        Some(50.0),
        "/api/v1/metrics/traces?interval=1h&from=-31d".into(),
    );
    add("dashboard: per hour by model", Some(50.0), "/api/v1/metrics/models?interval=1h&from=-31d".into());
    add("sessions", None, "/api/v1/sessions?limit=50".into());
    add("facets", None, "/api/v1/traces/facets".into());
    all
}

fn list(filter: &str) -> String {
    format!("/api/v1/traces?limit=100&filter={}", encode(filter))
}

fn histogram(filter: &str) -> String {
    format!("/api/v1/traces/histogram?filter={}", encode(filter))
}

/// Escapes everything that is not a letter or a digit.
pub(crate) fn encode(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}
