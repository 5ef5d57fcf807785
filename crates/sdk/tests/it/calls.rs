//! `#[trace]` and `span!` on what is no stream.

use crate::recorded::{Recorded, attribute, failure, inputs, outputs};
use serde::Serialize;
use serde_json::{Value, json};
use spanwise::{FutureExt, SpanBuilder, trace};
use std::fmt::Debug;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Runs a future that never waits for anything else.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = Box::pin(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

#[derive(Serialize)]
struct Question {
    text: String,
    tries: u8,
}

#[derive(Debug, Clone)]
struct Shown;

struct Hidden;

#[trace(
    name = "ask",
    type = "LLM",
    skip(_key),
    rename(question = "q"),
    attributes("gen_ai.request.model" = model, tries = question.tries)
)]
fn all_arguments(
    question: &Question,
    model: &str,
    _key: &str,
    (left, _): (u8, u8),
    _hidden: Hidden,
) -> Vec<u8> {
    vec![question.tries, left]
}

#[test]
fn inputs_outputs_and_arguments_of_the_attribute() {
    let recorded = Recorded::start();
    let question = Question { text: "why \"now\"?".to_owned(), tries: 2 };
    assert_eq!(all_arguments(&question, "m", "secret", (7, 8), Hidden), [2, 7]);
    let span = recorded.span("ask");
    let hidden = format!("<{}>", std::any::type_name::<Hidden>());
    let expected =
        json!({"q": {"text": "why \"now\"?", "tries": 2}, "model": "m", "left": 7, "_hidden": hidden});
    assert_eq!(inputs(&span), expected);
    assert_eq!(outputs(&span), json!([2, 7]));
    assert_eq!(attribute(&span, "mlflow.spanType"), "LLM");
    assert_eq!(attribute(&span, "gen_ai.request.model"), "m");
    assert_eq!(attribute(&span, "tries"), 2);
    assert_eq!(failure(&span), None);
}

struct Agent {
    name: String,
}

impl Agent {
    #[trace]
    fn name(&self) -> &str {
        &self.name
    }

    #[trace(skip_all, skip_output)]
    async fn rename(&mut self, to: String) -> &mut Self {
        self.name = to;
        self
    }

    #[trace]
    fn generic<T: Debug + Clone, const N: usize>(value: &T, mut list: [u8; N]) -> (T, usize) {
        list[0] = 9;
        (value.clone(), list.len())
    }
}

#[test]
fn methods_and_generic_functions() {
    let recorded = Recorded::start();
    let mut agent = Agent { name: "a".to_owned() };
    assert_eq!(agent.name(), "a");
    assert_eq!(block_on(agent.rename("b".to_owned())).name(), "b");
    assert_eq!(Agent::generic(&Shown, [1, 2]).1, 2);
    assert_eq!(outputs(&recorded.span("name")), "a");
    let rename = recorded.span("rename");
    assert_eq!((inputs(&rename), outputs(&rename)), (Value::Null, Value::Null));
    let generic = recorded.span("generic");
    // What is known of a type parameter is its bound.
    assert_eq!(inputs(&generic), json!({"value": "Shown", "list": "[1, 2]"}));
}

#[trace]
async fn parent(n: u8) -> Result<u8, std::num::ParseIntError> {
    let text = n.to_string();
    if n == 0 {
        return Ok(0);
    }
    Ok(child(text.parse()?).await + 1)
}

#[trace]
async fn child(n: u8) -> u8 {
    n
}

#[trace]
fn future(n: u8) -> impl Future<Output = u8> {
    child(n)
}

#[trace]
fn boxed<'a>(n: &'a u8) -> Pin<Box<dyn Future<Output = u8> + Send + 'a>> {
    Box::pin(async move { *n })
}

#[test]
fn futures_of_every_form() {
    let recorded = Recorded::start();
    assert_eq!(block_on(parent(4)), Ok(5));
    let (above, below) = (recorded.span("parent"), recorded.span("child"));
    assert_eq!((above.trace_id, above.span_id), (below.trace_id, below.parent_span_id));
    assert_eq!(outputs(&recorded.span("parent")), 5);
    assert_eq!(block_on(future(6)) + block_on(boxed(&7)), 13);
    assert_eq!(outputs(&recorded.span("future")), 6);
    assert_eq!(outputs(&recorded.span("boxed")), 7);
    assert_eq!(inputs(&recorded.span("boxed")), json!({"n": 7}));
}

#[trace]
fn with_anyhow() -> anyhow::Result<()> {
    Err(anyhow::anyhow!("no route").context("cannot ask"))
}

#[trace]
fn with_box() -> Result<(), Box<dyn std::error::Error>> {
    Err("boxed".into())
}

#[trace]
fn with_std() -> Result<u8, std::num::ParseIntError> {
    "x".parse()
}

#[trace]
fn with_text() -> Result<u8, String> {
    Err("only a text".to_owned())
}

#[trace]
fn with_debug() -> Result<u8, Shown> {
    Err(Shown)
}

