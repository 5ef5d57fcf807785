//! OTLP over gRPC.
//!
//! <https://opentelemetry.io/docs/specs/otlp/#otlpgrpc>
//!
//! A runtime of its own runs on the endpoint's thread while a request is under way, and only then: no thread is added, and
//! none of the program's runtimes is used. Requests are sent as the bytes that they are.

use crate::answer::{CONNECT_TIMEOUT, USER_AGENT, accepted, printable};
use crate::export::{Accepted, ExportError, Exporter, Request};
use crate::wire::Fields;
use bytes::{Buf, BufMut};
use http::uri::PathAndQuery;
use std::error::Error;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue, MetadataMap};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
/// What a detail of a status is called that says when to try again.
const RETRY_INFO: &str = "google.rpc.RetryInfo";

pub(crate) struct GrpcExporter {
    url: String,
    headers: Vec<(String, String)>,
    timeout: Duration,
    // Before the runtime, in which it lives, so that it goes first.
    channel: Option<Channel>,
    runtime: Option<Runtime>,
}

impl GrpcExporter {
    pub(crate) fn new(url: &str, headers: &[(String, String)], timeout: Duration) -> GrpcExporter {
        GrpcExporter { url: url.to_owned(), headers: headers.to_vec(), timeout, channel: None, runtime: None }
    }

    fn metadata(&self) -> Result<MetadataMap, ExportError> {
        let mut metadata = MetadataMap::with_capacity(self.headers.len());
        for (key, value) in &self.headers {
            let name = AsciiMetadataKey::from_bytes(key.to_ascii_lowercase().as_bytes());
            // Not its value, which may be a key to something.
            let problem =
                || ExportError::lasting(format!("the header `{key}` is not one that gRPC could send"));
            let value = AsciiMetadataValue::try_from(value).map_err(|_| problem())?;
            metadata.insert(name.map_err(|_| problem())?, value);
        }
        Ok(metadata)
    }

    /// Returns the connection, and whether it has been there for a while; one that is made connects with its first request.
    fn channel(&mut self) -> Result<(Channel, bool), ExportError> {
        if let Some(channel) = &self.channel {
            return Ok((channel.clone(), true));
        }
        let endpoint = endpoint(&self.url, self.timeout)
            .map_err(|error| ExportError::lasting(format!("the address can't be used: {}", chain(&error))))?;
        let channel = endpoint.connect_lazy();
        self.channel = Some(channel.clone());
        Ok((channel, false))
    }
}

fn endpoint(url: &str, timeout: Duration) -> Result<Endpoint, tonic::transport::Error> {
    let endpoint = Endpoint::from_shared(url.to_owned())?
        .user_agent(USER_AGENT)?
        .connect_timeout(timeout.min(CONNECT_TIMEOUT));
    #[cfg(feature = "tls")]
    if url.starts_with("https://") {
        return endpoint.tls_config(tonic::transport::ClientTlsConfig::new().with_webpki_roots());
    }
    Ok(endpoint)
}

impl Exporter for GrpcExporter {
    fn export(&mut self, request: &Request<'_>) -> Result<Accepted, ExportError> {
        let runtime = match self.runtime.take() {
            Some(runtime) => runtime,
            None => Builder::new_current_thread()
                .enable_all()
                // Names are looked up on threads of its own.
                .on_thread_start(crate::local::stay_quiet)
                .build()
                .map_err(|error| ExportError::passing(format!("cannot start a runtime: {error}")))?,
        };
        let answer = runtime.block_on(async {
            let sent = tokio::time::timeout(self.timeout, self.send(request)).await;
            sent.unwrap_or_else(|_| Err(Failure::connection(format!("no answer within {:?}", self.timeout))))
        });
        self.runtime = Some(runtime);
        answer.map_err(|failure| {
            if failure.is_of_connection {
                self.channel = None;
            }
            failure.error
        })
    }
}

impl GrpcExporter {
    async fn send(&mut self, request: &Request<'_>) -> Result<Accepted, Failure> {
        let metadata = self.metadata()?;
        let (channel, is_old) = self.channel()?;
        match call(channel, metadata.clone(), request.to_vec()).await {
            // Nobody looked after the connection since the last request; it may have been closed since then.
            Err(failure) if failure.is_of_connection && is_old => {
                self.channel = None;
                let (channel, _) = self.channel()?;
                call(channel, metadata, request.to_vec()).await
            }
            answer => answer,
        }
    }
}

struct Failure {
    error: ExportError,
    /// Whether the connection is no good.
    is_of_connection: bool,
}

