//! How a response is split, and where it is damaged, makes no difference that anybody would mind.

use crate::fixture::{Fixture, all};
use crate::recorded::Recorded;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use spanwise_sdk_providers::{End, Options};

fn played(
    recorded: &Recorded,
    fixture: &Fixture,
    pieces: &mut dyn Iterator<Item = &[u8]>,
    end: End<'_>,
) -> Value {
    fixture.play(pieces, end, Options::default());
    recorded.take().remove(0)
}

#[test]
fn pieces_of_any_one_size_give_the_same_span() {
    let recorded = Recorded::start();
    for fixture in all() {
        let whole = played(&recorded, &fixture, &mut [&fixture.body[..]].into_iter(), End::Complete);
        for size in [1, 2, 3, 5, 7, 13, 64, 1000] {
            let split = played(&recorded, &fixture, &mut fixture.body.chunks(size), End::Complete);
            assert_eq!(split, whole, "{} in pieces of {size}", fixture.name);
        }
    }
}

/// Cuts `bytes` at these places.
fn cut<'a>(bytes: &'a [u8], places: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = places.iter().map(|place| place % (bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

#[test]
fn pieces_of_any_sizes_give_the_same_span() {
    let recorded = Recorded::start();
    let fixtures = all();
    let wholes: Vec<Value> = fixtures
        .iter()
        .map(|fixture| played(&recorded, fixture, &mut [&fixture.body[..]].into_iter(), End::Complete))
        .collect();
    let mut runner = TestRunner::new(Config { cases: 512, failure_persistence: None, ..Config::default() });
    let strategy = (0..fixtures.len(), prop::collection::vec(any::<usize>(), 0..12));
    runner
        .run(&strategy, |(at, places)| {
            let fixture = &fixtures[at];
            let pieces = cut(&fixture.body, &places);
            let span = played(&recorded, fixture, &mut pieces.into_iter(), End::Complete);
            prop_assert_eq!(&span, &wholes[at], "{}", fixture.name);
            Ok(())
        })
        .unwrap();
}

#[test]
fn damage_never_panics_and_splits_still_do_not_matter() {
    let recorded = Recorded::start();
    let fixtures = all();
    let mut runner = TestRunner::new(Config { cases: 2048, failure_persistence: None, ..Config::default() });
    let change = (any::<usize>(), any::<u8>(), 0..4u8);
    let strategy = (
        0..fixtures.len(),
        prop::collection::vec(change, 1..6),
        prop::collection::vec(any::<usize>(), 0..6),
        0..3u8,
    );
    runner
        .run(&strategy, |(at, changes, places, end)| {
            let fixture = &fixtures[at];
            let mut body = fixture.body.clone();
            for (place, byte, kind) in changes {
                let place = place % body.len().max(1);
                match kind {
                    0 if !body.is_empty() => body[place] = byte,
                    1 => body.insert(place, byte),
                    2 if !body.is_empty() => drop(body.remove(place)),
                    3 => body.truncate(place),
                    _ => {}
                }
            }
            let end = [End::Complete, End::Cancelled, End::Failed("reset")][usize::from(end)];
            let whole = played(&recorded, fixture, &mut [&body[..]].into_iter(), end);
            let split = played(&recorded, fixture, &mut cut(&body, &places).into_iter(), end);
            prop_assert_eq!(split, whole, "{}", fixture.name);
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_stream_that_breaks_off_is_told_with_what_came() {
    let recorded = Recorded::start();
    for fixture in all().into_iter().filter(|fixture| fixture.name.ends_with("stream")) {
        // Before anything that may say that this was all.
        let half = &fixture.body[..fixture.body.len() / 3];
        let span = played(&recorded, &fixture, &mut [half].into_iter(), End::Complete);
        assert!(span["error"].is_string(), "{} in the middle is no error: {span}", fixture.name);
        let span = played(&recorded, &fixture, &mut [half].into_iter(), End::Failed("connection reset"));
        assert!(span["error"].is_string(), "{}: {span}", fixture.name);
        let span = played(&recorded, &fixture, &mut [half].into_iter(), End::Cancelled);
        if span["error"].is_null() {
            assert_eq!(span["attributes"]["spanwise.response.cancelled"], true, "{}: {span}", fixture.name);
        }
    }
}

#[test]
fn what_nobody_reads_behind_the_last_word_is_not_missed() {
    let recorded = Recorded::start();
    for name in
        ["openai-chat-stream", "anthropic-stream", "openai-responses-stream", "ollama-chat", "gemini-stream"]
    {
        let fixture = Fixture::named(name);
        let span = played(&recorded, &fixture, &mut [&fixture.body[..]].into_iter(), End::Cancelled);
        assert!(span["error"].is_null(), "{name}: {span}");
        assert!(span["attributes"].get("spanwise.response.cancelled").is_none(), "{name}: {span}");
    }
}
