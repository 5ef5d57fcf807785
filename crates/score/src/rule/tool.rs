//! Which tools were called, how often, in which order, and with what.

use crate::outcome::Outcome;
use crate::quote::quote;
use crate::schema::Schema;
use crate::trace::{ToolCall, TraceView};
use std::collections::BTreeMap;

/// Rules about calls of tools, checked.
#[derive(Debug, Clone, Default)]
pub(crate) struct ToolRules {
    pub(crate) must_call: Vec<String>,
    pub(crate) must_not_call: Vec<String>,
    pub(crate) at_most: BTreeMap<String, u64>,
    pub(crate) max_calls: Option<u64>,
    pub(crate) order: Vec<String>,
    pub(crate) no_failures: bool,
    pub(crate) arguments: Vec<(String, Schema)>,
}

/// Problems that a rationale tells.
const PROBLEMS_MAX: usize = 10;

pub(crate) fn tool_calls(trace: &TraceView, rules: &ToolRules) -> Outcome {
    let calls = &trace.tool_calls;
    let mut problems = counts(calls, rules);
    problems.extend(order(calls, &rules.order));
    if rules.no_failures {
        problems.extend(calls.iter().filter_map(failure));
    }
    for (name, schema) in &rules.arguments {
        for call in calls.iter().filter(|call| call.name == *name) {
            let wrong = schema.problems(&call.arguments);
            if !wrong.is_empty() {
                problems.push(format!("the arguments of `{name}` do not fit: {}", wrong.join(", ")));
            }
        }
    }
    if problems.is_empty() {
        return Outcome::new(true, called(calls));
    }
    let more = problems.len().saturating_sub(PROBLEMS_MAX);
    problems.truncate(PROBLEMS_MAX);
    if more > 0 {
        problems.push(format!("and {more} more"));
    }
    Outcome::new(false, problems.join("\n"))
}

fn counts(calls: &[ToolCall], rules: &ToolRules) -> Vec<String> {
    let count = |name: &str| calls.iter().filter(|call| call.name == name).count() as u64;
    let mut problems = Vec::new();
    for name in rules.must_call.iter().filter(|name| count(name) == 0) {
        problems.push(format!("`{name}` was not called; {}", called(calls)));
    }
    for name in rules.must_not_call.iter().filter(|name| count(name) > 0) {
        problems.push(format!("`{name}` was called {}, and must not be", times(count(name))));
    }
    for (name, max) in &rules.at_most {
        if count(name) > *max {
            problems.push(format!("`{name}` was called {}; at most {max} are allowed", times(count(name))));
        }
    }
    let all = calls.len() as u64;
    if let Some(max) = rules.max_calls.filter(|max| all > *max) {
        problems.push(format!("tools were called {}; at most {max} are allowed", times(all)));
    }
    problems
}

/// Looks for the tools one after the other.
fn order(calls: &[ToolCall], wanted: &[String]) -> Option<String> {
    let mut rest = calls.iter();
    for (at, name) in wanted.iter().enumerate() {
        if !rest.any(|call| call.name == *name) {
            let after =
                at.checked_sub(1).map_or_else(String::new, |before| format!(" after `{}`", wanted[before]));
            return Some(format!("`{name}` was not called{after}; {}", called(calls)));
        }
    }
    None
}

fn failure(call: &ToolCall) -> Option<String> {
    let message = call.failure.as_ref()?;
    Some(if message.is_empty() {
        format!("`{}` failed", call.name)
    } else {
        format!("`{}` failed with {}", call.name, quote(message))
    })
}

/// Calls that are listed.
const LISTED_MAX: usize = 20;

fn called(calls: &[ToolCall]) -> String {
    if calls.is_empty() {
        return "no tool was called".to_owned();
    }
    let mut names: Vec<String> =
        calls.iter().take(LISTED_MAX).map(|call| format!("`{}`", call.name)).collect();
    if calls.len() > LISTED_MAX {
        names.push(format!("{} more", calls.len() - LISTED_MAX));
    }
    format!("called were {}", names.join(", "))
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}