#[test]
fn errors_of_every_kind_fail_the_span() {
    let recorded = Recorded::start();
    let failed = [with_anyhow().is_err(), with_box().is_err(), with_std().is_err()];
    assert!(failed.iter().all(|failed| *failed) && with_text().is_err() && with_debug().is_err());
    for (name, expected) in [
        ("with_anyhow", "cannot ask: no route"),
        ("with_box", "boxed"),
        ("with_std", "invalid digit found in string"),
        ("with_text", "only a text"),
        ("with_debug", "Shown"),
    ] {
        let span = recorded.span(name);
        assert_eq!(failure(&span), Some(expected), "{name}");
        assert_eq!(span.events[0].name, "exception", "{name}");
        assert_eq!(outputs(&span), Value::Null, "{name}");
    }
}

#[trace]
fn panics(message: &'static str) -> u8 {
    resume_unwind(Box::new(message))
}

#[trace]
async fn panics_later() -> u8 {
    resume_unwind(Box::new("later".to_owned()))
}

/// Lints find nothing to say against functions of one line.
#[rustfmt::skip]
mod one_line {
    use super::*;

    #[trace]
    pub(super) fn sync(value: u8) -> u8 { value }

    #[trace]
    pub(super) async fn not_sync(value: u8) -> u8 { value }
}

#[test]
fn functions_of_one_line() {
    let recorded = Recorded::start();
    assert_eq!((one_line::sync(1), block_on(one_line::not_sync(2))), (1, 2));
    assert_eq!((outputs(&recorded.span("sync")), outputs(&recorded.span("not_sync"))), (json!(1), json!(2)));
}

#[trace]
fn panics_with_nothing_to_give() {
    resume_unwind(Box::new("always"))
}

#[test]
fn a_panic_goes_on_and_is_recorded() {
    let recorded = Recorded::start();
    let panic = catch_unwind(|| panics("at once")).unwrap_err();
    assert_eq!(*panic.downcast::<&str>().unwrap(), "at once");
    assert!(catch_unwind(AssertUnwindSafe(|| block_on(panics_later()))).is_err());
    catch_unwind(panics_with_nothing_to_give).unwrap_err();
    assert_eq!(failure(&recorded.span("panics_with_nothing_to_give")), Some("panicked: always"));
    assert_eq!(failure(&recorded.span("panics")), Some("panicked: at once"));
    assert_eq!(failure(&recorded.span("panics_later")), Some("panicked: later"));
}

struct Explosive;

impl Debug for Explosive {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        resume_unwind(Box::new("while shown"))
    }
}

#[trace]
fn takes_explosive(_first: Explosive, second: u8) -> Explosive {
    let _ = second;
    Explosive
}

#[test]
fn a_value_whose_code_panics_hurts_nobody() {
    let recorded = Recorded::start();
    let _alive = takes_explosive(Explosive, 2);
    let span = recorded.span("takes_explosive");
    assert_eq!(inputs(&span), json!({"_first": "<its code panicked>", "second": 2}));
    assert_eq!(failure(&span), None);
}

#[test]
fn a_part_of_a_function() {
    let recorded = Recorded::start();
    let answer = {
        let span = spanwise::span!("part", type = "TOOL", inputs = "in", "a.b" = 1, c = "two");
        span.set_outputs("out");
        spanwise::current().set_attribute("d", true);
        block_on(async { 3 }.in_span(SpanBuilder::new("inner").start()))
    };
    assert_eq!(answer, 3);
    let span = recorded.span("part");
    assert_eq!(attribute(&span, "mlflow.spanType"), "TOOL");
    assert_eq!((inputs(&span), outputs(&span)), ("in".into(), "out".into()));
    assert_eq!(attribute(&span, "a.b"), 1);
    assert_eq!((attribute(&span, "c"), attribute(&span, "d")), ("two".into(), true.into()));
    assert_eq!(recorded.span("inner").parent_span_id, span.span_id);
}

#[trace(sample = 0.0)]
fn never() -> u8 {
    child_of_never()
}

#[trace]
fn child_of_never() -> u8 {
    1
}

#[test]
fn a_function_that_is_left_out_leaves_out_what_it_calls() {
    let recorded = Recorded::start();
    assert_eq!(never(), 1);
    assert!(recorded.spans().is_empty());
    assert_eq!(child_of_never(), 1);
    assert_eq!(recorded.spans().len(), 1);
}

#[trace]
fn marks(key: &str) {
    spanwise::current().set_attribute(key, true);
}

#[trace]
async fn marks_later(key: &str) {
    spanwise::current().set_attribute(key, true);
}

#[test]
fn a_span_under_way_stays_current_when_recording_is_turned_off() {
    let recorded = Recorded::start();
    let root = spanwise::span!("root");
    spanwise::disable();
    marks("sync");
    block_on(marks_later("async"));
    block_on(
        async { spanwise::current().set_attribute("future", true) }.in_span(SpanBuilder::new("off").start()),
    );
    spanwise::enable();
    drop(root);
    let root = recorded.span("root");
    for key in ["sync", "async", "future"] {
        assert_eq!(attribute(&root, key), true, "{key}");
    }
}

#[test]
fn nothing_is_evaluated_while_recording_is_off() {
    let recorded = Recorded::start();
    spanwise::disable();
    let _alive = takes_explosive(Explosive, 2);
    let evaluated = std::cell::Cell::new(false);
    drop(spanwise::span!(
        "off",
        a = {
            evaluated.set(true);
            1
        }
    ));
    assert!(!evaluated.get());
    spanwise::enable();
    assert!(recorded.spans().is_empty());
}
