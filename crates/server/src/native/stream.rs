//! The live stream: selected traces, each time that one is new or changed (server-sent events).

use super::bulk::one_of;
use super::parameter::Parameters;
use super::selection::SelectionText;
use crate::App;
use crate::described::{ApiRouter, routes};
use crate::error::Problem;
use crate::listen::Stopping;
use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
use http::HeaderMap;
use spanwise_api_types::native::{self, TraceSummary};
use spanwise_model::TraceId;
use spanwise_query::Expr;
use spanwise_store::{FeedPosition, Selection, StoreResult};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long changes are gathered before they are looked up: an agent's spans come one after the other.
const GATHERED_FOR: Duration = Duration::from_millis(200);
/// How long to wait after a failed look-up.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How often a silent stream says that it is there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// What browsers and other clients resume with.
const LAST_EVENT_ID: &str = "last-event-id";

pub(super) fn routes() -> ApiRouter {
    ApiRouter::new().routes(routes!(stream_traces))
}

/// Streams traces as they change
///
/// Server-sent events: `ready` first; then a `trace` with a `TraceSummary` each time that a selected trace is new or
/// something about it changed. Resume with `Last-Event-ID`; a `reset` says that something may have been missed.
#[utoipa::path(
    get,
    path = "/traces/stream",
    tag = "traces",
    params(
        ("experiment" = Option<Vec<String>>, Query, description = "Name or id of an experiment; may be repeated. None: all active ones"),
        ("filter" = Option<String>, Query, description = "Of the filter language; none: all"),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen"),
    ),
    responses((status = 200, body = TraceSummary, content_type = "text/event-stream"), (status = 400, body = native::Problem), (status = 404, body = native::Problem)),
)]
async fn stream_traces(
    State(app): State<App>,
    stopping: Option<Extension<Stopping>>,
    headers: HeaderMap,
    mut parameters: Parameters,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let text = SelectionText {
        experiments: parameters.all("experiment"),
        filter: parameters.one("filter")?.unwrap_or_default(),
        ..SelectionText::default()
    };
    parameters.finish()?;
    let selection = text.resolve(&app).await?;
    let resumed = headers.get(LAST_EVENT_ID).and_then(|id| parse_id(id.to_str().ok()?));
    let position = match resumed {
        Some(position) => position,
        None => app.store.next_changes(None).await?.position,
    };
    let stop = stopping.map(|Extension(Stopping(stop))| stop).unwrap_or_default();
    let ready = Event::default().event("ready").id(event_id(position)).data("{}");
    let follower = Follower { app, text, selection, position, stop, waiting: VecDeque::from([ready]) };
    let events = stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((Ok(event), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn event_id(position: FeedPosition) -> String {
    format!("{:x}-{}", position.feed, position.sequence)
}

/// Reads an id; one that is none of ours is of no known feed, so that its client learns that it missed something.
fn parse_id(text: &str) -> Option<FeedPosition> {
    let unknown = FeedPosition { feed: 0, sequence: 0 };
    let parsed = text.split_once('-').and_then(|(feed, sequence)| {
        Some(FeedPosition { feed: u64::from_str_radix(feed, 16).ok()?, sequence: sequence.parse().ok()? })
    });
    (!text.is_empty()).then(|| parsed.unwrap_or(unknown))
}

/// One client that follows the changes.
struct Follower {
    app: App,
    text: SelectionText,
    selection: Selection,
    position: FeedPosition,
    stop: CancellationToken,
    /// Events to send before anything new is looked for.
    waiting: VecDeque<Event>,
}

impl Follower {
    /// Returns the next event; `None` when the server stops.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            let stop = self.stop.clone();
            let gathered = tokio::select! {
                () = stop.cancelled() => return None,
                gathered = self.gather() => gathered,
            };
            if let Err(error) = gathered {
                tracing::warn!("a live stream could not be served: {error}");
                stop.run_until_cancelled(tokio::time::sleep(RETRY_AFTER)).await?;
            }
        }
    }

    /// Waits for changes and puts the events of those that are selected into `waiting`.
    async fn gather(&mut self) -> StoreResult<()> {
        self.app.store.next_changes(Some(self.position)).await?;
        tokio::time::sleep(GATHERED_FOR).await;
        let changes = self.app.store.next_changes(Some(self.position)).await?;
        let mut selection = self.selection.clone();
        if self.text.experiments.is_empty() {
            // One that was made since is followed too.
            match super::selection::experiments(&self.app, &[]).await {
                Ok(all) => selection.experiments = all,
                Err(problem) => tracing::warn!("a live stream misses new experiments: {}", problem.detail),
            }
        }
        let mut events = Vec::new();
        if changes.missed {
            events.push(Event::default().event("reset").data("{}"));
        }
        if !changes.traces.is_empty() {
            let changed = one_of(&changes.traces);
            selection.filter = Some(Expr::and(changed.into_iter().chain(selection.filter).collect()));
            let query = selection.page(Vec::new(), changes.traces.len(), None);
            let mut found = self.app.store.find_traces(query).await?.traces;
            let place = |id: &TraceId| changes.traces.iter().position(|changed| changed == id);
            found.sort_by_cached_key(|trace| place(&trace.trace_id));
            events.extend(found.into_iter().map(|trace| {
                let data = serde_json::to_string(&TraceSummary::from(trace));
                Event::default().event("trace").data(data.expect("a summary holds texts and JSON values"))
            }));
        }
        self.position = changes.position;
        // Only the last one has an id: who resumes at an earlier one gets all of them again.
        if let Some(last) = events.pop() {
            events.push(last.id(event_id(self.position)));
        }
        self.waiting.extend(events);
        Ok(())
    }
}
