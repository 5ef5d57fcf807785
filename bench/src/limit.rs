//! What this machine can do at best: the stages that no server can leave out, alone, on one thread.

use crate::derive::{derive_spans, read_spans};
use crate::request::{Request, total_bytes, total_spans};
use anyhow::{Context, Result};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::Write;
use std::path::Path;

/// The level that the store writes arriving blocks with.
const ZSTD_LEVEL: i32 = 1;
/// How much is appended between two syncs: the size of the store's groups.
const SYNC_BYTES: usize = 4 << 20;

/// CPU seconds per GB (10⁹ bytes) of OTLP protobuf.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Limit {
    /// Finding the spans in the wire format.
    pub(crate) scan: f64,
    /// What ingestion derives of spans, beside finding and checking them.
    pub(crate) derive: f64,
    /// Decoding into structs with `prost`.
    pub(crate) decode: f64,
    /// Scan, compress, append, sync: the floor of a server that copies nothing.
    pub(crate) c0: f64,
    /// Decode, compress, append, sync: the floor of one that decodes.
    pub(crate) c: f64,
    /// Stage c in CPU seconds per 1,000 spans.
    pub(crate) c_per_1000_spans: f64,
    /// Compressed bytes per raw byte, each request a frame.
    pub(crate) compressed: f64,
}

/// Measures all stages on `requests`; `folder` is where the file to append to is made.
pub(crate) fn measure(requests: &[Request], folder: &Path) -> Result<Limit> {
    let gigabytes = total_bytes(requests) as f64 / 1e9;
    let per_gb = |work: &mut dyn FnMut() -> Result<()>| -> Result<f64> {
        // Once to warm up, then the better of two: other work on the machine only ever adds.
        work()?;
        let mut best = f64::MAX;
        for _ in 0..2 {
            let before = thread_cpu_s();
            work()?;
            best = best.min((thread_cpu_s() - before) / gigabytes);
        }
        Ok(best)
    };
    let scan_one = |request: &Request| -> Result<()> {
        black_box(spanwise_otlp::scan_traces(&request.body)?);
        Ok(())
    };
    let decode_one = |request: &Request| -> Result<()> {
        black_box(ExportTraceServiceRequest::decode(&request.body[..])?);
        Ok(())
    };
    let scan = per_gb(&mut || requests.iter().try_for_each(scan_one))?;
    let decode = per_gb(&mut || requests.iter().try_for_each(decode_one))?;
    let derived = per_gb(&mut || requests.iter().try_for_each(derive_spans))?;
    let derive = derived - per_gb(&mut || requests.iter().try_for_each(read_spans))?;
    let mut written = 0;
    let c0 = per_gb(&mut || store(requests, folder, scan_one).map(|bytes| written = bytes))?;
    let c = per_gb(&mut || store(requests, folder, decode_one).map(|bytes| written = bytes))?;
    let raw = total_bytes(requests) as f64;
    let c_per_1000_spans = c * raw / 1e9 / total_spans(requests) as f64 * 1000.0;
    Ok(Limit { scan, derive, decode, c0, c, c_per_1000_spans, compressed: written as f64 / raw })
}

/// Reads, compresses, appends and syncs; returns how many bytes were written.
fn store(requests: &[Request], folder: &Path, read: impl Fn(&Request) -> Result<()>) -> Result<u64> {
    let path = folder.join("limit.bin");
    let mut file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    let mut compressor = zstd::bulk::Compressor::new(ZSTD_LEVEL)?;
    let mut waiting = Vec::new();
    let mut written = 0;
    for request in requests {
        read(request)?;
        waiting.extend(compressor.compress(&request.body)?);
        if waiting.len() >= SYNC_BYTES {
            written += append(&mut file, &mut waiting)?;
        }
    }
    written += append(&mut file, &mut waiting)?;
    drop(file);
    fs::remove_file(&path)?;
    Ok(written)
}

fn append(file: &mut File, waiting: &mut Vec<u8>) -> Result<u64> {
    file.write_all(waiting)?;
    file.sync_data()?;
    let bytes = waiting.len() as u64;
    waiting.clear();
    Ok(bytes)
}

fn thread_cpu_s() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