impl Failure {
    fn connection(reason: String) -> Failure {
        Failure { error: ExportError::passing(reason), is_of_connection: true }
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Failure {
        Failure { error, is_of_connection: false }
    }
}

async fn call(channel: Channel, metadata: MetadataMap, message: Vec<u8>) -> Result<Accepted, Failure> {
    let mut client = Grpc::new(channel);
    client.ready().await.map_err(|error| Failure::connection(chain(&error)))?;
    let mut request = tonic::Request::new(message);
    *request.metadata_mut() = metadata;
    let answer = client.unary(request, PathAndQuery::from_static(EXPORT), Raw).await;
    answer.map(|answer| accepted(&answer.into_inner())).map_err(|status| judge(&status))
}

/// Says what a status means for the request.
fn judge(status: &Status) -> Failure {
    if status.source().is_some() {
        // It was made here: the peer is away, hung up, or speaks something else.
        return Failure::connection(chain(status.source().unwrap_or(status)));
    }
    let retry_after = retry_info(status.details());
    let reason = format!("{:?}: {}", status.code(), printable(status.message()));
    let is_passing = match status.code() {
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => true,
        // Without it, it is a quota that will be as exhausted later on.
        Code::ResourceExhausted => retry_after.is_some(),
        _ => false,
    };
    Failure { error: ExportError { reason, is_passing, retry_after }, is_of_connection: false }
}

/// Reads the delay of a `google.rpc.RetryInfo` among the details of a `google.rpc.Status`.
fn retry_info(status: &[u8]) -> Option<Duration> {
    const DETAILS: u64 = 3;
    Fields::of(status).filter(|field| field.number == DETAILS).find_map(|detail| {
        let (mut name, mut value) = ("", &[][..]);
        for field in Fields::of(detail.payload.bytes()) {
            match field.number {
                1 => name = field.payload.text(),
                2 => value = field.payload.bytes(),
                _ => {}
            }
        }
        name.ends_with(RETRY_INFO).then(|| {
            let delay = Fields::of(value).find(|field| field.number == 1)?;
            let part = |number| {
                let part = Fields::of(delay.payload.bytes()).find(|field| field.number == number);
                part.map_or(0, |field| field.payload.number())
            };
            let nanoseconds =
                u32::try_from(part(2)).ok().filter(|nanoseconds| *nanoseconds < 1_000_000_000)?;
            Some(Duration::new(part(1), nanoseconds))
        })?
    })
}

/// Returns an error with what it came from, without what is said twice.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = error.source();
    }
    printable(&text)
}

/// Messages as the bytes that they are.
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Raw;
    type Decoder = Raw;

    fn encoder(&mut self) -> Raw {
        Raw
    }

    fn decoder(&mut self) -> Raw {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, message: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.reserve(message.len());
        buffer.put_slice(&message);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut message = vec![0; buffer.remaining()];
        buffer.copy_to_slice(&mut message);
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{put_bytes, put_varint};

    fn status(type_url: &str, seconds: u64, nanoseconds: u64) -> Vec<u8> {
        let (mut delay, mut info, mut detail, mut status) = (vec![], vec![], vec![], vec![]);
        for (number, value) in [(1, seconds), (2, nanoseconds)] {
            delay.push(number << 3);
            put_varint(&mut delay, value);
        }
        put_bytes(&mut info, 1, &delay);
        put_bytes(&mut detail, 1, type_url.as_bytes());
        put_bytes(&mut detail, 2, &info);
        put_bytes(&mut status, 3, b"nonsense");
        put_bytes(&mut status, 3, &detail);
        status
    }

    fn after(details: Vec<u8>) -> Option<Duration> {
        judge(&Status::with_details(Code::ResourceExhausted, "full", details.into())).error.retry_after
    }

    #[test]
    fn a_delay_is_read_from_the_details_of_a_status() {
        let url = "type.googleapis.com/google.rpc.RetryInfo";
        assert_eq!(after(status(url, 2, 500_000_000)), Some(Duration::from_millis(2_500)));
        assert_eq!(after(status(url, 0, 0)), Some(Duration::ZERO));
        assert_eq!(after(status(url, 2, u64::MAX)), None);
        assert_eq!(after(status("type.googleapis.com/google.rpc.Help", 2, 0)), None);
        assert_eq!(after(vec![0x1a, 0xff]), None);
    }

    #[test]
    fn codes_are_tried_again_as_otlp_has_it() {
        let passes = |code| judge(&Status::new(code, "")).error.is_passing;
        let passing: Vec<i32> = (1..=16).filter(|code| passes(Code::from(*code))).collect();
        // CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS.
        assert_eq!(passing, [1, 4, 10, 11, 14, 15]);
        let details = status("x/google.rpc.RetryInfo", 1, 0);
        let exhausted = Status::with_details(Code::ResourceExhausted, "full", details.into());
        assert_eq!((judge(&exhausted).error.is_passing, passes(Code::ResourceExhausted)), (true, false));
    }

    #[test]
    fn a_header_that_cannot_be_sent_is_named_without_its_value() {
        let headers = [("authorization".to_owned(), "secret\n".to_owned())];
        let exporter = GrpcExporter::new("http://127.0.0.1:4317", &headers, Duration::ZERO);
        let error = exporter.metadata().unwrap_err();
        assert_eq!(error.reason, "the header `authorization` is not one that gRPC could send");
        assert!(!error.is_passing);
    }
}
