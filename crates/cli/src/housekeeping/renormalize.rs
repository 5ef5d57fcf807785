//! `spanwise renormalize`.

use super::lines::follow;
use crate::Outcome;
use crate::args::RenormalizeArgs;
use crate::backend::Backend;
use crate::client::Client;
use crate::select::Query;
use crate::terminal::{err_line, out_line};
use crate::text::counted;
use anyhow::Result;
use serde::{Deserialize, Serialize};

const BROKEN_OFF: &str =
    "the server stopped before it was done; what it derived again stays so, and the next run does the rest";

/// What the work changed.
#[derive(Debug, Clone, Deserialize, Serialize)]
struct RenormalizeResult {
    traces: u64,
    changed_traces: u64,
    spans: u64,
    changed_spans: u64,
    unreadable_traces: u64,
    busy_traces: u64,
}

/// Derives again what stored traces say, and says what that changed; traces that were left alone are bad news.
pub(crate) async fn renormalize(args: &RenormalizeArgs) -> Result<Outcome> {
    let config = args.flags.load()?.config;
    let backend = Backend::connect_to_read(&config).await?;
    let done = renormalize_on(&backend.client, args).await;
    backend.close().await?;
    done
}

/// Does the same on a server or store that is connected already.
pub(crate) async fn renormalize_on(client: &Client, args: &RenormalizeArgs) -> Result<Outcome> {
    let mut query = Query::default();
    query.add_all("experiment", &args.experiment);
    let result: RenormalizeResult = follow(client, &query.on("/api/v1/renormalize"), BROKEN_OFF).await?;
    if args.json {
        out_line(&serde_json::to_string(&result)?)?;
    } else {
        let (traces, spans) = (counted(result.traces, "trace"), counted(result.spans, "span"));
        let (changed_traces, changed_spans) = (result.changed_traces, result.changed_spans);
        out_line(&format!(
            "{traces} with {spans}: {changed_traces} traces and {changed_spans} spans changed"
        ))?;
    }
    if result.unreadable_traces > 0 {
        let traces = counted(result.unreadable_traces, "trace");
        err_line(&format!("{traces} cannot be read; `spanwise check` names the damage"));
    }
    if result.busy_traces > 0 {
        let traces = counted(result.busy_traces, "trace");
        err_line(&format!("{traces} were written to all the while, and stay as they are; run this again"));
    }
    Ok(Outcome::bad_news_if(result.unreadable_traces > 0 || result.busy_traces > 0))
}
