//! Whose child a span is.

use crate::collected::{DEADLINE, start};
use spanwise_sdk_core::{FutureExt, Parent, SpanContext, SpanRef, StartOptions, propagation};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::thread;

const CURRENT: StartOptions<'static> = StartOptions { parent: Parent::Current, sampling: None };

#[test]
fn guards_nest_and_may_be_dropped_in_any_order() {
    let (sdk, collected) = start(|config| config);
    let outer = sdk.span("outer", CURRENT).start().enter();
    let inner = sdk.span("inner", CURRENT).start().enter();
    let innermost = sdk.span("innermost", CURRENT).start().enter();
    drop(inner);
    sdk.span("below innermost", CURRENT).start().end();
    drop(innermost);
    sdk.span("below outer", CURRENT).start().end();
    drop(outer);
    sdk.span("root", CURRENT).start().end();
    sdk.flush(DEADLINE).unwrap();
    let child_of = |child: &str, parent: &str| {
        let (child, parent) = (collected.span(child), collected.span(parent));
        assert_eq!(child.parent_span_id, parent.span_id, "{} of {}", child.name, parent.name);
        assert_eq!(child.trace_id, parent.trace_id);
    };
    child_of("inner", "outer");
    child_of("innermost", "inner");
    child_of("below innermost", "innermost");
    child_of("below outer", "outer");
    assert!(collected.span("root").parent_span_id.is_empty());
    assert_ne!(collected.span("root").trace_id, collected.span("outer").trace_id);
}

#[test]
fn a_future_has_its_span_on_every_thread() {
    let (sdk, collected) = start(|config| config);
    let mut is_first = true;
    let ask = &sdk;
    let future = poll_fn(move |_| {
        let name = if is_first { "first poll" } else { "second poll" };
        ask.span(name, CURRENT).start().end();
        if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }
    });
    let mut future: Pin<Box<dyn Future<Output = ()> + Send + '_>> =
        Box::pin(future.in_span(sdk.span("future", CURRENT).start()));
    let mut poll = || {
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(SpanRef::current().span_context().is_none());
        polled.is_ready()
    };
    assert!(!poll());
    thread::scope(|scope| scope.spawn(|| assert!(poll())).join().unwrap());
    sdk.flush(DEADLINE).unwrap();
    let parent = collected.span("future").span_id;
    for name in ["first poll", "second poll"] {
        assert_eq!(collected.span(name).parent_span_id, parent);
    }
}

#[test]
fn a_future_that_is_dropped_ends_its_span() {
    let (sdk, collected) = start(|config| config);
    {
        let mut future = pin!(std::future::pending::<()>().in_span(sdk.span("future", CURRENT).start()));
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    sdk.flush(DEADLINE).unwrap();
    collected.span("future");
}

#[test]
fn a_future_goes_on_in_a_span_that_it_does_not_end() {
    let (sdk, collected) = start(|config| config);
    let spawner = sdk.span("spawner", CURRENT).start();
    let work = async { sdk.span("work", CURRENT).start().end() };
    let mut work = Box::pin(work.in_scope(spawner.to_ref()));
    thread::scope(|scope| {
        let poll = || work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
        assert!(scope.spawn(poll).join().unwrap());
    });
    assert!(spawner.is_recording());
    spawner.end();
    sdk.flush(DEADLINE).unwrap();
    assert_eq!(collected.span("work").parent_span_id, collected.span("spawner").span_id);
}

#[test]
fn a_parent_may_be_on_another_thread() {
    let (sdk, collected) = start(|config| config);
    let parent = sdk.span("parent", CURRENT).start();
    let reference = parent.to_ref();
    thread::scope(|scope| {
        let explicit = StartOptions { parent: Parent::Of(&reference), sampling: None };
        let sdk = &sdk;
        scope.spawn(move || sdk.span("explicit", explicit).start().end());
        let reference = &reference;
        scope.spawn(move || reference.scope(|| sdk.span("scoped", CURRENT).start().end()));
    });
    parent.end();
    sdk.flush(DEADLINE).unwrap();
    for name in ["explicit", "scoped"] {
        assert_eq!(collected.span(name).parent_span_id, collected.span("parent").span_id);
    }
}

#[test]
fn a_trace_goes_on_in_another_process() {
    let (sdk, collected) = start(|config| config);
    let caller = sdk.span("caller", CURRENT).start();
    let mut headers = Vec::new();
    propagation::inject(&caller, |name, value| headers.push((name, value.to_owned())));
    let header = |name: &str| headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
    let remote = propagation::extract(header);
    assert_eq!(remote.span_context(), caller.span_context());
    sdk.span("callee", StartOptions { parent: Parent::Of(&remote), sampling: Some(0.0) }).start().end();
    caller.end();
    sdk.flush(DEADLINE).unwrap();
    let (caller, callee) = (collected.span("caller"), collected.span("callee"));
    assert_eq!((callee.trace_id, callee.parent_span_id), (caller.trace_id, caller.span_id));
    // “The parent is in another process”.
    assert_eq!(callee.flags, 0x301);
}

#[test]
fn a_caller_that_does_not_record_is_followed() {
    let (sdk, collected) = start(|config| config);
    let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
    let remote = SpanRef::remote(SpanContext::parse(header, Some("vendor=1")).unwrap());
    let span =
        sdk.span("callee", StartOptions { parent: Parent::Of(&remote), sampling: None }).start().enter();
    sdk.span("inside", CURRENT).start().end();
    let context = SpanRef::current().span_context().unwrap();
    assert_eq!(context.trace_id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(!context.is_sampled && context.trace_state.as_deref() == Some("vendor=1"));
    drop(span);
    sdk.flush(DEADLINE).unwrap();
    assert!(collected.spans().is_empty());
}

#[test]
fn a_future_whose_panic_is_caught_outside_fails_its_span() {
    let (sdk, collected) = start(|config| config);
    let panics = poll_fn(|_| -> Poll<()> { std::panic::resume_unwind(Box::new("quietly")) });
    let mut future = pin!(panics.in_span(sdk.span("a", CURRENT).start()));
    let poll = || future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(poll)).is_err());
    assert!(SpanRef::current().span_context().is_none());
    // It has ended with the panic, and not with the future.
    sdk.flush(DEADLINE).unwrap();
    let status = collected.span("a").status.unwrap();
    assert_eq!((status.code, status.message.as_str()), (2, "panicked"));
}
