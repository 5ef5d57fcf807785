//! Whether a value is allowed by a schema.

use super::{DEPTH_MAX, PROBLEMS_MAX, SCHEMA_STEPS_MAX, Schema, target};
use crate::quote::number;
use serde_json::{Map, Value};

/// Characters of a value that a problem quotes.
const QUOTED_CHARS_MAX: usize = 80;

/// Returns what does not fit.
pub(super) fn problems(schema: &Schema, value: &Value) -> Vec<String> {
    let mut run = Run { schema, steps: 0, depth: 0, problems: Vec::new(), gave_up: None };
    run.check(&schema.root, value, "$");
    run.problems.truncate(PROBLEMS_MAX);
    run.problems
}

struct Run<'s> {
    schema: &'s Schema,
    steps: usize,
    depth: usize,
    problems: Vec<String>,
    /// Why the rest was not looked at.
    gave_up: Option<String>,
}

impl Run<'_> {
    fn say(&mut self, problem: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        }
    }

    /// Returns whether a schema allows a value, without telling why it does not.
    fn allows(&mut self, schema: &Value, value: &Value, place: &str) -> bool {
        let before = std::mem::take(&mut self.problems);
        self.check(schema, value, place);
        let allowed = self.problems.is_empty();
        self.problems = before;
        if let Some(reason) = self.gave_up.clone() {
            self.problems = vec![reason];
        }
        allowed
    }

    fn check(&mut self, schema: &Value, value: &Value, place: &str) {
        if self.gave_up.is_some() {
            return;
        }
        self.steps += 1;
        if self.depth > DEPTH_MAX {
            self.give_up(format!("{place}: the schema refers to itself without end"));
            return;
        }
        if self.steps > SCHEMA_STEPS_MAX {
            self.give_up(format!("{place}: the value takes too long to check against the schema"));
            return;
        }
        match schema {
            Value::Bool(false) => self.say(format!("{place} is {}, which is not allowed", short(value))),
            Value::Object(schema) => {
                self.depth += 1;
                self.any(schema, value, place);
                match value {
                    Value::Object(members) => self.object(schema, members, place),
                    Value::Array(items) => self.array(schema, items, place),
                    Value::String(text) => self.string(schema, text, place),
                    Value::Number(_) => self.number(schema, value, place),
                    _ => {}
                }
                self.depth -= 1;
            }
            _ => {}
        }
    }

    fn give_up(&mut self, reason: String) {
        self.problems = vec![reason.clone()];
        self.gave_up = Some(reason);
    }

    fn any(&mut self, schema: &Map<String, Value>, value: &Value, place: &str) {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str)
            && let Some(target) = target(&self.schema.root, reference)
        {
            self.check(target, value, place);
        }
        if let Some(wanted) = schema.get("type") {
            let names: Vec<&str> = match wanted {
                Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
                one => one.as_str().into_iter().collect(),
            };
            if !names.iter().any(|name| is_of(name, value)) {
                self.say(format!("{place} is {}, which is no {}", short(value), names.join(" or ")));
            }
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
            && !allowed.iter().any(|one| is_same(one, value))
        {
            let all: Vec<String> = allowed.iter().map(short).collect();
            self.say(format!("{place} is {}; allowed are {}", short(value), all.join(", ")));
        }
        if let Some(wanted) = schema.get("const").filter(|wanted| !is_same(wanted, value)) {
            self.say(format!("{place} is {}; it must be {}", short(value), short(wanted)));
        }
        self.combined(schema, value, place);
    }

    fn combined(&mut self, schema: &Map<String, Value>, value: &Value, place: &str) {
        for one in list(schema, "allOf") {
            self.check(one, value, place);
        }
        let any = list(schema, "anyOf");
        if !any.is_empty() && !any.iter().any(|one| self.allows(one, value, place)) {
            self.say(format!("{place} is {}, which none of `anyOf` allows", short(value)));
        }
        let one_of = list(schema, "oneOf");
        let allowing = one_of.iter().filter(|one| self.allows(one, value, place)).count();
        if !one_of.is_empty() && allowing != 1 {
            self.say(match allowing {
                0 => format!("{place} is {}, which none of `oneOf` allows", short(value)),
                several => format!("{place} is {}, which {several} of `oneOf` allow; one must", short(value)),
            });
        }
        if let Some(forbidden) = schema.get("not")
            && self.allows(forbidden, value, place)
        {
            self.say(format!("{place} is {}, which `not` forbids", short(value)));
        }
    }

    fn object(&mut self, schema: &Map<String, Value>, members: &Map<String, Value>, place: &str) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for name in list(schema, "required").iter().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                self.say(format!("{place} lacks `{name}`"));
            }
        }
        let count = members.len() as u64;
        if let Some(min) = whole(schema, "minProperties").filter(|min| count < *min) {
            self.say(format!("{place} has {count} properties, fewer than {min}"));
        }
        if let Some(max) = whole(schema, "maxProperties").filter(|max| count > *max) {
            self.say(format!("{place} has {count} properties, more than {max}"));
        }
        for (name, value) in members {
            let inner = format!("{place}.{name}");
            match (properties.and_then(|all| all.get(name)), schema.get("additionalProperties")) {
                (Some(schema), _) => self.check(schema, value, &inner),
                (None, Some(Value::Bool(false))) => {
                    self.say(format!("{place} has `{name}`, which is not allowed"))
                }
                (None, Some(schema)) => self.check(schema, value, &inner),
                (None, None) => {}
            }
        }
    }

    fn array(&mut self, schema: &Map<String, Value>, items: &[Value], place: &str) {
        let count = items.len() as u64;
        if let Some(min) = whole(schema, "minItems").filter(|min| count < *min) {
            self.say(format!("{place} has {count} items, fewer than {min}"));
        }
        if let Some(max) = whole(schema, "maxItems").filter(|max| count > *max) {
            self.say(format!("{place} has {count} items, more than {max}"));
        }
        let first = list(schema, "prefixItems");
        for (at, value) in items.iter().enumerate() {
            if let Some(schema) = first.get(at).or_else(|| schema.get("items")) {
                self.check(schema, value, &format!("{place}[{at}]"));
            }
        }
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
            self.unique(items, place);
        }
    }

    fn unique(&mut self, items: &[Value], place: &str) {
        for (at, value) in items.iter().enumerate() {
            self.steps += at;
            if self.steps > SCHEMA_STEPS_MAX {
                self.give_up(format!("{place}: the value takes too long to check against the schema"));
                return;
            }
            if let Some(same) = items[..at].iter().position(|other| is_same(other, value)) {
                self.say(format!("{place}[{at}] is the same as {place}[{same}]"));
                return;
            }
        }
    }

    fn string(&mut self, schema: &Map<String, Value>, text: &str, place: &str) {
        let chars = text.chars().count() as u64;
        if let Some(min) = whole(schema, "minLength").filter(|min| chars < *min) {
            self.say(format!("{place} is shorter than {min} characters"));
        }
        if let Some(max) = whole(schema, "maxLength").filter(|max| chars > *max) {
            self.say(format!("{place} is longer than {max} characters"));
        }
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
            && self.schema.patterns.get(pattern).is_some_and(|regex| !regex.is_match(text))
        {
            self.say(format!("{place} is {}, which does not match `{pattern}`", short(&text.into())));
        }
    }

    fn number(&mut self, schema: &Map<String, Value>, value: &Value, place: &str) {
        let Some(found) = value.as_f64() else { return };
        let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
        let mut say = |relation: &str, bound: f64| {
            let found = number(found);
            self.say(format!("{place} is {found}, which is {relation} {}", number(bound)));
        };
        if let Some(min) = bound("minimum").filter(|min| found < *min) {
            say("less than", min);
        }
        if let Some(max) = bound("maximum").filter(|max| found > *max) {
            say("more than", max);
        }
        if let Some(min) = bound("exclusiveMinimum").filter(|min| found <= *min) {
            say("not more than", min);
        }
        if let Some(max) = bound("exclusiveMaximum").filter(|max| found >= *max) {
            say("not less than", max);
        }
        if let Some(unit) = bound("multipleOf") {
            let times = found / unit;
            // 0.3 is a multiple of 0.1 for people.
            if (times - times.round()).abs() > 1e-9 * times.abs().max(1.0) {
                say("no multiple of", unit);
            }
        }
    }
}

fn list<'s>(schema: &'s Map<String, Value>, keyword: &str) -> &'s [Value] {
    schema.get(keyword).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn whole(schema: &Map<String, Value>, keyword: &str) -> Option<u64> {
    schema.get(keyword).and_then(Value::as_u64)
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        // 1.0 is an integer too.
        "integer" => {
            value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        _ => false,
    }
}

/// Numbers are the same however they are written.
fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left_number), Value::Number(right_number)) => {
            left_number == right_number || left.as_f64() == right.as_f64()
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, value)| right.get(name).is_some_and(|other| is_same(value, other)))
        }
        _ => left == right,
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(QUOTED_CHARS_MAX) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
