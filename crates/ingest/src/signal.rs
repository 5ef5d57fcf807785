//! What differs between traces and logs while a request is read.

use crate::decoded::Decoded;
use crate::logs::{LogItem, decode_logs};
use crate::origin::OriginCache;
use crate::reject::Rejections;
use crate::traces::{SpanItem, decode_traces};
use bytes::Bytes;
use spanwise_genai::PriceTable;
use spanwise_otlp::json::{Transcoded, transcode_logs, transcode_traces};
use spanwise_otlp::{DecodeError, Rewriter, rewrite_logs, rewrite_traces, scan_logs, scan_traces};

/// Resources as they came; a group may have none.
type RawResources<'a> = Vec<Option<&'a [u8]>>;

/// Reads the items of a request.
type Decode<T> = fn(&Bytes, &OriginCache, Rejections, &PriceTable) -> Result<Decoded<T>, DecodeError>;

/// The functions for one kind of request.
pub(crate) struct Signal<T> {
    /// Brings OTLP/JSON into protobuf.
    pub(crate) transcode: fn(&[u8]) -> Result<Transcoded, DecodeError>,
    /// Finds the raw resources, one for each group.
    pub(crate) resources: fn(&[u8]) -> Result<RawResources<'_>, DecodeError>,
    /// Replaces texts.
    pub(crate) rewrite: fn(&[u8], &mut dyn Rewriter) -> Option<Vec<u8>>,
    /// Reads the items; spans are priced.
    pub(crate) decode: Decode<T>,
}

/// Spans.
pub(crate) static TRACES: Signal<SpanItem> = Signal {
    transcode: transcode_traces,
    resources: |body| Ok(scan_traces(body)?.into_iter().map(|group| group.resource).collect()),
    rewrite: rewrite_traces,
    decode: decode_traces,
};

/// Log records.
pub(crate) static LOGS: Signal<LogItem> = Signal {
    transcode: transcode_logs,
    resources: |body| Ok(scan_logs(body)?.into_iter().map(|group| group.resource).collect()),
    rewrite: rewrite_logs,
    // Log records cost nothing.
    decode: |body, origins, rejections, _prices| decode_logs(body, origins, rejections),
};
