//! The results as a table in Markdown.

use crate::load::Sent;
use crate::query::Question;
use crate::run::{AtSize, Ingestion, Results};
use std::fmt::Write;

/// How much of ingestion reading the conventions may cost.
const DERIVE_PERCENT_MAX: u32 = 25;
const MB: f64 = 1e6;
const MIB: f64 = (1 << 20) as f64;

/// Returns the whole report.
pub(crate) fn markdown(results: &Results) -> String {
    let mut text = String::new();
    // Writing into a String never fails.
    let _ = write(&mut text, results);
    text
}

fn write(out: &mut String, results: &Results) -> std::fmt::Result {
    let limit = &results.limit;
    writeln!(out, "### The machine\n")?;
    writeln!(out, "| stage | CPU s per GB |\n| --- | ---: |")?;
    writeln!(out, "| scan of the wire format | {:.2} |", limit.scan)?;
    writeln!(out, "| deriving the normal form | {:.2} |", limit.derive)?;
    writeln!(out, "| decoding with prost | {:.2} |", limit.decode)?;
    writeln!(out, "| c0: scan, zstd-1, append, fsync | {:.2} |", limit.c0)?;
    writeln!(out, "| c: decoding, zstd-1, append, fsync | {:.2} |", limit.c)?;
    let per_1000 = limit.c_per_1000_spans;
    writeln!(
        out,
        "\nA span is {:.0} bytes of protobuf; stage c costs {per_1000:.4} CPU s per 1,000 spans, and zstd-1 leaves {:.1} %.\n",
        results.span_bytes,
        limit.compressed * 100.0
    )?;
    writeln!(out, "### Ingestion\n")?;
    writeln!(
        out,
        "| what | spans/s | MB/s | CPU s per GB: sent | indexed | compacted | ratio to c | p50 ms | p95 | p99 | peak MiB |"
    )?;
    writeln!(out, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    for size in &results.sizes {
        let traces = thousands(size.traces);
        ingestion(out, &format!("8,000 more at {traces} traces"), &size.ingestion, limit.c)?;
        ingestion(out, &format!("filling up to {traces}"), &size.filling, limit.c)?;
    }
    ingestion(out, "text index off", &results.without_text, limit.c)?;
    ingestion(out, "gRPC", &results.grpc, limit.c)?;
    if let Some(size) = results.sizes.first() {
        let share = limit.derive / size.ingestion.cpu_s_per_gb_sent * 100.0;
        let traces = thousands(size.traces);
        writeln!(
            out,
            "\nDeriving the normal form is {share:.0} % of the CPU of `8,000 more at {traces} traces: sent`; it may be {DERIVE_PERCENT_MAX} %."
        )?;
    }
    writeln!(out, "\n| requests | requests/s | spans/s | MB/s | p50 ms | p95 | p99 | refused |")?;
    writeln!(out, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    sent(out, "128 spans, 64 connections, steady pace", &results.paced)?;
    sent(out, "1 span, 64 connections", &results.single)?;
    sent(out, "512 spans, 64 connections, overload", &results.overload)?;
    let (idle, peak) = (results.idle_bytes as f64 / MIB, results.overload_peak_bytes as f64 / MIB);
    writeln!(
        out,
        "\nIdle {idle:.0} MiB; peak under overload {peak:.0} MiB. Ready on an empty store in {:.0} ms, on the full one in {:.0} ms.",
        results.ready_s * 1e3,
        results.ready_full_s * 1e3
    )?;
    writeln!(out, "\n### Disk\n")?;
    writeln!(
        out,
        "| traces | spans | raw MB | before compaction | after | segments | index | postings | bytes per span | resident MiB |"
    )?;
    writeln!(out, "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")?;
    for size in &results.sizes {
        disk(out, size)?;
    }
    writeln!(out, "\n### Questions\n")?;
    questions(out, &results.sizes)
}

fn ingestion(out: &mut String, name: &str, found: &Ingestion, limit: f64) -> std::fmt::Result {
    let sent = &found.sent;
    let latency = sent.latency;
    let all = found.cpu_s_per_gb.unwrap_or(found.cpu_s_per_gb_indexed);
    writeln!(
        out,
        "| {name} | {:.0} | {:.0} | {:.2} | {:.2} | {} | {:.2} | {:.1} | {:.1} | {:.1} | {:.0} |",
        sent.spans as f64 / sent.seconds,
        sent.bytes as f64 / MB / sent.seconds,
        found.cpu_s_per_gb_sent,
        found.cpu_s_per_gb_indexed,
        found.cpu_s_per_gb.map_or("".into(), |cpu| format!("{cpu:.2}")),
        all / limit,
        latency.p50_ms,
        latency.p95_ms,
        latency.p99_ms,
        found.peak_bytes as f64 / MIB
    )
}

fn sent(out: &mut String, name: &str, sent: &Sent) -> std::fmt::Result {
    let latency = sent.latency;
    writeln!(
        out,
        "| {name} | {:.0} | {:.0} | {:.0} | {:.1} | {:.1} | {:.1} | {} |",
        sent.requests as f64 / sent.seconds,
        sent.spans as f64 / sent.seconds,
        sent.bytes as f64 / MB / sent.seconds,
        latency.p50_ms,
        latency.p95_ms,
        latency.p99_ms,
        sent.refused
    )
}

fn disk(out: &mut String, size: &AtSize) -> std::fmt::Result {
    let raw = size.raw_bytes as f64;
    let spans = size.spans + size.ingestion.sent.spans as u64;
    let share = |bytes: u64| format!("{:.1} %", bytes as f64 / raw * 100.0);
    let last = size.disk_after.unwrap_or(size.disk_before);
    let after = size.disk_after.map_or("".into(), |disk| share(disk.total()));
    let parts = [last.segments, last.index, last.postings].map(share).join(" | ");
    writeln!(
        out,
        "| {} | {} | {:.0} | {} | {after} | {parts} | {:.0} | {:.0} |",
        thousands(size.traces + crate::run::WINDOW_TRACES),
        thousands(spans),
        raw / MB,
        share(size.disk_before.total()),
        last.total() as f64 / spans as f64,
        size.memory_bytes as f64 / MIB
    )
}

fn questions(out: &mut String, sizes: &[AtSize]) -> std::fmt::Result {
    let heads: Vec<String> = sizes
        .iter()
        .map(|size| format!("p50 / p95 ms (in the server) at {}", thousands(size.traces)))
        .collect();
    writeln!(out, "| question | goal | {} |", heads.join(" | "))?;
    writeln!(out, "| --- | ---: |{}", " ---: |".repeat(sizes.len()))?;
    let Some(first) = sizes.first() else { return Ok(()) };
    for question in &first.questions {
        let at = |size: &AtSize| {
            size.questions.iter().find(|found| found.name == question.name).map_or("".into(), latency)
        };
        let cells: Vec<String> = sizes.iter().map(at).collect();
        let goal = question.goal_ms.map_or("".into(), |goal| format!("{goal}"));
        writeln!(out, "| {} | {goal} | {} |", question.name, cells.join(" | "))?;
    }
    Ok(())
}

fn latency(question: &Question) -> String {
    let (client, server) = (&question.latency, &question.in_server);
    format!("{:.1} / {:.1} ({:.1} / {:.1})", client.p50_ms, client.p95_ms, server.p50_ms, server.p95_ms)
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}
