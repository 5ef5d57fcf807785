//! `spanwise import`: sends a file's lines in chunks, and remembers how far the server has acknowledged them.

use super::chunk::{Chunk, LINE_BYTES_MAX, Place};
use super::progress::Progress;
use super::source::{Source, identify};
use super::state::{Counts, Found, State, find, remove, save, state_path};
use crate::Outcome;
use crate::api::{ImportResult, LineError};
use crate::args::ImportArgs;
use crate::backend::Backend;
use crate::client::{Client, Refusal};
use crate::select::Query;
use crate::terminal::{err_line, out_line};
use crate::text::{bytes_text, count_text, counted, one_line};
use anyhow::{Context, Result};
use bytes::Bytes;
use http::StatusCode;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Bad lines that are named for each file; more are only counted.
const BAD_LINES_SHOWN: u64 = 100;
/// Columns of the message of a bad line.
const MESSAGE_WIDTH_MAX: usize = 500;
/// How long to wait if a server that is busy does not say how long.
const WAIT_DEFAULT: Duration = Duration::from_secs(1);
/// How long to wait at most, whatever it says.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Takes files in.
pub(crate) async fn import(args: &ImportArgs) -> Result<Outcome> {
    let config = args.flags.load()?.config;
    // A name that is misspelt should be known before an hour's work on the others.
    for path in args.files.iter().filter(|path| !is_stdin(path)) {
        identify(path)?;
    }
    let backend = Backend::connect(&config).await?;
    let target = backend.place(&config);
    let imported = import_all(&backend.client, args, &target).await;
    backend.close().await?;
    Ok(Outcome::bad_news_if(imported? > 0))
}

/// Returns how many lines were bad.
async fn import_all(client: &Client, args: &ImportArgs, target: &str) -> Result<u64> {
    let mut bad_lines = 0;
    for path in &args.files {
        let counts = match is_stdin(path) {
            true => import_stdin(client, args).await?,
            false => import_file(client, args, path, target).await?,
        };
        out_line(&report(path, &counts))?;
        bad_lines += counts.bad_lines;
    }
    Ok(bad_lines)
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

async fn import_stdin(client: &Client, args: &ImportArgs) -> Result<Counts> {
    let mut source = Source::stdin();
    let mut run = Run::new(client, args, PathBuf::from("-"), Progress::bytes(None), Counts::default());
    while let Some(chunk) = source.chunks.recv().await {
        let chunk = chunk.context("cannot read standard input")?;
        run.send(&chunk).await?;
        run.progress.set(chunk.position);
    }
    source.end().await?;
    Ok(run.end())
}

async fn import_file(client: &Client, args: &ImportArgs, path: &Path, target: &str) -> Result<Counts> {
    let identity = identify(path)?;
    let length = identity.bytes();
    let state_path = state_path(path);
    let fresh = State::new(identity, target, args.experiment.as_deref());
    let mut state = if args.restart { fresh } else { resume(path, &state_path, fresh) };
    let mut source = Source::file(path, state.place())?;
    let mut run = Run::new(client, args, path.to_owned(), Progress::bytes(Some(length)), state.counts);
    run.progress.start_at(state.place().offset.min(length));
    let mut can_save = true;
    while let Some(chunk) = source.chunks.recv().await {
        let after = state.place().lines;
        let chunk = chunk.with_context(|| format!("cannot read {} after line {after}", path.display()))?;
        run.send(&chunk).await.with_context(|| stopped_at(path, after, can_save))?;
        run.progress.set(chunk.position.min(length));
        state.move_to(Place { offset: chunk.end_offset, lines: chunk.first_line + chunk.lines - 1 });
        state.counts = run.counts;
        if can_save {
            can_save = try_save(&state_path, &state, &run.progress).await?;
        }
    }
    source.end().await?;
    remove(&state_path)?;
    Ok(run.end())
}

fn resume(path: &Path, state_path: &Path, fresh: State) -> State {
    match find(state_path, &fresh) {
        Found::Nothing => fresh,
        Found::State(state) => {
            let line = count_text(state.place().lines + 1);
            err_line(&format!("{}: going on from line {line} (--restart begins anew)", path.display()));
            state
        }
        Found::Unusable(reason) => {
            err_line(&format!(
                "{}: beginning anew, since {} can't be used: {reason}",
                path.display(),
                state_path.display()
            ));
            fresh
        }
    }
}

fn stopped_at(path: &Path, after: u64, can_resume: bool) -> String {
    let again = if can_resume && after > 0 { "; the same command goes on from there" } else { "" };
    format!("{}: stopped after line {}{again}", path.display(), count_text(after))
}

/// A folder that can't be written to is no reason not to import what is in it.
async fn try_save(path: &Path, state: &State, progress: &Progress) -> Result<bool> {
    let (path, state) = (path.to_owned(), state.clone());
    let saved = tokio::task::spawn_blocking(move || save(&path, &state)).await.context("saving panicked")?;
    if let Err(error) = &saved {
        progress.err_line(&format!("{error:#}; an interrupted import will begin anew"));
    }
    Ok(saved.is_ok())
}

/// The import of one file.
struct Run<'a> {
    client: &'a Client,
    route: String,
    path: PathBuf,
    progress: Progress,
    counts: Counts,
    /// Bad lines that were named, and those that were not.
    named: u64,
    unnamed: u64,
}

