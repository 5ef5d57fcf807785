//! What recording a span costs: Spanwise's SDK, OpenTelemetry's, and `tracing` with `tracing-opentelemetry`, with the same
//! content, to the same sink, in the same run. `docs/performance.md` explains each figure.

mod alloc;
mod otel;
mod ours;
mod overload;
mod sink;
mod tracing_otel;

use rustix::time::{ClockId, clock_gettime};
use std::hint::black_box;
use std::time::Duration;

/// Spans that are recorded at once, before all of them are sent: as many as OpenTelemetry's queue has room for.
const BURST: u64 = 2_000;
/// Bursts of one round.
const BURSTS: u64 = 25;
/// Rounds of each; the best counts, since other work on the machine only adds.
const ROUNDS: usize = 9;
/// Spans that are started while recording is off.
const DISABLED_SPANS: u64 = 200_000_000;

/// What a span holds.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Content {
    /// Six short attributes.
    Small,
    /// The same, and an input of 4 KB.
    Input,
}

/// What can be measured: it records so many spans on this thread, and then sends all of them.
trait Recorder {
    fn record(&mut self, content: Content, spans: u64);
    fn flush(&mut self);
}

#[derive(Debug, Clone, Copy)]
struct Cost {
    caller_ns: f64,
    all_ns: f64,
    allocations: f64,
}

fn cpu_ns(clock: ClockId) -> f64 {
    let now = clock_gettime(clock);
    now.tv_sec as f64 * 1e9 + now.tv_nsec as f64
}

fn round(recorder: &mut dyn Recorder, content: Content) -> Cost {
    let (mut caller, mut allocations, all) = (0.0, 0, cpu_ns(ClockId::ProcessCPUTime));
    for _ in 0..BURSTS {
        let before = (cpu_ns(ClockId::ThreadCPUTime), alloc::on_this_thread());
        recorder.record(content, BURST);
        caller += cpu_ns(ClockId::ThreadCPUTime) - before.0;
        allocations += alloc::on_this_thread() - before.1;
        recorder.flush();
    }
    let all = cpu_ns(ClockId::ProcessCPUTime) - all;
    let spans = (BURST * BURSTS) as f64;
    Cost { caller_ns: caller / spans, all_ns: all / spans, allocations: allocations as f64 / spans }
}

fn measure(recorder: &mut dyn Recorder, content: Content) -> Cost {
    let rounds: Vec<_> = (0..ROUNDS).map(|_| round(recorder, content)).collect();
    let least = |of: fn(&Cost) -> f64| rounds.iter().map(of).fold(f64::INFINITY, f64::min);
    Cost {
        caller_ns: least(|cost| cost.caller_ns),
        all_ns: least(|cost| cost.all_ns),
        allocations: least(|cost| cost.allocations),
    }
}

/// What nobody can do without who keeps the input of a span until it is sent.
fn copy_ns() -> f64 {
    let input = input();
    let mut kept = vec![0; input.len() * BURST as usize];
    let round = |kept: &mut [u8]| {
        let clock = cpu_ns(ClockId::ThreadCPUTime);
        for _ in 0..BURSTS {
            for place in kept.chunks_exact_mut(input.len()) {
                place.copy_from_slice(black_box(input.as_bytes()));
            }
        }
        (cpu_ns(ClockId::ThreadCPUTime) - clock) / (BURST * BURSTS) as f64
    };
    (0..ROUNDS).map(|_| round(&mut kept)).fold(f64::INFINITY, f64::min)
}

/// The input of 4 KB.
fn input() -> String {
    "a word or two ".repeat(293)
}

fn main() {
    if std::env::args().nth(1).as_deref() == Some("sink") {
        return sink::serve();
    }
    let sink = sink::Sink::start();
    println!("| recorder | content | caller's thread, ns | in all, ns | allocations on it |");
    println!("| --- | --- | ---: | ---: | ---: |");
    let make: [(&str, fn(&str) -> Box<dyn Recorder>); 3] = [
        ("spanwise", |url| Box::new(ours::Ours::start(url))),
        ("opentelemetry", |url| Box::new(otel::Otel::start(url))),
        ("tracing-opentelemetry", |url| Box::new(tracing_otel::Tracing::start(url))),
    ];
    for (name, make) in make {
        let mut recorder = make(&sink.url());
        for (content, what) in [(Content::Small, "six attributes"), (Content::Input, "and 4 KB")] {
            let cost = measure(recorder.as_mut(), content);
            println!(
                "| {name} | {what} | {:.0} | {:.0} | {:.2} |",
                cost.caller_ns, cost.all_ns, cost.allocations
            );
        }
    }
    println!("\nCopying the 4 KB alone, into memory for a burst of them, costs {:.0} ns.", copy_ns());
    let clock = cpu_ns(ClockId::ThreadCPUTime);
    ours::record_disabled(DISABLED_SPANS);
    let disabled = (cpu_ns(ClockId::ThreadCPUTime) - clock) / DISABLED_SPANS as f64;
    println!("\nWhile recording is off a span costs {disabled:.2} ns.");
    overload::run(&sink.url(), Duration::from_secs(3));
}
