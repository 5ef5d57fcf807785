//! What texts say.

use super::{name_of, words};
use crate::definition::{Need, Side, Unit, Where};
use crate::outcome::{Outcome, Skip};
use crate::quote::quote;
use crate::schema::Schema;
use crate::trace::TraceView;
use regex::Regex;
use serde_json::Value;
use spanwise_redact::{Redactor, Tally};

pub(crate) fn regex(trace: &TraceView, regex: &Regex, on: Side, must_not: bool) -> Result<Outcome, Skip> {
    let text = words(trace, on)?;
    let (name, pattern) = (name_of(on), regex.as_str());
    Ok(match regex.find(&text) {
        Some(found) => {
            Outcome::new(!must_not, format!("`{pattern}` matches {} in {name}", quote(found.as_str())))
        }
        None => Outcome::new(must_not, format!("`{pattern}` is not found in {name}: {}", quote(&text))),
    })
}

pub(crate) fn length(
    trace: &TraceView,
    on: Side,
    unit: Unit,
    min: Option<u64>,
    max: Option<u64>,
) -> Result<Outcome, Skip> {
    let (count, unit) = match unit {
        Unit::Characters => (words(trace, on)?.chars().count() as u64, "characters"),
        Unit::Words => (words(trace, on)?.split_whitespace().count() as u64, "words"),
        Unit::Tokens => {
            let usage = trace.usage.ok_or(Skip::NoUsage)?;
            (if on == Side::Input { usage.input } else { usage.output }, "tokens")
        }
    };
    Ok(super::figure::within(&format!("{} has {count} {unit}", name_of(on)), count, min, max))
}

pub(crate) fn contains(
    trace: &TraceView,
    texts: &[String],
    need: Need,
    on: Side,
    ignore_case: bool,
) -> Result<Outcome, Skip> {
    let text = words(trace, on)?;
    let fold = |text: &str| if ignore_case { text.to_lowercase() } else { text.to_owned() };
    let (haystack, name) = (fold(&text), name_of(on));
    let (found, missing): (Vec<&String>, Vec<&String>) =
        texts.iter().partition(|wanted| haystack.contains(&fold(wanted)));
    let list = |texts: &[&String]| texts.iter().map(|text| quote(text)).collect::<Vec<_>>().join(", ");
    Ok(match need {
        Need::All if missing.is_empty() => Outcome::new(true, format!("{name} contains {}", list(&found))),
        Need::All => Outcome::new(false, format!("{name} does not contain {}", list(&missing))),
        Need::Any if found.is_empty() => {
            Outcome::new(false, format!("{name} contains none of {}", list(&missing)))
        }
        Need::Any => Outcome::new(true, format!("{name} contains {}", list(&found))),
        Need::None if found.is_empty() => {
            Outcome::new(true, format!("{name} contains none of {}", list(&missing)))
        }
        Need::None => Outcome::new(false, format!("{name} contains {}", list(&found))),
    })
}

pub(crate) fn equals(trace: &TraceView, wanted: &Value, ignore_case: bool) -> Result<Outcome, Skip> {
    let found = words(trace, Side::Output)?;
    let is_same = match wanted {
        Value::String(wanted) => {
            let fold =
                |text: &str| if ignore_case { text.trim().to_lowercase() } else { text.trim().to_owned() };
            fold(&found) == fold(wanted)
        }
        wanted => trace.output.json().as_ref() == Some(wanted),
    };
    let shown = wanted.as_str().map_or_else(|| wanted.to_string(), str::to_owned);
    Ok(if is_same {
        Outcome::new(true, format!("the output is {}", quote(&shown)))
    } else {
        Outcome::new(false, format!("the output is {}; expected was {}", quote(&found), quote(&shown)))
    })
}

pub(crate) fn json_schema(trace: &TraceView, schema: &Schema) -> Result<Outcome, Skip> {
    let words = words(trace, Side::Output)?;
    let Some(value) = trace.output.json() else {
        return Ok(Outcome::new(false, format!("the output is no JSON: {}", quote(&words))));
    };
    let problems = schema.problems(&value);
    Ok(if problems.is_empty() {
        Outcome::new(true, "the output is JSON that the schema allows")
    } else {
        Outcome::new(false, problems.join("\n"))
    })
}

/// Says what kinds of data there are, and never shows them: a score must not spread what it warns of.
pub(crate) fn pii(trace: &TraceView, redactor: &Redactor, on: Where) -> Result<Outcome, Skip> {
    let sides: &[Side] = match on {
        Where::Input => &[Side::Input],
        Where::Output => &[Side::Output],
        Where::Both => &[Side::Input, Side::Output],
    };
    let mut found = Vec::new();
    let mut seen = 0;
    let mut missing = Skip::NoOutput;
    for side in sides {
        let text = match words(trace, *side) {
            Ok(text) => text,
            Err(skip) => {
                missing = skip;
                continue;
            }
        };
        seen += 1;
        let mut tally = Tally::default();
        redactor.redact(None, &[], &text, &mut tally);
        let kinds: Vec<String> = tally.iter().map(|(kind, count)| format!("{kind} ×{count}")).collect();
        if !kinds.is_empty() {
            found.push(format!("{} holds {}", name_of(*side), kinds.join(", ")));
        }
    }
    match (seen, found.is_empty()) {
        (0, _) => Err(missing),
        (_, true) => Ok(Outcome::new(true, "nothing of what is looked for was found")),
        (_, false) => Ok(Outcome::new(false, found.join("; "))),
    }
}
