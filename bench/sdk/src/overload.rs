//! A million spans a second from two threads, with the queue as it is by default.

use spanwise::{Config, SpanBuilder, Target};
use std::thread;
use std::time::{Duration, Instant};

/// Spans a second of each thread.
const RATE: u64 = 500_000;
/// Spans between looks at the clock.
const BURST: u64 = 100;

pub fn run(url: &str, time: Duration) {
    let sdk =
        Config::new().target(Target::parse(url).expect("the URL is right")).install().expect("it is right");
    let before = resident_kb();
    let offered = RATE * time.as_secs();
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| offer(offered));
        }
    });
    let took = started.elapsed();
    let peak = resident_kb();
    sdk.flush(Duration::from_secs(60)).expect("the sink takes all");
    let stats = sdk.stats();
    let endpoint = &stats.endpoints[0];
    let dropped = stats.dropped + endpoint.dropped;
    assert_eq!(stats.recorded, 2 * offered);
    assert_eq!(endpoint.sent + dropped, stats.recorded, "{stats:?}");
    println!(
        "\nTwo threads offered {} spans in {:.1} s: {} sent, {dropped} dropped, which adds up; resident {} MiB before and \
         {} MiB after.",
        stats.recorded,
        took.as_secs_f64(),
        endpoint.sent,
        before / 1024,
        peak / 1024
    );
}

fn offer(spans: u64) {
    let started = Instant::now();
    let mut offered = 0;
    while offered < spans {
        let due = (started.elapsed().as_secs_f64() * RATE as f64) as u64;
        if due < offered {
            thread::yield_now();
            continue;
        }
        for _ in 0..BURST.min(spans - offered) {
            SpanBuilder::new("step")
                .attribute("gen_ai.operation.name", "chat")
                .attribute("gen_ai.request.model", "gpt-4o-mini")
                .attribute("gen_ai.usage.input_tokens", 123_i64)
                .attribute("gen_ai.usage.output_tokens", 45_i64)
                .attribute("gen_ai.request.temperature", 0.7)
                .attribute("stream", true)
                .start()
                .end();
        }
        offered += BURST;
    }
}

fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("it is there");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).expect("a number")
}
