//! How fast texts are searched: mostly there is nothing in them.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use spanwise_redact::{Redactor, Rules, Tally};

fn main() {
    divan::main();
}

fn redactor(detectors: &str) -> Redactor {
    Redactor::new(&Rules { detectors: vec![detectors.into()], ..Rules::default() })
        .expect("the rules are right")
}

/// Prose of a prompt, with line breaks.
fn prose() -> String {
    "The quick brown fox jumps over the lazy dog, and 17 of 42 answers were found in the docs.\n"
        .repeat(1_000)
}

/// A conversation as it stands in one attribute.
fn conversation() -> String {
    let content = prose().replace('\n', "\\n").replace("docs", "\\\"docs\\\"");
    format!(r#"{{"messages": [{{"role": "user", "content": "{content}", "created": 1767323045000}}]}}"#)
}

fn run(bencher: Bencher<'_, '_>, detectors: &str, text: &str) {
    let redactor = redactor(detectors);
    bencher
        .counter(BytesCount::of_str(text))
        .bench_local(|| redactor.redact(None, &[], black_box(text), &mut Tally::default()));
}

#[divan::bench(args = ["all", "personal", "secrets", "email"])]
fn clean_prose(bencher: Bencher<'_, '_>, detectors: &str) {
    run(bencher, detectors, &prose());
}

#[divan::bench(args = ["all", "personal", "secrets", "email"])]
fn clean_json(bencher: Bencher<'_, '_>, detectors: &str) {
    run(bencher, detectors, &conversation());
}

#[divan::bench(args = ["all"])]
fn json_with_secrets(bencher: Bencher<'_, '_>, detectors: &str) {
    run(bencher, detectors, &conversation().replace("lazy dog", "bob\\u0040example.org"));
}
