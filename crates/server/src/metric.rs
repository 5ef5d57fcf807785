//! What the figures of `/metrics` mean, for the process that records them.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Describes all metrics to the recorder that is installed.
pub fn describe_metrics() {
    describe_counter!("spanwise_http_requests_total", "Requests by method, route and status; gRPC too");
    describe_histogram!(
        "spanwise_http_request_duration_seconds",
        Unit::Seconds,
        "Time to the head of the answer"
    );
    describe_counter!("spanwise_ingest_items_total", "Spans and log records by whether they were accepted");
    describe_counter!("spanwise_ingest_bytes_total", "Decompressed bytes of export requests");
    describe_histogram!(
        "spanwise_ingest_duration_seconds",
        Unit::Seconds,
        "Time from the body to the acknowledgement"
    );
    describe_counter!(
        "spanwise_ingest_discarded_requests_total",
        "Requests answered without keeping their content"
    );
    describe_counter!("spanwise_redactions_total", "Values that were replaced, by detector and experiment");
    describe_gauge!("spanwise_ingest_queue_bytes", "Bytes of requests that are not acknowledged yet");
    describe_counter!("spanwise_store_retention_traces_total", "Traces that retention deleted");
    describe_gauge!("spanwise_store_traces", "Traces in the store");
    describe_gauge!("spanwise_store_spans", "Spans in the store");
    describe_gauge!("spanwise_store_segment_bytes", "Bytes of segment files");
    describe_gauge!("spanwise_store_index_bytes", "Bytes of database, write-ahead log and postings");
    describe_gauge!("spanwise_store_attachments", "Images, sounds and files out of messages, each once");
    describe_gauge!("spanwise_store_attachment_bytes", "Bytes of those");
    describe_gauge!("spanwise_store_unindexed_bytes", "Bytes of blocks that wait for the text index");
}
