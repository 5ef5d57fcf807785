//! An hour in the life of a server: a steady load of spans, questions of all kinds, deletes, and retention that keeps the
//! store at its size. A line a minute says whether memory stays flat, answers stay quick, and all that should be there is.

use crate::http::Connection;
use crate::load::{Latency, Load, send};
use crate::process::Server;
use crate::query::{encode, paths};
use crate::request::Requests;
use crate::trace::{Generator, session, trace_id};
use anyhow::{Result, bail};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const MINUTE: Duration = Duration::from_secs(60);
const REQUEST_SPANS: usize = 128;
const CONNECTIONS: usize = 8;
/// From one question to the next.
const QUESTION_EVERY: Duration = Duration::from_millis(250);
/// A session is deleted every so many questions.
const DELETE_EVERY: usize = 40;
/// Traces that are looked for each minute, among those of the last minutes.
const LOOK_FOR: usize = 100;
/// Traces sent so many minutes ago are still there: retention takes older ones.
const KEPT_MINUTES: u64 = 5;
/// The last traces of a minute whose session may not be complete yet.
const UNSURE: u64 = 200;
/// What the store may grow to.
const STORE_BYTES: &str = "1500MiB";

/// What to do.
pub(crate) struct Soak {
    pub(crate) binary: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
    pub(crate) minutes: u64,
    pub(crate) spans_per_s: f64,
}

/// What a minute of questions came to.
#[derive(Default)]
struct Asked {
    durations: Vec<Duration>,
    deleted: BTreeSet<u64>,
    errors: Vec<String>,
}

/// Runs it; every error and every trace that is missing is printed, and makes the whole fail at the end.
pub(crate) async fn run(soak: &Soak) -> Result<()> {
    let data_dir = soak.folder.join("soak");
    if data_dir.exists() {
        fs::remove_dir_all(&data_dir)?;
    }
    let flags = ["--retention-max-bytes", STORE_BYTES];
    let server = Server::start(&soak.binary, &data_dir, soak.port, &flags).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let minute_requests = (soak.spans_per_s * MINUTE.as_secs_f64() / REQUEST_SPANS as f64) as usize;
    let pace = Duration::from_secs_f64(REQUEST_SPANS as f64 / soak.spans_per_s);
    // More than will be sent: they are spread over the last days, oldest first.
    let generator =
        Arc::new(Generator::new(minute_requests as u64 * soak.minutes * 16, now.as_nanos() as u64));
    say(
        "minute | spans/s | ingest p50 p99 ms | refused | ask p50 p99 ms | memory MiB | disk MB | traces | missing | errors",
    )?;
    let (mut next, mut deleted, mut failures) = (0, BTreeSet::new(), 0);
    let mut sent_by_minute: Vec<std::ops::Range<u64>> = Vec::new();
    for minute in 1..=soak.minutes {
        let mut requests = Requests::new(&generator, next..u64::MAX, REQUEST_SPANS);
        let whole: Vec<_> = requests.by_ref().take(minute_requests).collect();
        let first = next;
        next = requests.position();
        // The last traces may be cut: what waits in the batches is not sent.
        sent_by_minute.push(first..next.saturating_sub(REQUEST_SPANS as u64));
        let load = Load { connections: CONNECTIONS, grpc: false, pace: Some(pace) };
        let (sent, asked) =
            tokio::join!(send(&server, whole.into_iter(), load), ask(&server, &generator, minute, first));
        let (sent, mut asked) = (sent?, asked?);
        deleted.append(&mut asked.deleted);
        let missing = look_for(&server, &sent_by_minute, &deleted, minute).await?;
        let questions = Latency::of(&mut asked.durations);
        let (memory, _) = server.memory()?;
        failures += missing.len() + asked.errors.len();
        say(&format!(
            "{minute:6} | {:7.0} | {:7.1} {:7.1} | {:4} | {:7.1} {:7.1} | {:6.0} | {:7.0} | {:8} | {:4} | {}",
            sent.spans as f64 / sent.seconds,
            sent.latency.p50_ms,
            sent.latency.p99_ms,
            sent.refused,
            questions.p50_ms,
            questions.p99_ms,
            memory as f64 / f64::from(1 << 20),
            server.disk()?.total() as f64 / 1e6,
            next,
            missing.len(),
            asked.errors.len(),
        ))?;
        for line in missing.iter().chain(&asked.errors).take(5) {
            say(&format!("       {line}"))?;
        }
    }
    server.stop().await?;
    let check = Command::new(&soak.binary).args(["check", "--data-dir"]).arg(&data_dir).output()?;
    say(&format!("check: {}", String::from_utf8_lossy(&check.stdout).trim()))?;
    if failures > 0 || !check.status.success() {
        bail!("{failures} errors or missing traces; check ended with {}", check.status);
    }
    Ok(())
}

