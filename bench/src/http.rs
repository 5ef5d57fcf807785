//! A client that costs next to nothing: one connection of HTTP/1.1, one request at a time.

use anyhow::{Context, Result, bail};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// No answer within this is a failure of the run.
const ANSWER_MAX: Duration = Duration::from_secs(120);

/// An answer.
pub(crate) struct Reply {
    /// The status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// `Retry-After` in seconds.
    pub(crate) retry_after_s: Option<u64>,
    /// How long the server says that it took (`Server-Timing`).
    pub(crate) in_server: Option<Duration>,
}

/// A connection that is kept alive.
pub(crate) struct Connection {
    stream: TcpStream,
    host: String,
    /// Lines that every request has besides.
    headers: &'static str,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects to `host:port`.
    pub(crate) async fn open(host: &str) -> Result<Connection> {
        let stream = TcpStream::connect(host).await.with_context(|| format!("cannot connect to {host}"))?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, host: host.to_owned(), headers: "", buffer: Vec::with_capacity(64 << 10) })
    }

    /// Adds lines to every request, each with its line break.
    pub(crate) fn with_headers(self, headers: &'static str) -> Connection {
        Connection { headers, ..self }
    }

    /// Gets a path.
    pub(crate) async fn get(&mut self, path: &str) -> Result<Reply> {
        self.send("GET", path, "application/json", &[]).await
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &[u8],
    ) -> Result<Reply> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n{}\r\n",
            self.host,
            body.len(),
            self.headers
        );
        let exchange = async {
            self.stream.write_all(head.as_bytes()).await?;
            self.stream.write_all(body).await?;
            self.read_reply().await
        };
        tokio::time::timeout(ANSWER_MAX, exchange)
            .await
            .with_context(|| format!("no answer to {method} {path} within {} s", ANSWER_MAX.as_secs()))?
            .with_context(|| format!("{method} {path}"))
    }

    async fn read_reply(&mut self) -> Result<Reply> {
        self.buffer.clear();
        let head_end = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end;
            }
            self.read_more().await?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..head_end]).to_ascii_lowercase();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|text| text.parse().ok())
            .context("an answer without a status")?;
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let retry_after_s = header("retry-after:").and_then(|text| text.parse().ok());
        let in_server = header("server-timing:").and_then(|text| text.strip_prefix("total;dur="));
        let in_server =
            in_server.and_then(|ms| ms.parse().ok()).map(|ms: f64| Duration::from_secs_f64(ms / 1e3));
        let start = head_end + 4;
        let body = match header("content-length:").map(str::parse::<usize>) {
            Some(length) => {
                let end = start + length?;
                while self.buffer.len() < end {
                    self.read_more().await?;
                }
                self.buffer[start..end].to_vec()
            }
            None if header("transfer-encoding:") == Some("chunked") => self.read_chunks(start).await?,
            None => Vec::new(),
        };
        Ok(Reply { status, body, retry_after_s, in_server })
    }

    async fn read_chunks(&mut self, mut at: usize) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line_end = loop {
                if let Some(length) = find(&self.buffer[at..], b"\r\n") {
                    break at + length;
                }
                self.read_more().await?;
            };
            let length = usize::from_str_radix(std::str::from_utf8(&self.buffer[at..line_end])?, 16)?;
            let (start, end) = (line_end + 2, line_end + 2 + length);
            while self.buffer.len() < end + 2 {
                self.read_more().await?;
            }
            body.extend_from_slice(&self.buffer[start..end]);
            at = end + 2;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    async fn read_more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
