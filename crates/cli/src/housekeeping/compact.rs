//! `spanwise compact`.

use super::lines::follow;
use crate::Outcome;
use crate::args::CompactArgs;
use crate::backend::Backend;
use crate::terminal::{err_line, out_line};
use crate::text::{bytes_text, counted};
use anyhow::Result;
use serde::{Deserialize, Serialize};

const BROKEN_OFF: &str =
    "the server stopped before it was done; what it rewrote stays so, and the rest is done the next time";

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
    let result = follow(&backend.client, "/api/v1/compact", BROKEN_OFF).await;
    backend.close().await?;
    let result: CompactResult = result?;
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
