//! Calls that are told by hand, for libraries whose clients can't be changed.

use crate::recorded::{Recorded, attribute, failure};
use serde::Serialize;
use serde_json::{Value, json};
use spanwise::llm::Tracer;
use spanwise::{Parent, SpanBuilder, StartOptions};

const URL: &str = "http://localhost:11434/api/chat";

fn request() -> Value {
    json!({"model": "llama3", "messages": [{"role": "user", "content": "Hi"}]})
}

#[test]
fn values_of_a_library_are_an_exchange() {
    let recorded = Recorded::start();
    let mut exchange = Tracer::new().exchange_of(URL, &request());
    for (text, is_done) in [("Hel", false), ("lo", true)] {
        exchange.push_value(
            &json!({"message": {"role": "assistant", "content": text}, "done": is_done, "eval_count": 2}),
        );
    }
    exchange.complete();
    let span = recorded.span("chat llama3");
    assert_eq!(attribute(&span, "gen_ai.output.messages")[0]["parts"][0]["content"], "Hello");
    assert_eq!(attribute(&span, "gen_ai.usage.output_tokens"), 2);
    assert_eq!(failure(&span), None);
}

#[test]
fn a_trace_that_is_not_recorded_is_told_as_such() {
    let recorded = Recorded::start();
    let options = StartOptions { parent: Parent::Root, sampling: Some(0.0) };
    let trace = SpanBuilder::with("root", options).start();
    let mut headers = http::HeaderMap::new();
    trace.scope(|| {
        let mut exchange = Tracer::new().exchange_of(URL, &request());
        exchange.inject(&mut headers);
        exchange.push_value(&json!({"done": true}));
        exchange.complete();
    });
    let told = headers["traceparent"].to_str().unwrap();
    assert_eq!(told, trace.span_context().unwrap().traceparent());
    assert!(recorded.spans().is_empty());
}

#[test]
fn a_failure_is_told_and_what_is_no_call_is_not_recorded() {
    let recorded = Recorded::start();
    Tracer::new().exchange_of(URL, &request()).fail("no connection");
    let mut other = Tracer::new().exchange_of("http://localhost/search", &request());
    other.push(b"{}");
    other.complete();
    let spans = recorded.spans();
    assert_eq!(spans.len(), 1);
    assert_eq!(failure(&spans[0]), Some("no connection"));
}

#[test]
fn a_value_whose_code_panics_is_no_answer() {
    struct Panics;

    impl Serialize for Panics {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("at the wrong time")
        }
    }

    let recorded = Recorded::start();
    let mut exchange = Tracer::new().exchange_of(URL, &request());
    exchange.push_value(&Panics);
    exchange.complete();
    assert!(failure(&recorded.span("chat llama3")).is_some());
    drop(Tracer::new().exchange_of(URL, &Panics));
}
