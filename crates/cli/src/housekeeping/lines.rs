//! Lines of JSON that arrive while long work goes on.

use crate::client::Client;
use crate::transfer::Progress;
use anyhow::{Context, Result, bail};
use axum::body::Body;
use bytes::BytesMut;
use http_body_util::BodyExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A line of the answer.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Line<T> {
    Progress { stage: String, done: u64, total: u64 },
    Result { result: T },
    Error { error: String },
}

/// Has long work done, shows on a terminal how far it is, and returns what came of it; `broken_off` says what it means
/// that the answer has no end.
pub(crate) async fn follow<T: DeserializeOwned>(client: &Client, path: &str, broken_off: &str) -> Result<T> {
    let mut lines = Lines::new(client.post_for_body(path, &Value::Null).await?);
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
    bail!("{broken_off}")
}

/// Reads a body line by line.
pub(super) struct Lines {
    body: Body,
    /// What arrived and is not read yet.
    waiting: BytesMut,
}

impl Lines {
    pub(super) fn new(body: Body) -> Lines {
        Lines { body, waiting: BytesMut::new() }
    }

    /// Returns the next line; none at the end.
    pub(super) async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>> {
        loop {
            if let Some(end) = self.waiting.iter().position(|byte| *byte == b'\n') {
                let line = self.waiting.split_to(end + 1);
                let line = serde_json::from_slice(&line);
                return line.map(Some).context("the answer is not what this command understands");
            }
            let Some(frame) = self.body.frame().await else { return Ok(None) };
            if let Ok(data) = frame.context("the answer broke off")?.into_data() {
                self.waiting.extend_from_slice(&data);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_may_be_cut_anywhere() {
        let parts = ["[1", "]\n[2]\n[", "3]\n"].map(Ok::<_, std::io::Error>);
        let mut lines = Lines::new(Body::from_stream(futures_util::stream::iter(parts)));
        for number in 1..=3 {
            assert_eq!(lines.next::<Vec<u32>>().await.unwrap(), Some(vec![number]));
        }
        assert_eq!(lines.next::<Vec<u32>>().await.unwrap(), None);
    }
}