/// Asks and deletes for a minute.
async fn ask(server: &Server, generator: &Generator, minute: u64, sent: u64) -> Result<Asked> {
    let mut asked = Asked::default();
    let mut connection = server.connect().await?;
    let questions = paths(generator, sent.max(1_000));
    let mut rng = SmallRng::seed_from_u64(minute);
    let begun = Instant::now();
    let mut number = 0;
    while begun.elapsed() < MINUTE - QUESTION_EVERY {
        number += 1;
        if number % DELETE_EVERY == 0 && sent > 10_000 {
            // Of what this run sent in the last minutes, so that there is something to delete.
            let trace = rng.random_range(sent.saturating_sub(5_000)..sent - UNSURE);
            delete_session(&mut connection, trace, &mut asked).await?;
        }
        let path = &questions[rng.random_range(0..questions.len())];
        let since = Instant::now();
        let reply = connection.get(path).await?;
        asked.durations.push(since.elapsed());
        // The trace that is asked for by its id may be gone by now.
        let is_fine = reply.status == 200 || (reply.status == 404 && path.starts_with("/api/v1/traces/"));
        if !is_fine {
            asked.errors.push(format!(
                "{path} answered {}: {}",
                reply.status,
                String::from_utf8_lossy(&reply.body)
            ));
        }
        tokio::time::sleep(QUESTION_EVERY).await;
    }
    Ok(asked)
}

async fn delete_session(connection: &mut Connection, trace: u64, asked: &mut Asked) -> Result<()> {
    let name = session(trace);
    let body = serde_json::json!({"filter": format!("session = '{name}'")}).to_string();
    let reply = connection.send("POST", "/api/v1/traces/delete", "application/json", body.as_bytes()).await?;
    if reply.status == 200 {
        asked.deleted.extend(crate::trace::session_traces(trace));
    } else {
        asked.errors.push(format!(
            "delete of {name} answered {}: {}",
            reply.status,
            String::from_utf8_lossy(&reply.body)
        ));
    }
    Ok(())
}

/// Looks for some traces that were acknowledged in the last minutes; returns those that are not there and should be, and
/// those that are there and should not.
async fn look_for(
    server: &Server,
    sent_by_minute: &[std::ops::Range<u64>],
    deleted: &BTreeSet<u64>,
    minute: u64,
) -> Result<Vec<String>> {
    let mut rng = SmallRng::seed_from_u64(minute ^ 0xfeed);
    let mut connection = server.connect().await?;
    let recent = &sent_by_minute[sent_by_minute.len().saturating_sub(KEPT_MINUTES as usize)..];
    let mut wrong = Vec::new();
    for _ in 0..LOOK_FOR {
        let range = &recent[rng.random_range(0..recent.len())];
        if range.is_empty() {
            continue;
        }
        let number = rng.random_range(range.clone());
        let id: String = trace_id(number).iter().map(|byte| format!("{byte:02x}")).collect();
        let reply = connection.get(&format!("/api/v1/traces/{}", encode(&id))).await?;
        let expected = if deleted.contains(&number) { 404 } else { 200 };
        if reply.status != expected {
            wrong.push(format!("trace {id} (number {number}) answered {}, not {expected}", reply.status));
        }
    }
    Ok(wrong)
}

fn say(line: &str) -> Result<()> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
