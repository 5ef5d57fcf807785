//! A server that is away, slow, refuses, or answers nonsense, over each transport: none of it hurts the application.

use crate::collected::DEADLINE;
use crate::faults::{LONG, adds_up, record, spans_of, wait_for};
use crate::sink::{Act, Sink, Transport};
use spanwise_sdk_core::{Config, Target};
use std::time::{Duration, Instant};

/// As long as a caller may be kept at most, whatever happens: far less than any time-out.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Makes a test of each function, for each transport.
macro_rules! over_each_transport {
    ($($name:ident)*) => {
        mod http {
            $(#[test] fn $name() { super::$name(super::Transport::Http) })*
        }
        #[cfg(feature = "grpc")]
        mod grpc {
            $(#[test] fn $name() { super::$name(super::Transport::Grpc) })*
        }
    };
}

over_each_transport! {
    spans_arrive
    what_fails_for_a_while_is_sent_again
    what_is_refused_is_not_sent_again
    a_redirect_is_not_followed
    spans_that_a_server_rejects_are_counted
    an_answer_that_is_nonsense_does_not_matter
    a_server_that_does_not_answer_keeps_nobody
    a_server_that_is_slow_is_tried_again_after_the_time_out
    nobody_listening_is_no_harm
}

fn target(transport: Transport, url: &str) -> Target {
    match transport {
        Transport::Http => Target::parse(url).unwrap(),
        #[cfg(feature = "grpc")]
        Transport::Grpc => Target::grpc(url).unwrap(),
    }
}

/// Starts a server that does `acts`, and makes a configuration that sends there.
fn started(transport: Transport, acts: &[Act]) -> (Sink, Config) {
    let sink = Sink::start(transport, acts);
    let config = Config::new().target(target(transport, &sink.url)).on_problem(|_| {}).retry_for(LONG);
    (sink, config)
}

fn spans_arrive(transport: Transport) {
    let (sink, config) = started(transport, &[]);
    let sdk = config.start().unwrap();
    record(&sdk, "a");
    sdk.flush(DEADLINE).unwrap();
    assert_eq!(spans_of(&sink.bodies.recv().unwrap()), ["a"]);
    record(&sdk, "b");
    sdk.flush(DEADLINE).unwrap();
    assert_eq!(spans_of(&sink.bodies.recv().unwrap()), ["b"]);
    adds_up(&sdk.stats());
}

fn what_fails_for_a_while_is_sent_again(transport: Transport) {
    let (sink, config) = started(transport, &[Act::HangUp, Act::Busy, Act::Exhausted, Act::Nonsense]);
    let sdk = config.start().unwrap();
    record(&sdk, "a");
    sdk.flush(DEADLINE).unwrap();
    let stats = wait_for(&sdk, |stats| stats.endpoints[0].sent == 1);
    assert_eq!(sink.bodies.try_iter().last().map(|body| spans_of(&body)), Some(vec!["a".to_owned()]));
    adds_up(&stats);
}

fn what_is_refused_is_not_sent_again(transport: Transport) {
    let (_sink, config) = started(transport, &[Act::Refuse]);
    let (tell, told) = std::sync::mpsc::channel();
    let sdk = config.on_problem(move |problem| tell.send(problem.message.clone()).unwrap()).start().unwrap();
    record(&sdk, "bad");
    sdk.flush(DEADLINE).unwrap();
    record(&sdk, "good");
    sdk.flush(DEADLINE).unwrap();
    let stats = sdk.stats();
    assert_eq!((stats.endpoints[0].refused, stats.endpoints[0].sent), (1, 1));
    adds_up(&stats);
    let problem = told.recv().unwrap();
    assert!(problem.contains("refused 1 spans") && problem.ends_with("no!"), "{problem}");
}

fn a_redirect_is_not_followed(transport: Transport) {
    let (sink, config) = started(transport, &[Act::Redirect]);
    let (tell, told) = std::sync::mpsc::channel();
    let sdk = config.on_problem(move |problem| tell.send(problem.message.clone()).unwrap()).start().unwrap();
    record(&sdk, "a");
    sdk.flush(DEADLINE).unwrap();
    let stats = sdk.stats();
    assert_eq!((stats.endpoints[0].refused, stats.endpoints[0].sent), (1, 0));
    assert_eq!(sink.bodies.try_iter().count(), 1);
    let problem = told.recv().unwrap();
    assert!(transport != Transport::Http || problem.contains("redirects to `/login`"), "{problem}");
}

fn spans_that_a_server_rejects_are_counted(transport: Transport) {
    let (_sink, config) = started(transport, &[Act::RejectOne]);
    let sdk = config.start().unwrap();
    record(&sdk, "a");
    record(&sdk, "b");
    sdk.flush(DEADLINE).unwrap();
    let stats = sdk.stats();
    assert_eq!((stats.endpoints[0].refused, stats.endpoints[0].sent), (1, 1));
}

fn an_answer_that_is_nonsense_does_not_matter(transport: Transport) {
    let (_sink, config) = started(transport, &[Act::AcceptOddly]);
    let sdk = config.start().unwrap();
    record(&sdk, "a");
    sdk.flush(DEADLINE).unwrap();
    assert_eq!(sdk.stats().endpoints[0].sent, 1);
}

fn a_server_that_does_not_answer_keeps_nobody(transport: Transport) {
    let (sink, config) = started(transport, &[Act::Silence]);
    let sdk = config.request_timeout(LONG).start().unwrap();
    record(&sdk, "a");
    let started = Instant::now();
    let error = sdk.flush(Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.to_string(), "not all spans were sent within 50ms");
    // The request is under way; all that follows is as fast as ever.
    sink.bodies.recv().unwrap();
    for _ in 0..1_000 {
        record(&sdk, "b");
    }
    sdk.shut_down(Duration::from_millis(50)).unwrap_err();
    assert!(started.elapsed() < AT_ONCE, "{:?}", started.elapsed());
}

fn a_server_that_is_slow_is_tried_again_after_the_time_out(transport: Transport) {
    let (sink, config) = started(transport, &[Act::Silence]);
    let sdk = config.request_timeout(Duration::from_millis(100)).start().unwrap();
    record(&sdk, "a");
    sdk.flush(DEADLINE).unwrap();
    assert_eq!(sdk.stats().endpoints[0].sent, 1);
    assert_eq!(sink.bodies.try_iter().count(), 2);
}

fn nobody_listening_is_no_harm(transport: Transport) {
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let target = target(transport, &format!("http://{free}"));
    let config = Config::new().target(target).on_problem(|_| {}).retry_for(Duration::ZERO);
    let sdk = config.start().unwrap();
    record(&sdk, "a");
    sdk.flush(DEADLINE).unwrap();
    let stats = sdk.stats();
    assert_eq!(stats.endpoints[0].failed, 1);
    adds_up(&stats);
}

/// Between two requests nobody looks after a connection of gRPC.
#[cfg(feature = "grpc")]
#[test]
fn a_connection_that_was_closed_meanwhile_loses_nothing() {
    let (sink, config) = started(Transport::Grpc, &[Act::Accept, Act::HangUp]);
    let sdk = config.retry_for(Duration::ZERO).start().unwrap();
    for name in ["a", "b"] {
        record(&sdk, name);
        sdk.flush(DEADLINE).unwrap();
    }
    assert_eq!(sdk.stats().endpoints[0].sent, 2);
    assert_eq!(sink.bodies.try_iter().map(|body| spans_of(&body)).collect::<Vec<_>>(), [["a"], ["b"]]);
}

#[cfg(all(feature = "grpc", feature = "tls"))]
#[test]
fn a_receiver_without_tls_is_no_harm() {
    let sink = Sink::start(Transport::Grpc, &[]);
    let target = Target::grpc(&sink.url.replace("http://", "https://")).unwrap();
    let config = Config::new().target(target).on_problem(|_| {}).retry_for(Duration::ZERO);
    let sdk = config.start().unwrap();
    record(&sdk, "a");
    sdk.flush(DEADLINE).unwrap();
    // Given up, and not lost by a panic.
    assert_eq!(sdk.stats().endpoints[0].failed, 1);
}
