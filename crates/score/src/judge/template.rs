//! Instructions with places for what is judged: `{{ outputs }}` and the like.

use crate::definition::TEXT_BYTES_MAX;
use crate::error::ScoreError;
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// What instructions may name.
const VARIABLES: [&str; 4] = ["inputs", "outputs", "expectations", "trace"];

static PLACE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}").expect("the pattern is right"));

/// Checks instructions.
pub(crate) fn check(instructions: &str) -> Result<(), ScoreError> {
    if instructions.len() > TEXT_BYTES_MAX {
        let problem = format!("has {} bytes; the limit is {TEXT_BYTES_MAX}", instructions.len());
        return Err(ScoreError::field("instructions", problem));
    }
    let known = "`{{ inputs }}`, `{{ outputs }}`, `{{ expectations }}` and `{{ trace }}`";
    let mut names = names(instructions).peekable();
    if names.peek().is_none() {
        let problem = format!("names nothing that is judged; write at least one of {known}");
        return Err(ScoreError::field("instructions", problem));
    }
    match names.find(|name| !VARIABLES.contains(&name.as_str())) {
        Some(name) => {
            let problem = format!("names `{{{{ {name} }}}}`, which is not known; there are {known}");
            Err(ScoreError::field("instructions", problem))
        }
        None => Ok(()),
    }
}

/// Returns whether instructions name something.
pub(crate) fn uses(instructions: &str, name: &str) -> bool {
    names(instructions).any(|found| found == name)
}

/// Puts texts in their places.
pub(crate) fn fill(instructions: &str, mut text: impl FnMut(&str) -> String) -> String {
    PLACE.replace_all(instructions, |found: &Captures<'_>| text(&found[1])).into_owned()
}

fn names(instructions: &str) -> impl Iterator<Item = String> + '_ {
    PLACE.captures_iter(instructions).map(|found| found[1].to_owned())
}
