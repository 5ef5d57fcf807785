//! Posts one delivery, and says what became of it.

use super::address::{Reach, Resolver, parse};
use super::signature::sign;
use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::error::Error;
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

/// How long an attempt may take, from finding the address to the end of the answer.
const ATTEMPT_TIME_MAX: Duration = Duration::from_secs(15);
/// How long it may take to connect.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// Bytes of an answer that are looked at.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// A signed message to a webhook.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) url: &'a str,
    pub(super) secret: Option<&'a str>,
    pub(super) delivery_id: &'a str,
    pub(super) body: String,
    /// When it is sent: a receiver refuses what was signed long ago.
    pub(super) unix_seconds: i64,
}

/// What a receiver answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: String,
    /// How long it wants to be left alone.
    pub(super) retry_after: Option<Duration>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// It may not be sent there; trying again does not help.
    #[error("{0}")]
    Refused(String),
    /// It could not be sent; trying again may help.
    #[error("{0}")]
    Failed(String),
}

type HttpClient = Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>;

/// Posts messages.
#[derive(Debug)]
pub(super) struct Sender {
    reach: Reach,
    attempt_time_max: Duration,
    /// Made when it is first needed: most servers have no webhook, and not every machine has certificates.
    client: OnceCell<HttpClient>,
}

impl Sender {
    pub(super) fn new(reach: Reach) -> Self {
        Sender { reach, attempt_time_max: ATTEMPT_TIME_MAX, client: OnceCell::new() }
    }

    pub(super) fn reach(&self) -> Reach {
        self.reach
    }

    /// Posts a message. Redirects are not followed.
    pub(super) async fn post(&self, message: Message<'_>) -> Result<Answer, SendError> {
        let uri = parse(message.url, self.reach).map_err(SendError::Refused)?;
        let end = Instant::now() + self.attempt_time_max;
        let response = match timeout_at(end, self.request(uri, message)).await {
            Ok(response) => response?,
            Err(_) => {
                let seconds = self.attempt_time_max.as_secs();
                return Err(SendError::Failed(format!("no answer within {seconds} s")));
            }
        };
        let status = response.status();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        // What is too long, breaks off or does not come to its end does not matter: the status was there, and who took a
        // message must not get it again.
        let body = timeout_at(end, Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect()).await;
        let body = body.ok().and_then(Result::ok).map(|body| body.to_bytes()).unwrap_or_default();
        Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned(), retry_after })
    }

    async fn request(&self, uri: Uri, message: Message<'_>) -> Result<Response<Body>, SendError> {
        let client = self.client.get_or_try_init(async || self.connect()).await?;
        let mut request = Request::post(uri)
            .header(USER_AGENT, concat!("spanwise/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/json")
            .header("X-MLflow-Delivery-Id", message.delivery_id)
            .header("X-MLflow-Timestamp", message.unix_seconds);
        if let Some(secret) = message.secret {
            let signature = sign(secret, message.delivery_id, message.unix_seconds, &message.body);
            request = request.header("X-MLflow-Signature", signature);
        }
        let request = request
            .body(Full::new(Bytes::from(message.body)))
            .map_err(|error| SendError::Refused(error.to_string()))?;
        let response = client.request(request).await.map_err(|error| failure(&error))?;
        Ok(response.map(Body::new))
    }

    fn connect(&self) -> Result<HttpClient, SendError> {
        let mut http = HttpConnector::new_with_resolver(Resolver(self.reach));
        http.enforce_http(false);
        http.set_connect_timeout(Some(CONNECT_TIME_MAX));
        let builder = HttpsConnectorBuilder::new().with_native_roots();
        let builder = builder.map_err(|error| {
            SendError::Failed(format!("cannot read the certificates that this machine trusts: {error}"))
        })?;
        let connector = builder.https_or_http().enable_http1().wrap_connector(http);
        // Each delivery resolves and connects anew: they are few, and no connection is older than the look at its address.
        Ok(Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector))
    }
}

/// Says why a request failed: an address that was refused, or else the innermost cause.
fn failure(error: &(dyn Error + 'static)) -> SendError {
    let mut cause = error;
    loop {
        if let Some(io) = cause.downcast_ref::<std::io::Error>()
            && io.kind() == std::io::ErrorKind::PermissionDenied
            && io.raw_os_error().is_none()
        {
            return SendError::Refused(io.to_string());
        }
        match cause.source() {
            Some(next) => cause = next,
            None => return SendError::Failed(cause.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a name meant when the webhook was made does not matter: it is looked at when it is connected to.
    #[tokio::test]
    async fn a_name_of_a_private_address_is_not_connected_to() {
        let connector = HttpConnector::new_with_resolver(Resolver(Reach::Public));
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
        let request = Request::post("http://localhost:1/x").body(Full::default()).unwrap();
        let error = client.request(request).await.unwrap_err();
        match failure(&error) {
            SendError::Refused(reason) => assert!(reason.contains("'localhost' resolves to"), "{reason}"),
            SendError::Failed(reason) => panic!("not refused: {reason}"),
        }
    }

    /// Answers one request with `answer`, and then keeps the connection open.
    async fn receiver(answer: &'static str) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            assert!(connection.read(&mut request).await.unwrap() > 0);
            connection.write_all(answer.as_bytes()).await.unwrap();
            std::future::pending::<()>().await;
        });
        url
    }

    async fn post(url: &str) -> Result<Answer, SendError> {
        let sender = Sender { attempt_time_max: Duration::from_millis(300), ..Sender::new(Reach::Any) };
        let (delivery_id, body) = ("d", "{}".to_owned());
        sender.post(Message { url, secret: None, delivery_id, body, unix_seconds: 1 }).await
    }

    #[tokio::test]
    async fn a_status_counts_though_its_body_never_ends() {
        let url = receiver("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await;
        assert_eq!(post(&url).await.unwrap().status, StatusCode::OK);
    }

    #[tokio::test]
    async fn an_attempt_ends() {
        assert!(matches!(post(&receiver("HTTP/1.1 ").await).await, Err(SendError::Failed(_))));
    }

    #[tokio::test]
    async fn who_does_not_answer_may_answer_later() {
        let connector = HttpConnector::new_with_resolver(Resolver(Reach::Any));
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
        // Nobody listens on a port that was just given back.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let request = Request::post(format!("http://localhost:{port}/x")).body(Full::default()).unwrap();
        let error = client.request(request).await.unwrap_err();
        assert!(matches!(failure(&error), SendError::Failed(_)));
    }
}
