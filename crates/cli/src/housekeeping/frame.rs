//! The frames of a backup on its way: JSON, and bytes of files.

use anyhow::{Context, Result, bail};
use axum::body::Body;
use bytes::{Buf, Bytes, BytesMut};
use http_body_util::BodyExt;
use serde::Deserialize;

/// Bytes before the contents of a frame: what it is, and how long.
const HEAD_BYTES: usize = 5;
/// Longest frame; the server sends 256 KiB at a time.
const FRAME_BYTES_MAX: usize = 16 << 20;

/// What arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Frame {
    Data(Bytes),
    Item(Item),
}

/// What the JSON of a frame says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", tag = "item")]
pub(super) enum Item {
    Start { bytes: u64 },
    Unchanged { path: String },
    File { path: String, bytes: u64 },
    End { xxh3: String },
    Done,
    Error { error: String },
}

/// Reads a body frame by frame.
pub(super) struct Frames {
    body: Body,
    waiting: BytesMut,
}

impl Frames {
    pub(super) fn new(body: Body) -> Frames {
        Frames { body, waiting: BytesMut::new() }
    }

    /// Returns the next frame; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Frame>> {
        if !self.fill(HEAD_BYTES).await? {
            return Ok(None);
        }
        let kind = self.waiting.get_u8();
        let bytes = self.waiting.get_u32_le() as usize;
        if bytes > FRAME_BYTES_MAX || !self.fill(bytes).await? {
            bail!("the answer broke off");
        }
        let contents = self.waiting.split_to(bytes).freeze();
        match kind {
            b'D' => Ok(Some(Frame::Data(contents))),
            b'J' => {
                let item = serde_json::from_slice(&contents);
                Ok(Some(Frame::Item(item.context("the answer is not what this command understands")?)))
            }
            _ => bail!("the answer is not what this command understands"),
        }
    }

    /// Waits for so many bytes; false if they do not come.
    async fn fill(&mut self, bytes: usize) -> Result<bool> {
        while self.waiting.len() < bytes {
            let Some(frame) = self.body.frame().await else { return Ok(false) };
            if let Ok(data) = frame.context("the answer broke off")?.into_data() {
                self.waiting.extend_from_slice(&data);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_may_be_cut_anywhere() {
        let parts = [&b"D\x02\0"[..], b"\0\0abJ\x0f\0\0\0{\"item\"", b":\"done\"}"];
        let parts = parts.map(Ok::<_, std::io::Error>);
        let mut frames = Frames::new(Body::from_stream(futures_util::stream::iter(parts)));
        assert_eq!(frames.next().await.unwrap(), Some(Frame::Data("ab".into())));
        assert_eq!(frames.next().await.unwrap(), Some(Frame::Item(Item::Done)));
        assert_eq!(frames.next().await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_frame_that_breaks_off_is_an_error() {
        let mut frames = Frames::new(Body::from(&b"D\x02\0\0\0a"[..]));
        assert!(frames.next().await.is_err());
    }
}
