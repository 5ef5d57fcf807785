//! Takes in what programs without a server left in the inbox of the data directory.
//!
//! Requests go through [`spanwise_ingest::Ingest`] as if they had come by HTTP, so that they are redacted, derived and
//! routed alike. A segment is removed when all of it is durable. After a crash in between it is taken in again, which
//! changes nothing: spans that are there already are found by their content.

use crate::App;
use bytes::Bytes;
use spanwise_inbox::{Damage, Frames, Segment, find_segments};
use spanwise_ingest::{Body, Format, IngestError, Route};
use spanwise_model::ErrorKind;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// How often the folder is looked at.
const EVERY: Duration = Duration::from_secs(2);

/// Takes in what is in `folder`, now and every other second, until `stop`.
pub async fn watch_inbox(app: App, folder: PathBuf, stop: CancellationToken) {
    loop {
        // A segment that is left half taken in is taken in again.
        match stop.run_until_cancelled(take_in(&app, &folder)).await {
            None => return,
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                tracing::error!(folder = %folder.display(), "cannot look into the inbox: {error}");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Takes in what is in `folder` now, the oldest first, and returns how many spans were accepted. What can't be taken in
/// yet stays, and so does what comes after it.
///
/// # Errors
/// The folder can't be read.
pub async fn take_in(app: &App, folder: &Path) -> io::Result<usize> {
    let folder = folder.to_owned();
    let mut accepted = 0;
    for segment in blocking(move || find_segments(&folder)).await? {
        let path = segment.path().to_owned();
        match take_segment(app, segment).await {
            Ok(spans) => accepted += spans,
            Err(Postponed(reason)) => {
                tracing::warn!(path = %path.display(), "spans wait in the inbox: {reason}");
                break;
            }
        }
    }
    Ok(accepted)
}

/// Why a segment can't be taken in yet.
struct Postponed(String);

impl From<io::Error> for Postponed {
    fn from(error: io::Error) -> Self {
        Postponed(error.to_string())
    }
}

/// Takes in a segment, and removes it, or sets it aside if not all of it could be read.
async fn take_segment(app: &App, segment: Segment) -> Result<usize, Postponed> {
    let (mut accepted, mut refused) = (0, Vec::new());
    let is_abandoned = segment.is_abandoned;
    let mut frames = Some(segment.frames()?);
    while let Some(open) = frames.take() {
        let (next, open) = blocking(move || Ok(next_frame(open))).await?;
        match next {
            None => break,
            Some(Ok(Ok(request))) => match submit(app, request).await {
                Ok(spans) => accepted += spans,
                Err(error) if error.kind() == ErrorKind::InvalidArgument => refused.push(error.to_string()),
                Err(error) => return Err(Postponed(error.to_string())),
            },
            Some(Ok(Err(damage))) => refused.push(said(damage, is_abandoned)),
            Some(Err(error)) => return Err(error.into()),
        }
        frames = Some(open);
    }
    let path = segment.path().to_owned();
    if refused.is_empty() {
        blocking(move || segment.remove()).await?;
        tracing::info!(path = %path.display(), spans = accepted, "took in spans from the inbox");
    } else {
        let aside = blocking(move || segment.set_aside()).await?;
        let reasons = refused.join("; ");
        tracing::error!(
            path = %path.display(), kept_as = %aside.display(), spans = accepted,
            "took in spans from the inbox, but not all of it: {reasons}"
        );
    }
    Ok(accepted)
}

fn next_frame(mut frames: Frames) -> (Option<<Frames as Iterator>::Item>, Frames) {
    (frames.next(), frames)
}

fn said(damage: Damage, is_abandoned: bool) -> String {
    let why = if is_abandoned { " (the program that wrote it ended in the middle)" } else { "" };
    format!("it {damage}{why}")
}

/// Stores a request; when this returns, its spans are durable.
async fn submit(app: &App, request: Vec<u8>) -> Result<usize, IngestError> {
    let body =
        Body { bytes: Bytes::from(request), format: Format::Protobuf, reservation: app.ingest.reserve() };
    let outcome = app.ingest.submit_traces(body, &Route::default()).await?;
    if outcome.rejected > 0 {
        tracing::warn!(spans = outcome.rejected, "spans in the inbox were refused: {}", outcome.reason);
    }
    Ok(outcome.accepted)
}

/// Runs what waits for the disk where it keeps nobody.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}
