//! Lines of JSON that arrive while long work goes on.

use anyhow::{Context, Result};
use axum::body::Body;
use bytes::BytesMut;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;

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
