//! `spanwise compact`.

use super::lines::Lines;
use crate::Outcome;
use crate::args::CompactArgs;
use crate::backend::Backend;
use crate::client::Client;
use crate::terminal::{err_line, out_line};
use crate::text::{bytes_text, counted};
use crate::transfer::Progress;
use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A line of the answer.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Line {
    Progress { stage: String, done: u64, total: u64 },
    Result { result: CompactResult },
    Error { error: String },
}

/// What the work changed.
#[derive(Debug, Clone, Deserialize, Serialize)]
struct CompactResult {
    traces: u64,
    removed_segments: u64,
    unreadable_traces: u64,
    before: DiskBytes,
    after: DiskBytes,
}

#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
struct DiskBytes {
    segments: u64,
    index: u64,
    postings: u64,
}

impl DiskBytes {
    fn total(self) -> u64 {
        self.segments + self.index + self.postings
    }
}

/// Compacts a store, and says what that changed; traces that can't be read are bad news.
pub(crate) async fn compact(args: &CompactArgs) -> Result<Outcome> {
    let config = args.flags.load()?.config;
    let backend = Backend::connect_to_read(&config).await?;
    let result = follow(&backend.client).await;
    backend.close().await?;
    let result = result?;
    if args.json {
        out_line(&serde_json::to_string(&result)?)?;
    } else {
        print(&result)?;
    }
    if result.unreadable_traces > 0 {
        let traces = counted(result.unreadable_traces, "trace");
        err_line(&format!("{traces} cannot be read; `spanwise check` names the damage"));
    }
    Ok(Outcome::bad_news_if(result.unreadable_traces > 0))
}

async fn follow(client: &Client) -> Result<CompactResult> {
    let mut lines = Lines::new(client.post_for_body("/api/v1/compact", &Value::Null).await?);
    let mut bar: Option<(String, Progress)> = None;
    while let Some(line) = lines.next().await? {
        match line {
            Line::Progress { stage, done, total } => {
                if bar.as_ref().is_none_or(|(shown, _)| *shown != stage) {
                    bar = Some((stage.clone(), Progress::stage(&stage, total)));
                }
                if let Some((_, bar)) = &bar {
                    bar.set(done);
                }
            }
            Line::Result { result } => return Ok(result),
            Line::Error { error } => bail!("{error}"),
        }
    }
    bail!(
        "the server stopped before it was done; what it rewrote stays so, and the rest is done the next time"
    )
}

fn print(result: &CompactResult) -> Result<()> {
    let (traces, segments) =
        (counted(result.traces, "trace"), counted(result.removed_segments, "segment file"));
    out_line(&format!("rewrote {traces}, removed {segments}"))?;
    let rows = [
        ("segments", result.before.segments, result.after.segments),
        ("index", result.before.index, result.after.index),
        ("word index", result.before.postings, result.after.postings),
        ("all", result.before.total(), result.after.total()),
    ];
    for (name, before, after) in rows {
        out_line(&format!("{name:10}  {:>10}  ->  {:>10}", bytes_text(before), bytes_text(after)))?;
    }
    Ok(())
}
