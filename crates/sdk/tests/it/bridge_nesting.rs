//! Spans of all three libraries, nested at random on one thread and on several: each is a child of the one around it.

use crate::recorded::{Recorded, parent_of};
use opentelemetry::trace::{Tracer, TracerProvider};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use spanwise::SpanRef;
use spanwise::opentelemetry::Processor;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use tracing::{Dispatch, info_span};
use tracing_subscriber::prelude::*;

/// How deep spans are nested, and how many are in each.
const DEPTH: usize = 6;
const WIDTH: u64 = 3;

struct Forest {
    tracer: SdkTracer,
    dispatch: Dispatch,
    random: AtomicU64,
    /// The spans with the one around each.
    expected: Mutex<Vec<(String, Option<String>)>>,
}

impl Forest {
    /// A step of a generator of Lehmer's: the same numbers each time, in whatever order threads take them.
    fn random(&self, below: u64) -> u64 {
        let step = |state: u64| Some(state * 48_271 % 0x7fff_ffff);
        self.random.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step).unwrap() / 7 % below
    }

    fn grow(&self, depth: usize, around: Option<&str>) {
        for _ in 0..=self.random(WIDTH) {
            self.plant(depth, around);
        }
    }

    /// Makes a span of one of the libraries, or goes elsewhere.
    fn plant(&self, depth: usize, around: Option<&str>) {
        if depth == 0 {
            return;
        }
        let kind = self.random(8);
        if let (6.., Some(around)) = (kind, around) {
            return self.elsewhere(kind, depth, around);
        }
        let name = {
            let mut expected = self.expected.lock().unwrap();
            let name = format!("span {}", expected.len());
            expected.push((name.clone(), around.map(str::to_owned)));
            name
        };
        let below = || self.grow(depth - 1, Some(&name));
        match kind % 3 {
            0 => spanwise::span!(&name).scope(below),
            1 => self.tracer.in_span(name.clone(), |_| below()),
            _ => info_span!("tracing", otel.name = name.as_str()).in_scope(below),
        }
    }

    /// Goes on in another thread, or where nothing is current.
    fn elsewhere(&self, kind: u64, depth: usize, around: &str) {
        if kind == 6 {
            return SpanRef::none().scope(|| self.plant(depth - 1, None));
        }
        let (ours, theirs) = (spanwise::current(), opentelemetry::Context::current());
        let is_by_ours = self.random(2) == 0;
        let go_on = || {
            let _default = tracing::dispatcher::set_default(&self.dispatch);
            if is_by_ours {
                return ours.scope(|| self.plant(depth - 1, Some(around)));
            }
            let _attached = theirs.attach();
            self.plant(depth - 1, Some(around));
        };
        thread::scope(|scope| scope.spawn(go_on).join().unwrap());
    }
}

fn check(recorded: &Recorded, tracer: SdkTracer, dispatch: Dispatch) {
    let _default = tracing::dispatcher::set_default(&dispatch);
    for seed in 1..=20 {
        let forest = Forest {
            tracer: tracer.clone(),
            dispatch: dispatch.clone(),
            random: AtomicU64::new(seed),
            expected: Mutex::default(),
        };
        let before = recorded.spans().len();
        forest.grow(DEPTH, None);
        let spans = recorded.spans().split_off(before);
        let expected = forest.expected.into_inner().unwrap();
        assert_eq!(spans.len(), expected.len(), "seed {seed}");
        for (name, around) in expected {
            assert_eq!(parent_of(&spans, &name), around, "seed {seed}: {name}");
        }
        assert!(spanwise::current().span_context().is_none(), "seed {seed}");
    }
}

fn tracer() -> SdkTracer {
    SdkTracerProvider::builder().with_span_processor(Processor::new()).build().tracer("test")
}

#[test]
fn with_our_layer() {
    let recorded = Recorded::start();
    let layered = tracing_subscriber::registry().with(spanwise::tracing::layer());
    check(&recorded, tracer(), Dispatch::new(layered));
}

#[test]
fn with_the_layer_of_opentelemetry() {
    let (recorded, tracer) = (Recorded::start(), tracer());
    let layered =
        tracing_subscriber::registry().with(tracing_opentelemetry::layer().with_tracer(tracer.clone()));
    check(&recorded, tracer, Dispatch::new(layered));
}