impl<'a> Run<'a> {
    fn new(
        client: &'a Client,
        args: &ImportArgs,
        path: PathBuf,
        progress: Progress,
        counts: Counts,
    ) -> Run<'a> {
        let mut query = Query::default();
        query.add_some("experiment", args.experiment.as_deref());
        Run { client, route: query.on("/api/v1/import"), path, progress, counts, named: 0, unnamed: 0 }
    }

    async fn send(&mut self, chunk: &Chunk) -> Result<()> {
        if !chunk.bytes.is_empty() {
            let result = self.post(chunk.bytes.clone(), chunk.first_line).await?;
            self.counts.traces += result.traces;
            self.counts.spans += result.spans;
            let unnamed = result.error_count.saturating_sub(result.errors.len() as u64);
            for error in in_file(result.errors, chunk.first_line) {
                self.name_bad_line(&error);
            }
            self.counts.bad_lines += unnamed;
            self.unnamed += unnamed;
        }
        if chunk.is_cut {
            let message = format!("the line is longer than {}", bytes_text(LINE_BYTES_MAX as u64));
            self.name_bad_line(&LineError { line: chunk.first_line + chunk.lines - 1, message });
        }
        Ok(())
    }

    /// Sends lines until the server takes them. A single line that is too large for it is a bad line.
    async fn post(&self, bytes: Bytes, first_line: u64) -> Result<ImportResult> {
        loop {
            let error = match self.client.post_lines(&self.route, bytes.clone()).await {
                Ok(result) => return Ok(result),
                Err(error) => error,
            };
            let Some(refusal) = error.downcast_ref::<Refusal>() else { return Err(error) };
            match refusal.status {
                StatusCode::TOO_MANY_REQUESTS => self.wait(refusal.retry_after).await,
                StatusCode::PAYLOAD_TOO_LARGE if is_single_line(&bytes) => {
                    let message = refusal.detail.clone();
                    return Ok(ImportResult {
                        errors: vec![LineError { line: 1, message }],
                        ..Default::default()
                    });
                }
                _ => {
                    return Err(
                        error.context(format!("the server did not take line {first_line} and what follows"))
                    );
                }
            }
        }
    }

    async fn wait(&self, told: Option<Duration>) {
        let wait = told.unwrap_or(WAIT_DEFAULT).min(WAIT_MAX);
        self.progress.say(&format!("the server is busy; waiting {} s", wait.as_secs()));
        tokio::time::sleep(wait).await;
        self.progress.say("");
    }

    fn name_bad_line(&mut self, error: &LineError) {
        self.counts.bad_lines += 1;
        if self.named >= BAD_LINES_SHOWN {
            self.unnamed += 1;
            return;
        }
        self.named += 1;
        let message = one_line(&error.message, MESSAGE_WIDTH_MAX);
        self.progress.err_line(&format!("{}:{}: {message}", self.path.display(), error.line));
    }

    fn end(self) -> Counts {
        if self.unnamed > 0 {
            let rest = counted(self.unnamed, "more bad line");
            self.progress.err_line(&format!("{}: and {rest}", self.path.display()));
        }
        self.counts
    }
}

fn is_single_line(bytes: &[u8]) -> bool {
    bytes.iter().rposition(|&byte| byte == b'\n').is_none_or(|last| last + 1 == bytes.len())
        && bytes.iter().filter(|&&byte| byte == b'\n').count() <= 1
}

/// Gives errors the numbers of their lines in the file.
fn in_file(errors: Vec<LineError>, first_line: u64) -> Vec<LineError> {
    let numbered = |error: LineError| LineError { line: first_line + error.line.saturating_sub(1), ..error };
    errors.into_iter().map(numbered).collect()
}

fn report(path: &Path, counts: &Counts) -> String {
    let Counts { traces, spans, bad_lines } = *counts;
    let name = if is_stdin(path) { "standard input".to_owned() } else { path.display().to_string() };
    let mut parts = vec![counted(spans, "span")];
    // Lines of OTLP/JSON have no records, so their traces are not counted.
    if traces > 0 {
        parts.insert(0, counted(traces, "trace"));
    }
    if bad_lines > 0 {
        parts.push(counted(bad_lines, "bad line"));
    }
    format!("{name}: imported {}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(counts: [u64; 3], expected: &str) {
        let [traces, spans, bad_lines] = counts;
        assert_eq!(report(Path::new("a.jsonl"), &Counts { traces, spans, bad_lines }), expected);
    }

    #[test]
    fn a_report_says_what_was_there() {
        check([1, 2, 0], "a.jsonl: imported 1 trace, 2 spans");
        check([1_000, 20, 1], "a.jsonl: imported 1,000 traces, 20 spans, 1 bad line");
        check([0, 20, 0], "a.jsonl: imported 20 spans");
    }

    #[test]
    fn errors_are_numbered_as_in_the_file() {
        let error = |line| LineError { line, message: "bad".into() };
        assert_eq!(in_file(vec![error(1), error(3)], 101), [error(101), error(103)]);
    }

    #[test]
    fn one_line_is_known_as_one() {
        for (text, expected) in
            [("a", true), ("a\n", true), ("a\nb", false), ("a\nb\n", false), ("\na", false)]
        {
            assert_eq!(is_single_line(text.as_bytes()), expected, "{text:?}");
        }
    }
}
