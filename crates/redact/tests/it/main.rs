//! What is found and what is not, in plain texts and behind JSON.

mod detector;
mod hidden;
mod rules;

use spanwise_redact::{Redactor, Rules, Tally};
use std::sync::LazyLock;

fn redactor(detectors: &[&str]) -> Redactor {
    Redactor::new(&Rules {
        detectors: detectors.iter().map(ToString::to_string).collect(),
        ..Rules::default()
    })
    .expect("the rules are right")
}

/// With every detector; compiling them takes a second in a build for tests.
fn all() -> &'static Redactor {
    static ALL: LazyLock<Redactor> = LazyLock::new(|| redactor(&["all"]));
    &ALL
}

/// Returns a text redacted, and what was counted, as `name count`.
fn redacted(redactor: &Redactor, key: Option<&str>, text: &str) -> (String, Vec<String>) {
    let mut tally = Tally::default();
    let redacted = redactor.redact(key, &[], text, &mut tally).unwrap_or_else(|| text.to_owned());
    (redacted, tally.iter().map(|(name, count)| format!("{name} {count}")).collect())
}
