//! An `ExportLogsServiceRequest` becomes log records of spans, grouped by trace.

use crate::decoded::{Decoded, Decoder};
use crate::draft::Chunk;
use crate::origin::OriginCache;
use crate::reject::Rejections;
use bytes::Bytes;
use spanwise_model::{ExperimentChoice, NewLogRecord, TraceId, TraceLogs};
use spanwise_otlp::{DecodeError, LogRecordView, SpanError, scan_logs};
use xxhash_rust::xxh3::xxh3_64;

/// A good record, and the position of its resource.
pub(crate) struct LogItem {
    record: NewLogRecord,
    resource: usize,
}

/// Reads a request; what is wrong with single records or resources costs those only.
///
/// A record that belongs to no span is accepted and not kept: this is no store for logs, and a collector's shared
/// pipeline must not fail here.
pub(crate) fn decode_logs(
    body: &Bytes,
    origins: &OriginCache,
    rejections: Rejections,
) -> Result<Decoded<LogItem>, DecodeError> {
    let mut decoder = Decoder::new(body, origins, rejections);
    for group in scan_logs(body)? {
        let records = group.scopes.iter().map(|scope| scope.records.len()).sum();
        if decoder.begin_resource(group.resource, group.schema_url, records) {
            group
                .scopes
                .iter()
                .flat_map(|scope| &scope.records)
                .for_each(|raw| take_record(&mut decoder, raw));
        }
    }
    Ok(decoder.finish())
}

/// Takes one record of the resource that began last.
fn take_record(decoder: &mut Decoder<'_, LogItem>, raw: &[u8]) {
    match read_record(raw, decoder.body) {
        Ok(belongs_to) => {
            decoder.accepted += 1;
            if let Some((trace_id, record)) = belongs_to {
                let item = LogItem { record, resource: decoder.resources.len() - 1 };
                decoder.by_trace.push(trace_id, raw.len(), item);
            }
        }
        Err(error) => decoder.rejections.add(1, error),
    }
}

fn read_record(raw: &[u8], body: &Bytes) -> Result<Option<([u8; 16], NewLogRecord)>, SpanError> {
    let Some((trace_id, span_id)) = LogRecordView::parse(raw)?.ids()? else {
        return Ok(None);
    };
    let record = NewLogRecord { raw: body.slice_ref(raw), content_hash: xxh3_64(raw), span_id };
    Ok(Some((trace_id, record)))
}

/// Returns the batch for the store; `experiments` has the choice for each resource.
pub(crate) fn log_batch(
    decoded: Decoded<LogItem>,
    experiments: &[ExperimentChoice],
    arrival_ns: i64,
) -> Vec<TraceLogs> {
    let logs_of_trace = |chunk: Chunk<LogItem>| TraceLogs {
        trace_id: TraceId::Otel(chunk.trace_id),
        arrival_ns,
        experiment: experiments[chunk.items[0].resource],
        records: chunk.items.into_iter().map(|item| item.record).collect(),
    };
    decoded.chunks.into_iter().map(logs_of_trace).collect()
}
