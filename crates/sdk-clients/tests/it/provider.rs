//! A provider that answers each request with the same bytes.

use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How an answer goes on behind its bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Close,
    /// Nothing more comes, and the connection stays open.
    Wait,
}

/// Starts it, and returns its address.
pub(crate) async fn answering(status: &str, content_type: &str, body: &str, then: Then) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let answer =
        format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\nconnection: close\r\n\r\n{body}");
    let answer: Arc<str> = answer.into();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection, answer.clone(), then));
        }
    });
    address
}

async fn serve(mut connection: TcpStream, answer: Arc<str>, then: Then) {
    let mut request = Vec::new();
    let mut buffer = [0; 1 << 16];
    let mut length = None;
    while length.is_none_or(|length| request.len() < length) {
        match connection.read(&mut buffer).await {
            Ok(read) if read > 0 => request.extend_from_slice(&buffer[..read]),
            _ => return,
        }
        length = length.or_else(|| request_length(&request));
    }
    connection.write_all(answer.as_bytes()).await.unwrap();
    if then == Then::Wait {
        // Until the client goes away.
        while connection.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    }
}

/// Returns how long a request is with its body, once its head is there.
fn request_length(request: &[u8]) -> Option<usize> {
    let head = request.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
    let body = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    Some(head + 4 + body.unwrap_or(0))
}
